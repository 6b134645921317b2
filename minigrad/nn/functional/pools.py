"""Pooling: the largest, or the mean, of each window of a signal (.., L) or an image (.., H, W)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from minigrad.nn.functional.sizes import are_integers, in_doubles, numbers, require_floats, with_batch, without_batch
from minigrad.ops.kernel import require_tensor
from minigrad.ops.pool import Windows
from minigrad.ops.pool import avg_pool as mean_of_windows
from minigrad.ops.pool import max_pool as largest_of_windows
from minigrad.tensor import Tensor

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "avg_pool1d",
           "avg_pool2d", "lp_pool1d", "lp_pool2d", "max_pool1d", "max_pool1d_with_indices", "max_pool2d",
           "max_pool2d_with_indices"]

Axis = tuple[tuple[int, ...], tuple[int, ...]]  # where the windows start, and where they end
_WHOLE: Axis = ((0,), (1,))                     # of an axis of length 1


# -- the largest -------------------------------------------------------------------------------------------------------


def max_pool1d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Tensor:
    """The largest element of each window of x (N, C, L) or (C, L); see max_pool2d."""
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Tensor:
    """The largest element of each window of x (N, C, H, W) or (C, H, W); the first NaN wins.

    kernel_size, stride (None: kernel_size), padding and dilation are for both axes, or one for each. ceil_mode: a
    window may reach over the end. return_indices: also the position of each in its plane.
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_with_indices(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False, return_indices: bool = False) -> tuple[Any, Any]:
    """max_pool1d with return_indices"""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False, return_indices: bool = False) -> tuple[Any, Any]:
    """max_pool2d with return_indices"""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def _max_pool(name: str, dims: int, input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool,
              return_indices: bool) -> Any:
    steps = _steps(name, dims, kernel, stride, padding, dilation)
    _require(input, name, dims)
    windows = _max_windows(input.array.shape, steps, bool(ceil))
    if dims == 2 and are_integers(input):
        pooled = in_doubles(lambda x: _largest(x, dims, windows, False), input)
        return (pooled, _largest(input.double(), dims, windows, True)[1]) if return_indices else pooled
    require_floats(input, name)
    return _largest(input, dims, windows, return_indices)


def _largest(input: Any, dims: int, windows: Windows, return_indices: bool) -> Any:
    x, batched = with_batch(input, dims)
    y, at = largest_of_windows(x, windows)
    y = without_batch(y, dims, batched)
    return (y, without_batch(at, dims, batched)) if return_indices else y


def _require(input: Any, name: str, dims: int) -> None:
    """A tensor (N, C, ...) or (C, ...), not empty but for N."""
    require_tensor(input, name)
    shape = input.array.shape
    if len(shape) not in (dims + 1, dims + 2) or not all(shape[-dims - 1:]):
        raise RuntimeError(f"{name}: non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input, but "
                           f"for the batch, which may be empty; but got:{list(shape)}")


def _steps(name: str, dims: int, kernel: Any, stride: Any, padding: Any, dilation: Any = 1) -> tuple[tuple, ...]:
    """Kernel, stride, padding and dilation as tuples, checked."""
    kernel = numbers(kernel, dims, name, "kernel_size")
    stride = numbers(stride, dims, name, "stride", kernel)
    padding, dilation = numbers(padding, dims, name, "padding"), numbers(dilation, dims, name, "dilation")
    for what, values in (("kernel_size", kernel), ("stride", stride), ("dilation", dilation)):
        if min(values) <= 0:
            raise RuntimeError(f"{name}() {what} must be greater than zero, but got {_shown(values)}"
                               + (": stride should not be zero" if what != "dilation" else ""))
    if min(padding) < 0:
        raise RuntimeError(f"{name}(): pad must be non-negative, but got pad={_shown(padding)}")
    for k, p, d in zip(kernel, padding, dilation):
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(f"{name}(): pad should be at most half of effective kernel size, but got pad={p}, "
                               f"kernel_size={k} and dilation={d}")
    return kernel, stride, padding, dilation


def _shown(values: tuple) -> Any:
    return values[0] if len(values) == 1 else values


def _count(length: int, kernel: int, stride: int, pad: int, dilation: int, ceil: bool) -> int:
    """The number of windows on an axis; with `ceil` the last may reach over the end, if it starts before that."""
    room = length + 2 * pad - dilation * (kernel - 1) - 1
    count = (room + (stride - 1 if ceil else 0)) // stride + 1
    return count - 1 if ceil and (count - 1) * stride >= length + pad else count


def _counts(shape: tuple, steps: tuple, ceil: bool) -> list[int]:
    dims = len(steps[0])
    counts = [_count(*axis, ceil) for axis in zip(shape[-dims:], *steps)]
    if min(counts) < 1:
        raise RuntimeError(f"Given input size: ({'x'.join(map(str, shape[-dims - 1:]))}). Calculated output size: "
                           f"({'x'.join(map(str, (shape[-dims - 1], *counts)))}). Output size is too small; Invalid "
                           f"computed output size: {counts[-1]}")
    return counts


