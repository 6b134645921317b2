"""What all of Keras's face shares: the element type of weights, and the small number that keeps divisors and logarithms
away from 0."""

from __future__ import annotations

import numpy as np

__all__ = ["backend", "dtype_of", "epsilon", "floatx", "image_data_format", "set_epsilon", "set_floatx"]

_FLOATS = ("float32", "float64")
_settings = {"floatx": "float32", "epsilon": 1e-7}


def floatx() -> str:
    """The name of the default element type: "float32"."""
    return str(_settings["floatx"])


def set_floatx(value: str) -> None:
    """Make it "float32" or "float64"."""
    if value not in _FLOATS:
        raise ValueError(f"Unknown `floatx` value: {value}. Expected one of {_FLOATS}")
    _settings["floatx"] = value


def dtype_of(dtype: object = None) -> np.dtype:
    """A NumPy dtype for Keras's name of it; floatx for None."""
    return np.dtype(floatx() if dtype is None else str(dtype).rpartition(".")[2])


def epsilon() -> float:
    """The small number: 1e-7."""
    return float(_settings["epsilon"])


def set_epsilon(value: float) -> None:
    _settings["epsilon"] = float(value)


def backend() -> str:
    """What computes: "minigrad"."""
    return "minigrad"


def image_data_format() -> str:
    """Where images have their channels: "channels_last"."""
    return "channels_last"
