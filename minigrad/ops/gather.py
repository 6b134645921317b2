"""Rows by index: a batch of a data set, an embedding's rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import Function, T, TensorBase, make, zeros
from minigrad.native import lib, new_position
from minigrad.ops.kernel import new, ptr, require_tensor

__all__ = ["add_rows", "bad_index", "rows", "weighted_rows"]

_INT64 = np.dtype(np.int64)


def bad_index(index: int, length: int) -> IndexError:
    return IndexError(f"index {index} is out of bounds for dimension 0 with size {length}")


def _refuse_bad(bad: Any, index: Any, length: int) -> None:
    position = bad[0]
    if position >= 0:
        raise bad_index(int(index.array.reshape(-1)[position]), length)


class Rows(Function):
    """y_i = x[t_i], x (rows, ...), t (n);  dx[t_i] += dy_i, in the order of i."""

    @staticmethod
    def forward(ctx, x, index):
        ctx.save_for_backward(index)
        shape, n = x.array.shape, index.array.size
        ctx.length = shape[0]
        y, bad = new((n, *shape[1:]), x.array.dtype), new_position()
        lib.mg_gather_rows(ptr(y), bad, ptr(x), ptr(index), n, math.prod(shape[1:]) * x.array.itemsize, shape[0])
        _refuse_bad(bad, index, shape[0])
        return y

    @staticmethod
    def backward(ctx, dy):
        (index,) = ctx.saved_tensors
        return RowsGrad.apply(dy, index, ctx.length), None


class RowsGrad(Function):
    """dx = zeros (length, ...), dx[t_i] += dy_i;  ddy_i = ddx[t_i]."""

    @staticmethod
    def forward(ctx, dy, index, length):
        ctx.save_for_backward(index)
        shape = dy.array.shape[1:]
        dx, bad = zeros((length, *shape), dy.array.dtype), new_position()
        lib.mg_scatter_rows_acc(dy.array.dtype.num, ptr(dx), bad, ptr(dy), ptr(index), index.array.size,
                                math.prod(shape), length)
        _refuse_bad(bad, index, length)
        return dx

    @staticmethod
    def backward(ctx, ddx):
        (index,) = ctx.saved_tensors
        return Rows.apply(ddx, index), None, None


class WeightedRows(Function):
    """y_i = x[t_i] as Rows;  dx[t_i] += c_i dy_i, with numbers c_i that only the gradient knows."""

    @staticmethod
    def forward(ctx, x, index, weights):
        ctx.weights = weights
        return Rows.forward(ctx, x, index)

    @staticmethod
    def backward(ctx, dy):
        (index,) = ctx.saved_tensors
        return RowsGrad.apply(dy * ctx.weights, index, ctx.length), None, None


def weighted_rows(x: T, index: Any, weights: Any) -> T:
    """x[index] for a 1-D int64 index; the gradient of row i of the result is multiplied with weights[i] (n, 1, ...)."""
    return WeightedRows.apply(x, index, weights)


def add_rows(x: T, index: Any, length: int) -> T:
    """y (length, ...), y[t_i] += x_i: the rows of x added up by a 1-D int64 index."""
    return RowsGrad.apply(x, index, length)


def rows(x: T, index: Any) -> T:
    """x[index] for a 1-D integer index without negative entries. IndexError if one is out of range."""
    require_tensor(x, "index_select")
    if not isinstance(index, TensorBase) or index.array.dtype.kind not in "iu":
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if index.array.ndim > 1 or not x.array.ndim:
        raise IndexError(f"index_select(): Index is supposed to be a vector, but got shape {list(index.array.shape)}")
    if index.array.dtype is not _INT64:
        index = make(index.array.astype(_INT64))
    return Rows.apply(x, index if index.array.ndim else make(index.array.reshape(1)))
