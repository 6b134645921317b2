"""ProgbarLogger prints the progress of training; History keeps the results of the epochs."""

from __future__ import annotations

from typing import Any

from minigrad.keras.callbacks.callback import Callback
from minigrad.keras.utils.progbar import Progbar

__all__ = ["History", "ProgbarLogger"]


class History(Callback):
    """history: the results of each epoch, by name; epoch: their numbers. fit returns it."""

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self


class ProgbarLogger(Callback):
    """A progress bar per epoch, or for an evaluation. The model tells it of every batch by seen(n), which is quick, and
    draws when due() says so."""

    def __init__(self) -> None:
        super().__init__()
        self.progbar: Any = None
        self.target: int | None = None
        self.verbose, self.epochs, self._in_fit, self._count = 1, 1, False, 0

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.verbose = 1 if params["verbose"] == "auto" else params["verbose"]
        self.epochs, self.target = params["epochs"], params["steps"]

    def _begin(self) -> None:
        self._count = 0
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def _finish(self, logs: Any) -> None:
        if self.target is None:
            self.target = self.progbar.target = self._count
        self.progbar.update(self.target, (logs or {}).items(), finalize=True)

    def listens_to(self, how: str) -> bool:
        """Whether batches of "train", "test" or "predict" are its own: those of a validation are not."""
        return how != "test" or not self._in_fit

    def seen(self, count: int) -> bool:
        """So many batches are done; whether it is time to draw."""
        self._count = count
        if count == 1:
            self.progbar.first_done()
        return self.progbar.due()

    def draw(self, logs: Any) -> None:
        self.progbar.update(self._count, (logs or {}).items(), finalize=False)

    def on_train_begin(self, logs: Any = None) -> None:
        self._in_fit = True

    def on_train_end(self, logs: Any = None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begin()
        if self.verbose and self.epochs > 1:
            print(f"Epoch {epoch + 1}/{self.epochs}", flush=True)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._finish(logs)

    def on_test_begin(self, logs: Any = None) -> None:
        if not self._in_fit:
            self._begin()

    def on_test_end(self, logs: Any = None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Any = None) -> None:
        self._begin()

    def on_predict_end(self, logs: Any = None) -> None:
        self._finish(None)
