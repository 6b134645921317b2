"""What tests with worker processes share: data sets, and batches as plain numbers."""

import os

import numpy as np
import pytest

from minigrad.creation import from_numpy
from minigrad.utils.data import Dataset, IterableDataset, get_worker_info

MARKS = [pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork"),
         pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
         pytest.mark.filterwarnings("ignore:This DataLoader will create"),
         pytest.mark.usefixtures("nothing_is_left")]


class Squares(Dataset):
    def __init__(self, n=23):
        self.n = n

    def __getitem__(self, i):
        if not -self.n <= i < self.n:
            raise IndexError(i)
        return {"x": from_numpy(np.full((2, 3), i * i, np.float32)), "i": i, "name": str(i)}

    def __len__(self):
        return self.n


class Calls(Dataset):
    """Sample i is function(i)."""

    def __init__(self, function, n=8):
        self.function, self.n = function, n

    def __getitem__(self, i):
        return self.function(i)

    def __len__(self):
        return self.n


class Counting(IterableDataset):
    """0 .. n - 1, each worker its share if `shared`."""

    def __init__(self, n, shared=True):
        self.n, self.shared = n, shared

    def __iter__(self):
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info and self.shared else (0, 1)
        return iter(range(first, self.n, step))


def plain(batch):
    if isinstance(batch, dict):
        return {key: plain(value) for key, value in batch.items()}
    return batch.tolist() if hasattr(batch, "tolist") else batch


def epoch_of(loader):
    return [plain(batch) for batch in loader]


def pid_of(i):
    return os.getpid()
