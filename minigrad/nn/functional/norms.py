"""Normalisations: of each channel over a batch, of each row, of groups, of vectors to length 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import TensorBase, make
from minigrad.native import FLOATS
from minigrad.ops.kernel import require_tensor
from minigrad.ops.norm import batch_norm as normalise_channels
from minigrad.ops.norm import channel_affine
from minigrad.ops.norm import layer_norm as normalise_rows
from minigrad.tensor import Tensor

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "normalize", "rms_norm"]


def _check(name: str, input: Any, **others: Any) -> None:
    """Input of floats, and the other tensors, where they are given, of the same type."""
    require_tensor(input, name)
    dtype = input.array.dtype
    if dtype.num not in FLOATS:
        raise dtypes.not_implemented(name, dtype)
    for what, other in others.items():
        if other is None:
            continue
        if not isinstance(other, TensorBase):
            raise TypeError(f"{name}(): argument '{what}' must be Tensor, not {type(other).__name__}")
        if other.array.dtype is not dtype:
            raise RuntimeError(f"mixed dtype (CPU): expect parameter to have scalar type of {input.dtype}: {name} got "
                               f"{what} of {other.dtype}")


def _check_channels(channels: int, **vectors: Any) -> None:
    for name, vector in vectors.items():
        if vector is not None and vector.array.shape != (channels,):
            raise RuntimeError(f"{name} should contain {channels} elements not {vector.array.size}"
                               + (f" (of shape {list(vector.array.shape)})" if vector.array.ndim != 1 else ""))


def _more_than_one_value(shape: tuple[int, ...], shown: Any) -> None:
    if shape[0] * math.prod(shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {shown}")


def batch_norm(input: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None,
               training: bool = False, momentum: float = 0.1, eps: float = 1e-05) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias for each channel of x (N, C, ...)  (Ioffe and Szegedy, 2015).

    training: mean and (biased) var are the batch's, and running_mean, running_var (C), or None, are moved by momentum
    towards the mean and the unbiased variance; else mean and var are running_mean and running_var.
    """
    _check("batch_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    shape = input.array.shape
    if shape == (0,):
        return input.clone()  # as PyTorch has it
    if len(shape) < 2:
        raise IndexError(f"Dimension out of range (expected to be in range of [-1, 0], but got 1): batch_norm needs an "
                         f"input (N, C, ...), but got shape {list(shape)}")
    if training:
        _more_than_one_value(shape, input.shape)
    if eps <= 0.0 and training:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    _check_channels(shape[1], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    running = _running(running_mean, running_var, training)
    if running is None and not training:
        raise RuntimeError("running_mean must be defined in evaluation mode")
    if training and not input.array.size:
        running = None  # nothing to learn from
    return normalise_channels(input, weight, bias, running, bool(training), float(momentum), float(eps))


def _running(mean: Any, var: Any, change: bool) -> tuple[Any, Any] | None:
    """Both, or None. RuntimeError where they are to be changed in place and cannot be."""
    if mean is None and var is None:
        return None
    if mean is None or var is None:
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    for tensor in (mean, var):
        if change and not (tensor.array.flags.c_contiguous and tensor.array.flags.writeable):
            raise RuntimeError("running_mean and running_var must be contiguous, and not read-only: clone() them")
    return mean, var


def _normalized_shape(name: str, input: Any, normalized_shape: Any, weight: Any, bias: Any = None) -> int:
    """The number of last dimensions to normalise over, all checked."""
    if isinstance(normalized_shape, int) or not hasattr(normalized_shape, "__iter__"):
        raise TypeError(f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
                        f"{type(normalized_shape).__name__}")
    _check(name, input, weight=weight, bias=bias)
    wanted = tuple(normalized_shape)
    if not wanted:
        raise RuntimeError("Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
                           "element, but got normalized_shape = []")
    for what, vector in (("weight", weight), ("bias", bias)):
        if vector is not None and vector.array.shape != wanted:
            raise RuntimeError(f"Expected {what} to be of same shape as normalized_shape, but got {what} of shape "
                               f"{list(vector.array.shape)} and normalized_shape = {list(wanted)}")
    if input.array.shape[-len(wanted):] != wanted:
        raise RuntimeError(f"Given normalized_shape={list(wanted)}, expected input with shape "
                           f"[*, {', '.join(map(str, wanted))}], but got input of size{list(input.array.shape)}")
    return len(wanted)


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-05) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias over the last dimensions, those of normalized_shape, which weight
    and bias have  (Ba et al., 2016)"""
    ndim = _normalized_shape("layer_norm", input, normalized_shape, weight, bias)
    return normalise_rows(input, weight, bias, ndim, float(eps))


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight over the last dimensions; eps None: the type's  (Zhang and Sennrich, 2019)"""
    ndim = _normalized_shape("rms_norm", input, normalized_shape, weight)
    eps = float(np.finfo(input.array.dtype).eps) if eps is None else float(eps)
    return normalise_rows(input, weight, None, ndim, eps, False)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-05) -> Tensor:
    """(x - mean) / sqrt(var + eps) over each group of channels of each sample of x (N, C, ...), times weight (C), plus
    bias (C)  (Wu and He, 2018)"""
    _check("group_norm", input, weight=weight, bias=bias)
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if num_groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if shape[1] % num_groups:
        raise RuntimeError("Expected number of channels in input to be divisible by num_groups, but got input of shape "
                           f"{list(shape)} and num_groups={num_groups}")
    grouped = (shape[0] * shape[1] // num_groups, num_groups, *shape[2:])
    _more_than_one_value(grouped, list(grouped))
    for name, vector in (("weight", weight), ("bias", bias)):
        if vector is not None and vector.array.shape != shape[1:2]:
            raise RuntimeError(f"Expected {name} to be a vector of size equal to the number of channels in input, but "
                               f"got {name} of shape {list(vector.array.shape)} and input of shape {list(shape)}")
    rows = input.reshape(shape[0] * num_groups, shape[1] // num_groups * math.prod(shape[2:]))
    y = normalise_rows(rows, None, None, 1, float(eps)).reshape(shape)
    return y if weight is None and bias is None else channel_affine(y, weight, bias)


def instance_norm(input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
                  use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-05) -> Tensor:
    """(x - mean) / sqrt(var + eps) over each channel of each sample of x (N, C, ...), times weight (C), plus bias (C).

    Running statistics (C) move towards the means over the samples; they are used instead without use_input_stats.
    """
    _check("instance_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    shape = input.array.shape
    if use_input_stats and math.prod(shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    _check_channels(shape[1], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    running = _running(running_mean, running_var, use_input_stats)
    if not use_input_stats:
        if running is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
        return normalise_channels(input, weight, bias, running, False, 0.0, float(eps))
    flat = input.reshape(1, shape[0] * shape[1], *shape[2:])
    repeated = running and tuple(make(np.tile(t.array, shape[0])) for t in running)
    y = normalise_channels(flat, None, None, repeated if input.array.size else None, True, float(momentum), float(eps))
    if running and input.array.size:
        for tensor, moved in zip(running, repeated):
            tensor.array[...] = moved.array.reshape(shape[:2]).mean(0)
            tensor.count_change()
    y = y.reshape(shape)
    return y if weight is None and bias is None else channel_affine(y, weight, bias)


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha mean(x^2))^beta, the mean over `size` neighbouring channels of x (N, C, ...), 0 outside"""
    require_tensor(input, "local_response_norm")
    if input.array.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.array.ndim} dimensions)")
    if not input.array.size:
        return input
    channels = input.array.shape[1]
    distance = np.arange(channels) - np.arange(channels)[:, None]  # of channel j from channel i
    near = (-(size // 2) <= distance) & (distance <= (size - 1) // 2)
    window = make(near.astype(input.array.dtype))
    total = (input.square().movedim(1, -1) @ window.t()).movedim(-1, 1)
    mean = total / size if input.is_floating_point() else total // size
    return input / (mean * alpha + k) ** beta


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x / max(|x|_p, eps) along dim"""
    return input / input.norm(p, dim, True).clamp(min=eps)
