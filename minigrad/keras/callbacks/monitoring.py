"""Callbacks that watch one result: whether it has improved."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from minigrad.keras.callbacks.callback import Callback

__all__ = ["EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau"]


class _Monitor(Callback):
    """Better is less for losses and errors, more for accuracies; mode "min" or "max" says so of others."""

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None,
                 min_delta: float = 0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode.", stacklevel=3)
            mode = "auto"
        self.monitor, self.mode, self.best = monitor, mode, baseline
        self.min_delta = abs(min_delta)
        self._sign: int | None = None  # 1 where more is better, -1 where less is

    def _direction(self) -> int:
        if self._sign is None:
            self._sign = {"min": -1, "max": 1}.get(self.mode) or self._found_direction()
        return self._sign

    def _found_direction(self) -> int:
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return -1
        for metric in self.model.compiled_metrics():
            direction = getattr(metric, "_direction", None)
            if metric.name == name and direction is not None:
                return 1 if direction == "up" else -1
        raise ValueError(f"{type(self).__name__} callback received monitor={self.monitor}, but Keras isn't able to "
                         "automatically determine whether that metric should be maximized or minimized. Pass "
                         "`mode='max'` in order to monitor based on the highest metric value, or pass `mode='min'` in "
                         "order to use the lowest value.")

    def _is_improvement(self, value: Any, reference: Any) -> bool:
        sign = self._direction()
        return reference is None or bool(sign * (value - sign * self.min_delta) > sign * reference)


class EarlyStopping(_Monitor):
    """Stops when the result has not improved by more than min_delta for `patience` epochs.

    baseline              what must be reached, for the waiting to start anew
    restore_best_weights  at the end, take the weights of the best epoch
    start_from_epoch      the first epoch that counts
    """

    def __init__(self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0, verbose: int = 0,
                 mode: str = "auto", baseline: float | None = None, restore_best_weights: bool = False,
                 start_from_epoch: int = 0) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._direction()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Any) -> Any:
        """The result that is watched; None, with a warning, if there is none of that name."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(f"Early stopping conditioned on metric `{self.monitor}` which is not available. Available "
                          f"metrics are: {','.join(logs or {})}", stacklevel=2)
        return value


class ModelCheckpoint(_Monitor):
    """Saves the model, or its weights, after every epoch, or every save_freq batches; or when the result is the best.

    filepath  may hold {epoch}, {batch} and names of results: "{epoch:02d}-{val_loss:.2f}.keras"
    """

    def __init__(self, filepath: Any, monitor: str = "val_loss", verbose: int = 0, save_best_only: bool = False,
                 save_weights_only: bool = False, mode: str = "auto", save_freq: Any = "epoch",
                 initial_value_threshold: float | None = None) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath, self.verbose = os.fspath(filepath), verbose
        self.save_best_only, self.save_weights_only, self.save_freq = save_best_only, save_weights_only, save_freq
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"Unrecognized save_freq: {save_freq}. Expected save_freq are 'epoch' or integer values")
        endings, what = ((".weights.h5",), ".weights.h5` (Keras weights format)") if save_weights_only else (
            (".keras", ".h5"), ".keras` (Keras model format)")
        if not self.filepath.endswith(endings):
            prefix = "When using `save_weights_only=True` in `ModelCheckpoint`, t" if save_weights_only else "T"
            raise ValueError(f"{prefix}he filepath provided must end in `{what}. Received: filepath={self.filepath}")
        self._current_epoch, self._batches, self._last_batch = 0, 0, None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.save_freq == "epoch":
            return
        new = batch + 1 if self._last_batch is None or batch <= self._last_batch else batch - self._last_batch
        self._batches, self._last_batch = self._batches + new, batch
        if self._batches >= self.save_freq:
            self._batches = 0
            self._save(self._current_epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.save_best_only:
            self._direction()
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    def _save(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> None:
        more = {} if batch is None or "batch" in logs else {"batch": batch + 1}
        try:
            path = self.filepath.format(epoch=epoch + 1, **more, **logs)
        except KeyError as error:
            raise KeyError(f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}') from None
        if not self._should_save(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise OSError("Please specify a non-directory filepath for ModelCheckpoint. Filepath used is an existing "
                          f"directory: {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path, overwrite=True)
        self._say(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def _should_save(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        if not self.save_best_only:
            self._say(f"\nEpoch {epoch + 1}: saving model to {path}")
            return True
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(f"Can save best model only with {self.monitor} available.", stacklevel=4)
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {before}")
            return False
        self._say(f"\nEpoch {epoch + 1}: {self.monitor} improved from {before} to {current:.5f}, saving model to "
                  f"{path}")
        self.best = current
        return True

    def _say(self, message: str) -> None:
        if self.verbose > 0:
            print(message)


class ReduceLROnPlateau(_Monitor):
    """Multiplies the learning rate by factor when the result has not improved by more than min_delta for `patience`
    epochs; then it waits `cooldown` epochs. min_lr: not below that."""

    def __init__(self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0,
                 mode: str = "auto", min_delta: float = 1e-4, cooldown: int = 0, min_lr: float = 0.0,
                 **kwargs: Any) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}")
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr, self.cooldown_counter, self.wait = cooldown, min_lr, 0, 0

    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: Any = None) -> None:
        self.best, self.cooldown_counter, self.wait = None, 0, 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._direction()
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(np.asarray(self.model.optimizer.learning_rate))
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not available. "
                          f"Available metrics are: {','.join(logs)}.", stacklevel=2)
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter, self.wait = self.cooldown, 0

    def _reduce(self, epoch: int) -> bool:
        old = float(np.asarray(self.model.optimizer.learning_rate))
        if old <= np.float32(self.min_lr):
            return False
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        return True
