"""Names: of functions and classes that others make; and what a package answers when it is asked for a name that it does
not hold: a part loaded on first use, or a clear word on what PyTorch has and minigrad does not (PEP 562)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

__all__ = ["named", "package_getattr"]

M = TypeVar("M")


def named(made: M, name: str, doc: str | None) -> M:
    """A function or class that is one of many made alike, with the name and the docstring of its own."""
    made.__name__ = made.__qualname__ = name  # type: ignore[attr-defined]
    made.__doc__ = doc
    return made


def package_getattr(package: str, absent: Mapping[str, str] | None = None,
                    late: Mapping[str, str] | None = None) -> Callable[[str], Any]:
    """A package's __getattr__.

    absent  name -> why it is not there, or what to use instead
    late    name -> the module that holds it, or that it is, loaded when first asked for
    """

    def __getattr__(name: str) -> Any:
        source = (late or {}).get(name)
        if source is None:
            reason = (absent or {}).get(name)
            raise AttributeError(f"module '{package}' has no attribute '{name}'" + (f": {reason}" if reason else ""))
        module = importlib.import_module(source)
        value = module if source == f"{package}.{name}" else getattr(module, name)
        setattr(sys.modules[package], name, value)  # found directly from now on
        return value

    return __getattr__
