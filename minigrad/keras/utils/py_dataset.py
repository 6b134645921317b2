"""PyDataset: batches by their numbers."""

from __future__ import annotations

from typing import Any

__all__ = ["PyDataset"]


class PyDataset:
    """Subclass it: dataset[i] is the i-th batch, (x, y) or (x, y, sample_weight), and len(dataset) their number. fit
    takes the batches in a new order each epoch unless shuffle=False, and calls on_epoch_end after it.

    workers, use_multiprocessing, max_queue_size  accepted; batches are made when they are needed, one after another
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError("a PyDataset subclass defines __getitem__(self, index), which returns a batch")

    def __len__(self) -> int:
        raise NotImplementedError("a PyDataset subclass defines __len__(self), the number of batches")

    @property
    def num_batches(self) -> int:
        return len(self)

    def on_epoch_end(self) -> None:
        """Called after every epoch."""
