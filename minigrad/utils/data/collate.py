"""A list of samples as one batch: tensors are stacked, numbers become tensors, containers are walked through."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from minigrad.creation import as_tensor, tensor
from minigrad.dtypes import float64
from minigrad.engine import make
from minigrad.ops.join import stack
from minigrad.tensor import Tensor

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Sequence[Any]) -> Any:
    """Samples as a batch: tensors and arrays of one shape (...) give (n, ...), numbers (n), strings a list; of tuples,
    lists and dicts each part is collated. TypeError for anything else."""
    first = batch[0]
    if isinstance(first, Tensor):
        return _stacked(batch)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise TypeError(_refusal(first.dtype))
        return default_collate([as_tensor(array) for array in batch])
    if isinstance(first, (np.number, np.bool_, int)):
        return tensor(batch)
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like_mapping(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if not isinstance(first, Sequence):
        raise TypeError(_refusal(type(first)))
    if any(len(sample) != len(first) for sample in batch) and not hasattr(first, "_fields"):
        raise RuntimeError("each element in list of batch should be of equal size")
    return _like_sequence(first, [default_collate(part) for part in zip(*batch)])


def default_convert(data: Any) -> Any:
    """One sample with its arrays and NumPy numbers as tensors; anything else stays as it is."""
    if isinstance(data, (Tensor, str, bytes)):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in "SUO" else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence):
        return _like_sequence(data, [default_convert(item) for item in data])
    return data


def _refusal(found: Any) -> str:
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}"


def _stacked(batch: Sequence[Tensor]) -> Tensor:
    first = batch[0].array
    plain = all(t.array.shape == first.shape and t.array.dtype == first.dtype and not t.needs_grad for t in batch)
    return make(np.stack([t.array for t in batch])) if plain else stack(batch)


def _like_mapping(mapping: Mapping, items: dict) -> Any:
    """items in a mapping of the same kind; a dict if it cannot be made."""
    try:
        if isinstance(mapping, MutableMapping):
            clone = copy.copy(mapping)  # keeps what else it holds, such as a default
            clone.update(items)
            return clone
        return type(mapping)(items)
    except TypeError:
        return items


def _like_sequence(sequence: Sequence, items: Iterable) -> Any:
    """items in a sequence of the same kind; a list for a plain tuple, as in PyTorch, or if it cannot be made."""
    if hasattr(sequence, "_fields"):
        return type(sequence)(*items)
    if isinstance(sequence, tuple):
        return list(items)
    make_one: Callable = type(sequence)
    try:
        if isinstance(sequence, MutableSequence):
            clone = copy.copy(sequence)
            for position, item in enumerate(items):
                clone[position] = item
            return clone
        return make_one(items)
    except TypeError:
        return list(items)
