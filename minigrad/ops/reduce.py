"""Sums, extremes and what is made of them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, TensorBase, make
from minigrad.native import FLOATS, lib
from minigrad.ops.kernel import new, ptr, require_tensor
from minigrad.ops.shape import Cast, Expand, Reshape, axis_of

__all__ = ["amax", "amin", "argmax", "argmin", "extreme", "mean", "norm", "std", "sum", "var"]


class Sum(Function):
    """y = scale * sum of x over axes, which stay with length 1 if keepdim;  dx = scale * dy, stretched."""

    @staticmethod
    def forward(ctx, x, axes, scale=1.0, keepdim=True):
        ctx.scale, ctx.axes, ctx.shape = scale, axes, x.array.shape
        shape = tuple([1 if i in axes else s for i, s in enumerate(ctx.shape) if keepdim or i not in axes])
        dtype = x.array.dtype
        if dtype.num not in FLOATS:
            return make(np.asarray(np.sum(x.array, axis=axes, keepdims=keepdim, dtype=np.int64)))
        x, outer, n, inner = as_middle(x, axes)
        y = new(shape, dtype)
        lib.mg_sum(dtype.num, y._pointer, x._pointer or ptr(x), outer, n, inner, scale)
        return y

    @staticmethod
    def backward(ctx, dy):
        if ctx.scale != 1.0:
            dy = dy * ctx.scale
        if dy.array.ndim < len(ctx.shape):
            dy = Reshape.apply(dy, tuple([1 if i in ctx.axes else s for i, s in enumerate(ctx.shape)]))
        return Expand.apply(dy, ctx.shape), None, None, None


class Extreme(Function):
    """y, at = the largest (or smallest) element along an axis, and its first position;  dx[at] = dy, 0 elsewhere."""

    @staticmethod
    def forward(ctx, x, axis, largest):
        shape = x.array.shape
        n = shape[axis] if shape else 1
        outer, inner = math.prod(shape[:axis]), math.prod(shape[axis + 1:])
        kept = (*shape[:axis], 1, *shape[axis + 1:]) if shape else ()
        at = new(kept, np.dtype(np.int64))
        ctx.mark_non_differentiable(at)
        ctx.save_for_backward(at)
        ctx.axis, ctx.shape = axis, shape
        if x.array.dtype.num not in FLOATS:
            where = (np.argmax if largest else np.argmin)(x.array, axis=axis if shape else None)
            at.array[...] = where.reshape(kept)
            return make(np.take_along_axis(x.array, at.array, axis) if shape else x.array.copy()), at
        y = new(kept, x.array.dtype)
        (lib.mg_max if largest else lib.mg_min)(x.array.dtype.num, ptr(y), ptr(at), ptr(x), outer, n, inner)
        return y, at

    @staticmethod
    def backward(ctx, dy, _):
        (at,) = ctx.saved_tensors
        return PutAlong.apply(dy, at, ctx.axis, ctx.shape), None, None


class Amax(Function):
    """y = the largest (or smallest) element over axes, which stay with length 1;  dx = dy / ties where x = y."""

    @staticmethod
    def forward(ctx, x, axes, largest):
        y = x
        for axis in axes:
            y, _ = Extreme.apply(y, axis, largest)
        y = make(y.array.copy()) if y is x else y
        ctx.save_for_backward(x, y)
        ctx.axes = axes
        return y

    @staticmethod
    def backward(ctx, dy):
        x, y = ctx.saved_tensors
        ties = (x.detach() == y.detach()).to(dy.dtype)
        return dy * (ties / Sum.apply(ties, ctx.axes)), None, None


class PutAlong(Function):
    """dx = zeros, with dy at positions `at` of an axis;  ddy = ddx at the same positions. By NumPy."""

    @staticmethod
    def forward(ctx, dy, at, axis, shape):
        ctx.save_for_backward(at)
        ctx.axis, ctx.shape = axis, shape
        dx = np.zeros(shape, dy.array.dtype)
        if shape:
            np.put_along_axis(dx, at.array, dy.array, axis)
        else:
            dx[...] = dy.array
        return make(dx)

    @staticmethod
    def backward(ctx, ddx):
        (at,) = ctx.saved_tensors
        return TakeAlong.apply(ddx, at, ctx.axis), None, None, None


class TakeAlong(Function):
    """y = x at positions `at` of an axis, each used once;  dx = zeros with dy put there. By NumPy."""

    @staticmethod
    def forward(ctx, x, at, axis):
        ctx.save_for_backward(at)
        ctx.axis, ctx.shape = axis, x.array.shape
        return make(np.take_along_axis(x.array, at.array, axis) if ctx.shape else x.array.copy())

    @staticmethod
    def backward(ctx, dy):
        (at,) = ctx.saved_tensors
        return PutAlong.apply(dy, at, ctx.axis, ctx.shape), None, None


def as_middle(x: Any, axes: tuple[int, ...]) -> tuple[Any, int, int, int]:
    """x, and its shape as (outer, n, inner) with the axes to reduce in the middle; a copy if they are not adjacent."""
    shape = x.array.shape
    if not axes:
        return x, x.array.size, 1, 1
    first, last = axes[0], axes[-1]
    if last - first + 1 != len(axes):
        rest = [i for i in range(len(shape)) if i not in axes]
        x = make(np.ascontiguousarray(x.array.transpose([*rest, *axes])))
        return x, math.prod(shape[i] for i in rest), math.prod(shape[i] for i in axes), 1
    return x, math.prod(shape[:first]), math.prod(shape[first:last + 1]), math.prod(shape[last + 1:])


def axes_of(dim: Any, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce, sorted: all for None or ()."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    axes = [axis_of(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    if len(set(axes)) != len(axes):
        raise RuntimeError(f"dim {axes[0]} appears multiple times in the list of dims")
    return tuple(sorted(axes)) if ndim else ()


def _drop(y: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """y without its reduced axes, unless keepdim."""
    if keepdim or not axes:
        return y
    return Reshape.apply(y, tuple(s for i, s in enumerate(y.array.shape) if i not in axes))


def sum(x: T, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> T:
    """Sum over dim: an int, several, or None for all. Integers and bools give int64.

    Floats are added in blocks, the blocks in double precision, in an order that the shape alone decides.
    """
    require_tensor(x, "sum")
    if dtype is not None:
        x = Cast.apply(x, dtypes.resolve(dtype))
    axes = axes_of(dim, x.array.ndim)
    y = Sum.apply(x, axes, 1.0, keepdim)
    return y if dtype is None else y.to(dtype)


def mean(x: T, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> T:
    """Sum over dim / number of elements. NaN where there are none."""
    require_tensor(x, "mean")
    if dtype is not None:
        x = Cast.apply(x, dtypes.resolve(dtype))
    if x.array.dtype.num not in FLOATS:
        raise RuntimeError("mean(): could not infer output dtype. Input dtype must be either a floating point or "
                           f"complex dtype. Got: {dtypes.title(x.array.dtype)}")
    axes = axes_of(dim, x.array.ndim)
    count = math.prod(x.array.shape[i] for i in axes)
    return Sum.apply(x, axes, 1.0 / count if count else math.nan, keepdim)


def var(x: T, dim: Any = None, *, correction: float = 1, keepdim: bool = False) -> T:
    """sum (x - mean)^2 / (n - correction)"""
    axes = axes_of(dim, x.array.ndim)
    freedom = max(math.prod(x.array.shape[i] for i in axes) - correction, 0)
    squares = (x - mean(x, axes or None, True)).square()
    return Sum.apply(squares, axes, 1.0 / freedom if freedom else math.inf, keepdim)


def std(x: T, dim: Any = None, *, correction: float = 1, keepdim: bool = False) -> T:
    """sqrt(var); its gradient is 0 where it is 0, as in PyTorch"""
    return SafeSqrt.apply(var(x, dim, correction=correction, keepdim=keepdim))


def norm(x: T, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> T:
    """(sum |x|^p)^(1/p); p may be "fro" (2), inf, -inf or 0 (the number of nonzeros)."""
    if dtype is not None:
        x = Cast.apply(x, dtypes.resolve(dtype))
    if p in ("fro", 2, None):
        return SafeSqrt.apply(sum(x.square(), dim, keepdim))
    if p in (math.inf, -math.inf):
        return (amax if p > 0 else amin)(x.abs(), dim, keepdim)
    if p == 0:
        return sum((x != 0).to(x.dtype), dim, keepdim)
    if p == 1:
        return sum(x.abs(), dim, keepdim)
    total = sum(x.abs() ** p, dim, keepdim)
    kept = (total != 0).to(total.dtype)
    return (total + (1.0 - kept)) ** (1.0 / p) * kept  # 0, with gradient 0, where all are 0


class SafeSqrt(Function):
    """y = sqrt(x);  dx = dy / 2y, and 0 where y = 0: the subgradient of a norm at 0."""

    @staticmethod
    def forward(ctx, x):
        y = x.sqrt()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        zero = y == 0
        return (dy / (y + zero.to(y.dtype)) * 0.5) * (~zero).to(y.dtype)


class Extremes(NamedTuple):
    values: Any
    indices: Any


def extreme(x: Any, dim: Any, keepdim: bool, largest: bool, name: str = "") -> Any:
    """max or min: with a dim (values, indices), or one tensor's extreme, or the larger of two tensors."""
    name = name or ("max" if largest else "min")
    require_tensor(x, name)
    if isinstance(dim, TensorBase):
        from_two = x.maximum if largest else x.minimum
        return from_two(dim)
    if dim is None:
        return amax(x, None, False, largest)
    axis = axis_of(dim, x.array.ndim)
    if x.array.ndim and not x.array.shape[axis]:
        raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    y, at = Extreme.apply(x, axis, largest)
    axes = (axis,) if x.array.ndim else ()
    return Extremes(_drop(y, axes, keepdim), _drop(at, axes, keepdim))


