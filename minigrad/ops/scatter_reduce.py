"""Elements combined where a tensor of positions sends them: scatter with a reduction, and index_reduce.

    y[p] = the sum, product, mean, maximum or minimum of all src whose place is p, and of x[p] with include_self
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, T, make
from minigrad.grad_mode import mode
from minigrad.ops.choice import where
from minigrad.ops.indexing import Index
from minigrad.ops.kernel import require_tensor
from minigrad.ops.scatter import add_at, check_range, place, places_along, slices, source_for
from minigrad.ops.shape import Reshape

__all__ = ["index_reduce", "scatter", "scatter_reduce"]

_UFUNCS = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


class ScatterProduct(Function):
    """y = x, with y[p_i] *= s_i;  dx = dy times the s at its place, ds_i = dy[p_i] times what else is at its place.

    Second derivatives are refused where a factor is zero.
    """

    @staticmethod
    def forward(ctx, x, src, places):
        ctx.save_for_backward(x, src)
        ctx.places = places
        return make(_combined(np.multiply, x, src, places))

    @staticmethod
    def backward(ctx, dy):
        x, src = ctx.saved_tensors
        places, dtype = ctx.places, dy.array.dtype
        x_zero, src_zero = x.array == 0, src.array == 0
        if mode.enabled and (x_zero.any() or src_zero.any()):
            raise NotImplementedError("second derivatives of scatter_reduce and index_reduce by products are refused "
                                      "where a factor is zero; use prod on the parts")
        zeros = x_zero.astype(np.int64)
        np.add.at(zeros, places, src_zero)
        one = make(np.ones((), dtype))
        x1, src1 = where(make(x_zero), one, x), where(make(src_zero), one, src)
        product = ScatterProduct.apply(x1, src1, places)  # of the factors that are not zero

        def others(zero: np.ndarray, count: np.ndarray, total: Any, own: Any) -> Any:
            return total / own * make(((count - zero) == 0).astype(dtype))

        return (dy * others(x_zero, zeros, product, x1),
                Index.apply(dy, places) * others(src_zero, zeros[places], Index.apply(product, places), src1), None)


class ScatterExtreme(Function):
    """y = x, with y[p_i] = the larger (or smaller) of it and s_i;  dy is shared evenly among those that equal y."""

    @staticmethod
    def forward(ctx, x, src, places, ufunc):
        y = make(_combined(ufunc, x, src, places))
        ctx.save_for_backward(x, src, y)
        ctx.places = places
        return y

    @staticmethod
    def backward(ctx, dy):
        x, src, y = ctx.saved_tensors
        places, dtype = ctx.places, dy.array.dtype
        own, its = x.array == y.array, src.array == y.array[places]
        ties = own.astype(dtype)
        np.add.at(ties, places, its)
        share = dy / make(np.maximum(ties, 1))
        return share * make(own.astype(dtype)), Index.apply(share, places) * make(its.astype(dtype)), None, None


def _combined(ufunc: Any, x: Any, src: Any, places: np.ndarray) -> np.ndarray:
    y = np.array(x.array)
    with np.errstate(all="ignore"):
        ufunc.at(y, places, src.array)
    return y


def _reduce(x: Any, places: np.ndarray, src: Any, reduce: str, include_self: bool, operation: str) -> Any:
    """The vector x with src combined into it at places."""
    counts = np.bincount(places.reshape(-1), minlength=x.array.size)
    if not include_self:  # what is there already counts no more: it becomes what changes nothing
        start = {"amax": _lowest(x.array.dtype), "amin": _highest(x.array.dtype), "prod": 1}.get(reduce, 0)
        x = where(make(counts > 0), make(np.asarray(start, x.array.dtype)), x)
    if reduce in ("sum", "mean"):
        y = add_at(x, places, src)
        if reduce == "sum":
            return y
        divisor = make(np.maximum(counts + bool(include_self), 1).astype(x.array.dtype))
        return y / divisor if x.array.dtype.kind == "f" else y.floor_divide(divisor)
    if reduce == "prod":
        return ScatterProduct.apply(x, src, places)
    if reduce in _UFUNCS:
        return ScatterExtreme.apply(x, src, places, _UFUNCS[reduce])
    raise RuntimeError(f"{operation}: reduce argument must be either sum, prod, mean, amax or amin, got {reduce}.")


def _lowest(dtype: np.dtype) -> Any:
    return -np.inf if dtype.kind == "f" else False if dtype.kind == "b" else np.iinfo(dtype).min


def _highest(dtype: np.dtype) -> Any:
    return np.inf if dtype.kind == "f" else True if dtype.kind == "b" else np.iinfo(dtype).max


def scatter_reduce(x: T, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> T:
    """y = x, with y[index[i, j], j] combined with src[i, j] for dim 0 of a matrix, and likewise."""
    places = places_along(x, dim, index, "scatter_reduce")
    require_tensor(src, "scatter_reduce", "src", 4)
    src = source_for(x, src, index, "scatter_reduce").expand(places.shape)
    flat = Reshape.apply(x, (x.array.size,))
    return Reshape.apply(_reduce(flat, places, src, reduce, include_self, "scatter_reduce"), x.array.shape)


def scatter(x: T, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> T:
    """x, with y[index[i, j], j] = src[i, j], or a number, for dim 0 of a matrix, and likewise; reduce "add" or
    "multiply" combines instead."""
    src = value if src is None else src
    places = places_along(x, dim, index, "scatter")
    source = source_for(x, src, index, "scatter")
    if reduce is None:
        return place(x, places, source)
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    flat = Reshape.apply(x, (x.array.size,))
    name = "sum" if reduce == "add" else "prod"
    return Reshape.apply(_reduce(flat, places, source.expand(places.shape), name, True, "scatter"), x.array.shape)


def index_reduce(x: T, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True) -> T:
    """x, with source's slices combined into its slices at these positions along dim."""
    axis, key = slices(x, dim, index, "index_reduce")
    check_range(index.array, x.array.shape[axis] if key else 1, axis, IndexError)
    require_tensor(source, "index_reduce", "source", 4)
    if source.array.dtype is not x.array.dtype:
        raise RuntimeError(f"index_reduce(): self ({x.dtype}) and source ({source.dtype}) must have the same type")
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    places = np.arange(x.array.size).reshape(x.array.shape)[key]
    if source.array.shape != places.shape:
        raise RuntimeError(f"index_reduce(): the source has shape {list(source.array.shape)}, but the slices "
                           f"{list(places.shape)}")
    flat = Reshape.apply(x, (x.array.size,))
    return Reshape.apply(_reduce(flat, places, source, reduce, include_self, "index_reduce"), x.array.shape)
