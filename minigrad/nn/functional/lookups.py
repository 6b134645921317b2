"""Classes and rows by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.ops.gather import add_rows, rows, weighted_rows
from minigrad.ops.indexing import Index
from minigrad.ops.kernel import require_tensor
from minigrad.tensor import Tensor

__all__ = ["embedding", "embedding_bag", "one_hot"]


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """int64 (..., C): 1 at each class, 0 elsewhere"""
    classes = tensor.array
    if classes.dtype.kind not in "iu":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if classes.size and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        if not classes.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(classes.max()) + 1
    elif classes.size and classes.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return make((classes[..., None] == np.arange(num_classes)).astype(np.int64))


# -- rows of a weight --------------------------------------------------------------------------------------------------


def embedding(input: Any, weight: Any, padding_idx: int | None = None, max_norm: float | None = None,
              norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """weight[t] for integers t of any shape, weight (num_embeddings, dim).

    padding_idx         a row that gets no gradient
    max_norm            rows that are looked up are first shortened to it, in place, by their norm_type-norm
    scale_grad_by_freq  each row's gradient is divided by how often it is looked up here
    """
    index = _row_numbers("embedding", input, weight, sparse)
    padding = _padding_row(padding_idx, weight.array.shape[0], "Padding_idx")
    if max_norm is not None:
        _shorten(weight, index, max_norm, norm_type)
    y = _looked_up(weight, index, padding, scale_grad_by_freq)
    return y.reshape(*input.array.shape, weight.array.shape[1])


def embedding_bag(input: Any, weight: Any, offsets: Any = None, max_norm: float | None = None, norm_type: float = 2,
                  scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
                  per_sample_weights: Any = None, include_last_offset: bool = False,
                  padding_idx: int | None = None) -> Tensor:
    """The "sum", "mean" or "max" of the rows of weight (num_embeddings, dim) in each bag of integers; 0 if it is empty.

    input (bags, n), or (all) with offsets (bags): where each bag starts, and with include_last_offset where the last
    one ends. Rows padding_idx are left out. per_sample_weights, of input's shape, are for "sum".
    """
    index = _row_numbers("embedding_bag", input, weight, sparse)
    padding = _padding_row(padding_idx, weight.array.shape[0], "padding_idx")
    starts = _bag_starts(input, offsets, include_last_offset)
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if per_sample_weights is not None:
        _check_sample_weights(per_sample_weights, input, weight, mode)
    if max_norm is not None:
        _shorten(weight, index, max_norm, norm_type)
    y = _looked_up(weight, index, -1, scale_grad_by_freq)
    bags = np.searchsorted(starts, np.arange(index.array.size), "right") - 1
    used = (index.array != padding) & (bags < len(starts))
    return _in_bags(y, bags, used, len(starts), mode, per_sample_weights)


def _row_numbers(name: str, input: Any, weight: Any, sparse: bool) -> Any:
    """The row numbers as a vector of int64, all within the weight."""
    require_tensor(weight, name, "weight", 1)
    require_tensor(input, name, "indices", 2)
    if sparse:
        raise NotImplementedError(f"{name}: sparse gradients are not offered: use sparse=False")
    if weight.array.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    index = input.array
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError("Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
                           f"Int; but got {index.dtype} instead (while checking arguments for {name})")
    if index.size and not (index.min() >= 0 and index.max() < weight.array.shape[0]):
        wrong = index[(index < 0) | (index >= weight.array.shape[0])][0]
        raise IndexError(f"index out of range in self: {wrong} is not a row of a weight with {weight.array.shape[0]}")
    return make(np.ascontiguousarray(index.reshape(-1), np.int64))


def _padding_row(padding_idx: int | None, length: int, name: str) -> int:
    """padding_idx counted from the front, -1 for none."""
    if padding_idx is None:
        return -1
    if not -length <= padding_idx < length:
        raise AssertionError(f"{name} must be within num_embeddings")
    return padding_idx % length


def _looked_up(weight: Any, index: Any, padding: int, by_frequency: bool) -> Any:
    """weight[index], with factors for its gradient if there is padding or it is to be scaled."""
    if padding < 0 and not by_frequency:
        return rows(weight, index)
    factors = (index.array != padding).astype(weight.array.dtype)
    if by_frequency and index.array.size:
        factors /= np.bincount(index.array)[index.array]
    return weighted_rows(weight, index, make(factors[:, None]))


def _shorten(weight: Any, index: Any, max_norm: float, norm_type: float) -> None:
    """Rows of the weight that are longer than max_norm, shortened in place; no gradient knows of it."""
    if not weight.array.flags.writeable:
        raise RuntimeError("embedding: max_norm changes the weight in place, but it is read-only: clone() it")
    used = np.unique(index.array)
    lengths = np.linalg.norm(weight.array[used], norm_type, 1)
    long = lengths > max_norm
    weight.array[used[long]] *= (max_norm / (lengths[long] + 1e-7))[:, None].astype(weight.array.dtype)
    weight.count_change()


def _bag_starts(input: Any, offsets: Any, include_last_offset: bool) -> np.ndarray:
    """Where each bag starts among all row numbers, checked."""
    if input.array.ndim == 2:
        if offsets is not None:
            raise ValueError("if input is 2D, then offsets has to be None, as input is treated is a mini-batch of "
                             f"fixed length sequences. However, found offsets of type {type(offsets)}")
        return np.arange(input.array.shape[0]) * input.array.shape[1]
    if input.array.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.array.ndim}")
    if offsets is None or offsets.array.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor" + (" but got None" if offsets is None else ""))
    starts, size = offsets.array, input.array.size
    if starts.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"embedding_bag: offsets must be Long or Int, but got {starts.dtype}")
    if include_last_offset and not starts.size:
        raise RuntimeError("include_last_offset: number of offsets should be at least 1")
    if starts.size and (starts[0] != 0 or starts[-1] > size or (np.diff(starts) < 0).any()):
        raise RuntimeError("offsets[0] has to be 0, offsets must not decrease, and offsets[-1] can not be greater than "
                           f"input's length {size}; but got {starts.tolist()}")
    return starts[:-1] if include_last_offset else starts


def _check_sample_weights(weights: Any, input: Any, weight: Any, mode: str) -> None:
    if mode != "sum":
        raise NotImplementedError("embedding_bag: per_sample_weights was not None. per_sample_weights is only "
                                  f"supported for mode='sum' (got mode='{mode}').")
    if weights.array.shape != input.array.shape:
        raise ValueError(f"embedding_bag: If per_sample_weights ({weights.shape}) is not None, then it must have the "
                         f"same shape as the input ({input.shape})")
    if weights.array.dtype is not weight.array.dtype:
        raise RuntimeError(f"embedding_bag: expected per_sample_weights of the weight's type {weight.dtype}, but got "
                           f"{weights.dtype}")


def _in_bags(y: Any, bags: np.ndarray, used: np.ndarray, n: int, mode: str, weights: Any) -> Any:
    """The rows of y that are used, reduced in each of n bags."""
    if mode == "max":
        return _largest_in_bags(y, bags, used, n)
    if weights is not None:
        y = y * weights.reshape(-1, 1)
    total = add_rows(y * make(used[:, None].astype(y.array.dtype)), make(np.where(used, bags, 0)), n) if n else y[:0]
    if mode == "sum":
        return total
    counts = np.maximum(np.bincount(bags[used], minlength=n), 1)
    return total / make(counts[:, None].astype(y.array.dtype))


def _largest_in_bags(y: Any, bags: np.ndarray, used: np.ndarray, n: int) -> Any:
    """Each column's largest element (the first of them) in each bag, 0 in an empty one."""
    at, some = np.zeros((n, y.array.shape[1]), np.int64), np.zeros((n, 1), bool)
    for bag in np.unique(bags[used]):
        members = np.flatnonzero(used & (bags == bag))
        at[bag], some[bag] = members[y.array[members].argmax(0)], True
    if not y.array.size:
        return make(np.zeros(at.shape, y.array.dtype))
    return Index.apply(y, (at, np.arange(at.shape[1]))) * make(some.astype(y.array.dtype))
