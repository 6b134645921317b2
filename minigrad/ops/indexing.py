"""Parts of a tensor, and tensors put together: x[key], x[key] = value, cat and stack. By NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, TensorBase, make
from minigrad.ops.kernel import require_tensor, view_of
from minigrad.ops.operands import scalar
from minigrad.ops.shape import Cast, Reshape, axis_of, unsqueeze

__all__ = ["cat", "index", "put", "stack"]


class Index(Function):
    """y = x[key] for any key that NumPy takes;  dx = 0 but for dx[key] += dy."""

    @staticmethod
    def forward(ctx, x, key):
        ctx.key, ctx.shape = key, x.array.shape
        array = x.array[key]
        if not isinstance(array, np.ndarray):  # one element: NumPy gives a number; with ... it gives a view
            array = x.array[(*key, ...) if isinstance(key, tuple) else (key, ...)]
        if isinstance(array, np.ndarray) and array.base is not None and np.may_share_memory(array, x.array):
            return view_of(x, array)
        return make(np.asarray(array))

    @staticmethod
    def backward(ctx, dy):
        return IndexGrad.apply(dy, ctx.key, ctx.shape), None


class IndexGrad(Function):
    """dx = zeros of x's shape, with dy added at key;  ddy = ddx[key]."""

    @staticmethod
    def forward(ctx, dy, key, shape):
        ctx.key = key
        dx = np.zeros(shape, dy.array.dtype)
        if _picks_once(key):
            dx[key] = dy.array
        else:
            np.add.at(dx, key, dy.array)
        return make(dx)

    @staticmethod
    def backward(ctx, ddx):
        return Index.apply(ddx, ctx.key), None, None


class Put(Function):
    """y = x but for y[key] = value;  dx = dy but 0 at key, dvalue = dy[key]."""

    @staticmethod
    def forward(ctx, x, key, value):
        ctx.key = key
        y = np.array(x.array)
        y[key] = value.array
        return make(y)

    @staticmethod
    def backward(ctx, dy):
        zero = make(np.zeros((), dy.array.dtype))
        return (Put.apply(dy, ctx.key, zero) if ctx.needs_input_grad[0] else None, None,
                Index.apply(dy, ctx.key) if ctx.needs_input_grad[2] else None)


def _picks_once(key: Any) -> bool:
    """Whether a key picks no element twice: all but integer arrays."""
    return not any(isinstance(k, (np.ndarray, list)) and np.asarray(k).dtype.kind != "b"
                   for k in (key if isinstance(key, tuple) else (key,)))


class Cat(Function):
    """y = the inputs one after another along an axis;  each dx = its part of dy."""

    @staticmethod
    def forward(ctx, dim, *xs):
        ctx.dim, ctx.sizes = dim, [x.array.shape[dim] for x in xs]
        return make(np.concatenate([x.array for x in xs], dim))

    @staticmethod
    def backward(ctx, dy):
        before, start, parts = (slice(None),) * ctx.dim, 0, []
        for size, need in zip(ctx.sizes, ctx.needs_input_grad[1:]):
            parts.append(Index.apply(dy, (*before, slice(start, start + size))) if need else None)
            start += size
        return None, *parts


# -- functions ---------------------------------------------------------------------------------------------------------


def index(x: Any, key: Any) -> Any:
    """x[key]: integers, slices, None, ..., bool and integer tensors."""
    try:
        numbers, rest = split_key(plain_key(key), x.array.ndim)
        return Index.apply(x if numbers is None else Index.apply(x, numbers), rest)
    except IndexError as error:
        raise IndexError(f"{error} (indexing a tensor of shape {list(x.array.shape)})") from None


def put(x: Any, key: Any, value: Any) -> Any:
    """x with x[key] replaced by value, which broadcasts."""
    if not isinstance(value, TensorBase):
        value = make(scalar(value, x.array.dtype, "__setitem__") if np.ndim(value) == 0
                     else np.asarray(value, x.array.dtype))
    elif value.array.dtype is not x.array.dtype:
        value = Cast.apply(value, x.array.dtype)
    if value.array.size == 1 and value.array.ndim:
        value = Reshape.apply(value, ())  # NumPy would not put an array of one element in the place of one
    try:
        numbers, rest = split_key(plain_key(key), x.array.ndim)
        if numbers is None:
            return Put.apply(x, rest, value)
        places = np.arange(x.array.size).reshape(x.array.shape)[numbers][rest]
        return Reshape.apply(Put.apply(Reshape.apply(x, (-1,)), places, value), x.array.shape)
    except IndexError as error:
        raise IndexError(f"{error} (assigning into a tensor of shape {list(x.array.shape)})") from None
    except ValueError as error:
        raise RuntimeError(f"shape mismatch: {error}") from None


