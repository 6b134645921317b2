"""Rows of the operations that only arrange elements: views, joins, indexing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .row import Row, call, coin, normal, split, whole


def view(name: str, shapes: list[tuple], reference: Callable, how: Callable, covers: str) -> Row:
    return Row(name, reference, tuple(call(normal(*shape)) for shape in shapes), split(covers), how)


def method(name: str, covers: str, reference: Callable, *samples: Any) -> Row:
    """x.name(*args), one sample per (shape, *args)."""
    return Row(f"Tensor.{name}", reference, tuple(call(normal(*shape), *args) for shape, *args in samples),
               split(covers))


def indexed(key: Any, *shape: int, torch: bool = True, covers: str = "Index IndexGrad") -> Row:
    """x[key], with lists in the key as int64 tensors."""
    def how(library: Any, x: Any) -> Any:
        return x[_key(key, library)]

    return Row(f"x{list(shape)}[{_name(key)}]", lambda x: x[_key(key, None)], (call(normal(*shape)),),
               split(covers), how, torch)


def assigned(key: Any, *shape: int, value: tuple = ()) -> Row:
    """x[key] = value, in a copy of x."""
    def how(library: Any, x: Any, value: Any) -> Any:
        y = x.clone() if library else x.copy()
        y[_key(key, library)] = value
        return y

    return Row(f"x{list(shape)}[{_name(key)}] = y{list(value)}",
               lambda x, y: how(None, x, y.reshape(()) if y.size == 1 else y),
               (call(normal(*shape), normal(*value)),), split("Put Index"), how)


def _key(key: Any, library: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(_key(k, library) for k in key)
    if isinstance(key, list):
        return library.tensor(key) if library else np.asarray(key)
    return key


def _name(key: Any) -> str:
    return ", ".join(map(_name, key)) if isinstance(key, tuple) else repr(key).replace("slice(None, None, None)", ":")


def permuted(x: np.ndarray, *dims: int) -> np.ndarray:
    return x.transpose(dims)


def expanded(x: np.ndarray, *sizes: int) -> np.ndarray:
    lead = len(sizes) - x.ndim
    return np.broadcast_to(x, tuple(x.shape[i - lead] if s == -1 else s for i, s in enumerate(sizes)))


def flattened(x: np.ndarray, start_dim: int = 0, end_dim: int = -1) -> np.ndarray:
    shape = x.shape or (1,)
    end = end_dim % len(shape) + 1
    return x.reshape(*shape[:start_dim], int(np.prod(shape[start_dim:end])), *shape[end:])


def reshaped(x: np.ndarray, *sizes: int) -> np.ndarray:
    return x.reshape(sizes)


def joined(name: str, reference: Callable, covers: str, *samples: tuple) -> Row:
    """f([tensors], dim), one sample per (dim, shapes)."""
    return Row(name, reference, tuple(call([normal(*shape) for shape in shapes], dim) for dim, *shapes in samples),
               split(covers))


def select(x: np.ndarray, dim: int, index: np.ndarray) -> np.ndarray:
    return np.take(x, index, dim)


ALL = slice(None)

SHAPES = [
    method("reshape", "Reshape", reshaped, ((2, 3), 3, 2), ((2, 3), -1), ((6,), 2, -1), ((), 1), ((0, 3), 0),
           ((5, 9), 3, 15)),
    method("view", "Reshape", reshaped, ((2, 3), 2, 1, -1), ((4,), 2, 2)),
    method("flatten", "Reshape", flattened, ((2, 3),), ((2, 1, 3), 1), ((2, 2, 2), 0, 1), ((),), ((0, 2),)),
    method("squeeze", "Reshape", np.squeeze, ((1, 3, 1),), ((1, 3, 1), 0), ((1, 3, 1), -1), ((),), ((1, 1),)),
    view("squeeze of no axis", [(2, 3)], np.copy, lambda t, x: x.squeeze(0), "Reshape"),
    method("unsqueeze", "Reshape", np.expand_dims, ((2, 3), 0), ((2, 3), 1), ((2, 3), -1), ((), 0)),
    method("permute", "Permute", permuted, ((2, 3), 1, 0), ((2, 1, 3), 2, 0, 1), ((2, 3), -1, 0), ((0, 2), 1, 0)),
    method("transpose", "Permute", np.swapaxes, ((2, 3), 0, 1), ((2, 1, 3), 0, -1), ((17, 9), 1, 0)),
    Row("movedim", np.moveaxis, (call(normal(2, 1, 3), 0, 2), call(normal(2, 3), -1, 0)), split("Permute")),
    view("x.T", [(2, 3), (33, 17)], np.transpose, lambda t, x: x.T, "Permute"),
    view("x.t()", [(2, 3), (3,), ()], np.transpose, lambda t, x: x.t(), "Permute"),
    view("x.mT", [(2, 1, 3)], lambda x: np.swapaxes(x, -1, -2), lambda t, x: x.mT, "Permute"),
    method("expand", "Expand", expanded, ((3,), 2, 3), ((2, 1), 2, 3), ((2, 1), -1, 3), ((), 2, 2), ((1,), 0),
           ((1, 3, 1), 2, -1, 2)),
    method("sum_to_size", "Sum Reshape", lambda x, *sizes: x.sum(0, keepdims=True), ((2, 3), 1, 3)),
    joined("cat", np.concatenate, "Cat Index", (0, (2, 3), (1, 3)), (1, (2, 1), (2, 2), (2, 1)), (-1, (2,), (3,)),
           (0, (0, 2), (3, 2)), (1, (9, 17), (9, 16))),
    joined("stack", np.stack, "Cat Reshape",
           (0, (2, 3), (2, 3)), (1, (2,), (2,), (2,)), (-1, (2, 2), (2, 2)), (0, (), ())),
    indexed(1, 4),
    indexed(-1, 2, 3),
    indexed((1, 2), 2, 3),
    indexed(slice(1, 3), 4),
    indexed(slice(0, 0), 4, covers=""),
    indexed((ALL, slice(None, None, 2)), 2, 5),
    indexed((Ellipsis, 0), 2, 1, 3),
    indexed((None, 1, None), 2, 3),
    indexed([0, 2, 0], 3, 2),
    indexed([[0, 1], [2, 0]], 3),
    indexed(([0, 1, 1], [2, 0, 0]), 2, 3),
    indexed((ALL, [1, 1]), 2, 3),
    indexed((slice(0, 1), [2, 0]), 2, 3),
    indexed([True, False, True], 3, 2),
    indexed([[True, False], [False, True]], 2, 2),
    indexed([-1, 0], 3),
    assigned(1, 3),
    assigned(1, 3, value=(1,)),
    assigned(slice(0, 2), 3, value=(2,)),
    assigned((ALL, 1), 2, 3, value=(2,)),
    assigned(([0, 1], [2, 0]), 2, 3, value=(2,)),
    assigned([True, False, True], 3),
    assigned(Ellipsis, 2, 2, value=(2,)),
    Row("index_select", select, (call(normal(3, 2), 0, whole(3, 4)), call(normal(2, 3), 1, whole(3, 2)),
                                 call(normal(17, 9), -1, whole(9, 33)), call(normal(3, 2), 0, whole(3, 0))),
        split("Rows RowsGrad")),
    Row("nn.functional.embedding", lambda index, table: table[index],
        (call(whole(3, 2, 2), normal(3, 2)), call(whole(3), normal(3, 1)), call(whole(4, 65), normal(4, 17))),
        split("Rows RowsGrad Reshape")),
    Row("x[mask]", lambda x, mask: x[mask], (call(normal(3, 2), coin(3, 2)), call(normal(3, 2), coin(3))),
        split("Index IndexGrad"), lambda t, x, mask: x[mask]),
]
