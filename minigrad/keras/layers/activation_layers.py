"""Activations as layers."""

from __future__ import annotations

from typing import Any

from minigrad.keras import nonlinear
from minigrad.keras.layers.input_spec import InputSpec
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.settings import Configured
from minigrad.tensor import Tensor

__all__ = ["ELU", "Activation", "LeakyReLU", "PReLU", "ReLU", "Softmax"]


class _Elementwise(Configured, Layer):
    supports_masking = True
    _plain = True

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)


class Activation(_Elementwise):
    """activation(x): a name or a function."""

    _settings = ("activation",)

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._set(activation=activation)

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)

    def is_relu(self) -> bool:
        return self.activation is nonlinear.relu


def _nonnegative(layer: str, **values: float | None) -> None:
    for name, value in values.items():
        if value is None or value < 0:
            raise ValueError(f"The {name} value of a {layer} layer cannot be {'None or ' * (value is None)}negative "
                             f"value. Expected a float. Received: {name}={value}")


class ReLU(_Elementwise):
    """x where x > threshold, but no more than max_value; else negative_slope (x - threshold)."""

    _settings = ("max_value", "negative_slope", "threshold")

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _nonnegative("ReLU", negative_slope=negative_slope, threshold=threshold)
        if max_value is not None:
            _nonnegative("ReLU", max_value=max_value)
        self._set(max_value=max_value, negative_slope=negative_slope, threshold=threshold)

    def call(self, inputs: Tensor) -> Tensor:
        return nonlinear.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def is_relu(self) -> bool:
        return self.max_value is None and self.negative_slope == 0.0 == self.threshold


class LeakyReLU(_Elementwise):
    """x where x > 0, else negative_slope x."""

    _settings = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # its name of old
        super().__init__(**kwargs)
        _nonnegative("Leaky ReLU", negative_slope=negative_slope)
        self.negative_slope = negative_slope

    def call(self, inputs: Tensor) -> Tensor:
        return nonlinear.leaky_relu(inputs, self.negative_slope)


class ELU(_Elementwise):
    """x where x > 0, else alpha (e^x - 1)."""

    _settings = ("alpha",)

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Tensor) -> Tensor:
        return nonlinear.elu(inputs, self.alpha)


class PReLU(_Elementwise):
    """x where x > 0, else alpha x, with an alpha for each unit that is learned; the shared_axes share theirs."""

    _settings = ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes")

    def __init__(self, alpha_initializer: Any = "Zeros", alpha_regularizer: Any = None, alpha_constraint: Any = None,
                 shared_axes: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self._set(alpha_initializer=alpha_initializer, alpha_regularizer=alpha_regularizer,
                  alpha_constraint=alpha_constraint, shared_axes=None if axes is None else list(axes))

    def build(self, input_shape: Any) -> None:
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.add_weight(shape, self.alpha_initializer, name="alpha", regularizer=self.alpha_regularizer,
                                     constraint=self.alpha_constraint)
        fixed = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in (self.shared_axes or ())}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=fixed)

    def call(self, inputs: Tensor) -> Tensor:
        return nonlinear.relu(inputs) - self.alpha * nonlinear.relu(-inputs)


class Softmax(_Elementwise):
    """e^x / sum e^x along the axis, or axes; a mask is False where an element does not count."""

    _settings = ("axis",)

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        x = inputs if mask is None else inputs - (~mask).to(inputs.dtype) * 1e9
        if not isinstance(self.axis, (tuple, list)):
            return nonlinear.softmax(x, self.axis)
        if len(self.axis) == 1:
            return nonlinear.softmax(x, self.axis[0])
        axes = tuple(self.axis)
        return (x - x.logsumexp(axes, keepdim=True)).exp()
