"""Whether a program's kernels share their work with the pool of threads."""

from __future__ import annotations

from statistics import median_low
from time import perf_counter
from typing import Any

from minigrad.native import ffi, get_num_threads, lib

__all__ = ["Sharing"]

_AGAIN = 2.0           # seconds of replays alone between two trials: other processes come and go
_WORTH_SHARING = 5e-5  # seconds: a shorter program is not shared
_GAIN = 0.95           # sharing must take less than this part of the time alone
_ENOUGH = 20           # replays of a trial, of which a long one counts as _LONG ...
_LONG = 5              # ... if it has as many steps
_LONG_SECONDS = 0.02   # ... or takes as long


class Sharing:
    """Alone or with the pool kept awake: what is faster is found by doing either in turn, now and then.

    Neither is always right. Two virtual cores may be halves of one, or busy with something else, and that changes.
    """

    def __init__(self) -> None:
        self.share = 0
        self._left = 0         # steps until the next trial
        self._alone = 0.0      # seconds of a step alone, at the last trial
        self._times: tuple[list[float], list[float]] = [], []
        self._done = 0

    def replay(self, call: tuple[Any, ...], steps: int) -> int:
        """mg_replay of so many steps; what it returns."""
        if self.share:
            start = perf_counter()
            stopped = lib.mg_replay(*call, steps, 1, ffi.NULL)
            if perf_counter() - start > steps * self._alone:
                self.share = self._left = 0
            return stopped
        self._left -= steps
        if self._left < 0:
            return self._try(call, steps)
        return lib.mg_replay(*call, steps, 0, ffi.NULL)

    def _try(self, call: tuple[Any, ...], steps: int) -> int:
        alone, shared = self._times
        way = len(alone) > len(shared)
        start = perf_counter()
        stopped = lib.mg_replay(*call, steps, way, ffi.NULL)
        took = perf_counter() - start
        self._times[way].append(took / steps)
        self._done += 1 if steps < _LONG and took < _LONG_SECONDS else _LONG
        if get_num_threads() == 1 or alone[-1] < _WORTH_SHARING:
            self._decide(False)
        elif shared and self._done >= _ENOUGH:
            self._decide(median_low(shared) < _GAIN * median_low(alone))
        return stopped

    def _decide(self, share: bool) -> None:
        self.share, self._alone = int(share), median_low(self._times[0])
        self._left = int(_AGAIN / max(self._alone, 1e-7))
        self._times, self._done = ([], []), 0
