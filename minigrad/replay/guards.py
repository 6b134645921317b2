"""Whether everything that a function reaches is still what it was: looked at before each replay, so all of it is made
of loops that run in C.
"""

from __future__ import annotations

from operator import attrgetter, is_
from typing import Any

import numpy as np

from minigrad import dtypes, tape
from minigrad.engine import Function
from minigrad.replay.reachable import ATOMS, Reachable, content

__all__ = ["Guards", "difference"]

_SMALL = 4096  # bytes of an array whose elements are compared: Python may read them
_content, _array = attrgetter("cell_contents"), attrgetter("array")


class Guards:
    """What a recording depends on besides its arguments."""

    def __init__(self, reached: Reachable) -> None:
        self.reached = reached
        self.changes = tape.changes[0]
        self.cells = [cell for _, cell, _ in reached.cells]
        self.in_cells = [found for _, _, found in reached.cells]
        self.names = [(names, name, found) for _, names, name, found in reached.names]
        held = reached.containers + reached.of_optimizers
        self.dicts = [(live, copy) for _, live, copy in held if hasattr(live, "values")]
        self.lists = [(live, copy) for _, live, copy in held if not hasattr(live, "values")]
        tensors = [tensor for _, tensor in reached.tensors.values()]
        self.tensors, self.arrays = tensors, [tensor.array for tensor in tensors]
        self.small = [(array, array.tobytes()) for _, array in reached.arrays.values() if array.nbytes <= _SMALL
                      and not any(np.may_share_memory(array, other) for other in self.arrays)]
        self.settings = _settings()
        self.flags = [(tensor, tensor.needs_grad, _hooks_of(tensor)) for tensor in tensors]

    def hold(self) -> bool:
        """Whether nothing has been exchanged since."""
        if tape.changes[0] != self.changes and not self.settings_hold():
            return False
        try:
            if not all(map(is_, map(_content, self.cells), self.in_cells)):
                return self._equal()
        except ValueError:  # a cell that is not filled
            return self._equal()
        for names, name, found in self.names:
            if names.get(name) is not found:
                return self._equal()
        for live, copy in self.lists:
            if len(live) != len(copy) or not all(map(is_, live, copy)):
                return self._equal()
        for live, copy in self.dicts:
            if len(live) != len(copy) or not all(map(is_, live.values(), copy.values())) or not all(
                    map(is_, live, copy)):
                return self._equal()
        for array, elements in self.small:
            if array.tobytes() != elements:
                return False
        return self._arrays_hold()

    def _arrays_hold(self) -> bool:
        return all(map(is_, map(_array, self.tensors), self.arrays))

    def settings_hold(self) -> bool:
        """Whether what tape.changes counts is as it was: nothing was counted, or something else has changed, or it was
        changed back."""
        counted = tape.changes[0]
        if counted == self.changes:
            return True
        same = (_settings() == self.settings and not _first_difference(self.reached.of_modules) and all(
            tensor.needs_grad == needs_grad and _hooks_of(tensor) == hooks for tensor, needs_grad, hooks in self.flags)
            and self._arrays_hold())
        if same:
            self.changes = counted
        return same

    def _equal(self) -> bool:
        """The same, where a number may be another object of the same value."""
        return difference(self.reached) is None and self._arrays_hold()


def difference(reached: Reachable, within: bool = False) -> str | None:
    """The path to something that is not what it was, or None. Within a run optimisers may start their state, but
    schedulers and their like may not go on."""
    for path, cell, found in reached.cells:
        if not _same(content(cell), found):
            return path
    for path, names, name, found in reached.names:
        if not _same(names.get(name), found):
            return path
    return _first_difference(reached.containers + (reached.of_others if within else reached.of_optimizers))


def _first_difference(held: list[tuple[str, Any, Any]]) -> str | None:
    for path, live, copy in held:
        if len(live) != len(copy) or not all(map(_same, live, copy)):
            return path or "a container"
        if hasattr(live, "values") and not all(map(_same, live.values(), copy.values())):
            return path or "a dict"
    return None


def _same(a: Any, b: Any) -> bool:
    """The same object, or an equal value; -0.0 is not 0.0."""
    return a is b or (type(a) is type(b) and isinstance(a, ATOMS) and repr(a) == repr(b))


def _settings() -> tuple:
    """What decides in general how operations run."""
    return dtypes.default_float(), Function._record


def _hooks_of(tensor: Any) -> Any:
    hooks = tensor._hooks
    return None if hooks is None else (dict(hooks.before), dict(hooks.after))
