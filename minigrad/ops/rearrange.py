"""The elements in another order, repeated, or on diagonals: flip, roll, repeat, tril, diag. Copies, as in PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import T, TensorBase, make
from minigrad.names import named
from minigrad.ops.choice import where
from minigrad.ops.indexing import Index, Put
from minigrad.ops.join import cat
from minigrad.ops.kernel import require_tensor
from minigrad.ops.operands import scalar
from minigrad.ops.pieces import diagonal, part, whole
from minigrad.ops.shape import Clone, Reshape, axis_of, expand, sizes_of, transpose

__all__ = ["diag", "diag_embed", "diagflat", "fill_diagonal", "flip", "fliplr", "flipud", "repeat",
           "repeat_interleave", "roll", "rot90", "tile", "trace", "tril", "tril_indices", "triu", "triu_indices"]


def flip(x: T, *axes: Any, dims: Any = None) -> T:
    """The order along each of dims reversed."""
    require_tensor(x, "flip")
    dims = axes if dims is None else (dims,)
    axes = [axis_of(d, x.array.ndim) for d in sizes_of(dims, "flip")]
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"dim {max(axes, key=axes.count)} appears multiple times in the list of dims")
    back = tuple([slice(None, None, -1 if i in axes else None) for i in range(x.array.ndim)])
    return Clone.apply(Index.apply(x, back))


def fliplr(x: T) -> T:
    """flip along dimension 1"""
    require_tensor(x, "fliplr")
    if x.array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(x, 1)


def flipud(x: T) -> T:
    """flip along dimension 0"""
    require_tensor(x, "flipud")
    if x.array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(x, 0)


def roll(x: T, shifts: Any, dims: Any = None) -> T:
    """y[(i + shift) mod n] = x[i] along each of dims; without dims, of the flattened tensor."""
    require_tensor(x, "roll")
    shifts, dims = (tuple(v) if isinstance(v, (tuple, list)) else () if v is None else (v,) for v in (shifts, dims))
    if not shifts:
        raise RuntimeError("`shifts` required")
    if not dims and len(shifts) == 1:
        return Reshape.apply(roll(Reshape.apply(x, (x.array.size,)), shifts, 0), x.array.shape)
    if len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if not x.array.ndim:
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    y = Clone.apply(x)
    for shift, dim in zip(shifts, dims):
        axis = axis_of(dim, x.array.ndim)
        cut = -shift % (x.array.shape[axis] or 1)
        if cut:
            y = cat([part(y, axis, slice(cut, None)), part(y, axis, slice(cut))], axis)
    return y


def rot90(x: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """k quarter turns in the plane of two dimensions, from the first toward the second."""
    require_tensor(x, "rot90")
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if x.array.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {x.array.ndim}")
    first, second = (axis_of(d, x.array.ndim) for d in dims)
    if first == second:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    turns = k % 4
    if turns == 0:
        return Clone.apply(x)
    if turns == 2:
        return flip(x, first, second)
    return Clone.apply(transpose(flip(x, second if turns == 1 else first), first, second))


def repeat(x: T, *times: Any, repeats: Any = None) -> T:
    """x this many times along each dimension, as a copy; more repeats than dimensions make new ones in front."""
    require_tensor(x, "repeat")
    times = sizes_of(times if repeats is None else (repeats,), "repeat")
    lead = len(times) - x.array.ndim
    if lead < 0:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(n < 0 for n in times):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(times)}: {list(times)}")
    shape = (1,) * lead + x.array.shape
    spread = tuple([s for n in shape for s in (1, n)])
    y = expand(Reshape.apply(x, spread), tuple([s for n, m in zip(times, shape) for s in (n, m)]))
    return Reshape.apply(Clone.apply(y), tuple([n * m for n, m in zip(times, shape)]))


def tile(x: T, *times: Any, dims: Any = None) -> T:
    """repeat, where missing repeats in front count as 1."""
    require_tensor(x, "tile")
    times = sizes_of(times if dims is None else (dims,), "tile")
    return repeat(x, (1,) * (x.array.ndim - len(times)) + times)


def repeat_interleave(x: T, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None) -> T:
    """Each element along dim repeated, once as often as all (an int) or as its own count says (a vector)."""
    require_tensor(x, "repeat_interleave")
    if repeats is None:  # repeat_interleave(counts): the positions
        _check_counts(x)
        return make(np.repeat(np.arange(x.array.size, dtype=np.int64), x.array))
    if dim is None:
        x, dim = Reshape.apply(x, (x.array.size,)), 0
    axis, length = axis_of(dim, x.array.ndim), x.array.shape[dim] if x.array.ndim else 1
    x = x if x.array.ndim else Reshape.apply(x, (1,))
    if isinstance(repeats, TensorBase):
        _check_counts(repeats)
        counts = repeats.array.reshape(-1)
        if counts.size not in (1, length):
            raise RuntimeError(f"repeats must have the same size as input along dim, but got repeats.size(0) = "
                               f"{counts.size} and input.size({axis}) = {length}")
    else:
        counts = np.asarray(whole(repeats, "repeat_interleave", "repeats"))
        if counts < 0:
            raise RuntimeError("repeats can not be negative")
    places = np.repeat(np.arange(length), counts if counts.size == length else counts.reshape(()))
    if output_size is not None and output_size != places.size:
        raise RuntimeError(f"allocated size does not match required size: output_size = {output_size}, but the repeats "
                           f"make {places.size}")
    return part(x, axis, places)


def _check_counts(repeats: Any) -> None:
    if repeats.array.dtype not in (np.int64, np.int32):
        raise RuntimeError("repeats has to be Long or Int tensor")
    if repeats.array.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if (repeats.array < 0).any():
        raise RuntimeError("repeats can not be negative")


# -- triangles and diagonals -------------------------------------------------------------------------------------------


def _triangle(x: Any, keep: np.ndarray) -> Any:
    return where(make(np.broadcast_to(keep, x.array.shape)), x, make(np.zeros((), x.array.dtype)))


def tril(x: T, diagonal: int = 0) -> T:
    """x[..., i, j] where j <= i + diagonal, else 0."""
    _matrices(x, "tril")
    return _triangle(x, np.tri(*x.array.shape[-2:], diagonal, bool))


def triu(x: T, diagonal: int = 0) -> T:
    """x[..., i, j] where j >= i + diagonal, else 0."""
    _matrices(x, "triu")
    return _triangle(x, ~np.tri(*x.array.shape[-2:], diagonal - 1, bool))


def _matrices(x: Any, name: str) -> None:
    require_tensor(x, name)
    if x.array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


def _indices(name: str, find: Any) -> Any:
    def function(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None,
                 layout: Any = None) -> Any:
        if row < 0 or col < 0:
            raise RuntimeError(f"{name}: row and col must be non-negative, got {row} and {col}")
        wanted = dtypes.resolve(dtype)
        if wanted.kind != "i":
            raise RuntimeError(f"\"{name}\" not implemented for '{wanted}'")
        return make(np.stack(find(row, offset, col)).astype(wanted))

    return named(function, name, f"The (2, n) rows and columns of {name[:4]} of a (row, col) matrix, in order.")


tril_indices, triu_indices = _indices("tril_indices", np.tril_indices), _indices("triu_indices", np.triu_indices)


def diag_embed(x: T, offset: int = 0, dim1: int = -2, dim2: int = -1) -> T:
    """x's last dimension on the diagonal of two new dimensions, zeros elsewhere."""
    require_tensor(x, "diag_embed")
    ndim = x.array.ndim + 1
    first, second = axis_of(dim1, ndim), axis_of(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if not x.array.ndim:
        raise RuntimeError("diag_embed: the input must have at least one dimension")
    n = x.array.shape[-1]
    i = np.arange(n)
    side = n + abs(offset)
    zeros = make(np.zeros((*x.array.shape[:-1], side, side), x.array.dtype))
    y = Put.apply(zeros, (..., i + max(-offset, 0), i + max(offset, 0)), x)
    order = list(range(ndim - 2))
    for axis, source in sorted(((first, ndim - 2), (second, ndim - 1))):
        order.insert(axis, source)
    return y if order == list(range(ndim)) else y.permute(order)


def diag(x: T, diagonal: int = 0) -> T:
    """Of a vector the matrix with it on a diagonal; of a matrix the vector on its diagonal, as a copy."""
    require_tensor(x, "diag")
    if x.array.ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {x.array.ndim}D")
    return diag_embed(x, diagonal) if x.array.ndim == 1 else Clone.apply(_diagonal(x, diagonal))


_diagonal = diagonal


def diagflat(x: T, offset: int = 0) -> T:
    """diag of the flattened tensor."""
    require_tensor(x, "diagflat")
    return diag_embed(Reshape.apply(x, (x.array.size,)), offset)


def trace(x: T) -> T:
    """sum_i x[i, i] of a matrix."""
    require_tensor(x, "trace")
    if x.array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {x.array.ndim}")
    return diagonal(x).sum()


def fill_diagonal(x: T, fill_value: Any, wrap: bool = False) -> T:
    """x with a number at x[i, i, ...]; with wrap the diagonal of a tall matrix starts anew below a free row."""
    require_tensor(x, "fill_diagonal_")
    shape = x.array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    step = 1 + sum(math.prod(shape[i:]) for i in range(1, len(shape)))
    end = shape[1] ** 2 if len(shape) == 2 and not wrap else x.array.size
    flat = Put.apply(Reshape.apply(x, (x.array.size,)), slice(0, end, step),
                     make(scalar(fill_value, x.array.dtype, "fill_diagonal_")))
    return Reshape.apply(flat, shape)
