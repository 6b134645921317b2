"""Sums over dimensions, and what is made of them. extremes.py has the largest elements, variance.py the spread."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, make
from minigrad.names import named
from minigrad.native import FLOATS, lib
from minigrad.ops.choice import where
from minigrad.ops.kernel import as_float, new, ptr, require_tensor
from minigrad.ops.shape import Cast, Expand, Reshape, axis_of

__all__ = ["all", "any", "axes_of", "count_nonzero", "dropped", "logsumexp", "mean", "nanmean", "nansum",
           "numpy_names", "sum"]

F = TypeVar("F", bound=Callable[..., Any])


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
        raise RuntimeError(f"dim {max(axes, key=axes.count)} appears multiple times in the list of dims")
    return tuple(sorted(axes)) if ndim else ()


def dropped(y: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """y without its reduced axes, unless keepdim."""
    if keepdim or not axes:
        return y
    return Reshape.apply(y, tuple(s for i, s in enumerate(y.array.shape) if i not in axes))


def numpy_names(function: F) -> F:
    """The function with NumPy's names axis and keepdims for dim and keepdim, which PyTorch takes as well."""

    @functools.wraps(function)
    def with_names(*args: Any, **kwargs: Any) -> Any:
        for name, own in (("axis", "dim"), ("keepdims", "keepdim")):
            if name in kwargs:
                if own in kwargs:
                    raise TypeError(f"{function.__name__}() got both {own} and {name}")
                kwargs[own] = kwargs.pop(name)
        return function(*args, **kwargs)

    return with_names


def sum(input: T, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None,
        keepdims: bool = False) -> T:
    """Sum over dim: an int, several, or None for all. Integers and bools give int64. axis and keepdims are dim's and
    keepdim's names in NumPy.

    Floats are added in blocks, the blocks in double precision, in an order that the shape alone decides.
    """
    require_tensor(input, "sum")
    if dtype is not None:
        input = Cast.apply(input, dtypes.resolve(dtype))
    y = Sum.apply(input, axes_of(dim if axis is None else axis, input.array.ndim), 1.0, keepdim or keepdims)
    return y if dtype is None else y.to(dtype)


def mean(input: T, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None,
         keepdims: bool = False) -> T:
    """Sum over dim / number of elements. NaN where there are none."""
    require_tensor(input, "mean")
    if dtype is not None:
        input = Cast.apply(input, dtypes.resolve(dtype))
    if input.array.dtype.num not in FLOATS:
        raise RuntimeError(f"mean(): could not infer output dtype. {'Input' if dtype is None else 'Optional'} dtype "
                           f"must be either a floating point or complex dtype. Got: {dtypes.title(input.array.dtype)}")
    axes = axes_of(dim if axis is None else axis, input.array.ndim)
    count = math.prod(input.array.shape[i] for i in axes)
    return Sum.apply(input, axes, 1.0 / count if count else math.nan, keepdim or keepdims)


@numpy_names
def nansum(input: T, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """Sum over dim, NaN counted as 0."""
    require_tensor(input, "nansum")
    return sum(input if input.array.dtype.kind != "f" else where(input.isnan(), 0, input), dim, keepdim, dtype=dtype)


@numpy_names
def nanmean(input: T, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """Mean over dim of what is not NaN."""
    require_tensor(input, "nanmean")
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"nanmean(): expected input to have floating point dtype but got {input.dtype}")
    return nansum(input, dim, keepdim, dtype=dtype) / sum(~input.isnan(), dim, keepdim)


@numpy_names
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements over dim are not 0."""
    require_tensor(input, "count_nonzero")
    return sum(input != 0, dim)


def _truth(ufunc: Any, text: str) -> Any:
    name = ufunc.__name__.removeprefix("logical_")

    @numpy_names
    def function(input: T, dim: Any = None, keepdim: bool = False) -> T:
        require_tensor(input, name)
        axes = () if dim == () else axes_of(dim, input.array.ndim)
        found = np.asarray(ufunc.reduce(input.array, axis=axes, keepdims=keepdim, dtype=bool))
        return make(found.astype(np.uint8) if input.array.dtype.num == _UINT8 else found)

    return named(function, name, text)


_UINT8 = np.dtype(np.uint8).num
all = _truth(np.logical_and, "Whether all elements over dim are nonzero: bools, but uint8 of uint8.")
any = _truth(np.logical_or, "Whether any element over dim is nonzero: bools, but uint8 of uint8.")


class LogSumExp(Function):
    """y = ln sum e^x over axes, which stay with length 1;  dx = dy e^(x - y)."""

    @staticmethod
    def forward(ctx, x, axes):
        with np.errstate(all="ignore"):
            top = np.max(x.array, axes, keepdims=True, initial=-np.inf)
            top = np.where(np.isfinite(top), top, 0)
            y = make(np.asarray(np.log(np.exp(x.array - top).sum(axes, keepdims=True)) + top, x.array.dtype))
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, y = ctx.saved_tensors
        return dy * (x - where(y == -math.inf, 0.0, y)).exp(), None  # where y is -inf, e^-inf is the 0 that is wanted


@numpy_names
def logsumexp(input: T, dim: Any, keepdim: bool = False) -> T:
    """ln sum e^x over dim, without overflow. By NumPy."""
    x = as_float(input, "logsumexp")
    axes = axes_of(dim, x.array.ndim)
    return dropped(LogSumExp.apply(x, axes), axes, keepdim)
