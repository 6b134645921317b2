"""torch.compiler's names: what belongs to minigrad.compile."""

from __future__ import annotations

from typing import Any

from minigrad import tape
from minigrad.replay.compiled import reset
from minigrad.replay.public import compile
from minigrad.replay.recorder import NotRecordable

__all__ = ["NotRecordable", "compile", "disable", "is_compiling", "reset"]


def is_compiling() -> bool:
    """Whether a function is being recorded right now."""
    return tape.active is not None


def disable(fn: Any = None, recursive: bool = True) -> Any:
    """A function that is not recorded: a step that calls it runs as it is."""
    if fn is None:
        return disable

    def call(*args: Any, **kwargs: Any) -> Any:
        tape.refuse(f"{getattr(fn, '__name__', fn)}, which is disabled,")
        return fn(*args, **kwargs)

    return call
