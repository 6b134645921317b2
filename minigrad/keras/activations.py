"""Activations, of tensors, arrays and KerasTensors, and by name: Dense(8, activation="relu")."""

from __future__ import annotations

from typing import Any

from minigrad.keras import nonlinear
from minigrad.keras.ops.functions import PUBLIC

__all__ = [*nonlinear.__all__]

deserialize, linear, serialize = nonlinear.deserialize, nonlinear.linear, nonlinear.serialize


def gelu(x: Any, approximate: bool = False) -> Any:
    """x Phi(x); with approximate by tanh"""
    return PUBLIC["gelu"](x, approximate)


def exponential(x: Any) -> Any:
    """e^x"""
    return PUBLIC["exp"](x)


def get(identifier: Any) -> Any:
    """The activation of a name, a dict or a callable; linear for None. ValueError for what is none of them."""
    found = nonlinear.get(identifier)
    public = globals().get(getattr(found, "__name__", ""))
    return public if getattr(public, "_in_layers", None) is found else found


for _function in (gelu, exponential):
    _function._in_layers = getattr(nonlinear, _function.__name__)
globals().update({name: PUBLIC[name] for name in nonlinear.__all__ if name in PUBLIC and name not in globals()})
