"""Samplers: the numbers of the samples of an epoch, in the order in which to load them.

Those here make all numbers of an epoch at once (`epoch`), which is what lets the loader gather whole batches in C.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from minigrad.creation import as_tensor
from minigrad.random import Generator, default_generator

__all__ = ["BatchSampler", "EpochSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler",
           "WeightedRandomSampler"]

T_co = TypeVar("T_co", covariant=True)
_FLOAT64 = np.dtype(np.float64)


class Sampler(Generic[T_co]):
    """Subclass it with __iter__, which gives the numbers of an epoch's samples, and if it can with __len__."""

    def __init__(self, data_source: Sized | None = None) -> None:
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError


class EpochSampler(Sampler[int]):
    """A sampler that makes all numbers of an epoch at once."""

    def epoch(self) -> np.ndarray:
        """int64 (len(self))"""
        raise NotImplementedError

    def __iter__(self) -> Iterator[int]:
        yield from self.epoch().tolist()


class SequentialSampler(EpochSampler):
    """0, 1, ... in order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def epoch(self) -> np.ndarray:
        return np.arange(len(self.data_source))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(EpochSampler):
    """All numbers in random order; or num_samples of them, drawn with replacement or from one order after another."""

    def __init__(self, data_source: Sized, replacement: bool = False, num_samples: int | None = None,
                 generator: Generator | None = None) -> None:
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def epoch(self) -> np.ndarray:
        n, wanted = len(self.data_source), self.num_samples
        generator = self.generator or default_generator
        if self.replacement:
            return generator.integers(0, n, (wanted,))
        orders = [generator.permutation(n) for _ in range(-(-wanted // n))]
        return orders[0][:wanted] if len(orders) == 1 else np.concatenate(orders)[:wanted]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(EpochSampler):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def _order(self) -> np.ndarray:
        return (self.generator or default_generator).permutation(len(self.indices))

    def epoch(self) -> np.ndarray:
        return np.asarray(as_tensor(self.indices).array, np.int64)[self._order()]

    def __iter__(self) -> Iterator[Any]:
        return (self.indices[i] for i in self._order().tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(EpochSampler):
    """num_samples numbers below len(weights), each with a probability in proportion to its weight."""

    def __init__(self, weights: Sequence[float], num_samples: int, replacement: bool = True,
                 generator: Generator | None = None) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = as_tensor(weights, _FLOAT64)
        if self.weights.ndim != 1:
            raise ValueError("weights should be a 1d sequence but given weights have shape "
                             f"{tuple(self.weights.shape)}")
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def epoch(self) -> np.ndarray:
        weights = self.weights.array
        _check_weights(weights, None if self.replacement else self.num_samples)
        generator = self.generator or default_generator
        if self.replacement:
            edges = np.cumsum(weights)
            at = generator.uniform((self.num_samples,), _FLOAT64, 0.0, 1.0) * edges[-1]
            return np.minimum(np.searchsorted(edges, at, "right"), np.flatnonzero(weights)[-1])
        waits = -np.log1p(-generator.uniform(weights.shape, _FLOAT64))  # exponential: the first to arrive are drawn
        with np.errstate(divide="ignore", invalid="ignore"):
            arrivals = np.where(weights > 0, waits / weights, np.inf)
        return np.argsort(arrivals, kind="stable")[:self.num_samples]

    def __len__(self) -> int:
        return self.num_samples


def _check_weights(weights: np.ndarray, distinct: int | None) -> None:
    """RuntimeError, in torch.multinomial's words, for weights that are no distribution, or have too few categories."""
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if distinct is not None and distinct > len(weights):
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if not weights.sum() > 0:
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if distinct is not None and distinct > np.count_nonzero(weights):
        raise RuntimeError("invalid multinomial distribution (with replacement=False, not enough non-negative category "
                           "to sample)")


class BatchSampler(Sampler[list[int]]):
    """Lists of batch_size numbers of another sampler; the last may be shorter, or is dropped with drop_last."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + bool(rest and not self.drop_last)
