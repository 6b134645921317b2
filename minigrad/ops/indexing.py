"""Elements by key: x[key] and x[key] = value, with gradients. By NumPy. What a key means is in keys.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import tape
from minigrad.engine import Function, T, TensorBase, make, zeros
from minigrad.ops.kernel import copy_elements, view_of
from minigrad.ops.keys import parse
from minigrad.ops.operands import scalar
from minigrad.ops.shape import Cast, Reshape, expand

__all__ = ["Index", "IndexGrad", "Put", "View", "fit", "index", "put", "write"]


class Index(Function):
    """y = x[key] for any key that NumPy takes;  dx = 0 but for dx[key] += dy."""

    @staticmethod
    def forward(ctx, x, key):
        ctx.key, ctx.shape = _own(key) if ctx.needs_input_grad[0] else key, x.array.shape
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
        whole = zeros(shape, dy.array.dtype)
        dx = whole.array
        part = dx[key] if tape.active is not None else None
        if isinstance(part, np.ndarray) and np.may_share_memory(part, dx):  # a slice: a kernel's copy can be recorded
            copy_elements(part, dy.array)
            return whole
        tape.refuse("the gradient of x[key] for a key that is no slice")
        if _picks_once(key):
            dx[key] = dy.array
        else:
            np.add.at(dx, key, dy.array)
        return whole

    @staticmethod
    def backward(ctx, ddx):
        return Index.apply(ddx, ctx.key), None, None


class Put(Function):
    """y = x but for y[key] = value;  dx = dy but 0 at key, dvalue = dy[key]."""

    @staticmethod
    def forward(ctx, x, key, value):
        ctx.key = _own(key) if True in ctx.needs_input_grad else key
        y = np.array(x.array)
        y[key] = value.array
        return make(y)

    @staticmethod
    def backward(ctx, dy):
        zero = make(np.zeros((), dy.array.dtype))
        return (Put.apply(dy, ctx.key, zero) if ctx.needs_input_grad[0] else None, None,
                Index.apply(dy, ctx.key) if ctx.needs_input_grad[2] else None)


class View(Function):
    """y = pick(x): the elements of x that a function of NumPy's shows as a view;  dx = 0 but for pick(dx) += dy."""

    @staticmethod
    def forward(ctx, x, pick):
        ctx.pick, ctx.shape = pick, x.array.shape
        return view_of(x, pick(x.array))

    @staticmethod
    def backward(ctx, dy):
        size = math.prod(ctx.shape)
        places = ctx.pick(np.arange(size).reshape(ctx.shape))
        return Reshape.apply(IndexGrad.apply(dy, places, (size,)), ctx.shape), None


def _own(key: Any) -> Any:
    """The key with copies of its arrays, which are the user's and may change before backward."""
    if isinstance(key, tuple):
        return tuple([k.copy() if isinstance(k, np.ndarray) else k for k in key])
    return key.copy() if isinstance(key, np.ndarray) else key


def _picks_once(key: Any) -> bool:
    """Whether a key picks no element twice: all but integer arrays."""
    return not any(isinstance(k, (np.ndarray, list)) and np.asarray(k).dtype.kind != "b"
                   for k in (key if isinstance(key, tuple) else (key,)))


# -- functions ---------------------------------------------------------------------------------------------------------


def index(x: T, key: Any) -> T:
    """x[key]: integers, slices, None, ..., bool and integer tensors. A view where no tensor picks elements."""
    view, pick = parse(key, x.array.shape)
    try:
        y = x if view is None else Index.apply(x, view)
        return y if pick is None else Index.apply(y, pick)
    except IndexError as error:
        raise IndexError(str(error).replace("axis", "dimension")) from None


def value_for(x: Any, value: Any, pick: Any) -> Any:
    """What is assigned into x as a tensor of x's type; TypeError if it is neither a number nor a tensor."""
    if isinstance(value, TensorBase):
        if pick is not None and value.array.dtype is not x.array.dtype and not (
                value.array.size == 1 and len(pick) == 1 and pick[0].dtype.kind == "b"):
            raise RuntimeError("Index put requires the source and destination dtypes match, got "
                               f"{x.dtype} for the destination and {value.dtype} for the source.")
        return value if value.array.dtype is x.array.dtype else Cast.apply(value, x.array.dtype)
    if isinstance(value, (str, bytes)) or value is None or np.ndim(value):
        raise TypeError(f"can't assign a {type(value).__name__} to a {x.dtype} tensor: make it a tensor first")
    return make(scalar(value, x.array.dtype, "__setitem__"))


def fit(value: Any, shape: tuple[int, ...], picked: bool) -> Any:
    """value without the leading dimensions of length 1 that the place of this shape has not; RuntimeError if it does
    not broadcast to it."""
    own = value.array.shape
    extra = len(own) - len(shape)
    if extra > 0 and own[:extra] == (1,) * extra:
        own = own[extra:]
        value = Reshape.apply(value, own)
    if len(own) > len(shape) or any(s not in (1, want) for s, want in zip(own[::-1], shape[::-1])):
        if picked:
            raise RuntimeError(f"shape mismatch: value tensor of shape {list(own)} cannot be broadcast to indexing "
                               f"result of shape {list(shape)}")
        expand(value, shape)  # raises, in PyTorch's words
    return value


def put(x: T, key: Any, value: Any) -> T:
    """x with x[key] replaced by value, which broadcasts."""
    view, pick = parse(key, x.array.shape)
    value = value_for(x, value, pick)
    try:
        if pick is None or view is None:
            only = view if pick is None else pick
            return Put.apply(x, only, fit(value, x.array[only].shape, pick is not None))
        places = np.arange(x.array.size).reshape(x.array.shape)[view][pick]
    except IndexError as error:
        raise IndexError(str(error).replace("axis", "dimension")) from None
    flat = Put.apply(Reshape.apply(x, (-1,)), places, fit(value, places.shape, True))
    return Reshape.apply(flat, x.array.shape)


def write(x: Any, key: Any, value: Any) -> None:
    """x[key] = value in x's own memory, without a word to the graph."""
    view, pick = parse(key, x.array.shape)
    value, array = value_for(x, value, pick), x.array
    try:
        if pick is None:
            array[view] = fit(value, array[view].shape, False).array
            return
        part = array if view is None else array[(*view, ...)]
        part[pick] = fit(value, part[pick].shape, True).array
    except IndexError as error:
        raise IndexError(str(error).replace("axis", "dimension")) from None
