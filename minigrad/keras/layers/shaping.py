"""Layers that only change the shape."""

from __future__ import annotations

import math
from typing import Any

from minigrad.keras.layers.input_spec import InputSpec
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.settings import Configured
from minigrad.tensor import Tensor

__all__ = ["Flatten", "Identity", "Permute", "RepeatVector", "Reshape"]


def _product(sizes: Any) -> int | None:
    return None if None in sizes else math.prod(sizes)


class Identity(Layer):
    """x itself."""

    supports_masking = True
    _plain = True

    def call(self, inputs: Tensor) -> Tensor:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Flatten(Configured, Layer):
    """x (batch, ...) as (batch, features); of x (batch) as (batch, 1)."""

    _plain = True
    _settings = ("data_format",)

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format or "channels_last"
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Tensor) -> Tensor:
        shape = inputs.array.shape
        if self.data_format == "channels_first" and len(shape) > 2:
            inputs = inputs.movedim(1, -1)
        return inputs.reshape(shape[0], math.prod(shape[1:]))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (input_shape[0], _product(input_shape[1:]))


class Reshape(Configured, Layer):
    """x (batch, ...) as (batch, *target_shape), of which one size may be -1."""

    _plain = True
    _settings = ("target_shape",)

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)
        if self.target_shape.count(-1) > 1:
            raise ValueError("The `target_shape` argument must not contain more than one `-1` value. Received: "
                             f"target_shape={target_shape}")

    def compute_output_shape(self, input_shape: Any) -> tuple:
        size, known = _product(input_shape[1:]), math.prod(s for s in self.target_shape if s != -1)
        if size is None:
            return (input_shape[0], *(None if s == -1 else s for s in self.target_shape))
        if (size % known if known and -1 in self.target_shape else size - known) != 0:
            raise ValueError("The total size of the tensor must be unchanged. Received: input_shape="
                             f"{tuple(input_shape[1:])}, target_shape={self.target_shape}")
        return (input_shape[0], *(size // max(known, 1) if s == -1 else s for s in self.target_shape))

    def call(self, inputs: Tensor) -> Tensor:
        return inputs.reshape(self.compute_output_shape(inputs.array.shape))


class Permute(Configured, Layer):
    """The axes but the first in another order: dims (2, 1) swaps the second and the third."""

    _plain = True
    _settings = ("dims",)

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError("Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must "
                             f"be consecutive and start from 1. Received dims={dims}")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Tensor) -> Tensor:
        return inputs.permute(0, *self.dims)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (input_shape[0], *(input_shape[d] for d in self.dims))


class RepeatVector(Configured, Layer):
    """x (batch, features) n times: (batch, n, features)."""

    _plain = True
    _settings = ("n",)

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(n, int):
            raise TypeError(f"Expected an integer value for `n`, got {type(n)}.")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Tensor) -> Tensor:
        batch, features = inputs.array.shape
        return inputs.unsqueeze(1).expand(batch, self.n, features)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (input_shape[0], self.n, input_shape[1])
