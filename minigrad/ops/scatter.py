"""Elements moved by tensors of positions: gather and scatter along a dimension, index_add, masked_fill, take, put.

Each is Index, Put or IndexGrad of the flattened tensor, or with a key, so each has gradients of any order. By NumPy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import T, TensorBase, make
from minigrad.ops.choice import Where
from minigrad.ops.gather import rows
from minigrad.ops.indexing import Index, IndexGrad, Put, fit
from minigrad.ops.join import broadcast_tensors
from minigrad.ops.kernel import broadcast, require_tensor
from minigrad.ops.keys import parse
from minigrad.ops.operands import scalar
from minigrad.ops.shape import Reshape, axis_of

__all__ = ["gather", "index_add", "index_copy", "index_fill", "index_put", "index_select", "masked_fill",
           "masked_scatter", "masked_select", "put", "scatter_add", "take", "take_along_dim"]


def pick(x: T, places: np.ndarray) -> T:
    """The elements of the flattened x at places."""
    return Index.apply(Reshape.apply(x, (x.array.size,)), places)


def place(x: T, places: np.ndarray, value: Any) -> T:
    """x with the elements at places of the flattened x replaced by value."""
    return Reshape.apply(Put.apply(Reshape.apply(x, (x.array.size,)), places, value), x.array.shape)


def add_at(x: T, places: np.ndarray, value: Any) -> T:
    """x with value added at places of the flattened x."""
    return x + Reshape.apply(IndexGrad.apply(value, places, (x.array.size,)), x.array.shape)


def check_range(places: np.ndarray, size: int, axis: int, error: type[Exception], wrap: bool = False) -> None:
    """error unless all positions are in 0 .. size - 1 (with wrap, from -size)."""
    bad = (places < (-size if wrap else 0)) | (places >= size)
    if bad.any():
        raise error(f"index {places[bad].flat[0]} is out of bounds for dimension {axis} with size {size}")


def places_along(x: Any, dim: int, index: Any, operation: str, wrap: bool = False,
                 error: type[Exception] = RuntimeError) -> np.ndarray:
    """Where in the flattened x the elements are that index names along dim: index[i, j] at row index[i, j], column j
    for dim 0 of a matrix."""
    require_tensor(x, operation)
    require_tensor(index, operation, "index", 3)
    if index.array.dtype.kind != "i" and index.array.size:
        raise RuntimeError(f"{operation}(): Expected dtype int32/int64 for index")
    shape, at = x.array.shape or (1,), index.array
    axis = axis_of(dim, len(shape))
    if not at.size:
        return at.astype(np.int64)
    if (at.ndim or 1) != len(shape):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor, but got "
                           f"{list(at.shape)} and {list(x.array.shape)}")
    for i, (n, m) in enumerate(zip(at.shape, shape)):
        if n > m and i != axis:
            raise RuntimeError(f"Size does not match at dimension {i} expected index {list(at.shape)} to be no larger "
                               f"than self {list(x.array.shape)} apart from dimension {axis}")
    check_range(at, shape[axis], axis, error, wrap)
    at = np.where(at < 0, at + shape[axis], at) if wrap else at.astype(np.int64)
    step, places = 1, np.zeros((), np.int64)
    for i in reversed(range(len(shape))):
        own = at if i == axis else np.arange(at.shape[i]).reshape((-1,) + (1,) * (len(shape) - 1 - i))
        places = places + own * step
        step *= shape[i]
    return places


def gather(x: T, dim: int, index: Any, *, sparse_grad: bool = False) -> T:
    """y[i, j] = x[index[i, j], j] for dim 0 of a matrix, and likewise: y has index's shape."""
    return pick(x, places_along(x, dim, index, "gather"))


def take_along_dim(x: T, indices: Any, dim: int | None = None) -> T:
    """gather, where x and indices broadcast apart from dim; without dim, elements of the flattened x."""
    require_tensor(x, "take_along_dim")
    require_tensor(indices, "take_along_dim", "indices", 2)
    if dim is None:
        x, indices, dim = Reshape.apply(x, (x.array.size,)), Reshape.apply(indices, (indices.array.size,)), 0
    if x.array.ndim != indices.array.ndim:
        raise RuntimeError(f"torch.take_along_dim(): input and indices should have the same number of dimensions, but "
                           f"got {x.array.ndim} dimensions for input, and {indices.array.ndim} dimensions for indices")
    if indices.array.dtype != np.int64:
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype}")
    axis = axis_of(dim, x.array.ndim)
    common, _ = broadcast(*((*t.array.shape[:axis], 1, *t.array.shape[axis + 1:]) for t in (x, indices)))
    own, wanted = ((*common[:axis], t.array.shape[axis], *common[axis + 1:]) for t in (x, indices))
    return pick(x.expand(own), places_along(x.expand(own), axis, indices.expand(wanted), "take_along_dim", True))


