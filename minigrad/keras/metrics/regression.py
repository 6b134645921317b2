"""How far predictions are off, how much of the variance they explain, and the F scores of labels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minigrad.keras.config import epsilon
from minigrad.keras.losses import elementwise
from minigrad.keras.losses.pairs import same_rank
from minigrad.keras.metrics.metric import FunctionMetric, Mean, Metric
from minigrad.keras.tensors import as_array

__all__ = ["CosineSimilarity", "F1Score", "FBetaScore", "R2Score", "RootMeanSquaredError"]


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """cos of the angle between t and y: 1 where they point the same way, unlike the loss of this name"""
    return -elementwise.cosine_similarity(y_true, y_pred, axis)


class CosineSimilarity(FunctionMetric, function=cosine_similarity, name="cosine_similarity", dtype=None, axis=-1):
    pass


class RootMeanSquaredError(Mean):
    """sqrt(mean (t - y)^2)"""

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
        super().update_state(np.square(y_pred - y_true.astype(y_pred.dtype)), sample_weight)

    def value(self) -> Any:
        return np.sqrt(super().value())


def _matrices(y_true: Any, y_pred: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
    if y_true.ndim != 2 or y_pred.ndim != 2:
        raise ValueError(f"{name} expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
                         f"y_pred.shape={y_pred.shape} and y_true.shape={y_true.shape}.")
    return y_true.astype(np.float64), y_pred.astype(np.float64)


class R2Score(Metric):
    """1 - sum (t - y)^2 / sum (t - mean t)^2, for each output; 0 where the divisor is 0.

    class_aggregation  "uniform_average": their mean; "variance_weighted_average"; None: each
    num_regressors     of the adjusted score: 1 - (1 - R2) (n - 1) / (n - num_regressors - 1)
    """

    def __init__(self, class_aggregation: str | None = "uniform_average", num_regressors: int = 0,
                 name: str | None = "r2_score", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ValueError(f"Invalid value for argument `class_aggregation`. Expected one of {known}. Received: "
                             f"class_aggregation={class_aggregation}")
        if num_regressors < 0:
            raise ValueError("Invalid value for argument `num_regressors`. Expected a value >= 0. Received: "
                             f"num_regressors={num_regressors}")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self._sum("num_samples")
        self._built = False

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, y = _matrices(y_true, y_pred, "R2Score")
        if not self._built:
            for name in ("squared_sum", "sum", "total_mse", "count"):
                setattr(self, name, self._sum(name, (y.shape[1],)))
            self._built = True
        weight = np.asarray(1.0 if sample_weight is None else as_array(sample_weight), np.float64)
        weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, t.shape)
        self.sum.array += (t * weight).sum(0)
        self.squared_sum.array += (t * t * weight).sum(0)
        self.total_mse.array += (np.square(t - y) * weight).sum(0)
        self.count.array += weight.sum(0)
        self.num_samples.array += t.size

    def value(self) -> Any:
        if not self._built:
            return np.nan
        with np.errstate(all="ignore"):
            total = self.squared_sum.array - self.sum.array ** 2 / self.count.array
            scores = 1.0 - self.total_mse.array / total
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "uniform_average":
                scores = scores.mean()
            elif self.class_aggregation is not None:
                scores = (total * scores).sum() / total.sum()
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, scores: Any) -> Any:
        free = self.num_samples.array - self.num_regressors - 1
        if free > 0:
            return 1.0 - (1.0 - scores) * (self.num_samples.array - 1) / free
        what = "Division by zero in Adjusted" if free == 0 else (
            "More independent predictors than datapoints in adjusted")
        warnings.warn(f"{what} R2 score. Falling back to standard R2 score.", stacklevel=4)
        return scores

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "class_aggregation": self.class_aggregation,
                "num_regressors": self.num_regressors}


class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall) of each label.

    average    None: of each; "micro": of all labels together; "macro": their mean; "weighted": by how often they occur
    threshold  above it a label is predicted; None: the largest of each row is
    """

    def __init__(self, average: str | None = None, beta: float = 1.0, threshold: float | None = None,
                 name: str | None = "fbeta_score", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError("Invalid `average` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. "
                             f"Received: average={average}")
        for what, value, most in (("beta", beta, np.inf), ("threshold", threshold, 1.0)):
            if value is not None and not (isinstance(value, float) and 0.0 < value <= most):
                raise ValueError(f"Invalid `{what}` argument value. It should be a Python float, and 0 < {what} <= "
                                 f"{most:g}. Received: {what}={value} of type '{type(value)}'")
        self.average, self.beta, self.threshold = average, beta, threshold
        self._built = False

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, y = _matrices(y_true, y_pred, type(self).__name__)
        if not self._built:
            for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
                setattr(self, name, self._sum(name, () if self.average == "micro" else (y.shape[1],)))
            self._built = True
        y = (y > self.threshold) if self.threshold is not None else (y >= y.max(-1, keepdims=True)) & (np.abs(y) > 1e-9)
        weight = np.ones((len(y), 1)) if sample_weight is None else as_array(sample_weight).astype(np.float64)[:, None]
        for sums, terms in ((self.true_positives, y * t), (self.false_positives, y * (1 - t)),
                            (self.false_negatives, (1 - y) * t), (self.intermediate_weights, t)):
            sums.array += (terms * weight).sum(None if self.average == "micro" else 0)

    def value(self) -> Any:
        if not self._built:
            return 0.0
        tp, counts = self.true_positives.array, self.intermediate_weights.array
        precision = tp / (tp + self.false_positives.array + epsilon())
        recall = tp / (tp + self.false_negatives.array + epsilon())
        square = self.beta ** 2
        score = (1 + square) * precision * recall / (square * precision + recall + epsilon())
        if self.average == "weighted":
            return (score * counts / (counts.sum() + epsilon())).sum()
        return score if self.average is None else score.mean()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """2 precision recall / (precision + recall) of each label: FBetaScore with beta 1."""

    def __init__(self, average: str | None = None, threshold: float | None = None, name: str | None = "f1_score",
                 dtype: Any = None) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config