def amax(x: T, dim: Any = None, keepdim: bool = False, largest: bool = True) -> T:
    """The largest element over dim; its gradient is shared evenly among equals."""
    axes = axes_of(dim, x.array.ndim)
    empty = [axis for axis in axes if x.array.shape[axis] == 0]
    if empty and dim is None:
        raise RuntimeError(f"{'max' if largest else 'min'}(): Expected reduction dim to be specified for "
                           "input.numel() == 0. Specify the reduction dim with the 'dim' argument.")
    if empty:
        raise IndexError(f"{'amax' if largest else 'amin'}(): Expected reduction dim {empty[0]} to have non-zero size.")
    return _drop(Amax.apply(x, axes, largest), axes, keepdim)


def amin(x: T, dim: Any = None, keepdim: bool = False) -> T:
    """The smallest element over dim; its gradient is shared evenly among equals."""
    return amax(x, dim, keepdim, largest=False)


def argmax(x: T, dim: Any = None, keepdim: bool = False, largest: bool = True) -> T:
    """The first position of the largest element: along dim, or in the flattened tensor."""
    if dim is None and x.array.size == 0:
        raise IndexError(f"{'argmax' if largest else 'argmin'}(): Expected reduction dim to be specified for "
                         "input.numel() == 0. Specify the reduction dim with the 'dim' argument.")
    if dim is None:
        at = Extreme.apply(Reshape.apply(x.detach(), (-1,)), 0, largest)[1]
        return Reshape.apply(at, (1,) * x.array.ndim if keepdim else ())
    return extreme(x.detach(), dim, keepdim, largest, "argmax" if largest else "argmin").indices


def argmin(x: T, dim: Any = None, keepdim: bool = False) -> T:
    """The first position of the smallest element."""
    return argmax(x, dim, keepdim, largest=False)
