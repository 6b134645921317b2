"""The largest and the smallest elements, and where they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import return_types
from minigrad.engine import Function, T, TensorBase, make
from minigrad.native import FLOATS, lib
from minigrad.ops.choice import maximum, minimum
from minigrad.ops.kernel import new, ptr, require_tensor
from minigrad.ops.reduce import Sum, axes_of, dropped, numpy_names
from minigrad.ops.shape import Reshape, axis_of, empty_axis, filled_axis

__all__ = ["Share", "amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]


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


class Share(Function):
    """y = an element of each x over axes, found by find(x, axes) with those axes kept;  dx = dy / ties where x = y."""

    @staticmethod
    def forward(ctx, x, axes, find):
        y = find(x, axes)
        ctx.save_for_backward(x, y)
        ctx.axes = axes
        return y

    @staticmethod
    def backward(ctx, dy):
        x, y = (t.array for t in ctx.saved_tensors)
        ties = make(np.asarray((x == y) | (np.isnan(x) & np.isnan(y)), y.dtype))
        return dy * (ties / Sum.apply(ties, ctx.axes)), None, None


def _extreme_of(largest: bool) -> Any:
    def find(x: Any, axes: tuple[int, ...]) -> Any:
        y = x
        for axis in axes:
            y, _ = Extreme.apply(y, axis, largest)
        return make(y.array.copy()) if y is x else y

    return find


_largest, _smallest = _extreme_of(True), _extreme_of(False)


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


def _over_dim(x: Any, dim: Any, keepdim: bool, largest: bool, name: str) -> tuple[Any, Any]:
    """(values, indices) along a dim"""
    axis = filled_axis(x, dim, name)
    y, at = Extreme.apply(x, axis, largest)
    axes = (axis,) if x.array.ndim else ()
    return dropped(y, axes, keepdim), dropped(at, axes, keepdim)


def _refuse_empty(x: Any, name: str) -> None:
    if not x.array.size:
        error = IndexError if name.startswith("arg") else RuntimeError
        raise error(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                    "dim with the 'dim' argument.")


def _extreme(x: Any, dim: Any, keepdim: bool, other: Any, largest: bool) -> Any:
    name, of_two = ("max", maximum) if largest else ("min", minimum)
    require_tensor(x, name)
    if isinstance(dim, TensorBase) or other is not None:
        return of_two(x, dim if other is None else other)
    if dim is not None:
        return (return_types.max if largest else return_types.min)(*_over_dim(x, dim, keepdim, largest, name))
    _refuse_empty(x, name)
    axes = axes_of(None, x.array.ndim)
    return dropped(Share.apply(x, axes, _largest if largest else _smallest), axes, False)


@numpy_names
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """With a dim (values, indices); without, the largest element; with a second tensor, the larger of two."""
    return _extreme(input, dim, keepdim, other, True)


@numpy_names
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """With a dim (values, indices); without, the smallest element; with a second tensor, the smaller of two."""
    return _extreme(input, dim, keepdim, other, False)


def _shared(x: Any, dim: Any, keepdim: bool, find: Any, name: str) -> Any:
    require_tensor(x, name)
    axes = axes_of(dim, x.array.ndim)
    empty = [axis for axis in axes if x.array.shape[axis] == 0]
    if empty and not dim and dim != 0:
        _refuse_empty(x, name)
    if empty:
        raise empty_axis(empty[0], name)
    return dropped(Share.apply(x, axes, find), axes, keepdim)


@numpy_names
def amax(input: T, dim: Any = (), keepdim: bool = False) -> T:
    """The largest element over dim; its gradient is shared evenly among equals."""
    return _shared(input, dim, keepdim, _largest, "amax")


@numpy_names
def amin(input: T, dim: Any = (), keepdim: bool = False) -> T:
    """The smallest element over dim; its gradient is shared evenly among equals."""
    return _shared(input, dim, keepdim, _smallest, "amin")


@numpy_names
def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> return_types.MinMax:
    """(amin, amax) over dim, or over all"""
    require_tensor(input, "aminmax")
    if dim is None and not input.array.size:
        raise RuntimeError("aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
                           "identity.")
    axes = None if dim is None else (axis_of(dim, input.array.ndim),)
    return return_types.aminmax(_shared(input, axes, keepdim, _smallest, "aminmax"),
                                _shared(input, axes, keepdim, _largest, "aminmax"))


def _position(x: Any, dim: Any, keepdim: bool, largest: bool) -> Any:
    name = "argmax" if largest else "argmin"
    require_tensor(x, name)
    if x.array.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input")
    if dim is not None:
        return _over_dim(x.detach(), dim, keepdim, largest, name)[1]
    _refuse_empty(x, name)
    at = Extreme.apply(Reshape.apply(x.detach(), (-1,)), 0, largest)[1]
    return Reshape.apply(at, (1,) * x.array.ndim if keepdim else ())


@numpy_names
def argmax(input: T, dim: Any = None, keepdim: bool = False) -> T:
    """The first position of the largest element: along dim, or in the flattened tensor."""
    return _position(input, dim, keepdim, True)


@numpy_names
def argmin(input: T, dim: Any = None, keepdim: bool = False) -> T:
    """The first position of the smallest element: along dim, or in the flattened tensor."""
    return _position(input, dim, keepdim, False)
