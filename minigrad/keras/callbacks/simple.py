"""Callbacks that write down, set the learning rate, stop, or start again where training stopped."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.keras.callbacks.callback import Callback

__all__ = ["BackupAndRestore", "CSVLogger", "LambdaCallback", "LearningRateScheduler", "TerminateOnNaN"]


class LambdaCallback(Callback):
    """A callback of functions: LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs))."""

    def __init__(self, on_epoch_begin: Callable | None = None, on_epoch_end: Callable | None = None,
                 on_train_begin: Callable | None = None, on_train_end: Callable | None = None,
                 on_train_batch_begin: Callable | None = None, on_train_batch_end: Callable | None = None,
                 **kwargs: Any) -> None:
        super().__init__()
        given = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
                 "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
                 "on_train_batch_end": on_train_batch_end, **kwargs}
        self.__dict__.update({name: function for name, function in given.items() if function is not None})


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch: to schedule(epoch, learning_rate), or schedule(epoch)."""

    def __init__(self, schedule: Callable, verbose: int = 0) -> None:
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if not hasattr(self.model.optimizer, "learning_rate"):
            raise ValueError('Optimizer must have a "learning_rate" attribute.')
        before = float(np.asarray(self.model.optimizer.learning_rate))
        try:
            rate = self.schedule(epoch, before)
        except TypeError:  # a function of the epoch alone
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.float32, np.float64)):
            raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate}")
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(np.asarray(self.model.optimizer.learning_rate))


class TerminateOnNaN(Callback):
    """Stops when the loss is NaN or infinite; raise_error: with a RuntimeError."""

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or np.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating "
                               "training immediately.")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True


class CSVLogger(Callback):
    """A line per epoch in a file: its number from 0, and the results by name. append: to a file that is there."""

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.keys: list[str] | None = None
        self.csv_file: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        self._has_header = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self._close()
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs = logs or {}
        writer = csv.writer(self.csv_file, delimiter=self.sep)
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            if not self._has_header:
                writer.writerow(["epoch", *self.keys])
        writer.writerow([epoch, *(self._cell(logs.get(key, "NA")) for key in self.keys)])
        self.csv_file.flush()

    @staticmethod
    def _cell(value: Any) -> Any:
        several = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)
        return f'"[{", ".join(map(str, value))}]"' if several else value

    def on_train_end(self, logs: Any = None) -> None:
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = None


class BackupAndRestore(Callback):
    """Keeps the state of training in backup_dir after every epoch, or every save_freq batches. A fit that was killed
    goes on from there when it is started again. delete_checkpoint: the folder goes when training is done."""

    def __init__(self, backup_dir: Any, save_freq: Any = "epoch", double_checkpoint: bool = False,
                 delete_checkpoint: bool = True) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"Invalid value for argument `save_freq`. Received: save_freq={save_freq}. Expected "
                             "either 'epoch' or an integer value.")
        self.backup_dir, self.save_freq, self.delete_checkpoint = os.fspath(backup_dir), save_freq, delete_checkpoint
        self._path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._epoch_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._current_epoch, self._batches = 0, 0

    def on_train_begin(self, logs: Any = None) -> None:
        if not self.model.built:
            raise ValueError("To use the BackupAndRestore callback, you model must be built before you call `fit()`. "
                             f"Model {self.model} is unbuilt. You can build it beforehand by calling it on a batch of "
                             "data.")
        if os.path.exists(self._epoch_path):
            if not self.model.optimizer.built:
                self.model.optimizer.build(self.model.trainable_variables)
            self.model.load_weights(self._path)
            with open(self._epoch_path, encoding="utf-8") as file:
                self.model._initial_epoch = int(json.load(file)["epoch"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._current_epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches >= self.save_freq:
            self._batches = 0
            self._save()

    def _save(self) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        self.model.save_weights(self._path, overwrite=True)
        part = f"{self._epoch_path}.part"
        with open(part, "w", encoding="utf-8") as file:
            json.dump({"epoch": self._current_epoch, "batch": self._batches}, file)
        os.replace(part, self._epoch_path)

    def on_train_end(self, logs: Any = None) -> None:
        if self.delete_checkpoint and os.path.isdir(self.backup_dir):
            shutil.rmtree(self.backup_dir)
