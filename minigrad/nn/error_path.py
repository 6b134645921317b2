"""Which layer failed: an error on its way up through the modules learns the path to the one that raised it."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["add_path"]

_HAS_NOTES = sys.version_info >= (3, 11)


class _Trail:
    """What is known so far: the module that raised, the last module passed, and the path from that one to the first."""

    def __init__(self, error: Exception, module: Any) -> None:
        self.culprit, self.last, self.path = module, module, ""
        self.args, self.note = error.args, ""


def add_path(error: Exception, module: Any) -> None:
    """Say "in Sequential.2 (Linear(...))" with the error. Every module that it passes through calls this.

    As a note of the exception; before Python 3.11, which has none, at the end of its message.
    """
    trail = getattr(error, "_module_trail", None)
    if trail is None:
        try:
            trail = error._module_trail = _Trail(error, module)
        except AttributeError:  # an exception with __slots__
            return
    elif trail.last is not module:
        step = next((name for name, child in module.named_modules() if child is trail.last), None)
        if step is None:
            return  # called from inside, but no submodule
        trail.path = f"{step}.{trail.path}" if trail.path else step
        trail.last = module
    _write(error, trail, _describe(trail, module))


def _describe(trail: _Trail, module: Any) -> str:
    if not trail.path:
        return f"in {_short(module)}"
    return f"in {module._get_name()}.{trail.path} ({_short(trail.culprit)})"


def _short(module: Any) -> str:
    """The module's repr, or only its name if that has several lines (or fails: it must not hide the error)."""
    try:
        text = repr(module)
    except Exception:
        return module._get_name()
    return module._get_name() if "\n" in text else text


def _write(error: Exception, trail: _Trail, note: str) -> None:
    """Put the note in place of the one that the module below put there."""
    if _HAS_NOTES:
        notes = getattr(error, "__notes__", [])
        if trail.note in notes:
            notes[notes.index(trail.note)] = note
        else:
            error.add_note(note)
    elif trail.args and isinstance(trail.args[0], str):
        error.args = (f"{trail.args[0]}\n{note}", *trail.args[1:])
    trail.note = note
