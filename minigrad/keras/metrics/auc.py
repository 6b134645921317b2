"""AUC: the area under a curve over all thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.keras.config import epsilon
from minigrad.keras.losses.pairs import as_floats
from minigrad.keras.metrics.confusion import Counts, evenly
from minigrad.keras.metrics.metric import ratio
from minigrad.keras.tensors import as_array
from minigrad.ops.activation import sigmoid

__all__ = ["AUC"]

_CURVES = ("PR", "ROC", "PRGAIN")
_METHODS = ("interpolation", "majoring", "minoring")


def _one_of(value: str, known: tuple[str, ...], what: str) -> str:
    for name in known:
        if value in (name, name.lower(), name.capitalize()):
            return name
    raise ValueError(f"Invalid AUC {what} value: \"{value}\". Expected values are {list(known)}")


class AUC(Counts):
    """The area under a curve of the predictions, by a sum over thresholds.

    num_thresholds, thresholds  how many, evenly spaced in [0, 1]; or which
    curve                       "ROC": recall over false positive rate; "PR": precision over recall; "PRGAIN"
    summation_method            between two thresholds "interpolation", the lower ("minoring") or higher ("majoring")
    multi_label                 y_true and y_pred are (samples, labels): an area for each label, and their mean,
                                weighted by label_weights (which otherwise weigh the columns)
    """

    def __init__(self, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation",
                 name: str | None = None, dtype: Any = None, thresholds: Any = None, multi_label: bool = False,
                 num_labels: int | None = None, label_weights: Any = None, from_logits: bool = False) -> None:
        super().__init__(dtype, name)
        self.curve = _one_of(curve, _CURVES, "curve")
        self.summation_method = _one_of(summation_method, _METHODS, "summation method")
        self._given = None if thresholds is None else sorted(thresholds)
        if num_thresholds <= 1:
            raise ValueError(f"Argument `num_thresholds` must be an integer > 1. Received: "
                             f"num_thresholds={num_thresholds}")
        if num_labels and not multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        inner = evenly(num_thresholds)[1:-1] if self._given is None else self._given
        self.thresholds = [0.0 - epsilon(), *inner, 1.0 + epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.multi_label, self.num_labels, self._from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else np.asarray(label_weights, np.float64)
        self._built = False
        if not multi_label or num_labels:
            self._build(num_labels)

    def _build(self, labels: int | None) -> None:
        self._start(self.thresholds, shape=(labels,) if labels else ())
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self._from_logits:
            y_pred = sigmoid(as_floats(y_pred))
        shape = as_array(y_pred).shape
        if not self._built:
            if len(shape) != 2:
                raise ValueError(f"`y_pred` must have rank 2 when `multi_label=True`. Found rank {len(shape)}. Full "
                                 f"shape received for `y_pred`: {shape}")
            self._build(shape[1])
        labels, scores, weight = self._prepared(y_true, y_pred, sample_weight)
        if self.label_weights is not None and not self.multi_label:
            weight = weight * self.label_weights
        self._count(labels, scores, weight, shape[1] if self.multi_label else 1)

    def _area(self, increments: np.ndarray) -> Any:
        """The sum over the thresholds; with several labels the mean of theirs."""
        areas = increments.sum(0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        return ratio((areas * self.label_weights).sum(), self.label_weights.sum())

    def value(self) -> Any:
        if not self._built:
            return 0.0
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated_pr()
        if self.curve == "ROC":
            x, y = self._false_positive_rate(), self._recall()
        elif self.curve == "PR":
            x, y = self._recall(), self._precision()
        else:
            x, y = self._gains()
        low, high = y[:-1], y[1:]
        heights = {"interpolation": (low + high) / 2.0, "minoring": np.minimum(low, high),
                   "majoring": np.maximum(low, high)}[self.summation_method]
        return self._area((x[:-1] - x[1:]) * heights)

    def _gains(self) -> tuple[np.ndarray, np.ndarray]:
        """Recall gain and precision gain  (Flach and Kull, 2015)."""
        tp, fp, tn, fn = (getattr(self, name).array for name in (
            "true_positives", "false_positives", "true_negatives", "false_negatives"))
        scale = ratio(tp + fn, tn + fp)
        recall = np.where(tp == 0, 0.0, 1.0 - scale * ratio(fn, tp))
        return np.maximum(recall, 0.0), np.where(tp == 0, 1.0, 1.0 - scale * ratio(fp, tp))

    def _interpolated_pr(self) -> Any:
        """Between two thresholds true positives grow linearly with all positives  (Davis and Goadrich, 2006)."""
        tp, fn = self.true_positives.array, self.false_negatives.array
        positives = tp + self.false_positives.array
        gained, more = tp[:-1] - tp[1:], positives[:-1] - positives[1:]
        slope = ratio(gained, np.maximum(more, 0))
        intercept = tp[1:] - slope * positives[1:]
        both = (positives[:-1] > 0) & (positives[1:] > 0)
        growth = np.where(both, ratio(positives[:-1], positives[1:]), 1.0)
        return self._area(ratio(slope * (gained + intercept * np.log(growth)), tp[1:] + fn[1:]))

    def get_config(self) -> dict[str, Any]:
        weights = self.label_weights
        return {**super().get_config(), "num_thresholds": self.num_thresholds, "curve": self.curve,
                "summation_method": self.summation_method, "multi_label": self.multi_label,
                "num_labels": self.num_labels, "label_weights": None if weights is None else weights.tolist(),
                "from_logits": self._from_logits, **({} if self._given is None else {"thresholds": self._given})}
