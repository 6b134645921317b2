"""Counts of true and false positives and negatives at thresholds, and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.keras.config import epsilon
from minigrad.keras.losses.pairs import same_rank
from minigrad.keras.metrics.metric import Metric, ratio
from minigrad.keras.tensors import as_array

__all__ = ["Counts", "FalseNegatives", "FalsePositives", "Precision", "PrecisionAtRecall", "Recall",
           "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity", "TrueNegatives",
           "TruePositives"]

_LOWEST = -1e10  # the threshold, and the prediction, of what is not among the top k
_NAMES = ("true_positives", "false_positives", "true_negatives", "false_negatives")


def _as_list(x: Any) -> list[Any]:
    return list(x) if isinstance(x, (list, tuple, np.ndarray)) else [x]


def _checked_thresholds(thresholds: Any, default: float) -> list[float]:
    if thresholds is None:
        return [default]
    thresholds = _as_list(thresholds)
    invalid = [t for t in thresholds if t is None or t < 0 or t > 1]
    if invalid:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {invalid}")
    return thresholds


def evenly(count: int) -> list[float]:
    """`count` thresholds from 0 to 1."""
    return [i / (count - 1) for i in range(count)]


def _only_top(y_pred: np.ndarray, k: int) -> np.ndarray:
    """The k largest of each row, the first of equals; the others as low as can be."""
    top = np.argsort(-y_pred, -1, kind="stable")[..., :k]
    kept = np.full_like(y_pred, _LOWEST)
    np.put_along_axis(kept, top, np.take_along_axis(y_pred, top, -1), -1)
    return kept


class Counts(Metric):
    """The base: the sums of weights of true positives, false positives, true negatives and false negatives, of each
    threshold, or (threshold, label). A prediction is positive if it is above the threshold.

    thresholds  in ascending order if there are several hundred; even ones are found by multiplication, as Keras does
    """

    thresholds: Any
    _counted = _NAMES  # the counts that are kept

    def _start(self, thresholds: list[float], top_k: int | None = None, class_id: int | None = None,
               shape: tuple[int, ...] = ()) -> None:
        self._limits = np.asarray(thresholds, np.float32)
        count = len(self._limits)
        self._even = count > 2 and bool(np.allclose(np.clip(self._limits, 0, 1), evenly(count), atol=epsilon()))
        self.top_k, self.class_id = top_k, class_id
        for name in self._counted:
            setattr(self, name, self._sum(name, (count, *shape)))

    def _below(self, y_pred: np.ndarray) -> np.ndarray:
        """How many thresholds each prediction is above; a NaN counts as 0."""
        y_pred = np.where(np.isnan(y_pred), np.float32(0), y_pred)
        if not self._even:
            order = np.sort(self._limits)
            return np.searchsorted(order, y_pred, side="left")
        below = np.ceil(np.clip(y_pred, 0, 1) * np.float32(len(self._limits) - 1)).astype(np.int64)
        return np.maximum(below, 1) if self._limits[0] < 0 else below

    def _prepared(self, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels as bools, predictions and weights, of one shape."""
        y_pred, y_true = same_rank(as_array(y_pred).astype(np.float32), as_array(y_true))
        weight = np.ones((), np.float64)
        if sample_weight is not None:
            weight = as_array(sample_weight).astype(np.float64)[..., None]
            if weight.ndim == y_true.ndim + 1:
                weight = weight[..., 0]
        if self.top_k is not None:
            y_pred = _only_top(y_pred, self.top_k)
        if self.class_id is not None:
            if y_pred.ndim == 1:
                raise ValueError("When class_id is provided, y_pred must be a 2D array with shape (num_samples, "
                                 f"num_classes), found shape: {y_pred.shape}")
            y_true, y_pred = y_true[..., self.class_id, None], y_pred[..., self.class_id, None]
        return y_true.astype(bool), y_pred, np.broadcast_to(weight, y_pred.shape)

    def _count(self, y_true: np.ndarray, y_pred: np.ndarray, weight: np.ndarray, labels: int = 1) -> None:
        """Add to the four sums. With several labels, the last axis, each has its own."""
        size = len(self._limits) + 1
        below = (self._below(y_pred) + np.arange(labels) * size).ravel()
        positive, negative = (
            np.bincount(below, (weight * chosen).ravel(), labels * size).reshape(labels, size)
            for chosen in (y_true, ~y_true))
        above = [counts[:, ::-1].cumsum(1)[:, ::-1][:, 1:] for counts in (positive, negative)]
        rest = [counts.sum(1, keepdims=True) - over for counts, over in zip((positive, negative), above)]
        order = np.argsort(np.argsort(self._limits, kind="stable"), kind="stable")
        found = dict(zip(_NAMES, (*above, rest[1], rest[0])))
        for name in self._counted:
            array = getattr(self, name).array
            array += found[name].T[order].reshape(array.shape)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(*self._prepared(y_true, y_pred, sample_weight))

    # -- what the counts say, for each threshold -----------------------------------------------------------------------

    def _recall(self) -> np.ndarray:
        return ratio(self.true_positives.array, self.true_positives.array + self.false_negatives.array)

    def _precision(self) -> np.ndarray:
        return ratio(self.true_positives.array, self.true_positives.array + self.false_positives.array)

    def _specificity(self) -> np.ndarray:
        return ratio(self.true_negatives.array, self.true_negatives.array + self.false_positives.array)

    def _false_positive_rate(self) -> np.ndarray:
        return ratio(self.false_positives.array, self.false_positives.array + self.true_negatives.array)


