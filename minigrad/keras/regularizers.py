"""Penalties that are added to the loss: functions of a weight or an output, differentiable."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import epsilon
from minigrad.keras.registry import Registry
from minigrad.tensor import Tensor

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2",
           "orthogonal_regularizer", "serialize"]


def _factor(value: Any, name: str) -> float:
    if not isinstance(value, (float, int)) or not 0 <= value < math.inf:
        raise ValueError(f"Invalid value for argument {name}: expected a non-negative float. Received: {name}={value}")
    return float(value)


class Regularizer:
    """The base: subclasses define __call__(x), which returns a number as a tensor, and get_config."""

    def __call__(self, x: Tensor) -> Any:
        return 0.0

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(f"{self} does not implement get_config()")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


class L1L2(Regularizer):
    """l1 sum |x| + l2 sum x^2"""

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1, self.l2 = _factor(0.0 if l1 is None else l1, "l1"), _factor(0.0 if l2 is None else l2, "l2")

    def __call__(self, x: Tensor) -> Tensor:
        norms = (self.l1, Tensor.abs), (self.l2, Tensor.square)
        penalties = [function(x).sum() * factor for factor, function in norms if factor]
        return sum(penalties[1:], penalties[0]) if penalties else make(np.zeros((), x.array.dtype))

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """l1 sum |x|"""

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(L1L2):
    """l2 sum x^2"""

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """factor * the mean |cosine| between the rows, or columns, of a matrix"""

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError("Invalid value for argument `mode`. Expected one of {\"rows\", \"columns\"}. Received: "
                             f"mode={mode}")
        self.factor, self.mode = _factor(factor, "factor"), mode

    def __call__(self, x: Tensor) -> Tensor:
        if x.ndim != 2:
            raise ValueError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={x.shape}")
        rows = x if self.mode == "rows" else x.t()
        rows = rows * rows.square().sum(1, True).rsqrt().clamp(max=1.0 / epsilon())
        size = rows.shape[0]
        others = make((1.0 - np.eye(size)).astype(x.array.dtype))
        return (rows @ rows.t() * others).abs().sum() * (self.factor / (size * (size - 1.0)))

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

registry = Registry("regularizer", "keras.regularizers", {
    "L1": L1, "L2": L2, "L1L2": L1L2, "OrthogonalRegularizer": OrthogonalRegularizer, "l1": L1, "l2": L2, "l1_l2": L1L2,
    "l1l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer})
get, serialize, deserialize = registry.get, registry.serialize, registry.deserialize
