"""What weights are brought back to after each step: functions of a weight that return the weight to have.

Norms are taken along `axis`: 0 for a kernel (inputs, outputs), which gives one norm per unit, of its incoming weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import epsilon
from minigrad.keras.registry import Registry
from minigrad.nn.utils.max_norm import max_norm_
from minigrad.tensor import Tensor

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm",
           "min_max_norm", "non_neg", "serialize", "unit_norm"]


def _array(w: Any) -> np.ndarray:
    return w.array if isinstance(w, Tensor) else np.asarray(w)


class Constraint:
    """The base: subclasses define __call__(w), which returns a new tensor, and get_config."""

    def __call__(self, w: Any) -> Any:
        return w

    def constrain_(self, variable: Tensor) -> None:
        """Bring a variable back in place: what an optimizer does after a step."""
        variable.array[...] = _array(self(variable))
        variable.count_change()

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


class _NormConstraint(Constraint):
    """w * wanted(norm) / (epsilon + norm)"""

    axis: Any = 0

    def wanted(self, norms: np.ndarray) -> Any:
        raise NotImplementedError

    def __call__(self, w: Any) -> Tensor:
        array = _array(w)
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        norms = np.sqrt(np.square(array).sum(axis, keepdims=True))
        return make(array * (self.wanted(norms) / (norms + array.dtype.type(epsilon()))).astype(array.dtype))


class MaxNorm(_NormConstraint):
    """Columns longer than max_value are shortened to it. After an optimizer's step one kernel does it in place, where
    shorter columns keep every bit; Keras shortens them, too, by the factor 1 - 1e-7 / norm at each step."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def constrain_(self, variable: Tensor) -> None:
        if variable.array.ndim == 2 and self.axis in (0, 1) and self.max_value > 0:
            max_norm_(variable, self.max_value, 1 - self.axis)
        else:
            super().constrain_(variable)

    def wanted(self, norms: np.ndarray) -> Any:
        return np.clip(norms, 0, self.max_value)

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class UnitNorm(_NormConstraint):
    """Columns get length 1."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def wanted(self, norms: np.ndarray) -> Any:
        return np.ones_like(norms)

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(_NormConstraint):
    """Columns go the part `rate` of the way to a length between min_value and max_value."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def wanted(self, norms: np.ndarray) -> Any:
        return self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


class NonNeg(Constraint):
    """Negative weights become 0."""

    def __call__(self, w: Any) -> Tensor:
        return make(np.maximum(_array(w), 0))


max_norm, unit_norm, non_neg, min_max_norm = MaxNorm, UnitNorm, NonNeg, MinMaxNorm

registry = Registry("constraint", "keras.constraints", {
    "MaxNorm": MaxNorm, "UnitNorm": UnitNorm, "NonNeg": NonNeg, "MinMaxNorm": MinMaxNorm, "max_norm": MaxNorm,
    "unit_norm": UnitNorm, "non_neg": NonNeg, "min_max_norm": MinMaxNorm, "maxnorm": MaxNorm, "unitnorm": UnitNorm,
    "nonneg": NonNeg, "minmaxnorm": MinMaxNorm})
get, serialize, deserialize = registry.get, registry.serialize, registry.deserialize
