"""DataLoader: batches of a data set, in order or shuffled.

A batch of a TensorDataset (or of a Subset of one) is one gather in C per tensor, out of an order that is made once per
epoch. Everything else goes sample by sample, in this process or in workers.
"""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic

import numpy as np

from minigrad.engine import make
from minigrad.ops.gather import rows
from minigrad.random import Generator, default_generator, philox
from minigrad.tensor import Tensor
from minigrad.utils.data.collate import default_collate, default_convert
from minigrad.utils.data.dataset import Dataset, IterableDataset, Subset, T_co, TensorDataset
from minigrad.utils.data.fetch import Stream, fetch
from minigrad.utils.data.sampler import (
    BatchSampler,
    EpochSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from minigrad.utils.data.worker import Job
from minigrad.utils.data.workers import WorkerIterator

__all__ = ["DataLoader"]

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
_KNOWN_SAMPLERS = (SequentialSampler, RandomSampler, SubsetRandomSampler, WeightedRandomSampler)


class DataLoader(Generic[T_co]):
    """Iterates over batches: for x, y in DataLoader(dataset, batch_size=32, shuffle=True).

    sampler        the numbers to load, in order; batch_sampler gives lists of them
    collate_fn     makes a batch of a list of samples (default_collate)
    batch_size     None loads samples one by one
    generator      for shuffling, in place of the default generator
    num_workers    how many processes load samples ahead of time, prefetch_factor batches each; 0: this one does. What
                   is one gather in C is made here all the same, which is faster than to send it, unless there is a
                   worker_init_fn
    worker_init_fn            called in each worker with its number, before it loads anything
    timeout                   seconds to wait for a worker's batch; 0: for ever
    multiprocessing_context   how workers start: "fork", "spawn", "forkserver" or a context of multiprocessing
    persistent_workers        workers live on from epoch to epoch
    in_order                  False: workers' batches come as they are ready

    A worker's seed (get_worker_info().seed) is a number made of the generator's position and of how many epochs this
    loader has begun, plus the worker's number. The generator does not move for it: orders, masks and weights are the
    same with any number of workers. An error in a worker is raised here, with its traceback; a worker that dies is a
    RuntimeError. pin_memory does nothing.
    """

    _initialized = False
    _epochs = 0                                # begun with workers
    _iterator: WorkerIterator | None = None    # of persistent workers

    def __init__(self, dataset: Dataset[T_co], batch_size: int | None = 1, shuffle: bool | None = None,
                 sampler: Iterable | None = None, batch_sampler: Iterable[list] | None = None, num_workers: int = 0,
                 collate_fn: Callable | None = None, pin_memory: bool = False, drop_last: bool = False,
                 timeout: float = 0, worker_init_fn: Callable | None = None, multiprocessing_context: Any = None,
                 generator: Generator | None = None, *, prefetch_factor: int | None = None,
                 persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset, self.generator = dataset, generator
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory, self.pin_memory_device, self.in_order = pin_memory, pin_memory_device, in_order
        self.multiprocessing_context = _context(multiprocessing_context, num_workers)
        self.persistent_workers = persistent_workers
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
        if not self._iterable and (self.num_workers == 0 or self.worker_init_fn is None):
            tensors, numbers = self._gatherable()
            if tensors is not None:
                return self._gathered(tensors, numbers)
        if self.num_workers > 0:
            return self._by_workers()
        if self._iterable:
            return Stream(self.dataset, self.collate_fn, self.batch_size, self.drop_last)
        return self._one_by_one()

    def _one_by_one(self) -> Iterator[Any]:
        """Batches of samples that the data set gives by number."""
        batched = self.batch_sampler is not None
        for numbers in self._tasks():
            yield fetch(self.dataset, self.collate_fn, batched, numbers)

    def _tasks(self) -> Iterable[Any]:
        """The numbers of each batch, or one number each."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _by_workers(self) -> Iterator[Any]:
        iterator = self._iterator
        if iterator is not None and iterator.broken is None:
            iterator.restart(self._tasks())
            return iterator
        job = Job(self.dataset, self.collate_fn, self._iterable, self.batch_sampler is not None, self.batch_size,
                  self.drop_last, self.worker_init_fn, self.num_workers, self._base_seed())
        iterator = WorkerIterator(job, self._tasks(), self.multiprocessing_context or multiprocessing,
                                  self.prefetch_factor, self.timeout, self.in_order, self.persistent_workers)
        if self.persistent_workers:
            self._iterator = iterator
        return iterator

    def _base_seed(self) -> int:
        """63 bits from a block of the generator's stream that no draw reaches."""
        seed, offset = map(int, (self.generator or default_generator).state)
        self._epochs += 1
        low = (1 << 32) - 1
        words = philox((seed & low, seed >> 32), (self._epochs & low, low, offset & low, offset >> 32))
        return (words[0] | words[1] << 32) >> 1

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

    def gathering(self) -> tuple[Any, Any, int]:
        """(tensors, order, batch size): batches are the rows of the tensors in that order, which begins an epoch. The
        tensors are None where batches are no such rows, or other code than the library's has a say."""
        tensors, numbers = (None, None) if self._iterable or self.num_workers else self._gatherable()
        if tensors is None or not all(tensor.array.flags.c_contiguous for tensor in tensors):
            return None, None, 0
        return tensors, *self._order(numbers)

    def _order(self, numbers: np.ndarray | None) -> tuple[np.ndarray, int]:
        """The rows of an epoch in their order, less those that are dropped; and how many make a batch."""
        batches: Any = self.batch_sampler
        sampler: EpochSampler = batches.sampler
        order, size = sampler.epoch(), batches.batch_size
        order = np.where(order < 0, order + len(self.dataset), order)
        order = np.ascontiguousarray(order if numbers is None else numbers[order], np.int64)
        return order[:len(order) - len(order) % size if batches.drop_last else len(order)], size

    def _gathered(self, tensors: tuple[Tensor, ...], numbers: np.ndarray | None) -> Iterator[list[Tensor]]:
        order, size = self._order(numbers)
        for start in range(0, len(order), size):
            index = make(order[start:start + size])
            yield [rows(tensor, index) if tensor.array.flags.c_contiguous else tensor[index] for tensor in tensors]


def _as_numbers(indices: Any, dataset: Any) -> np.ndarray | None:
    """The indices of a Subset as int64, negative ones counted from the end; None if they are not plain integers."""
    array = np.asarray(indices.array if isinstance(indices, Tensor) else indices)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        return None
    array = array.astype(np.int64)
    return np.where(array < 0, array + len(dataset), array)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool) -> None:
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
    most = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or num_workers
    if num_workers > most:
        warnings.warn(
            f"This DataLoader will create {num_workers} worker processes in total. Our suggested max number of worker "
            f"in current system is {most}, which is smaller than what this DataLoader is going to create. Please be "
            "aware that excessive worker creation might get DataLoader running slow or even freeze, lower the worker "
            "number to avoid potential slowness/freeze if necessary.", stacklevel=3)


def _context(context: Any, num_workers: int) -> Any:
    """How to start processes: a context of multiprocessing, or None for its default."""
    if context is None:
        return None
    if num_workers == 0:
        raise ValueError("multiprocessing_context can only be used with multi-process loading (num_workers > 0), but "
                         f"got num_workers={num_workers}")
    if isinstance(context, str):
        valid = multiprocessing.get_all_start_methods()
        if context not in valid:
            raise ValueError(f"multiprocessing_context option should specify a valid start method in {valid!r}, but "
                             f"got multiprocessing_context={context!r}")
        return multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError("multiprocessing_context option should be a valid context object or a string specifying the "
                        f"start method, but got multiprocessing_context={context}")
    return context


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
