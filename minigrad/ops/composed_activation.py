"""Activations made of other operations, which give them their gradients."""

from __future__ import annotations

import math
from typing import Any

from minigrad import dtypes
from minigrad.engine import T, make
from minigrad.ops.activation import hardtanh, leaky_relu, sigmoid, softplus, tanh
from minigrad.ops.choice import where
from minigrad.ops.kernel import as_float, floating, require_tensor
from minigrad.ops.shape import axis_of
from minigrad.random import default_generator

__all__ = ["glu", "hardshrink", "hardsigmoid", "logsigmoid", "prelu", "rrelu", "softshrink", "softsign", "tanhshrink",
           "threshold"]


def logsigmoid(x: T) -> T:
    """-ln(1 + e^-x)"""
    return -softplus(-floating(x, "log_sigmoid"), 1.0, math.inf)


def softsign(x: T) -> T:
    """x / (1 + |x|)"""
    x = as_float(x, "softsign")
    return x / (x.abs() + 1.0)


def tanhshrink(x: T) -> T:
    """x - tanh x"""
    return x - tanh(x)


def hardsigmoid(x: T) -> T:
    """min(max(x + 3, 0), 6) / 6"""
    return hardtanh(floating(x, "hardsigmoid") + 3.0, 0.0, 6.0) / 6.0


def hardshrink(x: T, lambd: float = 0.5) -> T:
    """x where |x| > lambd, else 0"""
    return where(floating(x, "hardshrink").abs() <= lambd, 0.0, x)


def softshrink(x: T, lambd: float = 0.5) -> T:
    """x - lambd where x > lambd, x + lambd where x < -lambd, else 0"""
    floating(x, "softshrink")
    if not lambd >= 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return where(x.abs() <= lambd, 0.0, x - x.detach().clamp(-lambd, lambd))


def threshold(x: T, threshold: float, value: float) -> T:
    """x where x > threshold, else value"""
    require_tensor(x, "threshold")
    return where(x <= threshold, value, x)


def prelu(x: T, weight: Any) -> T:
    """x where x > 0, else weight x; the weight has one element, or one per channel, of dimension 1"""
    require_tensor(x, "prelu")
    require_tensor(weight, "prelu", "weight", 2)
    if x.array.dtype is not weight.array.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {dtypes.title(x.array.dtype)} and "
                           f"{dtypes.title(weight.array.dtype)}")
    shape, count = x.array.shape, weight.array.size
    if count != 1:
        if not shape:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = shape[1] if len(shape) > 1 else 1
        if count != channels:
            raise RuntimeError("Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                               f"{count} and channel size = {channels}.")
    if weight.array.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.array.ndim}")
    weight = weight.reshape(*[count if axis == 1 else 1 for axis in range(len(shape))])
    return where(x > 0, x, weight * x)


def rrelu(x: T, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, generator: Any = None) -> T:
    """x where x > 0, else a x: in training a is uniform between lower and upper for each element, else their mean"""
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        return leaky_relu(x, (lower + upper) / 2)
    a = make((generator or default_generator).uniform(floating(x, "rrelu").array.shape, x.array.dtype, lower, upper))
    return where(x > 0, x, a * x)


def glu(x: T, dim: int = -1) -> T:
    """a sigmoid(b), a and b the halves of x along dim"""
    if not floating(x, "glu").array.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    axis = axis_of(dim, x.array.ndim)
    size = x.array.shape[axis]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {axis} is size {size}")
    before = (slice(None),) * axis
    return x[(*before, slice(0, size // 2))] * sigmoid(x[(*before, slice(size // 2, None))])