def source_for(x: Any, src: Any, index: Any, operation: str) -> Any:
    """The part of src that index has a position for; a number as a tensor."""
    if not isinstance(src, TensorBase):
        return make(scalar(src, x.array.dtype, operation))
    if src.array.dtype is not x.array.dtype:
        raise RuntimeError(f"{operation}(): Expected self.dtype to be equal to src.dtype")
    own, wanted = src.array.shape or (1,), index.array.shape or (1,)
    if not index.array.size:
        return make(np.zeros((), x.array.dtype))
    if len(own) != len(wanted) or any(n > m for n, m in zip(wanted, own)):
        raise RuntimeError(f"{operation}: expected index {list(wanted)} to be no larger than src {list(own)}, of as "
                           "many dimensions")
    if own == wanted:
        return src if src.array.shape == index.array.shape else Reshape.apply(src, index.array.shape)
    return Index.apply(src, tuple([slice(n) for n in wanted]))


def scatter_add(x: T, dim: int, index: Any, src: Any) -> T:
    """x, with y[index[i, j], j] += src[i, j] for dim 0 of a matrix, and likewise."""
    places = places_along(x, dim, index, "scatter_add")
    require_tensor(src, "scatter_add", "src", 4)
    return add_at(x, places, source_for(x, src, index, "scatter_add").expand(places.shape))


# -- whole slices along a dimension ------------------------------------------------------------------------------------


def slices(x: Any, dim: int, index: Any, operation: str) -> tuple[int, tuple]:
    """(axis, key) of the slices of x that a vector of positions names."""
    require_tensor(x, operation)
    require_tensor(index, operation, "index", 3)
    if index.array.dtype.kind != "i":
        raise RuntimeError(f"{operation}(): Expected dtype int32/int64 for index")
    if index.array.ndim > 1:
        raise IndexError(f"{operation}(): Index is supposed to be a vector, but got dim: {index.array.ndim}")
    axis = axis_of(dim, x.array.ndim)
    return axis, ((*(slice(None),) * axis, index.array.reshape(-1)) if x.array.ndim else ())


def index_select(x: T, dim: int, index: Any) -> T:
    """The slices of x along dim at these positions."""
    axis, key = slices(x, dim, index, "index_select")
    check_range(index.array, x.array.shape[axis] if key else 1, axis, IndexError)
    if not key:
        return x.clone() if index.array.size == 1 else pick(x, index.array)
    return rows(x, index) if axis == 0 else Index.apply(x, key)


def _source(x: Any, axis: int, key: tuple, index: Any, source: Any, operation: str) -> Any:
    """A source of slices: of x's type, its shape that of x[key]."""
    require_tensor(source, operation, "source", 4)
    if source.array.dtype is not x.array.dtype:
        raise RuntimeError(f"{operation}(): self ({x.dtype}) and source ({source.dtype}) must have the same "
                           "scalar type")
    check_range(index.array, x.array.shape[axis] if key else 1, axis, IndexError)
    wanted = (*x.array.shape[:axis], index.array.size, *x.array.shape[axis + 1:]) if key else (1,)
    own = source.array.shape
    if (own or (1,)) != wanted and (own or wanted[axis] != 1 or math.prod(wanted) != 1):
        error = IndexError if len(own) != len(wanted) and own and operation == "index_copy" else RuntimeError
        raise error(f"{operation}(): the source has shape {list(own)}, but {index.array.size} slices of "
                    f"{list(x.array.shape)} along dimension {axis} have shape {list(wanted)}")
    return Reshape.apply(source, wanted if key else ())


