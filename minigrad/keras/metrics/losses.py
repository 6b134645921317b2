"""Losses as metrics: their mean over the samples."""

from __future__ import annotations

from typing import Any

from minigrad.keras.losses import crossentropy, elementwise
from minigrad.keras.metrics.metric import FunctionMetric

__all__ = ["BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalHinge", "Hinge", "KLDivergence",
           "LogCoshError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
           "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge"]


def _metric(class_name: str, function: Any, name: str | None = None, **options: Any) -> Any:
    """The metric of a loss function and its options."""

    class Wrapped(FunctionMetric, function=function, name=name or function.__name__, dtype=None, **options):
        pass

    Wrapped.__name__ = Wrapped.__qualname__ = class_name
    return Wrapped


MeanSquaredError = _metric("MeanSquaredError", elementwise.mean_squared_error)
MeanAbsoluteError = _metric("MeanAbsoluteError", elementwise.mean_absolute_error)
MeanAbsolutePercentageError = _metric("MeanAbsolutePercentageError", elementwise.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _metric("MeanSquaredLogarithmicError", elementwise.mean_squared_logarithmic_error)
LogCoshError = _metric("LogCoshError", elementwise.log_cosh, "logcosh")
Hinge = _metric("Hinge", elementwise.hinge)
SquaredHinge = _metric("SquaredHinge", elementwise.squared_hinge)
CategoricalHinge = _metric("CategoricalHinge", elementwise.categorical_hinge)
KLDivergence = _metric("KLDivergence", elementwise.kl_divergence)
Poisson = _metric("Poisson", elementwise.poisson)
BinaryCrossentropy = _metric("BinaryCrossentropy", crossentropy.binary_crossentropy, from_logits=False,
                             label_smoothing=0)
CategoricalCrossentropy = _metric("CategoricalCrossentropy", crossentropy.categorical_crossentropy, from_logits=False,
                                  label_smoothing=0, axis=-1)
SparseCategoricalCrossentropy = _metric("SparseCategoricalCrossentropy", crossentropy.sparse_categorical_crossentropy,
                                        from_logits=False, ignore_class=None, axis=-1)
