"""fit's training steps as a recorded program, which gathers its batches and makes many steps in one call of C."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.callbacks import CallbackList
from minigrad.keras.optimizers.fused import Fused
from minigrad.keras.training.batches import ArrayBatches
from minigrad.ops.gather import rows
from minigrad.replay.epoch import RowSteps

__all__ = ["ReplayedSteps", "can_replay"]

_PIECE = 0.02  # seconds between returns to Python, which lets Ctrl-C and the progress bar have their turn
_MOST = 512    # steps of one piece


def can_replay(model: Any, source: Any, callbacks: CallbackList) -> bool:
    """Whether the steps of fit may be recorded: data in memory, one array each, an update by one kernel, and nobody who
    wants to hear of every batch."""
    return (model.jit_compile in ("auto", True) and not model.run_eagerly and isinstance(source, ArrayBatches)
            and source.in_plain_rows and isinstance(model.optimizer, Fused) and model.optimizer.is_one_call
            and model._metrics_are_ours and model._compile_loss is not None and not model._compile_loss.trackers
            and not callbacks.listeners["train_batch_begin"] and not callbacks.listeners["train_batch_end"])


class ReplayedSteps:
    """The training steps of one fit. Where the recording fails, they run one by one, as they are."""

    def __init__(self, model: Any, source: ArrayBatches) -> None:
        self.model, self.source = model, source
        self.optimizer = model.optimizer
        self._steps = RowSteps(self._step, source.tensors, quiet=model.jit_compile == "auto")
        self._each = callable(self.optimizer._learning_rate)  # the rate of every step is another

    def _step(self, *parts: Any) -> Any:
        """What Steps._train does, less the counting, which is Python's."""
        model = self.model
        x, y, weight = self.source.in_structure(parts)
        loss, y_pred = model._differentiate(x, y, weight)
        self.optimizer.kernel_step()
        self.optimizer._constrain(self.optimizer._trainable_variables)
        for variable in model._trained.variables:
            variable._grad = None
        for layer in model._penalised:
            layer._losses.clear()
        return loss, make(y_pred.array), y, weight

    def reset(self) -> None:
        """Record again: a callback may have changed anything."""
        self._steps.reset()

    def epoch(self) -> Iterator[int]:
        """The steps of an epoch; after each piece, how many are done."""
        source, model = self.source, self.model
        order, size, done = source.order(), source.batch_size, 0
        if model._logits is None:  # the first step finds out what the others need not do
            first = order[:size]
            x, y, weight = source.in_structure([rows(tensor, make(first)) for tensor in source.tensors])
            model._train(x, y, weight, len(first))
            order, done = order[size:], 1
            yield done
        self._many, self._began = 1, time.perf_counter()
        self.optimizer.sync()
        for many, results in self._steps.run(order, size, self._piece):
            self.optimizer.note_steps(many)
            self._note(many, *(None if part is None else part.array for part in results))
            done += many
            yield done
            self.optimizer.sync()
            self._began = time.perf_counter()

    def _piece(self) -> int:
        """How many steps to make at once: as many as take _PIECE seconds, judging by the last piece."""
        if self._each:
            return 1
        took = time.perf_counter() - self._began
        self._many = min(self._many * 2, _MOST) if took < _PIECE / 2 else max(self._many // 2, 1) if took > 2 * _PIECE \
            else self._many
        self._began = time.perf_counter()
        return self._many

    def _note(self, many: int, losses: np.ndarray, y_pred: np.ndarray, y: np.ndarray, weight: Any) -> None:
        """Loss and metrics of so many batches."""
        model, metrics = self.model, self.model._compile_metrics
        count = y_pred.shape[1]
        for loss in losses.tolist():
            model._loss_tracker.note(loss, count)
        if metrics is None:
            return
        if metrics.can_join and weight is None:
            metrics.update_state(*(make(part.reshape(many * count, *part.shape[2:])) for part in (y, y_pred)), None)
            return
        for i in range(many):
            metrics.update_state(make(y[i]), make(y_pred[i]), None if weight is None else make(weight[i]))
