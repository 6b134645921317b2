"""Initialisers: each fills a tensor in place, without recording, and returns it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.grad_mode import no_grad
from minigrad.names import named
from minigrad.nn.caller import warn
from minigrad.ops.normal import normal_cdf, normal_quantile
from minigrad.random import Generator, default_generator
from minigrad.tensor import Tensor

__all__ = ["calculate_gain", "constant", "constant_", "dirac", "dirac_", "eye", "eye_", "kaiming_normal",
           "kaiming_normal_", "kaiming_uniform", "kaiming_uniform_", "normal", "normal_", "ones_", "orthogonal",
           "orthogonal_", "sparse", "sparse_", "trunc_normal_", "uniform", "uniform_", "xavier_normal",
           "xavier_normal_", "xavier_uniform", "xavier_uniform_", "zeros_"]

_GAINS = {"linear": 1, "conv1d": 1, "conv2d": 1, "conv3d": 1, "conv_transpose1d": 1, "conv_transpose2d": 1,
          "conv_transpose3d": 1, "sigmoid": 1, "tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which an activation's weights grow to keep the variance; param is leaky_relu's slope (0.01)."""
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs reach an output, and how many outputs an input reaches: of a weight (out, in, ...)."""
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


# -- plain -------------------------------------------------------------------------------------------------------------


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform on [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with this mean and standard deviation."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
                  generator: Generator | None = None) -> Tensor:
    """Normal, given that it lies in [a, b]: x = mean + std Phi^-1(u), u uniform between Phi at a and at b."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warn("mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
             "incorrect.")
    flip = -1.0 if a > mean else 1.0  # Phi is precise below 0: an interval above the mean is mirrored
    low, high = sorted(flip * (bound - mean) / std for bound in (a, b))
    u = (generator or default_generator).uniform(tensor.array.shape, np.dtype(np.float64), normal_cdf(low),
                                                 normal_cdf(high))
    return tensor.copy_(make(np.clip(mean + flip * std * normal_quantile(u), a, b)))


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """val everywhere."""
    return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return constant_(tensor, 0.0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """1 on the diagonal of a matrix, 0 elsewhere."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return tensor.copy_(make(np.eye(*tensor.shape)))


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The identity as a convolution's weight (out, in, ...): 1 in the middle from channel i to channel i, by groups."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    size = tensor.shape[0] // groups
    weight = np.zeros(tensor.shape)
    middle = tuple(n // 2 for n in tensor.shape[2:])
    for channel in range(min(size, tensor.shape[1])):
        weight[(slice(channel, None, size), channel, *middle)] = 1
    return tensor.copy_(make(weight))


@no_grad()
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Normal, with the same share of zeros in each column of a matrix  (Martens, 2010)."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    normal_(tensor, 0, std, generator)
    rows, cols = tensor.shape
    source = generator or default_generator
    order = np.argsort(source.uniform((rows, cols), np.dtype(np.float64)), axis=0)  # a permutation per column
    values = tensor.array.copy()
    np.put_along_axis(values, order[:math.ceil(sparsity * rows)], 0, 0)
    return tensor.copy_(make(values))


# -- by the number of inputs and outputs -------------------------------------------------------------------------------


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform with variance gain^2 2 / (fan_in + fan_out)  (Glorot and Bengio, 2010)."""
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with variance gain^2 2 / (fan_in + fan_out)  (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
                     generator: Generator | None = None) -> Tensor:
    """Uniform with variance gain^2 / fan  (He et al., 2015). a: leaky_relu's slope."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else uniform_(tensor, -math.sqrt(3.0) * std, math.sqrt(3.0) * std, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
                    generator: Generator | None = None) -> Tensor:
    """Normal with variance gain^2 / fan  (He et al., 2015). a: leaky_relu's slope."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0, std, generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    """gain / sqrt(fan); None for a tensor without elements, with a warning."""
    if 0 in tensor.shape:
        warn("Initializing zero-element tensors is a no-op")
        return None
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode.lower()} not supported, please use one of {modes}")
    return calculate_gain(nonlinearity, a) / math.sqrt(_calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())])


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """gain * a matrix (rows, the rest) with orthonormal rows or columns, uniformly distributed (Saxe et al., 2013)."""
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    shape = (rows, tensor.numel() // rows)
    draw: Any = (generator or default_generator).normal(shape, np.dtype(np.float64))
    q, r = np.linalg.qr(draw if shape[0] >= shape[1] else draw.T)
    q *= np.sign(np.diag(r))  # makes it uniform: Mezzadri, Notices of the AMS 54, 2007
    return tensor.copy_(make((gain * (q if shape[0] >= shape[1] else q.T)).reshape(tensor.shape)))


# -- what older scripts call -------------------------------------------------------------------------------------------


def _old(function: Callable) -> Callable:
    """The name without _ that PyTorch once had, with its warning."""

    def old(*args: Any, **kwargs: Any) -> Tensor:
        warn(f"`nn.init.{old.__name__}` is now deprecated in favor of `nn.init.{function.__name__}`.", FutureWarning)
        return function(*args, **kwargs)

    return named(old, function.__name__.removesuffix("_"), f"The old name of {function.__name__}.")


uniform, normal, constant, eye, dirac, sparse, orthogonal = map(
    _old, (uniform_, normal_, constant_, eye_, dirac_, sparse_, orthogonal_))
xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal = map(
    _old, (xavier_uniform_, xavier_normal_, kaiming_uniform_, kaiming_normal_))
