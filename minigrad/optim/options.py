"""Checks of an optimiser's options."""

from __future__ import annotations

from typing import Any

from minigrad import dtypes
from minigrad.tensor import Tensor

__all__ = ["checked", "in_scalar_precision", "scalars_are_single"]

# What must not be negative (a NaN is invalid too), and what PyTorch calls it.
_NONNEGATIVE = {"lr": "learning rate", "lr_decay": "lr_decay value", "momentum": "momentum value",
                "eps": "epsilon value", "weight_decay": "weight_decay value", "alpha": "alpha value",
                "momentum_decay": "momentum_decay value",
                "initial_accumulator_value": "initial_accumulator_value value"}


def checked(**options: Any) -> dict[str, Any]:
    """The options as a group's defaults. ValueError for one that is out of its range, NotImplementedError for
    differentiable=True."""
    for name, value in options.items():
        if name in _NONNEGATIVE:
            if isinstance(value, Tensor) and value.numel() != 1:
                raise ValueError(f"Tensor {name} must be 1-element")
            if not value >= 0.0:
                raise ValueError(f"Invalid {_NONNEGATIVE[name]}: {value}")
        elif name == "betas":
            _check_betas(*value)
    if options.get("fused") and options.get("foreach"):
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if options.get("differentiable"):
        raise NotImplementedError("differentiable=True is not offered: the update runs in C and is not recorded")
    return options


def _check_betas(*betas: Any) -> None:
    for index, beta in enumerate(betas):
        if isinstance(beta, Tensor) and beta.numel() != 1:
            raise ValueError(f"Tensor betas[{index}] must be 1-element")
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {beta}")


def scalars_are_single() -> bool:
    """Whether a state's numbers (NAdam's product, ASGD's eta and mu) are rounded to single precision: PyTorch keeps
    them in the default dtype, whatever the parameter's."""
    return dtypes.default_float().itemsize == 4


def in_scalar_precision(value: Any) -> float:
    return float(dtypes.default_float().type(float(value)))
