"""Callback: functions that are called as training goes on; and the list of them that a model calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["Callback", "CallbackList", "plain_logs"]


class Callback:
    """The base of callbacks: override what is to be heard of.

    Attributes: model, and params {"verbose", "epochs", "steps"}. logs is a dict of the results so far.
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None

    params: Any = None
    _model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self._model = model

    @property
    def model(self) -> Any:
        return self._model

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None: ...

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Another name of on_train_batch_begin."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Another name of on_train_batch_end."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None: ...

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None: ...

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None: ...

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None: ...

    def on_train_begin(self, logs: Any = None) -> None: ...

    def on_train_end(self, logs: Any = None) -> None: ...

    def on_test_begin(self, logs: Any = None) -> None: ...

    def on_test_end(self, logs: Any = None) -> None: ...

    def on_predict_begin(self, logs: Any = None) -> None: ...

    def on_predict_end(self, logs: Any = None) -> None: ...


_DEFAULTS = {getattr(Callback, name) for name in dir(Callback) if name.startswith("on_")}


def plain_logs(logs: Any) -> dict[str, Any]:
    """A new dict of the logs, in the order of their names."""
    return dict(sorted((logs or {}).items()))


def _overrides(callback: Any, *names: str) -> bool:
    """Whether a callback defines one of these methods, in its class or on the object itself."""
    return any(name in vars(callback) or getattr(type(callback), name, None) not in _DEFAULTS for name in names)


class CallbackList(Callback):
    """The callbacks of one fit, evaluate or predict. It calls those alone that listen.

    train_batch_begin, train_batch_end and so on are the lists of those that want to hear of every batch; the model
    looks there before it makes any logs.
    """

    def __init__(self, callbacks: Iterable[Any], model: Any, params: dict[str, Any]) -> None:
        super().__init__()
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params)
        self.set_model(model)
        self.set_params(params)
        self.listeners: dict[str, list[Any]] = {}
        for name in ("train_batch_begin", "train_batch_end", "test_batch_begin", "test_batch_end",
                     "predict_batch_begin", "predict_batch_end"):
            also = [f"on_{name.removeprefix('train_')}"] if name.startswith("train_") else []
            self.listeners[name] = [one for one in self.callbacks if _overrides(one, f"on_{name}", *also)]

    def batch(self, name: str, number: int, logs: Any = None) -> None:
        """Tell those that listen to "train_batch_end" and so on."""
        for callback in self.listeners[name]:
            getattr(callback, f"on_{name}")(number, plain_logs(logs))

    def tell(self, name: str, *args: Any, logs: Any = None) -> None:
        """Call on_<name>(*args, logs) of all, with one dict for all of them: what one adds, the next sees."""
        logs = plain_logs(logs)
        for callback in self.callbacks:
            getattr(callback, f"on_{name}")(*args, logs)
