"""What compile was given for losses and metrics, laid out over a model's outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras import losses, metrics, tree
from minigrad.keras.metrics import Mean
from minigrad.tensor import Tensor

__all__ = ["CompiledLoss", "CompiledMetrics", "LossMean", "kind_of", "match"]


_OF_THE_LARGEST = (metrics.CategoricalAccuracy, metrics.SparseCategoricalAccuracy)
_OF_LOGITS = {"softmax": (losses.categorical_crossentropy, losses.sparse_categorical_crossentropy)}
_ENOUGH = 1 << 15  # numbers, for metrics to be worth computing


def kind_of(y_true: Any, y_pred: Any) -> str:
    """"binary", "sparse_categorical" or "categorical": what "accuracy" and "crossentropy" mean for these."""
    true, pred = y_true.array.shape, y_pred.array.shape
    if pred[-1:] == (1,):
        return "binary"
    sparse = len(true) < len(pred) or (true[-1:] == (1,) and len(pred) and pred[-1] > 1)
    return "sparse_categorical" if sparse else "categorical"


def _output_names(y_pred: Any, names: list[str] | None) -> list[str | None]:
    """A name for each of the outputs: the dict's keys, those of the model, or none."""
    if isinstance(y_pred, dict) and not any(map(tree.is_nested, y_pred.values())):
        return sorted(y_pred)
    return list(names) if names else [None] * len(tree.flatten(y_pred))


def match(given: Any, names: list[str | None], what: str, wanted: list[bool] | None = None) -> list[Any]:
    """One of what is given for each output: by name, or in order (for those outputs alone that are wanted, if that is
    how many there are). ValueError if that can't be done."""
    count = len(names)
    if isinstance(given, dict):
        unknown = [key for key in given if key not in names]
        if unknown:
            raise ValueError(f"Expected keys {names} in {what} dict, but found {what}.keys()={list(given)}")
        return [given.get(name) for name in names]
    items = tree.flatten(given) if what == "y_true" else list(given) if isinstance(given, (list, tuple)) else [given]
    if len(items) == count:
        return items
    if wanted is not None and len(items) == sum(wanted):
        remaining = iter(items)
        return [next(remaining) if want else None for want in wanted]
    raise ValueError(f"`{what}` must match the model's outputs: there are {count}, but got {len(items)} of {what}")


