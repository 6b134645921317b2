"""Functions of keras.ops that make, order, join and take apart arrays: name -> what it does with tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad.functions as T
from minigrad import creation
from minigrad.engine import make
from minigrad.keras.config import dtype_of
from minigrad.keras.ops.coercion import each_of_many, of_one, of_two, tensor_of
from minigrad.keras.tensors import as_array
from minigrad.nn import functional as F
from minigrad.tensor import Tensor

__all__ = ["ARRAYS"]


def _whole(x: Any) -> Tensor:
    """Numbers of rows or classes."""
    return make(np.asarray(as_array(x), np.int64))


def _along(function: Callable, default: Any = None) -> Callable:
    """f(x, axis), of all numbers in a row if axis is None."""
    def call(x: Any, axis: Any = default) -> Any:
        return function(tensor_of(x).flatten(), 0) if axis is None else function(tensor_of(x), axis)

    return call


def _made(function: Callable) -> Callable:
    """A tensor of this shape; Keras's name for the element type."""
    def call(shape: Any, *args: Any, dtype: Any = None) -> Any:
        return function(tuple(shape) if isinstance(shape, (list, tuple)) else (shape,), *args, dtype=dtype_of(dtype))

    return call


def _alike(function: Callable) -> Callable:
    return lambda x, *args, dtype=None: function(
        tensor_of(x), *args, **({} if dtype is None else {"dtype": dtype_of(dtype)}))


def _one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Any:
    hot = make((as_array(x)[..., None] == np.arange(num_classes)).astype(dtype_of(dtype)))
    return hot if axis == -1 else hot.movedim(-1, axis)


def _take(x: Any, indices: Any, axis: int | None = None) -> Any:
    x = tensor_of(x) if axis is not None else tensor_of(x).flatten()
    index = _whole(indices)
    shape = x.array.shape
    at = (axis or 0) % len(shape)
    index = make(np.where(index.array < 0, index.array + shape[at], index.array))
    return x.index_select(at, index.reshape(-1)).reshape(*shape[:at], *index.array.shape, *shape[at + 1:])


def _take_along(x: Any, indices: Any, axis: int | None = None) -> Any:
    x, index = (tensor_of(x).flatten(), _whole(indices).flatten()) if axis is None else (tensor_of(x), _whole(indices))
    return T.take_along_dim(x, index, axis or 0)


def _transpose(x: Any, axes: Any = None) -> Any:
    x = tensor_of(x)
    return x.permute(*(axes if axes is not None else range(x.array.ndim)[::-1]))


def _flip(x: Any, axis: Any = None) -> Any:
    x = tensor_of(x)
    return x.flip(tuple(range(x.array.ndim)) if axis is None else axis)


def _where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    if x1 is None and x2 is None:
        return _nonzero(condition)
    return T.where(tensor_of(condition), tensor_of(x1, x2), tensor_of(x2, x1))


def _nonzero(x: Any) -> tuple:
    return tuple(make(found) for found in np.nonzero(as_array(x)))


def _split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    x = tensor_of(x)
    size = x.array.shape[axis]
    if isinstance(indices_or_sections, int) and size % indices_or_sections:
        raise ValueError(f"split: an axis of length {size} can't be cut into {indices_or_sections} equal parts")
    return list(T.tensor_split(x, indices_or_sections if isinstance(indices_or_sections, int)
                               else tuple(int(at) for at in as_array(indices_or_sections)), axis))


def _pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    x = tensor_of(x)
    widths = np.broadcast_to(np.asarray(pad_width, np.int64), (x.array.ndim, 2))
    return F.pad(x, [int(w) for pair in widths[::-1] for w in pair], mode, constant_values)


def _repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    times = repeats if isinstance(repeats, int) else _whole(repeats)
    return tensor_of(x).repeat_interleave(times, axis)


def _average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    x = tensor_of(x)
    x = x if x.array.dtype.kind == "f" else x.to(dtype_of())
    if weights is None:
        return x.mean(axis)
    w = tensor_of(weights, x)
    if axis is not None and w.array.ndim < x.array.ndim:
        w = w.reshape(*(size if i == axis % x.array.ndim else 1 for i, size in enumerate(x.array.shape)))
    w = w.broadcast_to(x.array.shape)
    return (x * w).sum(axis) / w.sum(axis)


def _eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    return make(np.eye(N, M, k, dtype=dtype_of(dtype)))


def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
              axis: int = 0) -> Any:
    values, step = np.linspace(as_array(start), as_array(stop), num, endpoint, True, axis=axis)
    made = make(values.astype(dtype_of(dtype)))
    return (made, make(np.asarray(step, made.array.dtype))) if retstep else made


def _divide_no_nan(x1: Tensor, x2: Tensor) -> Tensor:
    zero = x2 == 0
    return T.where(zero, make(np.zeros((), x1.array.dtype)), x1 / T.where(zero, make(np.ones((), x2.array.dtype)), x2))


def _in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    y, t = as_array(predictions), as_array(targets)
    return make((y > np.take_along_axis(y, t[..., None].astype(np.int64), -1)).sum(-1) < k)


def _unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    return list(tensor_of(x).unbind(axis))


