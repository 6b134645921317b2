"""Activations as layers call them: a table of functions of a tensor. Sigmoid and softmax note their input on the
result, from which a loss of probabilities computes stably, and fast, as if it were of logits."""

from __future__ import annotations

from typing import Any

from minigrad.keras.registry import Registry
from minigrad.nn import functional as F
from minigrad.tensor import Tensor

__all__ = ["celu", "deserialize", "elu", "exponential", "gelu", "get", "glu", "hard_shrink", "hard_sigmoid",
           "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu",
           "relu6", "selu", "serialize", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
           "squareplus", "swish", "tanh", "tanh_shrink", "threshold"]


def linear(x: Tensor) -> Tensor:
    """x itself"""
    return x


def relu(x: Tensor, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """x where x > threshold, but no more than max_value; else negative_slope (x - threshold)"""
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return F.relu(x)
    kept = F.relu(x) if threshold == 0 else F.threshold(x, threshold, 0.0)
    y = kept if max_value is None else kept.clamp(0.0, max_value)
    return y if negative_slope == 0.0 else y - F.relu(threshold - x) * negative_slope


def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Tensor:
    """x where x > 0, else negative_slope x"""
    return F.leaky_relu(x, negative_slope)


def gelu(x: Tensor, approximate: bool = False) -> Tensor:
    """x Phi(x); with approximate by tanh"""
    return F.gelu(x, "tanh" if approximate else "none")


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """e^x / sum e^x along the axis"""
    y = F.softmax(x, axis)
    if axis in (-1, x.array.ndim - 1):
        y._keras_logits = "softmax", x, x.version()
    return y


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e^-x)"""
    y = F.sigmoid(x)
    y._keras_logits = "sigmoid", x, x.version()
    return y


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """x - log sum e^x along the axis"""
    return F.log_softmax(x, axis)


def glu(x: Tensor, axis: int = -1) -> Tensor:
    """a sigmoid(b), with a and b the halves of x along the axis"""
    return F.glu(x, axis)


def soft_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """x - threshold above it, x + threshold below -threshold, else 0"""
    return F.softshrink(x, threshold)


def hard_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """x where |x| > threshold, else 0"""
    return F.hardshrink(x, threshold)


def threshold(x: Tensor, threshold: float, default_value: float) -> Tensor:
    """x where x > threshold, else default_value"""
    return F.threshold(x, threshold, default_value)


def squareplus(x: Tensor, b: float = 4) -> Tensor:
    """(x + sqrt(x^2 + b)) / 2"""
    return (x + (x * x + b).sqrt()) * 0.5


def _of(function: Any, name: str, formula: str) -> Any:
    """function(x), or with Keras's option alpha where it has one, under Keras's name."""

    def activation(x: Tensor, *alpha: float, **options: float) -> Tensor:
        return function(x, *alpha, **options)

    activation.__name__ = activation.__qualname__ = name
    activation.__doc__ = formula
    return activation


elu = _of(F.elu, "elu", "x where x > 0, else alpha (e^x - 1); alpha = 1")
celu = _of(F.celu, "celu", "x where x > 0, else alpha (e^(x / alpha) - 1); alpha = 1")
selu = _of(F.selu, "selu", "1.0507 (x where x > 0, else 1.6733 (e^x - 1))")
tanh = _of(F.tanh, "tanh", "tanh x")
tanh_shrink = _of(F.tanhshrink, "tanh_shrink", "x - tanh x")
softplus = _of(F.softplus, "softplus", "ln(1 + e^x)")
softsign = _of(F.softsign, "softsign", "x / (1 + |x|)")
silu = swish = _of(F.silu, "silu", "x sigmoid(x)")
mish = _of(F.mish, "mish", "x tanh(ln(1 + e^x))")
relu6 = _of(F.relu6, "relu6", "min(max(x, 0), 6)")
hard_sigmoid = _of(F.hardsigmoid, "hard_sigmoid", "min(max(x + 3, 0), 6) / 6")
hard_silu = hard_swish = _of(F.hardswish, "hard_silu", "x min(max(x + 3, 0), 6) / 6")
hard_tanh = _of(F.hardtanh, "hard_tanh", "min(max(x, -1), 1)")
log_sigmoid = _of(F.logsigmoid, "log_sigmoid", "ln(1 / (1 + e^-x))")
exponential = _of(Tensor.exp, "exponential", "e^x")

_FUNCTIONS = (celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear,
              log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus,
              softsign, squareplus, tanh, tanh_shrink, threshold)

registry = Registry("activation function", "keras.activations", {
    **{function.__name__: function for function in _FUNCTIONS}, "swish": silu, "hard_swish": hard_silu})
deserialize = registry.deserialize


def get(identifier: Any) -> Any:
    """The activation of a name, a dict or a callable; linear for None. ValueError for what is none of them."""
    return linear if identifier is None else registry.get(getattr(identifier, "_in_layers", identifier))


def serialize(activation: Any) -> Any:
    """The name of a function, or the dict of an object."""
    config = registry.serialize(activation)
    return config["config"] if isinstance(config, dict) and config["class_name"] == "function" else config
