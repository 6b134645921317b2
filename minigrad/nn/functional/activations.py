"""Activations: PyTorch's signatures over the operations."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.functions.activations import celu_, relu_, rrelu_, selu_, threshold_
from minigrad.methods import in_place
from minigrad.ops import activation, composed_activation
from minigrad.ops import softmax as softmax_ops
from minigrad.ops.kernel import floating
from minigrad.random import default_generator
from minigrad.tensor import Tensor

__all__ = ["celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish",
           "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid", "mish", "prelu", "relu",
           "relu6", "relu_", "rrelu", "rrelu_", "selu", "selu_", "sigmoid", "silu", "softmax", "softmin", "softplus",
           "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "threshold_"]

sigmoid, tanh, softplus, gelu = activation.sigmoid, activation.tanh, activation.softplus, activation.gelu
glu, hardshrink, logsigmoid, prelu, softshrink, softsign, tanhshrink = (
    composed_activation.glu, composed_activation.hardshrink, composed_activation.logsigmoid, composed_activation.prelu,
    composed_activation.softshrink, composed_activation.softsign, composed_activation.tanhshrink)

elu_, leaky_relu_, hardtanh_ = map(in_place, (activation.elu, activation.leaky_relu, activation.hardtanh))
_hardsigmoid_, _hardswish_ = in_place(composed_activation.hardsigmoid), in_place(activation.hardswish)
_silu_, _mish_ = in_place(activation.silu), in_place(activation.mish)


def relu(input: Any, inplace: bool = False) -> Tensor:
    """max(x, 0)"""
    return relu_(input) if inplace else activation.relu(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x if x > 0 else negative_slope * x"""
    return (leaky_relu_ if inplace else activation.leaky_relu)(input, negative_slope)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x if x > 0 else alpha (e^x - 1)"""
    return (elu_ if inplace else activation.elu)(input, alpha)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x if x > 0 else alpha (e^(x / alpha) - 1)"""
    return (celu_ if inplace else activation.celu)(input, alpha)


def selu(input: Any, inplace: bool = False) -> Tensor:
    """1.0507 (x if x > 0 else 1.6733 (e^x - 1))"""
    return (selu_ if inplace else activation.selu)(input)


def silu(input: Any, inplace: bool = False) -> Tensor:
    """x sigmoid(x)"""
    return (_silu_ if inplace else activation.silu)(input)


def mish(input: Any, inplace: bool = False) -> Tensor:
    """x tanh(ln(1 + e^x))"""
    return (_mish_ if inplace else activation.mish)(input)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """min(max(x, min_val), max_val)"""
    return (hardtanh_ if inplace else activation.hardtanh)(input, min_val, max_val)


def relu6(input: Any, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6)"""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Any, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6"""
    return (_hardsigmoid_ if inplace else composed_activation.hardsigmoid)(input)


def hardswish(input: Any, inplace: bool = False) -> Tensor:
    """x min(max(x + 3, 0), 6) / 6"""
    return (_hardswish_ if inplace else activation.hardswish)(input)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, else value"""
    return (threshold_ if inplace else composed_activation.threshold)(input, threshold, value)


def rrelu(input: Any, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False,
          inplace: bool = False) -> Tensor:
    """x where x > 0, else a x: in training a is uniform between lower and upper for each element, else their mean"""
    return (rrelu_ if inplace else composed_activation.rrelu)(input, lower, upper, training)


# -- softmax -----------------------------------------------------------------------------------------------------------


def _softmax_dim(input: Any, dim: int | None, name: str, stacklevel: int) -> int:
    """PyTorch's old guess of the dimension, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
                  "argument.", stacklevel=stacklevel)
    return 0 if input.array.ndim in (0, 1, 3) else 1


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """e^x / sum e^x along dim"""
    return softmax_ops.softmax(input, _softmax_dim(input, dim, "softmax", _stacklevel), dtype)


def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """e^-x / sum e^-x along dim"""
    return softmax_ops.softmax(-input, _softmax_dim(input, dim, "softmin", _stacklevel), dtype)


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """x - log sum e^x along dim"""
    return softmax_ops.log_softmax(input, _softmax_dim(input, dim, "log_softmax", _stacklevel), dtype)


def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """softmax((x + g) / tau) along dim, g = -ln(-ln u) of uniform u: a differentiable draw (Jang et al., 2017). hard:
    the value is one-hot, the gradient that of the soft one."""
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    u = default_generator.uniform(floating(logits, "gumbel_softmax").array.shape, np.dtype(np.float64))
    noise = -np.log(np.maximum(-np.log1p(-u), np.finfo(np.float64).tiny))  # 1 - u is uniform too, and never 0
    soft = softmax_ops.softmax((logits + make(noise.astype(logits.array.dtype))) / tau, dim)
    if not hard:
        return soft
    index = soft.array.argmax(dim, keepdims=True) if soft.array.ndim else np.zeros((), np.int64)
    one_hot = np.zeros_like(soft.array)
    np.put_along_axis(one_hot, index, 1, dim) if soft.array.ndim else one_hot.fill(1)
    return make(one_hot) - soft.detach() + soft
