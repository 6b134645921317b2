"""Warnings that point at the caller's own line: the first one outside this package."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

__all__ = ["calling_module", "warn"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _frames(frame: Any) -> Any:
    """This frame and those that called it, as long as they are of this package."""
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        yield frame
        frame = frame.f_back


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """A warning at the line that called into this package."""
    inside = sum(1 for _ in _frames(sys._getframe(1)))
    warnings.warn(message, category, stacklevel=inside + 2)


def calling_module(suffix: str) -> Any:
    """The module that the caller called, if its class has a name that ends so; else None."""
    for frame in _frames(sys._getframe(1)):
        owner = frame.f_locals.get("self")
        if type(owner).__name__.endswith(suffix):
            return owner
    return None
