"""DataLoader: batches of a data set, in order or shuffled.

A batch of a TensorDataset (or of a Subset of one) is one gather in C per tensor, out of an order that is made once per
epoch. Everything else goes sample by sample.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic

import numpy as np

from minigrad.engine import make
from minigrad.ops.gather import rows
from minigrad.random import Generator
from minigrad.tensor import Tensor
from minigrad.utils.data.collate import default_collate, default_convert
from minigrad.utils.data.dataset import Dataset, IterableDataset, Subset, T_co, TensorDataset
from minigrad.utils.data.sampler import (
    BatchSampler,
    EpochSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = ["DataLoader", "get_worker_info"]

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
_KNOWN_SAMPLERS = (SequentialSampler, RandomSampler, SubsetRandomSampler, WeightedRandomSampler)
_warned_workers = False


def get_worker_info() -> None:
    """None: there are no worker processes."""
    return None


class DataLoader(Generic[T_co]):
    """Iterates over batches: for x, y in DataLoader(dataset, batch_size=32, shuffle=True).

    sampler        the numbers to load, in order; batch_sampler gives lists of them
    collate_fn     makes a batch of a list of samples (default_collate)
    batch_size     None loads samples one by one
    generator      for shuffling, in place of the default generator
    num_workers    above 0, samples are loaded in this process all the same; a warning says so once

    pin_memory, timeout, worker_init_fn, prefetch_factor, persistent_workers and in_order do nothing.
    """

    _initialized = False

    def __init__(self, dataset: Dataset[T_co], batch_size: int | None = 1, shuffle: bool | None = None,
                 sampler: Iterable | None = None, batch_sampler: Iterable[list] | None = None, num_workers: int = 0,
                 collate_fn: Callable | None = None, pin_memory: bool = False, drop_last: bool = False,
                 timeout: float = 0, worker_init_fn: Callable | None = None, multiprocessing_context: Any = None,
                 generator: Generator | None = None, *, prefetch_factor: int | None = None,
                 persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        self.dataset, self.generator = dataset, generator
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory, self.pin_memory_device, self.in_order = pin_memory, pin_memory_device, in_order
        self.multiprocessing_context, self.persistent_workers = multiprocessing_context, persistent_workers
        self._iterable = isinstance(dataset, IterableDataset)
        _check_sampling(self._iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if sampler is None and not self._iterable:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        elif sampler is None:
            sampler = itertools.repeat(None)
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.collate_fn = collate_fn or (default_collate if batch_sampler is not None else default_convert)
        self._initialized = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    def __len__(self) -> int:
        """The number of batches."""
        if not self._iterable:
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        if self.batch_size is None:
            return len(self.dataset)
        return (math.floor if self.drop_last else math.ceil)(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        if self.num_workers > 0:
            _warn_workers()
        if self._iterable:
            return self._over_iterable()
        tensors, numbers = self._gatherable()
        if tensors is not None:
            return self._gathered(tensors, numbers)
        return self._one_by_one()

    def _one_by_one(self) -> Iterator[Any]:
        """Batches of samples that the data set gives by number."""
        dataset, collate = self.dataset, self.collate_fn
        if self.batch_sampler is None:
            for number in self.sampler:
                yield collate(dataset[number])
            return
        many = getattr(dataset, "__getitems__", None)
        for numbers in self.batch_sampler:
            yield collate(many(numbers) if many else [dataset[number] for number in numbers])

    def _over_iterable(self) -> Iterator[Any]:
        """Batches of samples in the order of an IterableDataset."""
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(itertools.islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    # -- whole batches in C --------------------------------------------------------------------------------------------

    def _gatherable(self) -> tuple[tuple[Tensor, ...] | None, np.ndarray | None]:
        """The tensors that batches are gathered from, and where in them sample i of the data set lies (None: at i).
        (None, None) if a class was overridden or replaced anywhere, so that its own code must run."""
        batches = self.batch_sampler
        if (self.collate_fn is not default_collate or type(batches) is not BatchSampler
                or type(batches.sampler) not in _KNOWN_SAMPLERS):
            return None, None
        dataset, numbers = self.dataset, None
        while type(dataset) is Subset:
            inner = _as_numbers(dataset.indices, dataset.dataset)
            if inner is None:
                return None, None
            numbers = inner if numbers is None else inner[numbers]
            dataset = dataset.dataset
        if type(dataset) is not TensorDataset or not dataset.tensors:
            return None, None
        return dataset.tensors, numbers

    def _gathered(self, tensors: tuple[Tensor, ...], numbers: np.ndarray | None) -> Iterator[list[Tensor]]:
        batches: Any = self.batch_sampler
        sampler: EpochSampler = batches.sampler
        order, size = sampler.epoch(), batches.batch_size
        order = np.where(order < 0, order + len(self.dataset), order)
        order = np.ascontiguousarray(order if numbers is None else numbers[order], np.int64)
        end = len(order) - len(order) % size if batches.drop_last else len(order)
        for start in range(0, end, size):
            index = make(order[start:start + size])
            yield [rows(tensor, index) if tensor.array.flags.c_contiguous else tensor[index] for tensor in tensors]


def _as_numbers(indices: Any, dataset: Any) -> np.ndarray | None:
    """The indices of a Subset as int64, negative ones counted from the end; None if they are not plain integers."""
    array = np.asarray(indices.array if isinstance(indices, Tensor) else indices)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        return None
    array = array.astype(np.int64)
    return np.where(array < 0, array + len(dataset), array)


def _warn_workers() -> None:
    global _warned_workers
    if not _warned_workers:
        _warned_workers = True
        warnings.warn("DataLoader: num_workers > 0 is accepted, but samples are loaded in this process: minigrad has "
                      "no worker processes yet", stacklevel=3)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool,
                   context: Any) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError("prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to "
                         "enable multiprocessing, otherwise set prefetch_factor to None.")
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if context is not None and num_workers == 0:
        raise ValueError("multiprocessing_context can only be used with multi-process loading (num_workers > 0), but "
                         f"got num_workers={num_workers}")


def _check_sampling(iterable: bool, batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any,
                    drop_last: bool) -> None:
    """Refuse options that exclude each other."""
    if iterable:
        refused = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
        for name, value in refused.items():
            if value is not None:
                raise ValueError(f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                                 f"{name}={value}")
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
    if batch_sampler is None and batch_size is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
