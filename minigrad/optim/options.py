"""Checks of an optimiser's options."""

from __future__ import annotations

from typing import Any

from minigrad.tensor import Tensor

__all__ = ["refuse_differentiable", "require_nonnegative", "require_one_element"]


def require_nonnegative(value: Any, what: str) -> None:
    """ValueError unless value >= 0: negative and NaN are invalid."""
    if not value >= 0.0:
        raise ValueError(f"Invalid {what}: {value}")


def require_one_element(value: Any, name: str) -> None:
    """ValueError for a tensor of several elements in place of a number."""
    if isinstance(value, Tensor) and value.numel() != 1:
        raise ValueError(f"Tensor {name} must be 1-element")


def refuse_differentiable(differentiable: bool) -> None:
    if differentiable:
        raise NotImplementedError("differentiable=True is not offered: the update runs in C and is not recorded")
