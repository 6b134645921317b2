"""Running sums, products and extremes along a dimension, products of all, differences. By NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes, return_types
from minigrad.engine import Function, T, make
from minigrad.grad_mode import mode
from minigrad.ops.arithmetic import mul
from minigrad.ops.choice import where
from minigrad.ops.join import cat
from minigrad.ops.kernel import require_tensor
from minigrad.ops.pieces import narrow
from minigrad.ops.rearrange import flip
from minigrad.ops.reduce import axes_of, dropped, numpy_names, sum
from minigrad.ops.scatter import gather
from minigrad.ops.shape import Cast, Reshape, axis_of
from minigrad.return_types import ValuesIndices

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "diff", "logcumsumexp", "prod", "trapezoid"]

DOUBLE, INT64 = np.dtype(np.float64), np.dtype(np.int64)


def _accumulated(x: np.ndarray, ufunc: Any, axis: int) -> np.ndarray:
    """ufunc over what came so far; floats in double precision, integers in int64."""
    if not x.ndim:
        return x.astype(INT64) if x.dtype.kind != "f" else x.copy()
    wide = DOUBLE if x.dtype.kind == "f" else INT64
    with np.errstate(all="ignore"):
        return ufunc.accumulate(x, axis, wide).astype(x.dtype if x.dtype.kind == "f" else INT64, copy=False)


def _input(x: Any, operation: str, dim: Any, dtype: Any) -> tuple[Any, int]:
    require_tensor(x, operation)
    return x if dtype is None else Cast.apply(x, dtypes.resolve(dtype)), axis_of(dim, x.array.ndim)


class CumSum(Function):
    """y_i = sum over j <= i of x_j, or over j >= i if backwards;  dx = the sums of dy the other way."""

    @staticmethod
    def forward(ctx, x, axis, backwards):
        ctx.axis, ctx.backwards = axis, backwards
        a = np.flip(x.array, axis) if backwards and x.array.ndim else x.array
        y = _accumulated(a, np.add, axis)
        return make(np.ascontiguousarray(np.flip(y, axis)) if backwards and y.ndim else y)

    @staticmethod
    def backward(ctx, dy):
        return CumSum.apply(dy, ctx.axis, not ctx.backwards), None, None


@numpy_names
def cumsum(input: T, dim: int, *, dtype: Any = None) -> T:
    """The sum of the elements up to each along dim, itself included."""
    x, axis = _input(input, "cumsum", dim, dtype)
    y = CumSum.apply(x, axis, False)
    return y if dtype is None else y.to(dtype)


# -- products ----------------------------------------------------------------------------------------------------------


@numpy_names
def cumprod(input: T, dim: int, *, dtype: Any = None) -> T:
    """The product of the elements up to each along dim, itself included.

    Where a gradient is wanted it is log2 n multiplications of the whole by itself, shifted (Hillis and Steele: Data
    parallel algorithms, 1986): so that no gradient divides by an element, which may be 0.
    """
    x, axis = _input(input, "cumprod", dim, dtype)
    if not (mode.enabled and x.requires_grad):
        y = make(_accumulated(x.array, np.multiply, axis))
        return y if dtype is None else y.to(dtype)
    n, step, y = x.array.shape[axis] if x.array.ndim else 1, 1, x.clone()
    while step < n:
        y = cat([narrow(y, axis, 0, step), narrow(y, axis, step, n - step) * narrow(y, axis, 0, n - step)], axis)
        step *= 2
    return y


class Prod(Function):
    """y = the product of each row of x (rows, n);  dx_i = dy times the product of all others."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        kind = x.array.dtype.kind
        with np.errstate(all="ignore"):
            y = np.prod(x.array, 1, keepdims=True, dtype=DOUBLE if kind == "f" else INT64)
            return make(y.astype(x.array.dtype if kind == "f" else INT64))

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * _others(x)


