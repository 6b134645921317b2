"""The middle and its like: median, quantile, mode. By NumPy; gradients go to the elements that were picked."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes, return_types
from minigrad.engine import T, TensorBase, make
from minigrad.ops.blends import lerp
from minigrad.ops.extremes import Share
from minigrad.ops.kernel import require_tensor
from minigrad.ops.reduce import axes_of, dropped, numpy_names
from minigrad.ops.scatter import gather
from minigrad.ops.shape import Reshape, axis_of, filled_axis
from minigrad.ops.sorting import order
from minigrad.return_types import ValuesIndices

__all__ = ["median", "mode", "nanmedian", "nanquantile", "quantile"]

INT64 = np.dtype(np.int64)


def _pick(x: Any, at: np.ndarray, axis: int, keepdim: bool) -> tuple[Any, Any]:
    """(values, indices) at one position of each row."""
    index = make(at.astype(INT64))
    y, axes = gather(x, axis, index), (axis,) if x.array.ndim else ()
    return dropped(y, axes, keepdim), dropped(index, axes, keepdim)


def _middle(a: np.ndarray, axis: int, skip_nan: bool) -> np.ndarray:
    """Where the lower of the two middle elements of each row is; where the first NaN is, unless these are skipped."""
    if not a.ndim:
        return np.zeros((), INT64)
    nan = np.isnan(a)
    count = (~nan).sum(axis, keepdims=True) if skip_nan else np.asarray(a.shape[axis])
    middle = np.take_along_axis(order(a, axis, False), np.broadcast_to(
        np.maximum((count - 1) // 2, 0), [1 if i == axis else s for i, s in enumerate(a.shape)]), axis)
    return middle if skip_nan else np.where(nan.any(axis, keepdims=True), nan.argmax(axis, keepdims=True), middle)


def _median(x: Any, dim: Any, keepdim: bool, name: str) -> Any:
    require_tensor(x, name)
    if x.array.dtype.kind == "b":
        raise dtypes.not_implemented(name, x.array.dtype)
    skip_nan = name == "nanmedian"
    if dim is not None:
        axis = filled_axis(x, dim, name)
        result = return_types.nanmedian if skip_nan else return_types.median
        return result(*_pick(x, _middle(x.array, axis, skip_nan), axis, keepdim))

    def find(x: Any, axes: tuple[int, ...]) -> Any:
        a = x.array.reshape(-1)
        value = a[_middle(a, 0, skip_nan)[0]] if a.size else np.nan
        return make(np.full([1] * x.array.ndim, value, x.array.dtype))

    axes = axes_of(None, x.array.ndim)
    return dropped(Share.apply(x, axes, find), axes, False)


@numpy_names
def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the two middle elements, or NaN if there is one; with a dim (values, indices)."""
    return _median(input, dim, keepdim, "median")


@numpy_names
def nanmedian(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """median of what is not NaN"""
    return _median(input, dim, keepdim, "nanmedian")


@numpy_names
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """(values, indices): the smallest of the most frequent elements along dim, and the last place where it is."""
    require_tensor(input, "mode")
    a, axis = input.array, filled_axis(input, dim, "mode")
    if not a.ndim:
        return return_types.mode(*_pick(input, np.zeros((), INT64), axis, keepdim))
    rows = np.moveaxis(a, axis, -1).reshape(-1, a.shape[axis])
    at = np.zeros(len(rows), INT64)
    for i, row in enumerate(rows):
        values, counts = np.unique(row, return_counts=True)
        same = row == values[counts.argmax()]
        at[i] = np.flatnonzero(same)[-1] if same.any() else len(row) - 1
    kept = [1 if i == axis else s for i, s in enumerate(a.shape)]
    at = np.moveaxis(at.reshape([s for i, s in enumerate(a.shape) if i != axis] + [1]), -1, axis).reshape(kept)
    return return_types.mode(*_pick(input, at, axis, keepdim))


_MODES = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(x: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, name: str) -> Any:
    require_tensor(x, name)
    if x.array.dtype.kind != "f":
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if interpolation not in _MODES:
        raise RuntimeError(f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
                           f"{interpolation}")
    if not isinstance(q, TensorBase):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
        q = make(np.asarray(q, x.array.dtype))
    if q.array.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if q.array.dtype is not x.array.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if q.array.size and not ((q.array >= 0) & (q.array <= 1)).all():
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    if not x.array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    flat = Reshape.apply(x, (-1,)) if dim is None or not x.array.ndim else x
    axis = axis_of(0 if flat is not x else dim, flat.array.ndim)
    rows = flat.movedim(axis, -1)
    y = _interpolated(rows, q, interpolation, name == "nanquantile")        # (..., number of q)
    kept = [1] * x.array.ndim if flat is not x else [1 if i == axis else s for i, s in enumerate(x.array.shape)]
    shape = kept if keepdim else rows.array.shape[:-1]
    y = y.movedim(-1, 0)
    return Reshape.apply(y, (*(q.array.shape if q.array.ndim else ()), *shape))


def _interpolated(rows: Any, q: Any, interpolation: str, skip_nan: bool) -> Any:
    """The quantiles of each row: between the sorted elements below and above the place q (n - 1)."""
    nan, n = np.isnan(rows.array), rows.array.shape[-1]
    last = (np.maximum((~nan).sum(-1, keepdims=True), 1) if skip_nan else np.asarray(n)) - 1
    places = np.asarray(q.array.reshape(-1) * last.astype(q.array.dtype))
    places = np.broadcast_to(places, (*rows.array.shape[:-1], places.shape[-1])).copy()
    if not skip_nan:
        places[np.broadcast_to(nan.any(-1, keepdims=True), places.shape)] = n - 1
    ordered = order(rows.array, rows.array.ndim - 1, False)

    def at(position: np.ndarray) -> Any:
        return gather(rows, -1, make(np.take_along_axis(ordered, position.astype(INT64), -1)))

    if interpolation in ("lower", "higher", "nearest"):
        return at({"lower": np.floor, "higher": np.ceil, "nearest": np.rint}[interpolation](places))
    below = np.floor(places)
    weight = make(np.full_like(places, 0.5)) if interpolation == "midpoint" else (
        Reshape.apply(q, (-1,)) * make(np.asarray(last, q.array.dtype)) - make(below))
    return lerp(at(below), at(np.ceil(places)), weight)


@numpy_names
def quantile(input: T, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> T:
    """The value below which a part q of the elements lies, along dim or of all; NaN if there is one."""
    return _quantile(input, q, dim, keepdim, interpolation, "quantile")


@numpy_names
def nanquantile(input: T, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> T:
    """quantile of what is not NaN"""
    return _quantile(input, q, dim, keepdim, interpolation, "nanquantile")
