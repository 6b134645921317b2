"""Activations: PyTorch's signatures over the operations."""

from __future__ import annotations

import warnings
from typing import Any

from minigrad.methods import in_place
from minigrad.ops import activation, choice
from minigrad.ops import softmax as softmax_ops
from minigrad.tensor import Tensor

__all__ = ["elu", "gelu", "hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "relu", "relu6", "selu", "sigmoid",
           "silu", "softmax", "softplus", "softsign", "tanh", "tanhshrink"]

sigmoid, tanh, softplus = activation.sigmoid, activation.tanh, activation.softplus


def _activation(function: Any, inplace: bool, *args: Any) -> Any:
    """function(*args), or with inplace the same in the memory of the first argument."""
    return (in_place(function) if inplace else function)(*args)


def relu(input: Any, inplace: bool = False) -> Tensor:
    """max(x, 0)"""
    return _activation(activation.relu, True, input) if inplace else activation.relu(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x if x > 0 else negative_slope * x"""
    return _activation(activation.leaky_relu, inplace, input, negative_slope)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x if x > 0 else alpha (e^x - 1)"""
    return _activation(activation.elu, inplace, input, alpha)


def selu(input: Any, inplace: bool = False) -> Tensor:
    """1.0507 (x if x > 0 else 1.6733 (e^x - 1))"""
    return _activation(activation.selu, inplace, input)


def gelu(input: Any, approximate: str = "none") -> Tensor:
    """x Phi(x)"""
    return activation.gelu(input, approximate)


def silu(input: Any, inplace: bool = False) -> Tensor:
    """x sigmoid(x)"""
    return _activation(activation.silu, inplace, input)


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


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """x - log sum e^x along dim"""
    return softmax_ops.log_softmax(input, _softmax_dim(input, dim, "log_softmax", _stacklevel), dtype)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """min(max(x, min_val), max_val)"""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return _activation(choice.clamp, inplace, input, min_val, max_val)


def relu6(input: Any, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6)"""
    return hardtanh(input, 0.0, 6.0, inplace)


def logsigmoid(input: Any) -> Tensor:
    """-ln(1 + e^-x)"""
    return -softplus(-input, 1.0, float("inf"))


def softsign(input: Any) -> Tensor:
    """x / (1 + |x|)"""
    return input / (input.abs() + 1.0)


def tanhshrink(input: Any) -> Tensor:
    """x - tanh x"""
    return input - tanh(input)