class LossMean(Mean):
    """The mean of the batches' losses, each as often as it has samples."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._waiting: list[tuple[Any, int]] = []

    def note(self, loss: Any, count: int) -> None:
        """Take a batch of so many samples into account: its loss is an array without axes."""
        self._waiting.append((loss, count))
        if len(self._waiting) > 1000:
            self.value()

    def value(self) -> Any:
        total, samples = float(self.total.array), float(self.count.array)
        for loss, count in self._waiting:
            total += float(loss) * count
            samples += count
        self.total.array[...], self.count.array[...] = total, samples
        self._waiting.clear()
        return super().value()

    def reset_state(self) -> None:
        self._waiting.clear()
        super().reset_state()


class CompiledLoss:
    """The sum of the outputs' losses, each times its weight. Where there are several, `trackers` has a mean of each."""

    def __init__(self, loss: Any, loss_weights: Any, names: list[str] | None) -> None:
        if loss_weights and not isinstance(loss_weights, (list, tuple, dict, float, int)):
            raise ValueError("Expected `loss_weights` argument to be a float (single output case) or a list, tuple, or "
                             f"dict (multiple output case). Received instead: loss_weights={loss_weights} of type "
                             f"{type(loss_weights)}")
        self._given, self._given_weights, self._model_names = loss, loss_weights, names
        self.built = False
        self.trackers: list[Mean] = []

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Find out what belongs to which output."""
        flat = tree.flatten(y_pred)
        self.names = _output_names(y_pred, self._model_names)
        several = tree.is_nested(self._given)
        given = match(self._given, self.names, "loss") if several else [self._given] * len(flat)
        self._wanted = [one is not None for one in given]
        truths = match(y_true, self.names, "y_true", self._wanted)
        self.losses = [None if one is None else losses.for_outputs(one, kind_of(t, p) if t is not None else None)
                       for one, t, p in zip(given, truths, flat)]
        weights = self._given_weights
        self.weights = [None] * len(flat) if weights is None else match(
            weights, self.names, "loss_weights", self._wanted)
        pairs = [(name, loss) for name, loss in zip(self.names, self.losses) if loss is not None]
        if len(pairs) > 1:
            self.trackers = [Mean(name=f"{name or loss.name}_loss") for name, loss in pairs]
        self._only = self.losses[0] if len(flat) == 1 and self.weights[0] is None else None
        self.built = True

    def takes_logits_of(self, activation: str) -> bool:
        """Whether the loss of what this activation gives is computed from the activation's input."""
        function = getattr(self._only, "fn", None) if self.built else None
        return function in _OF_LOGITS.get(activation, ()) and not self._only._fn_kwargs.get("from_logits")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch, as a tensor; None if no output has one."""
        if not self.built:
            self.build(y_true, y_pred)
        if self._only is not None and not tree.is_nested(y_true) and not tree.is_nested(y_pred):
            return self._only(y_true, y_pred, sample_weight)
        flat = tree.flatten(y_pred)
        truths = match(y_true, self.names, "y_true", self._wanted)
        given = match(sample_weight, self.names, "sample_weight", self._wanted) if tree.is_nested(
            sample_weight) else [sample_weight] * len(flat)
        trackers = iter(self.trackers)
        total = None
        for loss, weight, t, p, w in zip(self.losses, self.weights, truths, flat, given):
            if loss is None:
                continue
            value = loss(t, p, w)
            if self.trackers:
                next(trackers).update_state(value.detach(), p.array.shape[0] if p.array.ndim else 1)
            value = value if weight is None else value * float(weight)
            total = value if total is None else total + value
        return total


class CompiledMetrics:
    """The metrics of each output; those of weighted_metrics get the sample weights."""

    name = "compile_metrics"

    def __init__(self, given: Any, weighted: Any, names: list[str] | None) -> None:
        for what, one in (("metrics", given), ("weighted_metrics", weighted)):
            if one and not isinstance(one, (list, tuple, dict)):
                raise ValueError(f"Expected `{what}` argument to be a list, tuple, or dict. Received instead: "
                                 f"{what}={one} of type {type(one)}")
        self._given, self._weighted, self._model_names = given, weighted, names
        self.built = False
        self._named: list[tuple[str, Any]] = []
        self._of_outputs: list[tuple[int, Any, bool]] = []  # (number of the output, metric, whether it is weighted)
        self._can_wait = False  # whether several batches may be taken into account together, as one
        self._waiting: list[tuple[Any, Any]] = []
        self._size = 0

    @property
    def metrics(self) -> list[Any]:
        self._catch_up()
        return [metric for _, metric, _ in self._of_outputs]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the metrics, and their names in the logs."""
        flat = tree.flatten(y_pred)
        self.names = _output_names(y_pred, self._model_names)
        truths = match(y_true, self.names, "y_true", self._with_metrics(len(flat)))
        used: dict[str, int] = {}
        for given, weighted in ((self._given, False), (self._weighted, True)):
            for number, identifiers in enumerate(self._laid_out(given, len(flat))):
                for identifier in identifiers:
                    kind = kind_of(truths[number], flat[number])
                    metric = metrics.for_outputs(identifier, kind)
                    prefix = f"{self.names[number]}_" if len(flat) > 1 and self.names[number] else ""
                    name = f"{prefix}{metric.name}"
                    if weighted and name in used:
                        name = f"{prefix}weighted_{metric.name}"
                    count = used.get(name, 0)
                    used[name] = count + 1
                    self._named.append((f"{name}_{count}" if count else name, metric))
                    self._of_outputs.append((number, metric, weighted))
        self._can_wait = len(flat) == 1 and all(type(metric).__module__.startswith("minigrad.keras.metrics.") and type(
            metric) is not metrics.MeanMetricWrapper for _, metric, _ in self._of_outputs)
        self.built = True

    @property
    def can_join(self) -> bool:
        """Whether several batches without weights may be taken into account as one."""
        return self.built and self._can_wait

    def ranks_only(self) -> bool:
        """Whether all that matters of an output is which class has most: the same for logits and probabilities."""
        return self.built and all(type(metric) in _OF_THE_LARGEST for _, metric, _ in self._of_outputs)

    def _with_metrics(self, count: int) -> list[bool]:
        plain, weighted = self._laid_out(self._given, count), self._laid_out(self._weighted, count)
        return [bool(a or b) for a, b in zip(plain, weighted)]

    def _laid_out(self, given: Any, count: int) -> list[list[Any]]:
        """A list of metrics for each output."""
        if not given:
            return [[] for _ in range(count)]
        if count == 1:
            items = tree.flatten(given)
            return [items]
        if isinstance(given, dict) or len(given) == count:
            per_output = match(given, self.names, "metrics")
            return [[] if one is None else list(one) if isinstance(one, (list, tuple)) else [one]
                    for one in per_output]
        raise ValueError("Invalid `metrics`: it should contain metrics objects and either be a dict or a list matching "
                         f"the output names of the model {self.names}. Received: metrics={given}")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        if not self.built:
            self.build(y_true, y_pred)
        if self._can_wait and sample_weight is None and isinstance(y_true, Tensor):
            self._waiting.append((y_true.array, y_pred.array))
            self._size += y_pred.array.size + y_true.array.size
            if self._size > _ENOUGH:
                self._catch_up()
            return
        if not tree.is_nested(y_true) and not tree.is_nested(y_pred):
            for _, metric, weighted in self._of_outputs:
                metric.update_state(y_true, y_pred, sample_weight=sample_weight if weighted else None)
            return
        flat = tree.flatten(y_pred)
        truths = match(y_true, self.names, "y_true", self._with_metrics(len(flat)))
        weights = match(sample_weight, self.names, "sample_weight") if tree.is_nested(sample_weight) else [
            sample_weight] * len(flat)
        for number, metric, weighted in self._of_outputs:
            metric.update_state(truths[number], flat[number], sample_weight=weights[number] if weighted else None)

    def _catch_up(self) -> None:
        """Take what is waiting into account."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        if waiting:
            y_true, y_pred = (make(arrays[0] if len(arrays) == 1 else np.concatenate(arrays))
                              for arrays in zip(*waiting))
            for _, metric, _ in self._of_outputs:
                metric.update_state(y_true, y_pred)

    def result(self) -> dict[str, Any]:
        """The results by name."""
        self._catch_up()
        return {name: metric.result() for name, metric in self._named}

    def reset_state(self) -> None:
        self._waiting, self._size = [], 0
        for _, metric in self._named:
            metric.reset_state()