@lru_cache(maxsize=256)
def _max_windows(shape: tuple, steps: tuple, ceil: bool) -> Windows:
    axes, dims = [], len(steps[0])
    for count, length, k, s, p, d in zip(_counts(shape, steps, ceil), shape[-dims:], *steps):
        starts = [i * s - p for i in range(count)]
        ends = tuple(min(start + (k - 1) * d + 1, length) for start in starts)
        starts = tuple(start if start >= 0 else start + -(start // d) * d for start in starts)
        if any(start >= end for start, end in zip(starts, ends)):
            raise RuntimeError(f"max_pool: a window (kernel_size={k}, stride={s}, padding={p}, dilation={d}) lies "
                               f"outside of an input of shape {list(shape)}")
        axes.append((starts, ends))
    dilation = steps[3]
    return Windows(*_both(axes), (1, *dilation) if dims == 1 else dilation)


def _both(axes: list[Axis]) -> tuple[tuple[int, ...], ...]:
    """start_h, end_h, start_w, end_w"""
    (start_h, end_h), (start_w, end_w) = axes if len(axes) == 2 else (_WHOLE, *axes)
    return start_h, end_h, start_w, end_w


# -- the mean ----------------------------------------------------------------------------------------------------------


def avg_pool1d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """The mean of each window of x (N, C, L) or (C, L); see avg_pool2d."""
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window of x (N, C, H, W) or (C, H, W), zeros of the padding included unless count_include_pad
    is False; or its sum over divisor_override."""
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override)


def _avg_pool(name: str, dims: int, input: Any, kernel: Any, stride: Any, padding: Any, ceil: bool, with_pad: bool,
              divisor: int | None) -> Any:
    steps = _steps(name, dims, kernel, stride, padding)
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    _require(input, name, dims)
    require_floats(input, name)
    return _means(input, dims, _avg_windows(input.array.shape, steps, bool(ceil), bool(with_pad), divisor))


def _means(input: Any, dims: int, windows: Windows) -> Any:
    x, batched = with_batch(input, dims)
    return without_batch(mean_of_windows(x, windows), dims, batched)


@lru_cache(maxsize=256)
def _avg_windows(shape: tuple, steps: tuple, ceil: bool, with_pad: bool, divisor: int | None) -> Windows:
    axes, scales, dims = [], [], len(steps[0])
    for count, length, k, s, p, _ in zip(_counts(shape, steps, ceil), shape[-dims:], *steps):
        starts = [i * s - p for i in range(count)]
        ends = [min(start + k, length + p) for start in starts]
        inside = (tuple(max(start, 0) for start in starts), tuple(min(end, length) for end in ends))
        sizes = [end - start for start, end in (zip(starts, ends) if with_pad else zip(*inside))]
        axes.append(inside)
        scales.append(tuple(1.0 / size if size > 0 else 0.0 for size in sizes))
    if divisor is not None:
        scales = [tuple(1.0 / (divisor if i == 0 else 1) for _ in scale) for i, scale in enumerate(scales)]
    return _with_scales(axes, scales)


def _with_scales(axes: list[Axis], scales: list[tuple[float, ...]]) -> Windows:
    scale_h, scale_w = scales if len(scales) == 2 else ((1.0,), *scales)
    return Windows(*_both(axes), (1, 1), scale_h, scale_w)


# -- adaptive: as many windows as wanted, of nearly equal sizes --------------------------------------------------------


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Tensor:
    """The means of output_size windows that cover x (N, C, L) or (C, L)."""
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size, None)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Tensor:
    """The means of output_size windows that cover x (N, C, H, W) or (C, H, W): a number, or one for each axis, where
    None stands for the input's own."""
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size, None)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Tensor:
    """The largest elements of output_size windows that cover x (N, C, L) or (C, L)."""
    return _adaptive("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Tensor:
    """The largest elements of output_size windows that cover x (N, C, H, W) or (C, H, W)."""
    return _adaptive("adaptive_max_pool2d", 2, input, output_size, return_indices)


def _adaptive(name: str, dims: int, input: Any, output_size: Any, return_indices: bool | None) -> Any:
    require_floats(input, name)
    shape = input.array.shape
    if dims == 2 and isinstance(output_size, (tuple, list)) and len(shape) <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got {list(shape)}")
    for axis, length in list(enumerate(shape))[-dims - 1:]:
        if not length:
            raise RuntimeError(f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input "
                               f"has sizes {list(shape)} with dimension {axis} being empty")
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(given) != dims:
        raise RuntimeError(f"{name}: output_size must be {dims} numbers, but got {output_size}")
    wanted = numbers([own if size is None else size for size, own in zip(given, shape[-dims:])], dims, name,
                     "output_size")
    if min(wanted) < 0:
        raise RuntimeError(f"{name}: elements of output_size must be greater than or equal to 0 but received "
                           f"{list(wanted)}")
    windows = _adaptive_windows(shape[-dims:], wanted)
    return _means(input, dims, windows) if return_indices is None else _largest(input, dims, windows, return_indices)


@lru_cache(maxsize=256)
def _adaptive_windows(lengths: tuple, wanted: tuple) -> Windows:
    """Window i of n goes from floor(i length / n) to ceil((i + 1) length / n)."""
    axes = [(tuple(i * length // n for i in range(n)), tuple(-(-(i + 1) * length // n) for i in range(n)))
            for length, n in zip(lengths, wanted)]
    return _with_scales(axes, [tuple(1.0 / (end - start) for start, end in zip(*axis)) for axis in axes])


# -- p-norms -----------------------------------------------------------------------------------------------------------


def lp_pool1d(input: Any, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(sum of x^p over each window)^(1/p), 0 where the sum is negative"""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(sum of x^p over each window)^(1/p), 0 where the sum is negative"""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(dims: int, input: Any, p: float, kernel: Any, stride: Any, ceil: bool) -> Any:
    name = f"lp_pool{dims}d"
    if math.isinf(p):
        largest = _max_pool(name, dims, input.abs() if p > 0 else -input.abs(), kernel, stride, 0, 1, ceil, False)
        return largest if p > 0 else -largest
    mean = _avg_pool(name, dims, input ** p, kernel, stride, 0, ceil, True, None)
    return (mean.relu() * math.prod(numbers(kernel, dims, name, "kernel_size"))) ** (1.0 / p)
