"""What the layers of one call share: whether it is training, and how deep the calls are nested."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["call_context", "calling", "name_scope"]


class _Context(threading.local):
    training: Any = None      # what the outermost call said; None outside
    depth = 0                 # how many calls of layers are going on
    scope: tuple[str, ...] = ()  # the names of the layers that are being built


call_context = _Context()


@contextmanager
def calling(training: Any) -> Iterator[None]:
    """Within, layers that are not told otherwise see this `training`."""
    before = call_context.training
    call_context.training = training
    call_context.depth += 1
    try:
        yield
    finally:
        call_context.training = before
        call_context.depth -= 1


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Within, the paths of new weights begin with this name, after those of the scopes around it."""
    before = call_context.scope
    call_context.scope = before if before[-1:] == (name,) else (*before, name)
    try:
        yield
    finally:
        call_context.scope = before
