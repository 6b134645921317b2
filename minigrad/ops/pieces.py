"""Parts of a tensor, as views that share its memory: split, chunk, unbind, narrow, select, diagonal, unfold."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from minigrad.engine import T, TensorBase
from minigrad.names import named
from minigrad.ops.indexing import Index, View
from minigrad.ops.kernel import require_tensor
from minigrad.ops.shape import axis_of

__all__ = ["as_strided", "chunk", "diagonal", "dsplit", "hsplit", "narrow", "select", "split", "split_with_sizes",
           "tensor_split", "unbind", "unfold", "vsplit"]


def part(x: T, axis: int, item: Any) -> T:
    """x[:, ..., item] with item, a number or a slice, at an axis."""
    return Index.apply(x, (*(slice(None),) * axis, item))


def whole(value: Any, operation: str, name: str) -> int:
    """An integer argument; TypeError if it is none."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{operation}(): argument '{name}' must be int, not {type(value).__name__}")
    return value.__index__()


def _axis(x: Any, dim: int, operation: str) -> int:
    require_tensor(x, operation)
    if not x.array.ndim:
        raise RuntimeError(f"{operation} expects at least a 1-dimensional tensor")
    return axis_of(dim, x.array.ndim)


def select(x: T, dim: int, index: int) -> T:
    """x[index] along dim, which goes."""
    require_tensor(x, "select")
    if not x.array.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis, index = axis_of(dim, x.array.ndim), whole(index, "select", "index")
    if not -x.array.shape[axis] <= index < x.array.shape[axis]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(x.array.shape)} at dimension "
                         f"{axis}")
    return part(x, axis, index)


