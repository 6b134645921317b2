"""Compiled: a function that is recorded when it is called, and replayed from then on."""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import tape
from minigrad.engine import TensorBase
from minigrad.grad_mode import mode
from minigrad.nn.caller import warn
from minigrad.replay.outputs import leaves_of, rebuilt
from minigrad.replay.reachable import ATOMS
from minigrad.replay.recorder import NotRecordable, SideEffect
from minigrad.replay.recording import MISS, Recording, record
from minigrad.replay.verification import verify

__all__ = ["Compiled", "reset"]

LIMIT = 8  # recordings for one signature, before the function is called as it is; signatures that are kept
UNUSED = 32  # recordings one after another that were never used again, before no more are made

_all: weakref.WeakSet[Compiled] = weakref.WeakSet()


def reset() -> None:
    """Forget all recordings of all functions."""
    for compiled in list(_all):
        compiled.reset()


class Compiled:
    """A function whose calls are recorded, one recording per signature, and replayed.

    The first call with a signature (shapes, types, other arguments, which gradients there are) runs the function and
    records it; the second runs it again beside a replay, which must give the same bits; later calls are replays.
    """

    def __init__(self, function: Callable, fullgraph: bool = False, quiet: bool = False) -> None:
        functools.update_wrapper(self, function, updated=())
        if not hasattr(self, "__name__"):
            self.__name__ = type(function).__name__
        self._function, self._fullgraph = function, fullgraph
        self._recordings: dict[Any, list[Recording]] = {}  # by signature, least recently used first
        self._last: Recording | None = None
        self._refused: dict[Any, int] = {}  # signature -> how often it could not be recorded
        self._unused = 0  # how many recordings were made since one was used again
        self._warned = quiet
        self._lock = threading.Lock()
        _all.add(self)

    def reset(self) -> None:
        """Forget the recordings."""
        with self._lock:
            self._recordings, self._last, self._refused, self._unused = {}, None, {}, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        last = self._last
        if last is not None and not kwargs and last.verified and self._lock.acquire(False):
            try:
                if last.takes(args):
                    result = last.replay(args)
                    if result is not MISS:
                        return result
            finally:
                self._lock.release()
        return self._find(args, kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: each instance has recordings of its own, kept with it."""
        if instance is None:
            return self
        name = f"_compiled_{self.__name__}"
        found = instance.__dict__.get(name)
        if found is None:
            found = instance.__dict__[name] = type(self)(self._function.__get__(instance, owner), self._fullgraph)
        return found

    def __reduce__(self) -> tuple:
        """A copy has no recordings yet."""
        return type(self), (self._function, self._fullgraph)

    def many(self, rows: np.ndarray) -> Any:
        """What each row gives as the only argument, stacked, by one call of C; MISS if that can't be done now."""
        last = self._last
        if last is None or not last.repeats or last.shapes != [rows.shape[1:]] or not self._lock.acquire(False):
            return MISS
        try:
            return last.replay_many(rows)
        finally:
            self._lock.release()

    # -- which recording -----------------------------------------------------------------------------------------------

    def _find(self, args: tuple, kwargs: dict) -> Any:
        """A call that the last recording does not take."""
        if tape.active is not None or not self._lock.acquire(False):
            return self._function(*args, **kwargs)  # within another recording, or while another thread replays
        try:
            leaves = leaves_of((args, kwargs))
            tensors = [leaf for leaf in leaves if isinstance(leaf, TensorBase)]
            key = self._signature(args, kwargs, leaves)
            found = self._recordings.pop(key, [])
            self._recordings[key] = found
            for recording in found:
                result = self._use(key, recording, args, kwargs, tensors)
                if result is not MISS:
                    self._unused = 0
                    self._last = recording if not kwargs and len(tensors) == len(args) else None
                    return result
            if len(found) >= LIMIT and key not in self._refused:
                self._failed(key, NotRecordable(f"what it depends on has changed {LIMIT} times, and each time it had "
                                                "to be recorded again"))
            while len(self._recordings) > LIMIT:
                del self._recordings[next(iter(self._recordings))]
            if self._unused >= UNUSED:
                self._complain(NotRecordable(f"its arguments were others at each of {UNUSED} calls: pass a number that "
                                             "changes as a tensor"))
                return self._function(*args, **kwargs)
            if self._refused.get(key, 0) > 1:
                return self._function(*args, **kwargs)
            return self._record(key, args, kwargs, tensors)
        finally:
            self._lock.release()

    def _signature(self, args: tuple, kwargs: dict, leaves: list[Any]) -> Any:
        """What two calls must share to share recordings."""
        parts: list[Any] = [len(args), *kwargs, mode.enabled, mode.inference]
        for leaf in leaves:
            if isinstance(leaf, TensorBase):
                flags = leaf.array.flags
                parts.append((leaf.array.shape, leaf.array.dtype, leaf.needs_grad, flags.c_contiguous, flags.writeable))
            else:
                parts.append((type(leaf), repr(leaf)) if isinstance(leaf, ATOMS) else id(leaf))
        return str(rebuilt((args, kwargs), iter([0] * len(leaves)))), tuple(parts)

    def _use(self, key: Any, recording: Recording, args: tuple, kwargs: dict, tensors: list[Any]) -> Any:
        if recording.verified:
            return recording.replay(tensors)
        result = verify(recording, lambda: self._function(*args, **kwargs), tensors)
        if recording.failure is not None:
            self._recordings[key].remove(recording)
            self._failed(key, recording.failure)
        return result

    # -- recording -----------------------------------------------------------------------------------------------------

    def _record(self, key: Any, args: tuple, kwargs: dict, tensors: list[Any]) -> Any:
        if any(tensor.needs_grad for tensor in tensors):
            self._failed(key, NotRecordable("an argument requires grad: detach() it, or make it part of the model"))
            return self._function(*args, **kwargs)
        first = key not in self._refused
        result, recording, failure = record(self._function, args, kwargs, self._fullgraph and not first)
        if recording is not None:
            self._recordings[key].append(recording)
            self._unused += 1
        elif failure is not None:
            self._failed(key, failure)
        return result

    def _failed(self, key: Any, failure: NotRecordable) -> None:
        """Remember that, and say it; but a first call may change something to get ready."""
        count = self._refused.get(key, 0)
        if len(self._refused) > 16 * LIMIT:
            self._refused.clear()
        self._unused += 1
        self._refused[key] = count + (1 if isinstance(failure, SideEffect) and not count else LIMIT)
        if self._refused[key] > 1:
            self._complain(failure)

    def _complain(self, failure: NotRecordable) -> None:
        if self._fullgraph:
            raise failure
        if not self._warned:
            self._warned = True
            warn(f"minigrad.compile: {self.__name__} runs as it is, not recorded: {failure}. fullgraph=True makes this "
                 "an error.")
