"""What is in a tensor and how often: nonzero, unique, bincount, histc. No gradients. By NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes, return_types
from minigrad.engine import T, TensorBase, make
from minigrad.ops.kernel import require_tensor
from minigrad.ops.shape import axis_of

__all__ = ["argwhere", "bincount", "histc", "histogram", "nonzero", "unique", "unique_consecutive"]


def nonzero(x: Any, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not 0, as rows (n, ndim); as_tuple, one vector per dimension."""
    require_tensor(x, "nonzero")
    if as_tuple:
        return tuple([make(places) for places in np.nonzero(np.atleast_1d(x.array))])
    return make(np.ascontiguousarray(np.argwhere(x.array)))


def argwhere(x: T) -> T:
    """nonzero(x)"""
    return nonzero(x)


def unique(x: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
           dim: int | None = None) -> Any:
    """The different elements (or slices along dim), sorted whether asked for or not; each NaN differs from all.

    With return_inverse also where each element of x is among them, with return_counts also how often each occurs.
    """
    array, axis, lines = _lines(x, dim, "unique")
    rank = np.lexsort(lines.T[::-1]) if lines.shape[1] else np.arange(len(lines))
    first = np.ones(len(lines), bool)
    first[1:] = (lines[rank][1:] != lines[rank][:-1]).any(1)
    return _groups(array, axis, rank, first, return_inverse, return_counts, x.array.shape if dim is None else None)


def unique_consecutive(x: Any, return_inverse: bool = False, return_counts: bool = False,
                       dim: int | None = None) -> Any:
    """x without elements (or slices along dim) that equal the one before them."""
    array, axis, lines = _lines(x, dim, "unique_consecutive")
    first = np.ones(len(lines), bool)
    first[1:] = (lines[1:] != lines[:-1]).any(1)
    return _groups(array, axis, np.arange(len(lines)), first, return_inverse, return_counts,
                   x.array.shape if dim is None else None)


def _lines(x: Any, dim: int | None, name: str) -> tuple[np.ndarray, int, np.ndarray]:
    """x as an array, flattened without a dim; the axis; and the slices along it, each flattened to a row."""
    require_tensor(x, name)
    array = x.array.reshape(-1) if dim is None else x.array
    axis = 0 if dim is None else axis_of(dim, x.array.ndim)
    if not array.ndim:
        return array, axis, array.reshape(1, 1)
    moved = np.moveaxis(array, axis, 0)
    if not array.size and array.shape[axis]:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    return array, axis, moved.reshape(len(moved), int(np.prod(moved.shape[1:])))


def _groups(array: np.ndarray, axis: int, rank: np.ndarray, first: np.ndarray, want_inverse: bool,
            want_counts: bool, shape: tuple[int, ...] | None) -> Any:
    """The slices of an array in the order `rank`, one of each group that starts where `first`; and, where wanted, each
    slice's group (in a shape, if one is given) and the groups' sizes."""
    group = np.cumsum(first) - 1
    results = [np.take(array, rank[first], axis) if array.ndim else array.copy()]
    if want_inverse:
        inverse = np.empty(len(rank), np.int64)
        inverse[rank] = group
        results.append(inverse if shape is None else inverse.reshape(shape))
    if want_counts:
        results.append(np.bincount(group, minlength=int(first.sum())).astype(np.int64))
    return tuple(map(make, results)) if len(results) > 1 else make(results[0])


def bincount(x: T, weights: Any = None, minlength: int = 0) -> T:
    """How often 0, 1, 2, ... occur in a vector of non-negative integers; with weights, the sums of those."""
    require_tensor(x, "bincount")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.array.dtype.kind not in "iu":
        raise dtypes.not_implemented("bincount_cpu", x.array.dtype)
    if x.array.ndim != 1 or (x.array.size and x.array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if x.array.size and x.array.max() >> 40:
        raise RuntimeError(f"maximum value of input ({x.array.max()}) is too large for counts of every smaller one")
    if weights is None:
        return make(np.bincount(x.array, minlength=minlength).astype(np.int64))
    if weights.array.shape != x.array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    sums = np.bincount(x.array, weights.array, minlength)
    return make(sums.astype(np.float32 if weights.array.dtype == np.float32 else np.float64))


def histc(x: T, bins: int = 100, min: float = 0, max: float = 0) -> T:
    """How many elements lie in each of `bins` equal intervals from min to max (both 0: of x); others count nowhere."""
    require_tensor(x, "histc")
    if x.array.dtype.kind != "f":
        raise dtypes.not_implemented("histogram_cpu", x.array.dtype)
    if bins <= 0:
        raise RuntimeError("bins must be > 0")
    edges = _edges(x.array, bins, float(min), float(max), "histc")
    inside = x.array[(x.array >= edges[0]) & (x.array <= edges[-1])]
    return make(np.histogram(inside, edges)[0].astype(x.array.dtype))


def histogram(x: Any, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False) -> Any:
    """(hist, bin_edges): counts, or sums of weight, between edges; density divides by the total and the widths."""
    require_tensor(x, "histogram")
    if x.array.dtype.kind != "f":
        raise dtypes.not_implemented("histogram_cpu", x.array.dtype)
    if weight is not None and weight.array.shape != x.array.shape:
        raise RuntimeError("torch.histogram: if weight tensor is provided it should have the same shape as the input "
                           "tensor excluding its innermost dimension")
    if isinstance(bins, TensorBase):
        if bins.array.ndim != 1 or bins.array.dtype is not x.array.dtype:
            raise RuntimeError("torch.histogram: bins tensor should have one dimension and the same type as the input")
        edges = bins.array
    else:
        if bins <= 0:
            raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
        low, high = (0.0, 0.0) if range is None else range
        edges = _edges(x.array, bins, float(low), float(high), "histogram").astype(x.array.dtype)
    flat = x.array.reshape(-1)
    inside = (flat >= edges[0]) & (flat <= edges[-1])
    weights = None if weight is None else weight.array.reshape(-1)[inside]
    hist = np.histogram(flat[inside], edges, density=density, weights=weights)[0]
    return return_types.histogram(make(hist.astype(x.array.dtype)), make(edges.copy()))


def _edges(array: np.ndarray, bins: int, low: float, high: float, name: str) -> np.ndarray:
    if low > high:
        raise RuntimeError(f"torch.{name}: max must be larger than min")
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        raise RuntimeError(f"torch.{name}: range of [{low}, {high}] is not finite")
    if low == high:
        margin = 1 if name == "histc" else 0.5
        low, high = low - margin, high + margin
    return np.linspace(low, high, bins + 1)