def index_add(x: T, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> T:
    """x with alpha * source added to its slices at these positions along dim."""
    axis, key = slices(x, dim, index, "index_add")
    source = _source(x, axis, key, index, source, "index_add")
    added = IndexGrad.apply(source, key, x.array.shape) if key else source
    return x + (added if alpha == 1 else added * alpha)


def index_copy(x: T, dim: int, index: Any, source: Any) -> T:
    """x with its slices at these positions along dim replaced by source's."""
    axis, key = slices(x, dim, index, "index_copy")
    return Put.apply(x, key, _source(x, axis, key, index, source, "index_copy"))


def index_fill(x: T, dim: int, index: Any, value: Any) -> T:
    """x with its slices at these positions along dim filled with a number."""
    axis, key = slices(x, dim, index, "index_fill")
    size = x.array.shape[axis] if key else 1
    check_range(index.array, size, axis, IndexError, True)
    once = (*key[:-1], np.unique(index.array % size if size else index.array)) if key else key
    return Put.apply(x, once, _number(x, value, "index_fill"))


def _number(x: Any, value: Any, operation: str) -> Any:
    """A number or 0-d tensor as a 0-d tensor of x's type."""
    if not isinstance(value, TensorBase):
        return make(scalar(value, x.array.dtype, operation))
    if value.array.ndim:
        raise RuntimeError(f"{operation} only supports a 0-dimensional value tensor, but got tensor with "
                           f"{value.array.ndim} dimension(s).")
    return value if value.array.dtype is x.array.dtype else value.to(x.array.dtype)


# -- keys and masks ----------------------------------------------------------------------------------------------------


def index_put(x: T, indices: Any, values: Any, accumulate: bool = False) -> T:
    """x with x[indices] = values, or += with accumulate, repeated positions counting each time."""
    require_tensor(x, "index_put")
    require_tensor(values, "index_put", "values", 3)
    if values.array.dtype is not x.array.dtype:
        raise RuntimeError("Index put requires the source and destination dtypes match, got "
                           f"{x.dtype} for the destination and {values.dtype} for the source.")
    view, key = parse(tuple(slice(None) if i is None else i for i in indices), x.array.shape)
    places = np.arange(x.array.size).reshape(x.array.shape)
    places = places if view is None else places[view]
    places = places if key is None else places[key]
    values = fit(values, places.shape, True)
    return add_at(x, places, values.expand(places.shape)) if accumulate else place(x, places, values)


def _mask(mask: Any, operation: str) -> np.ndarray:
    require_tensor(mask, operation, "mask", 2)
    if mask.array.dtype.kind != "b":
        raise RuntimeError(f"{operation} expected BoolTensor for mask, but got {mask.dtype}")
    return mask.array


def masked_fill(x: T, mask: Any, value: Any) -> T:
    """value where mask, else x; x and mask broadcast."""
    require_tensor(x, "masked_fill")
    _mask(mask, "masked_fill")
    broadcast(x.array.shape, mask.array.shape)  # raises where they do not
    return Where.apply(mask, _number(x, value, "masked_fill"), x)


def masked_select(x: T, mask: Any) -> T:
    """The elements of x where mask, as a vector; x and mask broadcast."""
    require_tensor(x, "masked_select")
    _mask(mask, "masked_select")
    x, mask = broadcast_tensors(x, mask)
    return Index.apply(x, mask.array if mask.array.ndim else mask.array.reshape(1)) if x.array.ndim else pick(
        x, np.flatnonzero(mask.array))


def masked_scatter(x: T, mask: Any, source: Any) -> T:
    """x with its elements where mask replaced by the first ones of source, in order."""
    require_tensor(source, "masked_scatter", "source", 3)
    _mask(mask, "masked_scatter")
    if source.array.dtype is not x.array.dtype:
        raise RuntimeError(f"masked_scatter: expected self and source to have same dtypes but got {x.dtype} and "
                           f"{source.dtype}")
    x, mask = broadcast_tensors(x, mask)
    places = np.flatnonzero(mask.array)
    if places.size > source.array.size:
        raise RuntimeError(f"masked_scatter: expected the number of elements in source ({source.array.size}) to be no "
                           f"fewer than the number of ones in mask ({places.size})")
    return place(x, places, pick(source, np.arange(places.size)))


def _flat_places(x: Any, index: Any, operation: str) -> np.ndarray:
    require_tensor(x, operation)
    require_tensor(index, operation, "index", 2)
    if index.array.dtype != np.int64:
        raise RuntimeError(f"{operation}(): Expected a long tensor for index, but got {index.dtype}")
    if index.array.size and not x.array.size:
        raise IndexError(f"{operation}(): tried to take from an empty tensor")
    size = x.array.size
    bad = (index.array < -size) | (index.array >= size)
    if bad.any():
        raise IndexError(f"out of range: tried to access index {index.array[bad].flat[0]} on a tensor of {size} "
                         "elements.")
    return index.array % max(size, 1)


def take(x: T, index: Any) -> T:
    """The elements of the flattened x at index, in index's shape."""
    return pick(x, _flat_places(x, index, "take"))


def put(x: T, index: Any, source: Any, accumulate: bool = False) -> T:
    """x with its elements at index, counted as if flattened, replaced by source's (or source added, repeats too)."""
    places = _flat_places(x, index, "put_")
    require_tensor(source, "put_", "source", 3)
    if source.array.dtype is not x.array.dtype:
        raise RuntimeError(f"put_(): self and source expected to have the same dtype, but got {x.dtype} and "
                           f"{source.dtype}")
    if source.array.size != places.size:
        raise RuntimeError(f"put_(): Expected source and index to have the same number of elements, but got source."
                           f"numel() = {source.array.size}, index.numel() = {places.size}")
    source = Reshape.apply(source, places.shape)
    return add_at(x, places, source) if accumulate else place(x, places, source)
