"""Data as fit takes it, made into tensors: arrays, tensors, tables, or lists and dicts of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import make
from minigrad.keras import tree
from minigrad.keras.config import dtype_of
from minigrad.tensor import Tensor

__all__ = ["as_data", "check_lengths", "class_weights_of", "is_array", "split_off", "unpack"]


def is_array(x: Any) -> bool:
    """Whether it is an array, a tensor, or a table that becomes an array."""
    return isinstance(x, (np.ndarray, Tensor)) or (hasattr(x, "__array__") and hasattr(x, "shape"))


def as_data(x: Any, dtype: Any = None) -> Any:
    """Each leaf as a tensor: floats of Keras's type, whole numbers of a type that there is; None stays."""
    def one(leaf: Any) -> Any:
        if leaf is None:
            return None
        array = leaf.array if isinstance(leaf, Tensor) else np.asarray(leaf)
        if array.dtype.kind not in "fiub":
            raise ValueError(f"Unrecognized data type: x={str(leaf)[:80]} (of type {type(leaf)}, dtype {array.dtype}): "
                             "expected numbers")
        if dtype is not None or array.dtype.kind == "f":
            array = array.astype(dtype or dtype_of(), copy=False)
        elif array.dtype.kind in "iu" and array.dtype not in (np.uint8, np.int32):
            array = array.astype(np.int64, copy=False)
        array = np.ascontiguousarray(array) if array.ndim else array
        return make(dtypes.canonical(array))

    return tree.map_structure(one, x)


def unpack(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch or of validation_data: None for what is not there."""
    if not isinstance(data, (list, tuple)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError("Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, found: "
                         f"{str(data)[:200]}")
    return (*data, *[None] * (3 - len(data)))


def check_lengths(**data: Any) -> int:
    """The number of samples. ValueError unless all have it."""
    sizes = {name: [leaf.shape[0] if len(leaf.shape) else 1 for leaf in tree.flatten(value) if leaf is not None]
             for name, value in data.items() if value is not None}
    if len({size for of_one in sizes.values() for size in of_one}) > 1:
        lines = "".join(f"'{name}' sizes: {', '.join(map(str, of_one))}\n" for name, of_one in sizes.items())
        raise ValueError("Data cardinality is ambiguous. Make sure all arrays contain the same number of samples."
                         f"{lines}")
    return next((size for of_one in sizes.values() for size in of_one), 0)


def class_weights_of(y: Any, class_weight: dict[int, float]) -> Tensor:
    """The weight of each sample's class, 1 for classes that are not named; y: numbers or probabilities of classes."""
    if tree.is_nested(y):
        raise ValueError("`class_weight` is only supported for Models with a single output.")
    if not isinstance(class_weight, dict) or not all(isinstance(c, (int, np.integer)) for c in class_weight):
        raise ValueError("class_weight must be a dict {number of the class: weight}, but is "
                         f"{str(class_weight)[:80]}")
    array = y.array if isinstance(y, Tensor) else np.asarray(y)
    if array.ndim > 1:
        array = array.argmax(-1) if array.shape[-1] != 1 else array[..., 0]
    classes, positions = np.unique(np.round(array).astype(np.int64), return_inverse=True)
    weights = np.array([class_weight.get(int(c), 1.0) for c in classes], dtype_of())
    return make(weights[positions.reshape(array.shape)])


def split_off(data: tuple, fraction: float) -> tuple[tuple, tuple]:
    """(training data, validation data): the last fraction of the samples of (x, y, sample_weight)."""
    leaves = [leaf for leaf in tree.flatten(list(data)) if leaf is not None]
    if not all(is_array(leaf) for leaf in leaves):
        wrong = [type(leaf) for leaf in leaves if not is_array(leaf)]
        raise ValueError("Argument `validation_split` is only supported for tensors or NumPy arrays. Found "
                         f"incompatible type in the input: {wrong}")
    if not 0 < fraction < 1:
        raise ValueError(f"`validation_split` must be a number between 0 and 1, but is {fraction}")
    size = leaves[0].shape[0]
    at = math.floor(size * (1.0 - fraction))
    if at in (0, size):
        raise ValueError(f"Training data contains {size} samples, which is not sufficient to split it into a "
                         f"validation and training set as specified by `validation_split={fraction}`. Either provide "
                         "more data, or a different value for the `validation_split` argument.")

    def part(rows: slice) -> tuple:
        return tuple(tree.map_structure(
            lambda leaf: None if leaf is None else leaf.iloc[rows] if hasattr(leaf, "iloc") else leaf[rows], one)
            for one in data)

    return part(slice(0, at)), part(slice(at, None))