def _others(x: Any) -> Any:
    """The product of all other elements of each row, without a division: products of pairs, of pairs of those, and so
    on; then from the top down each pair's is that of the pair above times its neighbour."""
    rows, n = x.array.shape
    size = 1 << max(n - 1, 0).bit_length()
    levels = [cat([x, make(np.ones((rows, size - n), x.array.dtype))], 1) if size > n else x]
    while levels[-1].array.shape[1] > 1:
        pairs = Reshape.apply(levels[-1], (rows, -1, 2))
        levels.append(pairs[:, :, 0] * pairs[:, :, 1])
    others = make(np.ones((rows, 1), x.array.dtype))
    for level in reversed(levels[:-1]):
        neighbours = flip(Reshape.apply(level, (rows, level.array.shape[1] // 2, 2)), 2)
        others = Reshape.apply(others.unsqueeze(2) * neighbours, level.array.shape)
    return narrow(others, 1, 0, n)


@numpy_names
def prod(input: T, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """The product of all elements, or of those along dim. Integers and bools give int64."""
    require_tensor(input, "prod")
    if isinstance(dim, (tuple, list)):
        raise TypeError("prod(): dim must be an int")
    x = input if dtype is None else Cast.apply(input, dtypes.resolve(dtype))
    axes, shape = axes_of(dim, x.array.ndim), x.array.shape
    last = x.movedim(axes[0], -1) if len(axes) == 1 else x
    n = math.prod(shape[i] for i in axes)
    rows = Reshape.apply(last, (math.prod(s for i, s in enumerate(shape) if i not in axes), n))
    kept = tuple(1 if i in axes else s for i, s in enumerate(shape))
    y = dropped(Reshape.apply(Prod.apply(rows), kept), axes, keepdim)
    return y if dtype is None else y.to(dtype)


# -- extremes and exponentials -----------------------------------------------------------------------------------------


def _running(x: Any, dim: Any, operation: str, ufunc: Any) -> tuple[Any, Any]:
    """(values, indices) of the extreme up to each element: the last of equal ones; NaN is more extreme than all."""
    require_tensor(x, operation)
    axis = axis_of(dim, x.array.ndim)
    if not x.array.ndim:
        return x.clone(), make(np.zeros((), INT64))
    if not x.array.size:
        return x.clone(), make(np.zeros(x.array.shape, INT64))
    a = x.array
    best = ufunc.accumulate(a, axis)
    places = np.arange(a.shape[axis]).reshape([-1 if i == axis else 1 for i in range(a.ndim)])
    hit = (a == best) | np.isnan(a)
    at = make(np.maximum.accumulate(np.where(hit, places, 0), axis))
    return gather(x, axis, at), at


@numpy_names
def cummax(input: Any, dim: int) -> ValuesIndices:
    """(values, indices): the largest element up to each along dim, and where it is."""
    return return_types.cummax(*_running(input, dim, "cummax", np.maximum))


@numpy_names
def cummin(input: Any, dim: int) -> ValuesIndices:
    """(values, indices): the smallest element up to each along dim, and where it is."""
    return return_types.cummin(*_running(input, dim, "cummin", np.minimum))


class LogCumSumExp(Function):
    """y_i = ln sum over j <= i of e^(x_j), or over j >= i if backwards;  dx_j = sum over i >= j of dy_i e^(x_j - y_i),
    computed as a difference of two such running sums, so that no power of e overflows."""

    @staticmethod
    def forward(ctx, x, axis, backwards):
        ctx.axis, ctx.backwards = axis, backwards
        a = np.flip(x.array, axis) if backwards else x.array
        with np.errstate(all="ignore"):
            y = np.logaddexp.accumulate(a, axis, DOUBLE).astype(x.array.dtype, copy=False)
        y = make(np.ascontiguousarray(np.flip(y, axis)) if backwards else y)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, y = ctx.saved_tensors
        parts = []
        for part in (dy, -dy):
            there = part > 0
            log = where(there, where(there, part, 1.0).log() - where(there, y, 0.0), -np.inf)
            parts.append((LogCumSumExp.apply(log, ctx.axis, not ctx.backwards) + x).exp())
        return parts[0] - parts[1], None, None


@numpy_names
def logcumsumexp(input: T, dim: int) -> T:
    """ln of the running sum of e^x along dim, without overflow."""
    require_tensor(input, "logcumsumexp")
    if input.array.dtype.kind != "f":
        raise dtypes.not_implemented("logcumsumexp", input.array.dtype)
    axis = axis_of(dim, input.array.ndim)
    return LogCumSumExp.apply(input, axis, False) if input.array.ndim and input.array.size else input.clone()


# -- differences and areas ---------------------------------------------------------------------------------------------


@numpy_names
def diff(input: T, n: int = 1, dim: int = -1, prepend: T | None = None, append: T | None = None) -> T:
    """x_(i+1) - x_i along dim, n times over; of bools, whether they differ. prepend and append lengthen x first."""
    require_tensor(input, "diff")
    if not input.array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    axis = axis_of(dim, input.array.ndim)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if not n:
        return input.clone()
    for end in (prepend, append):
        if end is not None and end.array.ndim != input.array.ndim:
            raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    x = cat([t for t in (prepend, input, append) if t is not None], axis)
    for _ in range(min(n, x.array.shape[axis])):
        length = x.array.shape[axis] - 1
        later, earlier = narrow(x, axis, 1, length), narrow(x, axis, 0, length)
        x = later != earlier if x.array.dtype.kind == "b" else later - earlier
    return x


def _areas(y: Any, x: Any, dx: Any, dim: int, operation: str) -> tuple[Any, int]:
    """The areas of the trapezoids between neighbours."""
    require_tensor(y, operation, "y")
    if x is not None:
        require_tensor(x, operation, "x", 2)
    if x is not None and dx is not None:
        raise TypeError(f"{operation}(): expected x or dx, but got both")
    if not y.array.ndim:
        raise IndexError(f"{operation}(): y must have at least one dimension")
    axis = axis_of(dim, y.array.ndim)
    n = y.array.shape[axis]
    heights = narrow(y, axis, 1, max(n - 1, 0)) + narrow(y, axis, 0, max(n - 1, 0)) if n else y
    if x is None:
        return heights * ((1.0 if dx is None else dx) / 2.0), axis
    if x.array.ndim == 1:
        if x.array.size != n:
            raise RuntimeError(f"{operation}(): There must be one `x` value for each sample point")
        x = x.reshape([-1 if i == axis else 1 for i in range(y.array.ndim)])
    elif x.array.ndim < y.array.ndim:
        x = x.reshape((1,) * (y.array.ndim - x.array.ndim) + x.array.shape)
    return mul(heights, diff(x, dim=axis - y.array.ndim)) * 0.5, axis


def trapezoid(y: T, x: T | None = None, *, dx: float | None = None, dim: int = -1) -> T:
    """The integral of y along dim by the trapezoidal rule, at the places x, or dx (1) apart."""
    areas, axis = _areas(y, x, dx, dim, "trapezoid")
    return sum(areas, axis)


def cumulative_trapezoid(y: T, x: T | None = None, *, dx: float | None = None, dim: int = -1) -> T:
    """The running integrals of y along dim by the trapezoidal rule."""
    areas, axis = _areas(y, x, dx, dim, "cumulative_trapezoid")
    return cumsum(areas, axis)
