"""Trainer: compile, fit, evaluate and predict."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.grad_mode import no_grad
from minigrad.keras import losses as losses_module
from minigrad.keras import metrics as metrics_module
from minigrad.keras import optimizers, tree
from minigrad.keras.callbacks import CallbackList, History, ProgbarLogger
from minigrad.keras.training.arrays import as_data, class_weights_of, split_off, unpack
from minigrad.keras.training.batches import batches_of
from minigrad.keras.training.compiled import CompiledLoss, CompiledMetrics, LossMean
from minigrad.keras.training.replayed import ReplayedSteps, can_replay
from minigrad.keras.training.steps import Steps

__all__ = ["Trainer"]


class Trainer(Steps):
    """What a model can do with data."""

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.compiled = False
        self.stop_training = self.stop_evaluating = self.stop_predicting = False
        self.history: Any = None
        self._loss_tracker = LossMean(name="loss")
        self._compile_loss: CompiledLoss | None = None
        self._compile_metrics: CompiledMetrics | None = None
        self._compile_config: dict[str, Any] = {}
        self._found_metrics: list[Any] = []
        self._initial_epoch = 0

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None, metrics: Any = None,
                weighted_metrics: Any = None, run_eagerly: bool = False, steps_per_execution: int = 1,
                jit_compile: Any = "auto", auto_scale_loss: bool = True) -> None:
        """Say how to train: an optimizer, a loss and metrics, by name or as objects; for several outputs lists or
        dicts.

        steps_per_execution: callbacks hear of every so manieth batch. jit_compile: "auto" and True let fit record its
        step and replay it from C, with the same results, where that is safe; False, or run_eagerly, not.
        auto_scale_loss changes nothing.
        """
        names = getattr(self, "output_names", None)
        self.optimizer, self.loss = optimizers.get(optimizer), loss
        self._compile_loss = None if loss is None else CompiledLoss(loss, loss_weights, names)
        self._compile_metrics = None if metrics is None and weighted_metrics is None else CompiledMetrics(
            metrics, weighted_metrics, names)
        self.run_eagerly, self.jit_compile, self.steps_per_execution = run_eagerly, jit_compile, steps_per_execution
        self._compile_config = {
            "optimizer": self.optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution, "jit_compile": jit_compile}
        self._found_metrics = self._metrics_within()
        self.stop_training, self.compiled = False, True
        self.reset_metrics()

    def get_compile_config(self) -> dict[str, Any]:
        """What compile was given, as plain values."""
        kinds = {"optimizer": optimizers, "loss": losses_module, "metrics": metrics_module,
                 "weighted_metrics": metrics_module}
        return {name: tree.map_structure(kinds[name].serialize, value) if name in kinds else value
                for name, value in self._compile_config.items()}

    def compile_from_config(self, config: dict[str, Any], custom_objects: Any = None) -> None:
        """Compile as get_compile_config says."""
        if type(self).compile is not Trainer.compile:
            warnings.warn("`compile()` was not called as part of model loading because the model's `compile()` method "
                          "is custom.", stacklevel=2)
            return

        def made(kind: Any, value: Any) -> Any:
            if isinstance(value, dict) and "class_name" in value:
                return kind.deserialize(value, custom_objects)
            if isinstance(value, (list, tuple)):
                return [made(kind, item) for item in value]
            return {key: made(kind, item) for key, item in value.items()} if isinstance(value, dict) else value

        kinds = {"optimizer": optimizers, "loss": losses_module, "metrics": metrics_module,
                 "weighted_metrics": metrics_module}
        self.compile(**{name: made(kinds[name], value) if name in kinds else value for name, value in config.items()})
        if self.optimizer is not None and getattr(self, "built", False):
            self.optimizer.build(self.trainable_variables)

    def _require_compiled(self) -> None:
        if not self.compiled:
            raise ValueError("You must call `compile()` before using the model.")

    # -- training ------------------------------------------------------------------------------------------------------

    def fit(self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1, verbose: Any = "auto",
            callbacks: Any = None, validation_split: float = 0.0, validation_data: Any = None, shuffle: Any = True,
            class_weight: Any = None, sample_weight: Any = None, initial_epoch: int = 0,
            steps_per_epoch: int | None = None, validation_steps: int | None = None,
            validation_batch_size: int | None = None, validation_freq: Any = 1) -> History:
        """Train, and return the History of the epochs' results.

        x, y              arrays, tensors, lists or dicts of them; or x alone: a DataLoader, a generator, batches
        batch_size        32 unless given
        validation_split  the last part of the samples is kept for validation, before anything is shuffled
        validation_data   (x, y), (x, y, sample_weight) or batches, evaluated after every validation_freq-th epoch
        class_weight      {class: weight}; sample_weight: a weight for each sample
        """
        self._require_compiled()
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_off((x, y, sample_weight), validation_split)
        source = batches_of(x, y, sample_weight, batch_size, shuffle, steps_per_epoch, class_weight)
        validation = None if validation_data is None else self._validation_source(
            validation_data, validation_batch_size or batch_size, validation_steps)
        self._build_for_source(source)
        listed = self._callbacks(callbacks, verbose, epochs, source.num_batches, True)
        self.stop_training, self._initial_epoch = False, 0
        logs: dict[str, Any] = {}
        ours = type(self).train_step is Steps.train_step
        replayed = ReplayedSteps(self, source) if ours and can_replay(self, source, listed) else None
        strange = any(not type(one).__module__.startswith("minigrad.") for one in listed.callbacks)
        listed.tell("train_begin")
        for epoch in range(self._initial_epoch or initial_epoch, epochs):
            self.reset_metrics()
            listed.tell("epoch_begin", epoch)
            if replayed is not None and strange:
                replayed.reset()
                replayed = replayed if can_replay(self, source, listed) else None
            logs = self._run(source, "train", listed, replayed)
            if validation is not None and _is_due(epoch, validation_freq):
                results = self._evaluate(validation, listed)
                logs.update({f"val_{name}": value for name, value in results.items()})
            listed.tell("epoch_end", epoch, logs=logs)
            if self.stop_training:
                break
        if epochs > 0 and self.optimizer is not None:
            self.optimizer.finalize_variable_values(self._trained.variables)
        listed.tell("train_end", logs=logs)
        return self.history

    @staticmethod
    def _validation_source(data: Any, batch_size: int | None, steps: int | None) -> Any:
        plain = isinstance(data, tuple) or (isinstance(data, list) and len(data) in (2, 3) and not isinstance(
            data[0], (tuple, list)))
        x, y, weight = unpack(data) if plain else (data, None, None)
        return batches_of(x, y, weight, batch_size, False, steps)

    def _callbacks(self, given: Any, verbose: Any, epochs: int, steps: int | None, history: bool) -> CallbackList:
        if isinstance(given, CallbackList):
            return given
        if verbose not in ("auto", 0, 1, 2, True, False, None):
            raise ValueError(f"verbose must be 'auto', 0, 1 or 2, but is {verbose!r}")
        found = [one for one in tree.flatten(given) if one is not None] if given is not None else []
        own = next((one for one in found if isinstance(one, History)), None)
        if history and own is None:
            own = History()
            found.append(own)
        if verbose not in (0, None, False) and not any(isinstance(one, ProgbarLogger) for one in found):
            found.append(ProgbarLogger())
        if history:
            self.history = own
        level = 1 if verbose in ("auto", True) else verbose or 0
        return CallbackList(found, self, {"verbose": level, "epochs": epochs, "steps": steps})

    def _build_for_source(self, source: Any) -> None:
        """Make the weights of a model that has none yet: by calling it on a batch."""
        if not all(layer.built for layer in self._flatten_layers()):
            x = source.first()[0]
            with no_grad():
                self._forward(x, False)
        self._prepare()
        self._found_metrics = self._metrics_within()
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self._trained.variables)

    def _run(self, source: Any, how: str, callbacks: CallbackList,
             replayed: ReplayedSteps | None = None) -> dict[str, Any]:
        """The batches of an epoch, or an evaluation; the results."""
        cls, logs = type(self), None
        bar = self._bar(callbacks, how)
        if replayed is not None:
            for number in replayed.epoch():
                if bar is not None and bar.seen(number):
                    bar.draw(self._results(logs))
            return self._results(logs)
        ours = getattr(cls, f"{how}_step") is getattr(Steps, f"{how}_step")
        step = (self._train if how == "train" else self._test) if ours else None
        custom = getattr(self, f"{how}_step")
        begin, end = f"{how}_batch_begin", f"{how}_batch_end"
        at_begin, at_end = callbacks.listeners[begin], callbacks.listeners[end]
        every, pending = self.steps_per_execution, 0
        stopping = "stop_training" if how == "train" else "stop_evaluating"
        for number, (x, y, weight, count) in enumerate(source, 1):
            if at_begin and pending == 0:
                callbacks.batch(begin, number - 1)
            if step is not None:
                step(x, y, weight, count)
            else:
                logs = self._custom(custom, (x, y, weight), how)
            pending = (pending + 1) % every
            if at_end and (pending == 0 or number == source.num_batches):
                callbacks.batch(end, number - 1, self._results(logs))
            if bar is not None and bar.seen(number):
                bar.draw(self._results(logs))
            if self.__dict__.get(stopping):
                break
        return self._results(logs)

    @staticmethod
    def _custom(step: Callable, parts: tuple, how: str) -> Any:
        """A step of the user's own."""
        data = tuple(part for part in parts if part is not None) if parts[2] is None else parts
        if how == "train":
            return step(data)
        with no_grad():
            return step(data)

    @staticmethod
    def _bar(callbacks: CallbackList, how: str) -> ProgbarLogger | None:
        bar = next((one for one in callbacks.callbacks if type(one) is ProgbarLogger), None)
        return bar if bar is not None and bar.listens_to(how) else None

    # -- evaluation ----------------------------------------------------------------------------------------------------

    def evaluate(self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: Any = "auto",
                 sample_weight: Any = None, steps: int | None = None, callbacks: Any = None, return_dict: bool = False,
                 **kwargs: Any) -> Any:
        """The loss and the metrics: [loss, metric ...], the loss alone, or a dict of them."""
        self._require_compiled()
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        source = batches_of(x, y, sample_weight, batch_size, False, steps)
        self._build_for_source(source)
        logs = self._evaluate(source, self._callbacks(callbacks, verbose, 1, source.num_batches, False))
        return logs if return_dict else self._listed(logs)

    def _evaluate(self, source: Any, callbacks: CallbackList) -> dict[str, Any]:
        self.stop_evaluating = False
        source.reset()
        self.reset_metrics()
        callbacks.tell("test_begin")
        logs = self._run(source, "test", callbacks)
        callbacks.tell("test_end", logs=logs)
        return logs

    def predict(self, x: Any, batch_size: int | None = None, verbose: Any = "auto", steps: int | None = None,
                callbacks: Any = None) -> Any:
        """The outputs for all samples, as arrays."""
        source = batches_of(x, None, None, batch_size, False, steps)
        listed = self._callbacks(callbacks, verbose, 1, source.num_batches, False)
        own = type(self).predict_step is Steps.predict_step
        begin, end = listed.listeners["predict_batch_begin"], listed.listeners["predict_batch_end"]
        bar = self._bar(listed, "predict")
        self.stop_predicting = False
        found: list[Any] = []
        listed.tell("predict_begin")
        with no_grad():
            for x, _, _, _ in source:
                if begin:
                    listed.batch("predict_batch_begin", len(found))
                outputs = self._forward(x, False) if own else self.predict_step((x,))
                found.append(tree.map_structure(np.asarray, tree.map_structure(_detached, outputs)))
                if end:
                    listed.batch("predict_batch_end", len(found) - 1, {"outputs": found[-1]})
                if bar is not None and bar.seen(len(found)):
                    bar.draw(None)
                if self.stop_predicting:
                    break
        listed.tell("predict_end")
        return tree.map_structure(lambda *parts: np.concatenate(parts), *found)

    def _on_batch(self, how: str, x: Any, y: Any, weight: Any, class_weight: Any, return_dict: bool) -> Any:
        self._require_compiled()
        x, y, weight = map(as_data, (x, y, weight))
        if class_weight is not None:
            if weight is not None:
                raise ValueError("Arguments `sample_weight` and `class_weight` cannot be specified at the same time. "
                                 f"Received: sample_weight={weight}, class_weight={class_weight}")
            weight = class_weights_of(y, class_weight)
        source = batches_of(x, y, weight, max(tree.flatten(x)[0].array.shape[0], 1))
        self._build_for_source(source)
        self.reset_metrics()
        logs = self._run(source, how, CallbackList([], self, {}))
        return logs if return_dict else self._listed(logs)


def _detached(x: Any) -> Any:
    return getattr(x, "array", x)


def _is_due(epoch: int, frequency: Any) -> bool:
    """Whether to validate after this epoch: every so many, or those of a list (which counts from 1)."""
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    if isinstance(frequency, (list, tuple, set)):
        return epoch + 1 in frequency
    raise ValueError(f"Expected `validation_freq` to be a list or int. Received: validation_freq={frequency} of the "
                     f"type {type(frequency)}.")
