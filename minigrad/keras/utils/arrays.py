"""Arrays made ready for training: labels as rows of 0 and 1, rows of length 1, data cut in two, lists padded."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import epsilon, floatx
from minigrad.tensor import Tensor

__all__ = ["normalize", "pad_sequences", "split_dataset", "to_categorical"]


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Classes 0, 1, ... as one-hot rows: x's shape (without a last axis of 1) and num_classes, by default as many as x
    has. float64 for arrays and lists, as in Keras; floatx for tensors.

    ValueError for a negative class, or one that is not below num_classes.
    """
    classes = x.array if isinstance(x, Tensor) else np.asarray(x)
    classes = classes.astype(np.int64)
    if classes.ndim > 1 and classes.shape[-1] == 1:
        classes = classes[..., 0]
    count = int(num_classes or classes.max(initial=-1) + 1)
    if classes.size and not 0 <= classes.min() <= classes.max() < count:
        raise ValueError(f"to_categorical: classes from 0 to {count - 1} are expected, but there are classes from "
                         f"{classes.min()} to {classes.max()}")
    one_hot = np.eye(count, dtype=floatx() if isinstance(x, Tensor) else np.float64)[classes]
    return make(one_hot) if isinstance(x, Tensor) else one_hot


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """x / norm along the axis, with the norm of this order; rows of zeros stay."""
    if isinstance(x, Tensor):
        return x / x.norm(order, axis, True).clamp(min=epsilon())
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)


def _size(size: Any, name: str, total: int) -> int | None:
    """A size or a fraction as a size; None stays."""
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, (int, float)):
        raise TypeError(f"Invalid `{name}` Type. Expected: int or float or None, Received: type({name})={type(size)}.")
    if not 0 < size < (1 if isinstance(size, float) else total):
        raise ValueError(f"`{name}` should be either a positive integer smaller than {total}, or a float within the "
                         f"range `[0, 1]`. Received: {name}={size}")
    return round(size * total) if isinstance(size, float) else size


def split_dataset(dataset: Any, left_size: Any = None, right_size: Any = None, shuffle: bool = False,
                  seed: int | None = None, preferred_backend: Any = None) -> tuple[Any, Any]:
    """An array, or a list or tuple of arrays of one length, as a left and a right part.

    left_size, right_size  numbers of samples, or fractions; one may be None: the rest
    shuffle, seed          in random order

    Unlike Keras's, which makes data sets of another library, the parts are what was given: arrays, or lists or tuples.
    """
    many = isinstance(dataset, (list, tuple)) and len(dataset) > 0 and not np.isscalar(dataset[0])
    arrays = [part.array if isinstance(part, Tensor) else np.asarray(part) for part in (dataset if many else [dataset])]
    total = len(arrays[0])
    if any(len(array) != total for array in arrays):
        raise ValueError("Received a list of arrays with different lengths: "
                         f"{', '.join(str(len(array)) for array in arrays)}")
    left, right = _size(left_size, "left_size", total), _size(right_size, "right_size", total)
    if left is None and right is None:
        raise ValueError("At least one of the `left_size` or `right_size` must be specified. Received: left_size=None "
                         "and right_size=None")
    left = total - right if left is None and right is not None else left
    right = total - (left or 0) if right is None else right
    if not left or not right or left + right > total:
        raise ValueError(f"The sum of `left_size` and `right_size` should be smaller than the {total}, and neither "
                         f"part empty. Received: left_size={left_size} and right_size={right_size}")
    order = np.random.default_rng(seed).permutation(total) if shuffle else np.arange(total)
    parts = [[array[chosen] for array in arrays] for chosen in (order[:left], order[left:left + right])]
    first, second = (type(dataset)(part) if many else part[0] for part in parts)
    return first, second


def pad_sequences(sequences: Any, maxlen: int | None = None, dtype: Any = "int32", padding: str = "pre",
                  truncating: str = "pre", value: Any = 0.0) -> np.ndarray:
    """Lists of numbers as the rows of an array, padded with value, or cut, at their beginning ("pre") or end."""
    for name, how in (("padding", padding), ("truncating", truncating)):
        if how not in ("pre", "post"):
            raise ValueError(f"{name.capitalize()} type \"{how}\" not understood")
    rows = [list(row) for row in sequences]
    length = max(map(len, rows), default=0) if maxlen is None else maxlen
    padded = np.full((len(rows), length, *np.shape(next((row[0] for row in rows if row), 0))), value, dtype)
    for i, row in enumerate(rows):
        kept = row[max(len(row) - length, 0):] if truncating == "pre" else row[:length]
        if kept:
            padded[i, slice(length - len(kept), None) if padding == "pre" else slice(len(kept))] = kept
    return padded
