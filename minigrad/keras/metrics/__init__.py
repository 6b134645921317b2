"""Metrics: classes, functions and names. metric.update_state(y_true, y_pred, sample_weight) for each batch, then
metric.result()."""

from __future__ import annotations

import inspect
from typing import Any

from minigrad.keras.losses import elementwise
from minigrad.keras.losses.crossentropy import *
from minigrad.keras.losses.elementwise import *
from minigrad.keras.metrics import losses
from minigrad.keras.metrics.auc import *
from minigrad.keras.metrics.confusion import *
from minigrad.keras.metrics.losses import *
from minigrad.keras.metrics.matching import *
from minigrad.keras.metrics.metric import Mean, MeanMetricWrapper, Metric, Sum
from minigrad.keras.metrics.regression import *
from minigrad.keras.naming import to_snake_case
from minigrad.keras.registry import Registry
from minigrad.names import package_getattr

_CLASSES = {name: value for name, value in list(globals().items()) if inspect.isclass(value) and issubclass(
    value, Metric) and name not in ("Counts", "FunctionMetric")}
_SHORT = {"bce": losses.BinaryCrossentropy, "mse": losses.MeanSquaredError, "mae": losses.MeanAbsoluteError,
          "mape": losses.MeanAbsolutePercentageError, "msle": losses.MeanSquaredLogarithmicError}

_UP = ("AUC", "CosineSimilarity", "F1Score", "FBetaScore", "Precision", "PrecisionAtRecall", "R2Score", "Recall",
       "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity")
for _name, _class in _CLASSES.items():
    if _name in _UP or "Accuracy" in _name:
        _class._direction = "up"
    elif _name in losses.__all__ or _name == "RootMeanSquaredError":
        _class._direction = "down"

registry = Registry("metric", "keras.metrics", {
    **_CLASSES, **{to_snake_case(name): value for name, value in _CLASSES.items()},
    **_SHORT, **{name.upper(): value for name, value in _SHORT.items()}})
get, serialize, deserialize = registry.get, registry.serialize, registry.deserialize

mse = MSE = elementwise.mean_squared_error
mae = MAE = elementwise.mean_absolute_error
mape = MAPE = elementwise.mean_absolute_percentage_error
msle = MSLE = elementwise.mean_squared_logarithmic_error


def for_outputs(identifier: Any, kind: str | None) -> Metric:
    """The Metric for what compile was given; "accuracy" and "acc" are that of the outputs' kind: "binary",
    "sparse_categorical" or "categorical". A string is its name."""
    if identifier is None:
        raise ValueError("Expected metric, received `None`")
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        metric = get(f"{kind}_accuracy")
    else:
        metric = get(identifier)
    name = identifier if isinstance(identifier, str) else getattr(
        metric, "name", getattr(metric, "__name__", to_snake_case(type(metric).__name__)))
    if not isinstance(metric, Metric):
        metric = MeanMetricWrapper(metric)
    metric.name = name
    return metric


_ABSENT = dict.fromkeys(("BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "ConcordanceCorrelation",
                         "PearsonCorrelation", "concordance_correlation", "pearson_correlation"),
                        "not offered: subclass Metric, or give compile a function of (y_true, y_pred)")

__getattr__ = package_getattr("minigrad.keras.metrics", _ABSENT)
