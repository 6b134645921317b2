"""Where batches come from: arrays, cut up or gathered by one call of C per array; or whatever can be iterated over."""

from __future__ import annotations

import inspect
import itertools
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras import tree
from minigrad.keras.training.arrays import as_data, check_lengths, class_weights_of, is_array, unpack
from minigrad.native import lib, new_position, pointer
from minigrad.ops.kernel import new, ptr
from minigrad.random import default_generator
from minigrad.tensor import Tensor

__all__ = ["ArrayBatches", "IterableBatches", "batches_of"]

_END = object()  # what comes after the last batch
Batch = tuple[Any, Any, Any, int]  # x, y, sample_weight, and how many samples


class ArrayBatches:
    """Batches of arrays in memory. batch_size: 32, or so that there are `steps`, unless given. steps: how many to an
    epoch at most; the next epoch goes on where this one stopped, and one in which the samples run out is over, as in
    Keras."""

    def __init__(self, x: Any, y: Any, weight: Any, batch_size: int | None, shuffle: Any, steps: int | None) -> None:
        self.size = check_lengths(x=x, y=y, sample_weight=weight)
        if not self.size:
            raise ValueError("Expected at least one sample, but the arrays are empty")
        usual = math.ceil(self.size / steps) if steps else 32
        self.batch_size = usual if batch_size is None else int(batch_size)
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be positive, but is {batch_size}")
        self.shuffle = shuffle
        self._structure = [x, y, weight]
        self.tensors = [leaf for leaf in tree.flatten(self._structure) if leaf is not None]
        self._rows = [(ptr(t), t.array.dtype, t.array.shape[1:], math.prod(t.array.shape[1:])) for t in self.tensors]
        self._whole = math.ceil(self.size / self.batch_size)
        self.num_batches = self._whole if steps is None else steps
        self._rest: Iterator[Batch] | None = None
        self._left = 0
        # The usual case: one array each.
        self._plain = len(self.tensors) == sum(part is not None for part in self._structure) and not any(
            tree.is_nested(part) for part in self._structure)

    def __iter__(self) -> Iterator[Batch]:
        if self.num_batches == self._whole:
            return self._epoch()
        return self._some()

    def reset(self) -> None:
        """Begin with the first sample again."""
        self._rest = None

    @property
    def in_plain_rows(self) -> bool:
        """Whether x, y and the weights are one array each, and every epoch takes all their rows."""
        x, y, _ = self._structure
        return self._plain and x is not None and y is not None and self.num_batches == self._whole and all(
            t.array.ndim for t in self.tensors)

    def order(self) -> np.ndarray:
        """The samples of an epoch, in their order."""
        return self._order() if self.shuffle else np.arange(self.size, dtype=np.int64)

    def in_structure(self, parts: Any) -> tuple:
        """x, y and weights, None where there are none."""
        return self._packed(list(parts))

    def first(self) -> Batch:
        """A batch to look at."""
        end = min(self.batch_size, self.size)
        return (*self._packed([self._view(t, 0, end) for t in self.tensors]), end)

    def _some(self) -> Iterator[Batch]:
        if self._rest is None:
            self._rest, self._left = self._epoch(), self._whole
        for _ in range(self.num_batches):
            if not self._left:
                _warn_of_the_end()
                break
            self._left -= 1
            yield next(self._rest)
        if not self._left:
            self._rest = None

    def _epoch(self) -> Iterator[Batch]:
        starts = range(0, self.size, self.batch_size)
        if not self.shuffle:
            for start in starts:
                end = min(start + self.batch_size, self.size)
                yield (*self._packed([self._view(t, start, end) for t in self.tensors]), end - start)
            return
        order = self._order()
        index, bad = pointer(order), new_position()
        for start in starts:
            count = min(self.batch_size, self.size - start)
            parts = []
            for source, dtype, shape, width in self._rows:
                part = new((count, *shape), dtype, count * width)
                lib.mg_gather_rows(part._pointer, bad, source, index + start, count, width * dtype.itemsize, self.size)
                parts.append(part)
            yield (*self._packed(parts), count)

    def _order(self) -> np.ndarray:
        if self.shuffle != "batch":
            return default_generator.permutation(self.size)
        starts = default_generator.permutation(self.size // self.batch_size) * self.batch_size
        whole = (starts[:, None] + np.arange(self.batch_size)).reshape(-1)
        return np.concatenate([whole, np.arange(len(whole), self.size)]).astype(np.int64)

    @staticmethod
    def _view(tensor: Tensor, start: int, end: int) -> Tensor:
        return make(tensor.array[start:end])

    def _packed(self, parts: list[Tensor]) -> tuple:
        """The parts in the structure of the data."""
        if self._plain:
            given = iter(parts)
            return tuple([None if part is None else next(given) for part in self._structure])
        remaining = iter(parts)
        leaves = [None if leaf is None else next(remaining) for leaf in tree.flatten(self._structure)]
        return tuple(tree.pack_like(self._structure, leaves))


def _warn_of_the_end() -> None:
    warnings.warn("Your input ran out of data; interrupting training. Make sure that your dataset or generator can "
                  "generate at least `steps_per_epoch * epochs` batches. You may need to use the `.repeat()` function "
                  "when building your dataset.", stacklevel=4)


class IterableBatches:
    """Batches of a DataLoader, a generator, a list of batches, or by their numbers those of a PyDataset, which are
    shuffled: each is x, (x, y) or (x, y, sample_weight)."""

    def __init__(self, source: Any, steps: int | None, class_weight: Any, shuffle: Any = False) -> None:
        self._source, self._steps, self._class_weight = source, steps, class_weight
        self._shuffle = bool(shuffle)
        self._goes_on = inspect.isgenerator(source) or (hasattr(source, "__next__") and not hasattr(source, "__len__"))
        try:
            length = len(source)
        except TypeError:
            length = None
        self.num_batches = steps if steps is not None else length
        self._iterator: Iterator[Any] | None = None
        self._looked = self._began = False

    def reset(self) -> None:
        """Begin with the first batch again, where that can be done."""
        if not self._goes_on and not self._looked:
            self._iterator = None

    def first(self) -> Batch:
        """A batch to look at, which the next epoch begins with all the same."""
        iterator = self._fresh() if self._iterator is None else self._iterator
        item = next(iterator, _END)
        if item is _END:
            raise ValueError("the data has no batches")
        self._iterator = itertools.chain([item], iterator)
        self._looked = True
        return self._batch(item)

    def _fresh(self) -> Iterator[Any]:
        if hasattr(self._source, "__iter__"):
            return iter(self._source)
        count = len(self._source)
        order = default_generator.permutation(count) if self._shuffle else np.arange(count)
        return (self._source[int(i)] for i in order)

    def __iter__(self) -> Iterator[Batch]:
        if self._iterator is None or not (self._goes_on or self._steps is not None or self._looked):
            self._iterator = self._fresh()
        self._looked = False
        count = 0
        while self._steps is None or count < self._steps:
            item = next(self._iterator, _END)
            if item is _END and not count and not self._goes_on and self._steps is not None:
                self._iterator = self._fresh()
                item = next(self._iterator, _END)
            if item is _END:
                if not count and not self._began:
                    raise ValueError("the data has no batches")
                if self._steps is not None or (self._goes_on and not count):
                    _warn_of_the_end()
                break
            count, self._began = count + 1, True
            yield self._batch(item)
        if hasattr(self._source, "on_epoch_end"):
            self._source.on_epoch_end()

    def _batch(self, item: Any) -> Batch:
        x, y, weight = map(as_data, unpack(item))
        if not check_lengths(x=x, y=y, sample_weight=weight):
            raise ValueError(f"Expected batches with at least one sample, but one of them is {str(item)[:80]}")
        if self._class_weight is not None:
            weight = class_weights_of(y, self._class_weight)
        first = tree.flatten(x)[0]
        return x, y, weight, first.array.shape[0] if first.array.ndim else 1


def batches_of(x: Any, y: Any = None, sample_weight: Any = None, batch_size: int | None = None, shuffle: Any = False,
               steps: int | None = None, class_weight: Any = None) -> ArrayBatches | IterableBatches:
    """The batches of whatever fit, evaluate or predict was given. ValueError if it can't be understood."""
    if steps is not None and steps < 0:
        raise ValueError(f"the number of steps must be positive, but is {steps}")
    steps = steps or None
    leaves = [leaf for leaf in tree.flatten(x) if leaf is not None]
    if leaves and all(map(is_array, leaves)) and not _list_of_batches(x, y):
        x, y, weight = map(as_data, (x, y, sample_weight))
        if class_weight is not None:
            if weight is not None:
                raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
            weight = class_weights_of(y, class_weight)
        return ArrayBatches(x, y, weight, batch_size, shuffle, steps)
    if isinstance(x, (str, bytes, dict)) or not (hasattr(x, "__iter__") or hasattr(x, "__getitem__")) or (
            isinstance(x, (list, tuple)) and not any(map(is_array, leaves))):
        raise ValueError(f"Unrecognized data type: x={str(x)[:200]} (of type {type(x)})")
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(f"When providing `x` as an iterable of batches, `{name}` should not be passed. Instead, "
                             "the targets should be included as part of it.")
    return IterableBatches(x, steps, class_weight, shuffle)


def _list_of_batches(x: Any, y: Any) -> bool:
    return y is None and isinstance(x, list) and bool(x) and all(isinstance(item, tuple) for item in x)