def _slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    return tensor_of(inputs)[tuple(slice(int(at), int(at) + int(size)) for at, size in zip(start_indices, shape))]


def _get_item(x: Any, key: Any) -> Any:
    return tensor_of(x)[key]


def _moments(x: Any, axes: Any, keepdims: bool = False) -> tuple[Any, Any]:
    x = tensor_of(x)
    return x.mean(axes, keepdim=keepdims), x.var(axes, keepdim=keepdims, correction=0)


def _multi_hot(inputs: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Any:
    hot = as_array(inputs)[..., None] == np.arange(num_classes)
    return make((hot.any(-2) if hot.ndim > 1 else hot).astype(dtype_of(dtype)))


ARRAYS: dict[str, Callable] = {
    # made of a shape, or of values
    "zeros": _made(creation.zeros), "ones": _made(creation.ones), "empty": _made(creation.zeros),
    "full": _made(creation.full), "zeros_like": _alike(creation.zeros_like), "ones_like": _alike(creation.ones_like),
    "full_like": _alike(creation.full_like), "eye": _eye, "identity": lambda n, dtype=None: _eye(n, dtype=dtype),
    "linspace": _linspace,
    "arange": lambda *args, dtype=None, **kw: make(np.arange(*args, dtype=None if dtype is None else dtype_of(dtype),
                                                             **kw)),
    "cast": lambda x, dtype: tensor_of(x).to(dtype_of(dtype)), "copy": of_one(Tensor.clone),
    "convert_to_tensor": lambda x, dtype=None: tensor_of(x) if dtype is None else tensor_of(x).to(dtype_of(dtype)),
    "array": lambda x, dtype=None: tensor_of(x).clone() if dtype is None else tensor_of(x).to(dtype_of(dtype)),
    "one_hot": _one_hot, "multi_hot": _multi_hot,
    # another shape, or order of the axes
    "reshape": lambda x, newshape: tensor_of(x).reshape(newshape), "ravel": of_one(Tensor.flatten),
    "expand_dims": lambda x, axis: tensor_of(x).unsqueeze(axis),
    "squeeze": lambda x, axis=None: tensor_of(x).squeeze() if axis is None else tensor_of(x).squeeze(axis),
    "transpose": _transpose, "swapaxes": of_one(T.swapaxes), "moveaxis": of_one(T.moveaxis),
    "broadcast_to": lambda x, shape: tensor_of(x).broadcast_to(tuple(shape)),
    "flip": _flip, "roll": lambda x, shift, axis=None: tensor_of(x).roll(shift, axis),
    "tile": lambda x, repeats: T.tile(tensor_of(x), (repeats,) if isinstance(repeats, int) else tuple(repeats)),
    "repeat": _repeat, "pad": _pad,
    # joined, and taken apart
    "concatenate": each_of_many(lambda xs, axis=0: T.cat(xs, axis)), "stack": each_of_many(
        lambda x, axis=0: T.stack(x, axis)), "hstack": each_of_many(T.hstack), "vstack": each_of_many(T.vstack),
    "split": _split, "unstack": _unstack, "slice": _slice, "get_item": _get_item, "take": _take,
    "take_along_axis": _take_along, "where": _where, "nonzero": _nonzero, "diag": lambda x, k=0: tensor_of(x).diag(k),
    "diagonal": of_one(T.diagonal), "trace": of_one(T.trace), "tril": lambda x, k=0: T.tril(tensor_of(x), k),
    "triu": lambda x, k=0: T.triu(tensor_of(x), k),
    # in order
    "sort": lambda x, axis=-1: T.sort(tensor_of(x), axis)[0], "argsort": _along(T.argsort, -1),
    "top_k": lambda x, k, sorted=True: tuple(T.topk(tensor_of(x), k, sorted=sorted)), "in_top_k": _in_top_k,
    "cumsum": _along(Tensor.cumsum), "cumprod": _along(T.cumprod),
    "diff": lambda a, n=1, axis=-1: T.diff(tensor_of(a), n, axis),
    "median": lambda x, axis=None, keepdims=False: T.quantile(tensor_of(x), 0.5, axis, keepdims),
    "quantile": lambda x, q, axis=None, method="linear", keepdims=False: T.quantile(
        tensor_of(x), q if isinstance(q, float) else tensor_of(q), axis, keepdims, interpolation=method),
    "average": _average, "moments": _moments, "count_nonzero": of_one(T.count_nonzero),
    # products
    "matmul": of_two(Tensor.matmul), "dot": of_two(lambda a, b: a * b if 0 in (a.array.ndim, b.array.ndim) else
                                                   T.tensordot(a, b, ([a.array.ndim - 1], [max(b.array.ndim - 2, 0)]))),
    "inner": of_two(T.inner), "outer": of_two(lambda a, b: T.outer(a.flatten(), b.flatten())),
    "vdot": of_two(lambda a, b: T.vdot(a.flatten(), b.flatten())),
    "tensordot": lambda x1, x2, axes=2: T.tensordot(tensor_of(x1), tensor_of(x2), axes),
    "einsum": lambda subscripts, *operands: T.einsum(subscripts, *map(tensor_of, operands)),
    "divide_no_nan": of_two(_divide_no_nan)}
