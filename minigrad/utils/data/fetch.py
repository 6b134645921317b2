"""How a batch is made of samples, in this process or in a worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["Stream", "fetch"]


def fetch(dataset: Any, collate: Callable, batched: bool, numbers: Any) -> Any:
    """The batch of the samples with these numbers; the one sample with this number, if not batched."""
    if not batched:
        return collate(dataset[numbers])
    many = getattr(dataset, "__getitems__", None)
    return collate(many(numbers) if many else [dataset[number] for number in numbers])


class Stream(Iterator):
    """The batches of an IterableDataset; its samples one by one if batch_size is None."""

    def __init__(self, dataset: Any, collate: Callable, batch_size: int | None, drop_last: bool) -> None:
        self._samples, self._collate = iter(dataset), collate
        self._size, self._drop_last = batch_size, drop_last

    def __next__(self) -> Any:
        if self._size is None:
            return self._collate(next(self._samples))
        batch = list(itertools.islice(self._samples, self._size))
        if not batch or (self._drop_last and len(batch) < self._size):
            raise StopIteration
        return self._collate(batch)