def narrow(x: T, dim: int, start: Any, length: int) -> T:
    """x[start : start + length] along dim."""
    require_tensor(x, "narrow")
    if not x.array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, TensorBase) and (start.array.ndim or start.array.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    axis, length = axis_of(dim, x.array.ndim), whole(length, "narrow", "length")
    size, start = x.array.shape[axis], whole(start, "narrow", "start")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return part(x, axis, slice(start, start + length))


def _between(x: Any, axis: int, bounds: list[int]) -> tuple:
    return tuple([part(x, axis, slice(start, stop)) for start, stop in itertools.pairwise(bounds)])


def split(x: Any, split_size_or_sections: Any, dim: int = 0) -> tuple:
    """Pieces of one size (the last may be smaller), or of the sizes in a list."""
    if isinstance(split_size_or_sections, (list, tuple)):
        return split_with_sizes(x, split_size_or_sections, dim)
    axis, step = _axis(x, dim, "split"), whole(split_size_or_sections, "split", "split_size")
    size = x.array.shape[axis]
    if step < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={step}")
    if step == 0 and size:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}")
    count = max(-(-size // step), 1) if step else 1
    return _between(x, axis, [min(i * step, size) for i in range(count + 1)])


def split_with_sizes(x: Any, split_sizes: Any, dim: int = 0) -> tuple:
    """Pieces of these sizes, which add up to the size of dim."""
    axis = _axis(x, dim, "split_with_sizes")
    sizes = [whole(s, "split_with_sizes", "split_sizes") for s in split_sizes]
    if any(s < 0 for s in sizes):
        raise RuntimeError(f"split_with_sizes expects split_sizes have only non-negative entries, but got "
                           f"split_sizes={sizes}")
    if sum(sizes) != x.array.shape[axis]:
        raise RuntimeError(f"split_with_sizes expects split_sizes to sum exactly to {x.array.shape[axis]} (input "
                           f"tensor's size at dimension {axis}), but got split_sizes={sizes}")
    return _between(x, axis, [sum(sizes[:i]) for i in range(len(sizes) + 1)])


def chunk(x: Any, chunks: int, dim: int = 0) -> tuple:
    """At most this many pieces of one size, the last perhaps smaller."""
    axis, chunks = _axis(x, dim, "chunk"), whole(chunks, "chunk", "chunks")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = x.array.shape[axis]
    step = -(-size // chunks)
    return _between(x, axis, [0] * (chunks + 1)) if not step else split(x, step, axis)


def tensor_split(x: Any, indices_or_sections: Any, dim: int = 0) -> tuple:
    """This many pieces whose sizes differ by at most 1, or the pieces between these positions."""
    axis = _axis(x, dim, "tensor_split")
    size, at = x.array.shape[axis], indices_or_sections
    if isinstance(at, TensorBase):
        if at.array.ndim > 1 or at.array.dtype != np.int64:
            raise RuntimeError("tensor_split expected tensor_indices_or_sections to be a zero-dimensional or "
                               f"one-dimensional int64 tensor, but got {at.array.ndim} dimensions of {at.dtype}")
        at = at.array.tolist()
    if isinstance(at, (list, tuple)):
        return tuple([part(x, axis, slice(start, stop)) for start, stop in zip((0, *at), (*at, size))])
    sections = whole(at, "tensor_split", "sections")
    if sections <= 0:
        raise RuntimeError(f"number of sections must be larger than 0, got {sections}")
    small, extra = divmod(size, sections)
    return _between(x, axis, [i * small + min(i, extra) for i in range(sections + 1)])


def _split_at(name: str, least: int, axis_for: Any) -> Any:
    def function(x: Any, indices_or_sections: Any) -> tuple:
        require_tensor(x, name)
        if x.array.ndim < least:
            raise RuntimeError(f"{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got "
                               f"a tensor with {x.array.ndim} dimensions!")
        axis = axis_for(x.array.ndim)
        if isinstance(indices_or_sections, int) and (
                indices_or_sections <= 0 or x.array.shape[axis] % indices_or_sections):
            raise RuntimeError(f"{name} attempted to split along dimension {axis}, but the size of the dimension "
                               f"{x.array.shape[axis]} is not divisible by the split_size {indices_or_sections}!")
        return tensor_split(x, indices_or_sections, axis)

    return named(function, name, f"tensor_split along dimension {axis_for(max(least, 2))} (of {max(least, 2)}).")


hsplit = _split_at("hsplit", 1, lambda ndim: min(ndim - 1, 1))
vsplit = _split_at("vsplit", 2, lambda ndim: 0)
dsplit = _split_at("dsplit", 3, lambda ndim: 2)


def unbind(x: Any, dim: int = 0) -> tuple:
    """x[0], x[1], ... along dim, which goes."""
    require_tensor(x, "unbind")
    if not x.array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = axis_of(dim, x.array.ndim)
    return tuple([part(x, axis, i) for i in range(x.array.shape[axis])])


def diagonal(x: T, offset: int = 0, dim1: int = 0, dim2: int = 1) -> T:
    """y[..., i] = x[..., i, ..., i + offset, ...] over dim1 and dim2, as the last dimension."""
    require_tensor(x, "diagonal")
    first, second = axis_of(dim1, x.array.ndim), axis_of(dim2, x.array.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")

    def pick(a: np.ndarray) -> np.ndarray:
        return a.diagonal(min(max(offset, -a.shape[first]), a.shape[second]), first, second)

    y = View.apply(x, pick)
    y.array.flags.writeable = x.array.flags.writeable  # NumPy's diagonal is read-only, but no copy
    return y


def unfold(x: T, dimension: int, size: int, step: int) -> T:
    """The windows of this size, every step elements along a dimension, each as the last dimension of y: a view."""
    require_tensor(x, "unfold")
    axis, ndim = axis_of(dimension, x.array.ndim), x.array.ndim
    length = x.array.shape[axis] if ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")

    def pick(a: np.ndarray) -> np.ndarray:
        if not ndim:
            return np.lib.stride_tricks.as_strided(a, (size,), (a.itemsize,))
        shape = (*a.shape[:axis], (length - size) // step + 1, *a.shape[axis + 1:], size)
        strides = (*a.strides[:axis], a.strides[axis] * step, *a.strides[axis + 1:], a.strides[axis])
        return np.lib.stride_tricks.as_strided(a, shape, strides)

    return View.apply(x, pick)


def as_strided(x: T, size: Any, stride: Any, storage_offset: int | None = None) -> T:
    """y[i, j, ...] = element storage_offset + i stride[0] + j stride[1] + ... of the contiguous x."""
    require_tensor(x, "as_strided")
    size, stride, offset = tuple(size), tuple(stride), storage_offset or 0
    if len(size) != len(stride):
        raise RuntimeError(f"mismatch in length of strides and shape: {list(size)}, {list(stride)}")
    if not x.array.flags.c_contiguous or (x._base is not None and x._base.array.size != x.array.size):
        raise NotImplementedError("as_strided is offered for contiguous tensors that are no part of another: clone() "
                                  "it first")
    if any(s < 0 for s in stride) or any(s < 0 for s in size) or offset < 0:
        raise RuntimeError(f"as_strided: sizes, strides and storage offset must not be negative, but got {list(size)}, "
                           f"{list(stride)}, {offset}")
    last = offset + sum((n - 1) * s for n, s in zip(size, stride))
    if math.prod(size) and last >= x.array.size:
        raise RuntimeError(f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} are out "
                           f"of bounds for storage of {x.array.size} elements")

    def pick(a: np.ndarray) -> np.ndarray:
        flat = a.reshape(-1)[offset if math.prod(size) else 0:]
        return np.lib.stride_tricks.as_strided(flat, size, [s * a.itemsize for s in stride])

    return View.apply(x, pick)
