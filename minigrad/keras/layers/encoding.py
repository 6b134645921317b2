"""Layers that make vectors of fixed length: means and maxima over a sequence, vectors of length 1, counts of tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.layers.input_spec import InputSpec
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.settings import Configured
from minigrad.nn import functional as F
from minigrad.tensor import Tensor

__all__ = ["CategoryEncoding", "GlobalAveragePooling1D", "GlobalAvgPool1D", "GlobalMaxPool1D", "GlobalMaxPooling1D",
           "UnitNormalization"]


class _Pooling(Configured, Layer):
    """What becomes of the axis of a sequence: x (batch, steps, features)."""

    _plain = True
    _settings = ("data_format", "keepdims")

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format, self.keepdims = data_format or "channels_last", keepdims
        self.input_spec = InputSpec(ndim=3)

    @property
    def _axis(self) -> int:
        return 2 if self.data_format == "channels_first" else 1

    def compute_output_shape(self, input_shape: Any) -> tuple:
        kept = (1,) if self.keepdims else ()
        return (*input_shape[:self._axis], *kept, *input_shape[self._axis + 1:])


class GlobalAveragePooling1D(_Pooling):
    """The mean over the steps."""

    def call(self, inputs: Tensor) -> Tensor:
        return inputs.mean(self._axis, keepdim=self.keepdims)


class GlobalMaxPooling1D(_Pooling):
    """The maximum over the steps."""

    def call(self, inputs: Tensor) -> Tensor:
        return inputs.amax(self._axis, self.keepdims)


GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D


class UnitNormalization(Configured, Layer):
    """x / max(sqrt(sum x^2), 1e-12), with the sum over the axis."""

    _plain = True
    _settings = ("axis",)

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axis, int):
            raise NotImplementedError(f"UnitNormalization: axis must be one integer, but is {axis!r}")
        self.axis = axis

    def call(self, inputs: Tensor) -> Tensor:
        return F.normalize(inputs, 2.0, self.axis)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)


class CategoryEncoding(Configured, Layer):
    """Of whole numbers below num_tokens, (batch, several) or (batch, 1): which of them are there ("multi_hot"), how
    often each is ("count"), or a vector for each of them ("one_hot")."""

    _settings = ("num_tokens", "output_mode")

    def __init__(self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if output_mode not in ("count", "one_hot", "multi_hot"):
            raise ValueError(f"Unknown arg for output_mode: {output_mode}")
        if num_tokens is None or num_tokens < 1:
            raise ValueError(f"`num_tokens` must be >= 1. Received: num_tokens={num_tokens}.")
        if sparse:
            raise NotImplementedError("CategoryEncoding: sparse is not offered")
        self.num_tokens, self.output_mode = num_tokens, output_mode

    @property
    def input_dtype(self) -> str:
        return "int64"

    def call(self, inputs: Tensor) -> Tensor:
        tokens = inputs.array.astype(np.int64)
        if tokens.size and not 0 <= tokens.min() <= tokens.max() < self.num_tokens:
            raise ValueError(f"layer '{self.name}': tokens from 0 to {self.num_tokens - 1} are expected, but there are "
                             f"some from {tokens.min()} to {tokens.max()}")
        hot = tokens[..., None] == np.arange(self.num_tokens)
        if self.output_mode == "one_hot":
            hot = hot[..., 0, :] if tokens.shape[-1] == 1 and tokens.ndim > 1 else hot
        else:
            hot = hot.sum(-2) if self.output_mode == "count" else hot.any(-2)
        return make(hot.astype(self.compute_dtype))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        each = self.output_mode == "one_hot" and (input_shape[-1] != 1 or len(input_shape) == 1)
        return (*(input_shape if each else input_shape[:-1]), self.num_tokens)
