"""The largest element, or a weighted sum, of each window of a plane; a plane is what the last two axes of x span.

A window is a range of rows and a range of columns. Where they start and end is the caller's: so padding, rounding up
and adaptive sizes are one operation.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from minigrad.engine import Function, T, make
from minigrad.native import lib, options, sizes
from minigrad.ops.kernel import new, ptr

__all__ = ["Windows", "avg_pool", "max_pool"]

_INT64 = np.dtype(np.int64)


class Windows(NamedTuple):
    """Where windows start and end on each axis, within the plane; the step between the elements they take; and what
    their sums are multiplied with: scale_h[i] scale_w[j]."""

    start_h: tuple[int, ...]
    end_h: tuple[int, ...]
    start_w: tuple[int, ...]
    end_w: tuple[int, ...]
    steps: tuple[int, int] = (1, 1)
    scale_h: tuple[float, ...] = ()
    scale_w: tuple[float, ...] = ()

    @property
    def out(self) -> tuple[int, int]:
        return len(self.start_h), len(self.start_w)


@lru_cache(maxsize=256)
def _for_c(windows: Windows) -> tuple[Any, Any]:
    """The windows and the scales as C reads them."""
    return sizes(tuple(n for part in windows[:4] for n in part)), options(windows.scale_h + windows.scale_w)


def _planes(shape: tuple[int, ...]) -> int:
    return math.prod(shape[:-2])


class MaxPool(Function):
    """y, at = the largest element of each window, and its first position in the plane;  dx[at] += dy."""

    @staticmethod
    def forward(ctx, x, windows):
        shape, dtype = x.array.shape, x.array.dtype
        ctx.shape = shape
        y, at = (new((*shape[:-2], *windows.out), d) for d in (dtype, _INT64))
        lib.mg_max_pool(dtype.num, y._pointer, at._pointer, ptr(x), _for_c(windows)[0], _planes(shape), *shape[-2:],
                        *windows.out, *windows.steps)
        ctx.mark_non_differentiable(at)
        ctx.save_for_backward(at)
        return y, at

    @staticmethod
    def backward(ctx, dy, _):
        (at,) = ctx.saved_tensors
        return MaxPoolGrad.apply(dy, at, ctx.shape), None


class MaxPoolGrad(Function):
    """dx = zeros, with dy added at `at` in each plane;  ddy = ddx at the same positions."""

    @staticmethod
    def forward(ctx, dy, at, shape):
        ctx.save_for_backward(at)
        dx = new(shape, dy.array.dtype)
        lib.mg_max_pool_grad(dy.array.dtype.num, dx._pointer, ptr(dy), ptr(at), _planes(shape),
                             math.prod(shape[-2:]), math.prod(dy.array.shape[-2:]))
        return dx

    @staticmethod
    def backward(ctx, ddx):
        (at,) = ctx.saved_tensors
        return FromPlanes.apply(ddx, at), None, None


class FromPlanes(Function):
    """y = x at positions `at` of each plane;  dx = zeros with dy added there. By NumPy."""

    @staticmethod
    def forward(ctx, x, at):
        ctx.save_for_backward(at)
        ctx.shape = x.array.shape
        flat, places = (t.array.reshape(*t.array.shape[:-2], math.prod(t.array.shape[-2:])) for t in (x, at))
        return make(np.take_along_axis(flat, places, -1).reshape(at.array.shape))

    @staticmethod
    def backward(ctx, dy):
        (at,) = ctx.saved_tensors
        return MaxPoolGrad.apply(dy, at, ctx.shape), None


class AvgPool(Function):
    """y[i, j] = scale_h[i] scale_w[j] sum of x over window (i, j);  dx gets as much of dy."""

    @staticmethod
    def forward(ctx, x, windows):
        shape, dtype = x.array.shape, x.array.dtype
        ctx.windows, ctx.plane = windows, shape[-2:]
        y = new((*shape[:-2], *windows.out), dtype)
        lib.mg_avg_pool(dtype.num, y._pointer, ptr(x), *_for_c(windows), _planes(shape), *shape[-2:], *windows.out)
        return y

    @staticmethod
    def backward(ctx, dy):
        return AvgPoolGrad.apply(dy, ctx.windows, ctx.plane), None


class AvgPoolGrad(Function):
    """dx = the sum over the windows (i, j) of which it is part of scale_h[i] scale_w[j] dy[i, j];  ddy = AvgPool."""

    @staticmethod
    def forward(ctx, dy, windows, plane):
        ctx.windows = windows
        shape, dtype = dy.array.shape, dy.array.dtype
        dx = new((*shape[:-2], *plane), dtype)
        lib.mg_avg_pool_grad(dtype.num, dx._pointer, ptr(dy), *_for_c(windows), _planes(shape), *plane, *windows.out)
        return dx

    @staticmethod
    def backward(ctx, ddx):
        return AvgPool.apply(ddx, ctx.windows), None, None


# -- functions ---------------------------------------------------------------------------------------------------------


def max_pool(x: Any, windows: Windows) -> tuple[Any, Any]:
    """The largest element of each window, and its position in the plane; no window may be empty."""
    return MaxPool.apply(x, windows)


def avg_pool(x: T, windows: Windows) -> T:
    """The scaled sum of each window; 0 where it is empty."""
    return AvgPool.apply(x, windows)
