"""A recording's first replay runs beside the function itself: both must give the same bits.

Guards cover what can be known. This covers the rest: a random number of Python's, a counter, the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine import TensorBase
from minigrad.replay.outputs import leaves_of
from minigrad.replay.recorder import NotRecordable
from minigrad.replay.recording import MISS, Recording

__all__ = ["verify"]


def verify(recording: Recording, function: Callable[[], Any], tensors: list[Any]) -> Any:
    """function(), beside a replay from the same state; recording.failure says it if the two differ. MISS if the
    recording does not hold for this call."""
    if not recording.ready():
        return MISS
    held = [region for region in recording.held if region.kind == "held"]
    before, grads_before = [region.snapshot() for region in held], [param._grad for param in recording.gradients.params]
    copies = [tensor.detach().clone() for tensor in tensors] if recording.writes_input else tensors
    try:
        replayed = recording.replay(copies)
        if replayed is MISS:
            return MISS
        seen: Any = _contents(replayed), _gradients(recording)
        after = [region.snapshot() for region in held]
    except IndexError:  # an index out of range, which the function will find, too
        seen = None
    finally:
        for region, content in zip(held, before):
            region.fill(content)
        for param, grad in zip(recording.gradients.params, grads_before):
            param._grad = grad
    result = function()
    recording.verified = seen == (_contents(result), _gradients(recording)) and all(
        region.holds(content) for region, content in zip(held, after))
    if not recording.verified:
        recording.failure = NotRecordable("a second call did something else than the first: it depends on something "
                                          "that changes from call to call")
    return result


def _content(tensor: Any) -> bytes:
    return np.ascontiguousarray(tensor.array).tobytes()


def _contents(result: Any) -> list[Any]:
    return [_content(leaf) if isinstance(leaf, TensorBase) else leaf for leaf in leaves_of(result)]


def _gradients(recording: Recording) -> list[Any]:
    return [None if param._grad is None else _content(param._grad) for param in recording.gradients.params]
