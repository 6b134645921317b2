"""Real Keras, on JAX, as the referee. Tests that need it skip where it is not installed."""

from __future__ import annotations

import functools
import importlib.util
import os
from typing import Any

import numpy as np
import pytest

_SPEC = importlib.util.find_spec("keras")
HAS_KERAS = _SPEC is not None and _SPEC.origin is not None  # this directory itself looks like a package without origin
needs_keras = pytest.mark.skipif(not HAS_KERAS, reason="compares with Keras, which is not installed")


@functools.cache
def theirs() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    return pytest.importorskip("keras")


def array(x: Any) -> np.ndarray:
    """A tensor or a variable of either library as an array."""
    if hasattr(x, "array"):
        return np.array(x.array)
    return np.asarray(getattr(x, "value", x))
