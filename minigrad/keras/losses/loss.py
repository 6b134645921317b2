"""Loss: a function of (y_true, y_pred) that gives a value per sample, weighted and reduced."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import dtype_of, floatx
from minigrad.keras.losses.pairs import as_tensor, same_rank
from minigrad.keras.naming import auto_name
from minigrad.tensor import Tensor

__all__ = ["Loss", "LossFunctionWrapper", "apply_mask", "mask_of", "reduce_values"]

_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
_REDUCTIONS = ("sum_over_batch_size", "sum", None, "none", "mean", "mean_with_sample_weight")


def mask_of(x: Any) -> np.ndarray | None:
    """Which elements of a tensor count, if a layer or a loss noted it."""
    return getattr(x, "_keras_mask", None)


def apply_mask(weight: Tensor | None, mask: np.ndarray | None, dtype: np.dtype, reduction: Any) -> Tensor | None:
    """The weights times the mask; for a mean the mask is scaled so that what does not count is not counted either."""
    if mask is None:
        return weight
    array = np.asarray(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        valid = array.sum()
        array = array * (array.size / valid if valid else 0)
    if weight is None:
        return make(array)
    masked, weight = same_rank(make(array), weight)
    return weight * masked


def reduce_values(values: Tensor, weight: Any = None, mask: np.ndarray | None = None,
                  reduction: Any = "sum_over_batch_size") -> Tensor:
    """The values times their weights: each of them, their sum, or their mean (the weights count in "mean_with_..."
    alone; without values it is 0)."""
    dtype = values.array.dtype
    weight = apply_mask(None if weight is None else as_tensor(weight, dtype), mask, dtype, reduction)
    if weight is not None:
        values, weight = same_rank(values, weight)
        values = values * weight
    if reduction in (None, "none") or values.array.shape in ((), (0,)):
        return values
    if reduction == "sum":
        return values.sum()
    if reduction == "mean_with_sample_weight" and weight is not None:
        total = weight.sum()
        return values.sum() / total if total.array != 0 else values.sum() * 0.0
    return values.mean() if values.array.size else values.sum()


class Loss:
    """The base of losses: subclasses define call(y_true, y_pred), which returns a value per sample.

    reduction  "sum_over_batch_size" or "mean": the mean of the values; "sum"; None or "none": the values;
               "mean_with_sample_weight": their mean weighted by the weights
    """

    def __init__(self, name: str | None = None, reduction: Any = "sum_over_batch_size", dtype: Any = None) -> None:
        if reduction not in _REDUCTIONS:
            raise ValueError(f"Invalid value for argument `reduction`. Expected one of {set(_REDUCTIONS)}. Received: "
                             f"reduction={reduction}")
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self._dtype = dtype_of(dtype or floatx())

    @property
    def dtype(self) -> str:
        return self._dtype.name

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        raise NotImplementedError("a Loss subclass defines call(self, y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The loss of a batch: the values times their sample weights, reduced."""
        mask = mask_of(y_pred)
        y_true, y_pred = self._converted(y_true, y_pred)
        values = self.call(y_true, y_pred)
        own = mask_of(values)
        if mask is not None and own is not None:
            mask = mask & own
        return reduce_values(values, sample_weight, own if mask is None else mask, self.reduction)

    def _converted(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        """y_true and y_pred as tensors of the loss's dtype."""
        return as_tensor(y_true, self._dtype), as_tensor(y_pred, self._dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


class LossFunctionWrapper(Loss):
    """The loss of a function fn(y_true, y_pred, **kwargs).

    Two attributes of the function are known here: batch_mean(y_true, y_pred, **kwargs), which computes the mean over
    the whole batch in one kernel, or returns None where it can't, is used when there are no weights; takes_classes says
    that y_true is whole numbers, which stay what they are.
    """

    def __init__(self, fn: Any, reduction: Any = "sum_over_batch_size", name: str | None = None, dtype: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(name, reduction, dtype)
        self.fn, self._fn_kwargs = fn, kwargs
        self._batch_mean = getattr(fn, "batch_mean", None) if reduction in _MEANS else None

    def _converted(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        if getattr(self.fn, "takes_classes", False):
            y_true = y_true if isinstance(y_true, Tensor) else make(np.asarray(y_true))
            return y_true, as_tensor(y_pred, self._dtype)
        return super()._converted(y_true, y_pred)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        y_true, y_pred = same_rank(y_true, y_pred)
        values = self.fn(y_true, y_pred, **self._fn_kwargs)
        if not isinstance(values, Tensor):
            raise TypeError(f"the loss function {self.name} must return a tensor computed from y_pred, but it returned "
                            f"{values!r}")
        return values

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        if self._batch_mean is not None and sample_weight is None and mask_of(y_pred) is None:
            y_true, y_pred = self._converted(y_true, y_pred)
            if y_true.array.ndim != y_pred.array.ndim:
                y_true, y_pred = same_rank(y_true, y_pred)
            loss = self._batch_mean(y_true, y_pred, **self._fn_kwargs)
            if loss is not None:
                return loss
        return super().__call__(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self.fn, **self._fn_kwargs}

    def __repr__(self) -> str:
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"