def split_key(key: Any, ndim: int) -> tuple[Any, Any]:
    """A key as one or two steps. Where numbers and arrays meet, PyTorch applies the numbers first, so that they do not
    move the arrays' axes to the front, as they do in NumPy: x[0, :, [1, 2]] is x[0][:, [1, 2]]."""
    if not isinstance(key, tuple) or not any(isinstance(k, np.ndarray) for k in key) or not any(
            isinstance(k, (int, np.integer)) and not isinstance(k, bool) for k in key):
        return None, key
    used = sum(k.ndim if isinstance(k, np.ndarray) and k.dtype.kind == "b" else k is not None and k is not ...
               for k in key)
    numbers: list = []
    rest: list = []
    for k in key:
        if k is ...:
            numbers += [slice(None)] * (ndim - used)
            rest += [slice(None)] * (ndim - used)
        elif isinstance(k, (int, np.integer)) and not isinstance(k, bool):
            numbers.append(k)
        else:
            rest.append(k)
            if k is not None:
                numbers += [slice(None)] * (k.ndim if isinstance(k, np.ndarray) and k.dtype.kind == "b" else 1)
    return tuple(numbers), tuple(rest)


def plain_key(key: Any) -> Any:
    """An index key with its tensors as NumPy arrays."""
    if isinstance(key, slice) and key.step is not None and key.step <= 0:
        raise ValueError("step must be greater than zero")
    if isinstance(key, tuple):
        return tuple(plain_key(k) for k in key)
    if isinstance(key, list):
        key = np.asarray([k.array if isinstance(k, TensorBase) else k for k in key])
        return key.astype(np.int64) if not key.size else key
    if isinstance(key, TensorBase):
        array = key.array
        if array.dtype.kind not in "iub":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return array.astype(bool) if array.dtype == np.uint8 else array
    return key


def tensors_of(tensors: Any, operation: str) -> list:
    """A sequence of tensors as a list; TypeError if there is anything else in it."""
    xs = list(tensors)
    for position, x in enumerate(xs):
        require_tensor(x, operation, "tensors", position)
    return xs


def cat(tensors: Any, dim: int = 0) -> Any:
    """The tensors one after another along dim; all other sizes agree."""
    xs = tensors_of(tensors, "cat")
    if not xs:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    xs = [x for x in xs if x.array.shape != (0,)] or xs[:1]
    axis, first = axis_of(dim, xs[0].array.ndim), xs[0].array.shape
    for number, x in enumerate(xs):
        shape = x.array.shape
        if len(shape) != len(first) or not shape:
            raise RuntimeError(f"Tensors must have same number of dimensions, at least 1: got {len(first)} and "
                               f"{len(shape)}")
        if shape[:axis] + shape[axis + 1:] != first[:axis] + first[axis + 1:]:
            raise RuntimeError(f"Sizes of tensors must match except in dimension {axis}. Expected {list(first)} but "
                               f"got {list(shape)} for tensor number {number} in the list.")
    dtype = xs[0].array.dtype
    for x in xs:
        dtype = dtypes.promote(np.empty(1, dtype), np.empty(1, x.array.dtype))
    return Cat.apply(axis, *[x if x.array.dtype is dtype else Cast.apply(x, dtype) for x in xs])


def stack(tensors: Any, dim: int = 0) -> Any:
    """Tensors of one shape along a new dimension."""
    xs = tensors_of(tensors, "stack")
    if not xs:
        raise RuntimeError("stack expects a non-empty TensorList")
    for x in xs:
        if x.array.shape != xs[0].array.shape:
            raise RuntimeError(f"stack expects each tensor to be equal size, but got {list(xs[0].array.shape)} at "
                               f"entry 0 and {list(x.array.shape)} at another")
    return cat([unsqueeze(x, dim) for x in xs], dim)
