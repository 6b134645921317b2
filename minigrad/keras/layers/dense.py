"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from minigrad.keras import nonlinear
from minigrad.keras.layers.input_spec import InputSpec
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.settings import Configured
from minigrad.native import FLOATS
from minigrad.ops import linear
from minigrad.tensor import Tensor

__all__ = ["Dense"]


class Dense(Configured, Layer):
    """activation(x @ kernel + bias): x (..., inputs), kernel (inputs, units), bias (units)."""

    supports_masking = True
    _plain = True
    _settings = ("units", "activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer",
                 "bias_regularizer", "kernel_constraint", "bias_constraint")

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, lora_rank: int | None = None,
                 lora_alpha: float | None = None, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if not isinstance(units, int) or units <= 0:
            raise ValueError("Received an invalid value for `units`, expected a positive integer. Received: "
                             f"units={units}")
        if lora_rank:
            raise NotImplementedError("lora_rank is not offered")
        self._set(units=units, activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
                  bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
                  bias_regularizer=bias_regularizer, kernel_constraint=kernel_constraint,
                  bias_constraint=bias_constraint)
        self.kernel: Any = None
        self.bias: Any = None
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1]
        if size is None:
            raise ValueError("The last dimension of the inputs to a Dense layer should be defined. Found None. Full "
                             f"input shape received: {tuple(input_shape)}")
        self.kernel = self.add_weight((size, self.units), self.kernel_initializer, name="kernel",
                                      regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        if self.use_bias:
            self.bias = self.add_weight((self.units,), self.bias_initializer, name="bias",
                                        regularizer=self.bias_regularizer, constraint=self.bias_constraint)
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})

    def call(self, inputs: Tensor) -> Tensor:
        shape = inputs.array.shape
        x = inputs if inputs.array.dtype.num in FLOATS else inputs.to(self.kernel.array.dtype)
        if len(shape) != 2:
            x = x.reshape(-1, shape[-1])
        y = self.affine(x)
        return self.activation(y if len(shape) == 2 else y.reshape(*shape[:-1], self.units))

    def affine(self, x: Tensor, *relu: Any) -> Tensor:
        """x @ kernel + bias of x (batch, inputs); with relu, and a draw to drop by, of ops.linear."""
        w, b = self.kernel, self.bias
        if not linear.fits(x, w, b, 1):
            raise ValueError(f"layer '{self.name}': expected inputs (batch, {w.array.shape[0]}) of {w.array.dtype}, "
                             f"but received shape {x.array.shape} of {x.array.dtype}")
        return linear.Dense.apply(x, w, b, *relu)

    def is_relu(self) -> bool:
        return self.activation is nonlinear.relu

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (*input_shape[:-1], self.units)
