"""Inputs, embeddings, scaling, functions as layers, penalties on outputs."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras import nonlinear, regularizers
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.settings import Configured
from minigrad.keras.registry import get_registered_name
from minigrad.keras.symbolic import KerasTensor, Node
from minigrad.ops.gather import rows
from minigrad.tensor import Tensor

__all__ = ["ActivityRegularization", "Embedding", "Input", "InputLayer", "Lambda", "Rescaling"]


class InputLayer(Layer):
    """Where data comes into a model. shape is without the batch's size, batch_shape with it."""

    def __init__(self, shape: Any = None, batch_size: int | None = None, dtype: Any = None, sparse: Any = None,
                 ragged: Any = None, batch_shape: Any = None, input_tensor: Any = None, optional: bool = False,
                 name: str | None = None, **kwargs: Any) -> None:
        if sparse or ragged or input_tensor is not None:
            raise NotImplementedError("Input: sparse, ragged and input_tensor are not offered")
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        super().__init__(name=name or None, **kwargs)
        if (shape is None) == (batch_shape is None):
            what = "both are None" if shape is None else f"both: shape={shape}, batch_shape={batch_shape}"
            raise ValueError(f"You must pass one of `shape` and `batch_shape`, but {what}")
        self.batch_shape = (batch_size, *_sizes(shape)) if batch_shape is None else _sizes(batch_shape)
        self._dtype = np.dtype(str(dtype or self.variable_dtype)).name
        self.built = True
        Node(self, (), {}, KerasTensor(self.batch_shape, self._dtype, name))

    @property
    def dtype(self) -> str:
        return self._dtype

    def call(self) -> Any:
        raise NotImplementedError("an InputLayer stands for data; it is not called")

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self._dtype, "sparse": False, "ragged": False,
                "name": self.name}


def _sizes(shape: Any) -> tuple:
    if not isinstance(shape, (list, tuple)):
        raise ValueError(f"Cannot convert '{shape}' to a shape: expected a tuple of integers and None, such as (784,)")
    return tuple(shape)


def Input(shape: Any = None, batch_size: int | None = None, dtype: Any = None, sparse: Any = None,
          batch_shape: Any = None, name: str | None = None, tensor: Any = None, optional: bool = False,
          **kwargs: Any) -> Any:
    """A KerasTensor for data of this shape, without the batch's size."""
    return InputLayer(shape, batch_size, dtype, sparse, kwargs.pop("ragged", None), batch_shape, tensor, optional,
                      name, **kwargs).output


class Lambda(Layer):
    """function(x), which may have an argument `training` or `mask`; arguments: more keyword arguments for it."""

    def __init__(self, function: Any, output_shape: Any = None, mask: Any = None, arguments: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function, self.arguments, self._output_shape = function, dict(arguments or {}), output_shape
        self._takes_training = "training" in inspect.signature(function).parameters

    def call(self, inputs: Any, training: Any = None) -> Any:
        more = {"training": training} if self._takes_training else {}
        return self.function(inputs, **self.arguments, **more)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self._tried(args, kwargs) if self._output_shape is None else super().compute_output_spec(*args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None:
            return Layer.compute_output_shape(self, input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        return (input_shape[0], *self._output_shape)

    def get_config(self) -> dict[str, Any]:
        name = get_registered_name(self.function)
        if name == "<lambda>":
            raise ValueError(f"The Lambda layer '{self.name}' holds a Python lambda, which is not written to files. "
                             "Make it a function, and register it with @keras.saving.register_keras_serializable()")
        return {**super().get_config(), "function": name, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{**config, "function": nonlinear.get(config["function"])})


class ActivityRegularization(Layer):
    """x, with l1 sum |x| + l2 sum x^2 over the batch's size added to the loss."""

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def call(self, inputs: Tensor) -> Tensor:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer")
        return {**config, "l1": self.l1, "l2": self.l2}


class Embedding(Configured, Layer):
    """The rows of a table (input_dim, output_dim) for integers below input_dim, of any shape."""

    _plain = True
    _settings = ("input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer", "embeddings_constraint",
                 "mask_zero")

    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
                 embeddings_regularizer: Any = None, embeddings_constraint: Any = None, mask_zero: bool = False,
                 weights: Any = None, lora_rank: Any = None, lora_alpha: Any = None, **kwargs: Any) -> None:
        length = kwargs.pop("input_length", None)
        if length is not None:
            kwargs.setdefault("input_shape", (length,))
        super().__init__(**kwargs)
        if mask_zero or lora_rank:
            raise NotImplementedError("Embedding: mask_zero and lora_rank are not offered")
        self._set(input_dim=input_dim, output_dim=output_dim, embeddings_initializer=embeddings_initializer,
                  embeddings_regularizer=embeddings_regularizer, embeddings_constraint=embeddings_constraint,
                  mask_zero=mask_zero)
        self._given = weights
        self.embeddings: Any = None

    @property
    def input_dtype(self) -> str:
        return "int64"

    def build(self, input_shape: Any = None) -> None:
        self.embeddings = self.add_weight((self.input_dim, self.output_dim), self.embeddings_initializer,
                                          name="embeddings", regularizer=self.embeddings_regularizer,
                                          constraint=self.embeddings_constraint)
        if self._given is not None:
            self.set_weights(self._given if isinstance(self._given, list) else [self._given])

    def call(self, inputs: Tensor) -> Tensor:
        array = inputs.array
        flat = make(np.ascontiguousarray(array.reshape(-1), np.int64))
        return rows(self.embeddings, flat).reshape(*array.shape, self.output_dim)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (*input_shape, self.output_dim)


class Rescaling(Configured, Layer):
    """x scale + offset."""

    supports_masking = True
    _plain = True
    _settings = ("scale", "offset")

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset

    def call(self, inputs: Tensor) -> Tensor:
        x = inputs.to(np.dtype(self.compute_dtype))
        scale, offset = (v if isinstance(v, (int, float)) else make(np.asarray(v, self.compute_dtype))
                         for v in (self.scale, self.offset))
        return x * scale + offset

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)
