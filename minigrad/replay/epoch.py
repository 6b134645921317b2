"""A whole epoch in few calls of C: a step whose batches are rows of data in memory, which the program gathers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.ops.gather import rows
from minigrad.replay.compiled import Compiled
from minigrad.replay.outputs import leaves_of, rebuilt
from minigrad.replay.recording import MISS

__all__ = ["RowSteps"]


class RowSteps:
    """step(*[tensor[index] for tensor in tensors]) for one batch of indices after another.

    The step is recorded with the gathers of its batch. From the third full batch on, `chunk` batches are one call of C.
    """

    def __init__(self, step: Callable[..., Any], tensors: list[Any], quiet: bool = False) -> None:
        def step_on_rows(index: Any) -> Any:
            return step(*[rows(tensor, index) for tensor in tensors])

        self.tensors = tensors
        self._compiled = Compiled(step_on_rows, quiet=quiet)

    def reset(self) -> None:
        """Forget the recordings: something may have changed that they can't see."""
        self._compiled.reset()

    def run(self, order: np.ndarray, batch: int, chunk: Callable[[], int]) -> Iterator[tuple[int, Any]]:
        """(number of batches, what the step returned, stacked) for pieces of an epoch. chunk() says how many batches
        the next piece may have."""
        at, whole = 0, len(order) // batch
        while at < whole:
            many = min(max(chunk(), 1), whole - at)
            piece = order[at * batch:(at + many) * batch].reshape(many, batch)
            result = self._compiled.many(piece) if many > 1 else MISS
            if result is MISS:
                many, result = 1, _stacked(self._compiled(make(piece[0])))
            at += many
            yield many, result
        if at * batch < len(order):
            yield 1, _stacked(self._compiled(make(order[at * batch:])))


def _stacked(result: Any) -> Any:
    """The results of one step, as if of several."""
    return rebuilt(result, iter([make(leaf.array[None]) if hasattr(leaf, "array") else leaf
                                 for leaf in leaves_of(result)]))
