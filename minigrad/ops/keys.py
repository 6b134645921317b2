"""Index keys in PyTorch's meaning, as two steps that NumPy understands: first what gives a view (numbers, slices, None,
...), then what picks elements (integer and bool arrays, with full slices between them)."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np

from minigrad.engine import TensorBase

__all__ = ["parse"]

_ALL = slice(None)
_FULL = (_ALL,)


def parse(key: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """(view key, pick key) of x[key] for x of this shape; None in place of a step that does nothing.

    In NumPy a number beside arrays moves their axes to the front; here, as in PyTorch, it is applied before them.
    IndexError if the key does not fit the shape.
    """
    kind = type(key)
    if kind is int:  # the usual keys, shortest first
        return _place(key, shape, 0), None
    if kind is slice:
        return _range(key), None
    items = _items(key)
    used = sum([_consumes(item) for item in items])
    if used > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    view: list = []
    pick: list = []
    at, seen = 0, False  # the dimension of x that the next item is about; whether an ellipsis was
    for position, item in enumerate(items):
        if item is ...:
            fill = 0 if seen else len(shape) - used
            seen = True
            view += [_ALL] * fill
            pick += [_ALL] * fill
            at += fill
        elif item is None:
            view.append(None)
            pick.append(_ALL)
        elif isinstance(item, slice):
            _need(at, shape)
            view.append(_range(item))
            pick.append(_ALL)
            at += 1
        elif isinstance(item, np.ndarray):
            if item.dtype.kind == "b":
                _check_mask(item, shape, at, position)
            if not item.ndim and item.dtype.kind == "b":  # a bool alone is a mask of a new dimension of length 1
                view.append(None)
                item = item.reshape(1)
            else:
                view += [_ALL] * _consumes(item)
                at += _consumes(item)
            pick.append(item)
        else:
            _need(at, shape)
            view.append(_place(item, shape, at))
            at += 1
    return _steps(view, pick)


def _steps(view: list, pick: list) -> tuple[Any, Any]:
    """The two keys, without the full slices at their ends."""
    picks = any(isinstance(item, np.ndarray) for item in pick)
    plain = all(item is _ALL for item in view)
    if not picks:
        return (tuple(view) if view else ...), None
    while pick[-1] is _ALL:
        pick.pop()
    arrays = [item for item in pick if isinstance(item, np.ndarray)]
    if len(arrays) > 1:
        _check_broadcast([np.empty(np.count_nonzero(a)) if a.dtype.kind == "b" else a for a in arrays])
    return None if plain else tuple(view), tuple(pick)


def _items(key: Any) -> tuple:
    """A key as a tuple of numbers, slices, None, ... and arrays."""
    if not isinstance(key, tuple):
        if isinstance(key, list) and any(isinstance(item, (slice, list, tuple)) or item is None or item is ...
                                         or (isinstance(item, TensorBase) and item.array.ndim) for item in key):
            return tuple([_item(item) for item in key])
        return (_item(key),)
    return tuple([_item(item) for item in key])


def _item(item: Any) -> Any:
    if item is None or item is ... or isinstance(item, slice):
        return item
    if isinstance(item, (bool, np.bool_)):
        return np.asarray(item)
    if isinstance(item, (int, np.integer)):
        return item
    if isinstance(item, TensorBase):
        item = item.array
    elif isinstance(item, (list, tuple, range)):
        item = np.asarray([i.array if isinstance(i, TensorBase) else i for i in item])
        item = item if item.size else item.astype(np.int64)
    elif not isinstance(item, np.ndarray):
        if hasattr(item, "__index__"):
            return operator.index(item)
        raise IndexError("only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
                         f"indices (got {type(item).__name__})")
    if item.dtype.kind not in "iub":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if item.dtype == np.uint8:
        warnings.warn("indexing with dtype uint8 is a mask, as it was of old; use a bool tensor", stacklevel=5)
        return item.astype(bool)
    return int(item) if not item.ndim and item.dtype.kind != "b" else item


def _consumes(item: Any) -> int:
    """How many dimensions of x an item of a key is about."""
    if item is None or item is ...:
        return 0
    return item.ndim if isinstance(item, np.ndarray) and item.dtype.kind == "b" else 1


def _need(at: int, shape: tuple[int, ...]) -> None:
    if at >= len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")


def _place(item: int, shape: tuple[int, ...], at: int) -> int:
    if not shape:
        raise IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
                         "to convert a 0-dim tensor to a number")
    if not -shape[at] <= item < shape[at]:
        raise IndexError(f"index {item} is out of bounds for dimension {at} with size {shape[at]}")
    return int(item)


def _range(item: slice) -> slice:
    if item.step is not None and item.step <= 0:
        raise ValueError("step must be greater than zero")
    return item


def _check_mask(mask: np.ndarray, shape: tuple[int, ...], at: int, position: int) -> None:
    if mask.shape != shape[at:at + mask.ndim]:
        raise IndexError(f"The shape of the mask {list(mask.shape)} at index {position} does not match the shape of "
                         f"the indexed tensor {list(shape)} at index {at}")


def _check_broadcast(arrays: list) -> None:
    try:
        np.broadcast_shapes(*[a.shape for a in arrays])
    except ValueError:
        raise IndexError("shape mismatch: indexing tensors could not be broadcast together with shapes "
                         + ", ".join(str(list(a.shape)) for a in arrays)) from None