class _AtThresholds(Counts):
    """One number for each threshold that the user gave, or a number if there is one."""

    def __init__(self, thresholds: Any = None, top_k: int | None = None, class_id: int | None = None,
                 name: str | None = None, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.thresholds = _checked_thresholds(thresholds, 0.5 if top_k is None else _LOWEST)
        self._start(self.thresholds, top_k, class_id)

    def _each(self) -> np.ndarray:
        raise NotImplementedError

    def value(self) -> Any:
        each = self._each()
        return each[0] if len(each) == 1 else each

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds, "top_k": self.top_k,
                "class_id": self.class_id}


class Precision(_AtThresholds):
    """true positives / all that were predicted positive"""

    _counted = ("true_positives", "false_positives")
    _each = Counts._precision


class Recall(_AtThresholds):
    """true positives / all that are positive"""

    _counted = ("true_positives", "false_negatives")
    _each = Counts._recall


def _counter(class_name: str, name: str) -> Any:
    """The metric that is one of the four counts."""

    class Counter(_AtThresholds):
        _counted = (name,)

        def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
            super().__init__(thresholds, name=name, dtype=dtype)

        def _each(self) -> np.ndarray:
            return getattr(self, name).array

        def get_config(self) -> dict[str, Any]:
            return {**Metric.get_config(self), "thresholds": self.init_thresholds}

    Counter.__name__ = Counter.__qualname__ = class_name
    Counter.__doc__ = f"The number of {name.replace('_', ' ')}."
    return Counter


TruePositives, FalsePositives, TrueNegatives, FalseNegatives = (
    _counter("".join(map(str.capitalize, name.split("_"))), name) for name in _NAMES)


def _best(class_name: str, option: str, constrained: Any, wanted: Any) -> Any:
    """The metric max wanted where constrained >= option, over thresholds from 0 to 1."""

    class Best(Counts):
        def __init__(self, *args: Any, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
                     dtype: Any = None, **limit: float) -> None:
            given = [*args, *limit.values()]
            if len(given) != 1 or set(limit) - {option}:
                raise TypeError(f"{class_name}() takes {option}, num_thresholds, class_id, name and dtype")
            super().__init__(dtype, name or None)
            self.limit, self.num_thresholds = given[0], num_thresholds
            setattr(self, option, self.limit)
            if not 0 <= self.limit <= 1:
                raise ValueError(f"Argument `{option}` must be in the range [0, 1]. Received: {option}={self.limit}")
            if num_thresholds <= 0:
                raise ValueError("Argument `num_thresholds` must be an integer > 0. Received: "
                                 f"num_thresholds={num_thresholds}")
            self.thresholds = [0.5] if num_thresholds == 1 else evenly(num_thresholds)
            self._start(self.thresholds, class_id=class_id)

        def value(self) -> Any:
            return np.max(np.where(constrained(self) >= self.limit, wanted(self), 0.0), initial=0.0)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "class_id": self.class_id, "num_thresholds": self.num_thresholds,
                    option: self.limit}

    Best.__name__ = Best.__qualname__ = class_name
    Best.__doc__ = f"The best {class_name.split('At')[0].lower()} at a threshold where {option} is at least this."
    return Best


SensitivityAtSpecificity = _best("SensitivityAtSpecificity", "specificity", Counts._specificity, Counts._recall)
SpecificityAtSensitivity = _best("SpecificityAtSensitivity", "sensitivity", Counts._recall, Counts._specificity)
PrecisionAtRecall = _best("PrecisionAtRecall", "recall", Counts._recall, Counts._precision)
RecallAtPrecision = _best("RecallAtPrecision", "precision", Counts._precision, Counts._recall)
