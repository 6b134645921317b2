"""The libraries that can be compared here, by name; each None if it is not installed."""

from __future__ import annotations

import importlib
import os
from types import ModuleType


def find(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def use_threads(count: int) -> None:
    """Tell every library to use this many threads: on that many cores, and by its own settings. Call it before any of
    them is imported."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    for name in ("MINIGRAD_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(count)


def load() -> dict[str, ModuleType | None]:
    return {name: find(name) for name in ("minigrad", "numpy", "torch", "jax")}
