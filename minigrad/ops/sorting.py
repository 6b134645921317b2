"""Elements by size: sort, topk, kthvalue and what finds places in a sorted tensor. By NumPy.

NaN counts as larger than every number, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes, return_types
from minigrad.engine import T, TensorBase, make
from minigrad.ops.kernel import require_tensor
from minigrad.ops.pieces import narrow, part, whole
from minigrad.ops.scatter import gather
from minigrad.ops.shape import axis_of, filled_axis, unsqueeze
from minigrad.return_types import ValuesIndices

__all__ = ["argsort", "bucketize", "kthvalue", "msort", "searchsorted", "sort", "topk"]


def order(array: np.ndarray, axis: int, descending: bool) -> np.ndarray:
    """The places that put an array in order along an axis, equal elements as they came."""
    if not array.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(array, axis, kind="stable")
    backward = np.argsort(np.flip(array, axis), axis, kind="stable")
    return array.shape[axis] - 1 - np.flip(backward, axis)


def sort(x: Any, dim: Any = -1, descending: bool = False, *, stable: bool = False) -> ValuesIndices:
    """(values, indices) in order along dim; equal elements keep their order, stable or not."""
    require_tensor(x, "sort")
    axis = axis_of(dim, x.array.ndim)
    at = make(order(x.array, axis, descending))
    return return_types.sort(gather(x, axis, at), at)


def argsort(x: T, dim: int = -1, descending: bool = False, *, stable: bool = False) -> T:
    """The indices that sort gives."""
    require_tensor(x, "argsort")
    return make(order(x.array, axis_of(dim, x.array.ndim), descending))


def msort(x: T) -> T:
    """The values of sort along dimension 0."""
    return sort(x, 0).values


def topk(x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """(values, indices) of the k largest (or smallest) elements along dim, in order whether asked for or not."""
    require_tensor(x, "topk")
    axis, k = axis_of(dim, x.array.ndim), whole(k, "topk", "k")
    if not 0 <= k <= (x.array.shape[axis] if x.array.ndim else 1):
        raise RuntimeError("selected index k out of range")
    at = make(order(x.array, axis, largest))
    at = at if not x.array.ndim else narrow(at, axis, 0, k).contiguous()
    return return_types.topk(gather(x, axis, at), at)


def kthvalue(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """(value, index) of the k-th smallest element along dim, k counted from 1."""
    require_tensor(x, "kthvalue")
    axis, k = filled_axis(x, dim, "kthvalue"), whole(k, "kthvalue", "k")
    if not 1 <= k <= (x.array.shape[axis] if x.array.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {axis}")
    at = make(order(x.array, axis, False))
    if not x.array.ndim:
        return return_types.kthvalue(gather(x, axis, at), at)
    at = unsqueeze(part(at, axis, k - 1), axis)
    values = gather(x, axis, at)
    return return_types.kthvalue(*(values, at) if keepdim else (values.squeeze(axis), at.squeeze(axis)))


def searchsorted(sorted_sequence: Any, values: Any, *, out_int32: bool = False, right: bool = False,
                 side: str | None = None, sorter: Any = None) -> Any:
    """How many elements of each sorted row are smaller than a value (with right, or side "right", not larger)."""
    require_tensor(sorted_sequence, "searchsorted", "sorted_sequence")
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError("torch.searchsorted(): side and right can't be set to opposites, got side of left while "
                           "right was True")
    edges, wanted = sorted_sequence.array, _searched(sorted_sequence, values)
    if sorter is not None:
        if sorter.array.shape != edges.shape or sorter.array.dtype != np.int64:
            raise RuntimeError("torch.searchsorted(): boundary and sorter must have the same size, and sorter type "
                               "long")
        if edges.size and not (sorter.array.min() >= 0 and sorter.array.max() < edges.shape[-1]):
            raise RuntimeError("torch.searchsorted(): sorter index out of range")
        edges = np.take_along_axis(edges, sorter.array, -1)
    side = "right" if right or side == "right" else "left"
    dtype = np.int32 if out_int32 else np.int64
    if edges.ndim == 1:
        return make(np.asarray(np.searchsorted(edges, wanted, side), dtype))
    if not edges.ndim or wanted.shape[:-1] != edges.shape[:-1]:
        raise RuntimeError("torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions "
                           f"of boundaries tensor and input value tensor must match, but we got boundaries tensor "
                           f"{list(edges.shape)} and input value tensor {list(wanted.shape)}")
    found = np.empty(wanted.shape, dtype)
    for at in np.ndindex(*edges.shape[:-1]):
        found[at] = np.searchsorted(edges[at], wanted[at], side)
    return make(found)


def _searched(boundaries: Any, values: Any) -> np.ndarray:
    if isinstance(values, TensorBase):
        if values.array.dtype is not boundaries.array.dtype:
            raise RuntimeError("torch.searchsorted(): boundaries tensor and input value tensor should have same dtype, "
                               f"but got boundaries tensor dtype {boundaries.dtype} and input value tensor dtype "
                               f"{values.dtype}")
        return values.array
    if boundaries.array.ndim != 1:
        raise RuntimeError("torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is "
                           "1")
    return np.asarray(values)


def bucketize(x: T, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> T:
    """The place of each element among sorted boundaries: how many are smaller (with right, not larger)."""
    require_tensor(boundaries, "bucketize", "boundaries", 2)
    if boundaries.array.ndim != 1:
        raise RuntimeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.array.ndim})")
    if not isinstance(x, TensorBase):
        x = make(np.asarray(x, np.result_type(type(x), np.int64)))
    both = dtypes.promote_types(x.array.dtype, boundaries.array.dtype)
    return searchsorted(boundaries.to(both), x.to(both), out_int32=out_int32, right=right)
