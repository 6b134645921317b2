"""Where the package tells a recording (replay/recorder.py) what it must know. Almost always there is none."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Watched", "active", "bump", "changes", "constant", "refuse", "rewritten"]

active: Any = None  # the Recorder at work, in whichever thread
changes = [0]       # goes up when a module, a parameter or an optimiser is changed in a way that recordings depend on


def bump() -> None:
    """Recordings made so far must look again whether they still hold."""
    changes[0] += 1


class Watched(dict):
    """A dict whose changes recordings hear of: a module's tables of its parts."""

    def __setitem__(self, key: Any, value: Any) -> None:
        changes[0] += 1
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        changes[0] += 1
        super().__delitem__(key)

    def pop(self, *args: Any) -> Any:
        changes[0] += 1
        return super().pop(*args)

    def clear(self) -> None:
        changes[0] += 1
        super().clear()

    def update(self, *args: Any, **kwargs: Any) -> None:
        changes[0] += 1
        super().update(*args, **kwargs)


def constant(array: np.ndarray) -> np.ndarray:
    """The array, in which no tensor's elements have gone: a recording may keep its content."""
    if active is not None:
        active.constant(array)
    return array


def rewritten(array: np.ndarray, how: str) -> None:
    """NumPy gave the array new constants: a recording may keep them, if it also saw the array being made."""
    if active is not None:
        active.rewritten(array, how)


def refuse(what: str) -> None:
    """What happens now cannot be recorded, whatever is being recorded: it depends on elements that change."""
    if active is not None:
        active.refuse(what)
