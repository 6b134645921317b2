"""Progbar: one line that tells how far a loop is, how long it takes, and the numbers that it gathers.

On a terminal the line is drawn anew, with colours, at most every `interval` seconds. Elsewhere it is written once, when
the loop is done, without control codes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

__all__ = ["Progbar"]

_BOLD, _GREEN, _GREY, _END = "\033[1m", "\033[32m", "\033[37m", "\033[0m"


def _is_dynamic() -> bool:
    """Whether what is written can be drawn over: on a terminal, and in a notebook."""
    return bool(getattr(sys.stdout, "isatty", lambda: False)()) or "ipykernel" in sys.modules


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:  # a terminal without the bar's character
        sys.stdout.write(text.replace("━", "-").encode("ascii", "replace").decode())
    sys.stdout.flush()


def _per_unit(seconds: float, unit: str) -> str:
    """"3ms/step" """
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/{unit}"
    return f"{seconds * 1e3:.0f}ms/{unit}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{unit}"


def _left(seconds: float) -> str:
    """"12s", "1:05" or "2:00:09" """
    seconds = int(seconds)
    minutes, rest = divmod(seconds, 60)
    if seconds > 3600:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{seconds}s"


class Progbar:
    """Says `current/target`, a bar, the time left or taken, and the mean of each value so far.

    target             how many steps there will be; None if that is not known
    verbose            0: nothing; 1: the bar; 2: a line at the end
    stateful_metrics   the names of values that are shown as they are, not their mean; or, the other way round,
    stateless_metrics  of those whose mean is shown
    """

    def __init__(self, target: int | None, width: int = 20, verbose: int = 1, interval: float = 0.05,
                 stateful_metrics: Iterable[str] | None = None, stateless_metrics: Iterable[str] | None = None,
                 unit_name: str = "step") -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Only one of `stateful_metrics` or `stateless_metrics` can be provided.")
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self._all_but = stateless_metrics is None  # the names are those whose mean is not shown
        self._named = set(stateful_metrics or stateless_metrics or ())
        self._dynamic = _is_dynamic()
        self._values: dict[str, list[Any]] = {}  # name -> [sum, how many steps it is of]
        self._seen = self._drawn_width = 0
        self._start = time.time()
        self._last_update = 0.0
        self._after_first: float | None = None

    def update(self, current: int, values: Iterable[tuple[str, Any]] | None = None,
               finalize: bool | None = None) -> None:
        """Step `current` is done, with these (name, value) pairs. finalize: the loop is; None if current = target."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._gather(name, value, current, finalize)
        self._seen = current
        now = time.time()
        each = self._each(current, now)
        if self.verbose == 1 and (finalize or (self._dynamic and now - self._last_update >= self.interval)):
            self._draw(current, now, each, finalize)
            self._last_update = now
        elif self.verbose == 2 and finalize and self.target:
            _write(f"{self._count(current)} - {now - self._start:.0f}s - {_per_unit(each, self.unit_name)}"
                   f"{self._shown(float)}\n")

    def due(self) -> bool:
        """Whether update would draw anything before the end."""
        return self.verbose == 1 and self._dynamic and time.time() - self._last_update >= self.interval

    def first_done(self) -> None:
        """The first step is done, without drawing."""
        self._after_first = time.time()

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """n more steps are done."""
        self.update(self._seen + n, values)

    def _gather(self, name: str, value: Any, current: int, finalize: bool) -> None:
        mean = (name in self._named) != self._all_but
        if finalize or not mean:
            self._values[name] = [value, 1]
            return
        steps = max(current - self._seen, 1)
        total = self._values.setdefault(name, [0, 0])
        total[0] += value * steps
        total[1] += steps

    def _each(self, current: int, now: float) -> float:
        """Seconds per step. The first is not counted when there are more: much is done there for the first time."""
        if not current:
            return 0.0
        if self._after_first is not None and current > 1:
            each = (now - self._after_first) / (current - 1)
        else:
            each = (now - self._start) / current
        if current == 1:
            self._after_first = now
        return each

    def _count(self, current: int) -> str:
        return f"{current:>{len(str(self.target))}}/{self.target}"

    def _shown(self, size: Callable[[float], float] = abs) -> str:
        """" - loss: 0.1234 - accuracy: 0.9000", with an exponent for numbers whose size is near 0. (In the line at the
        end Keras takes numbers below 0 for small.)"""
        parts = []
        for name, (total, steps) in self._values.items():
            mean = float(np.mean(total)) / max(1, steps)
            parts.append(f" - {name}: {mean:.4f}" if size(mean) > 1e-3 else f" - {name}: {mean:.4e}")
        return "".join(parts)

    def _draw(self, current: int, now: float, each: float, finalize: bool) -> None:
        """The line: bold, green and grey on a terminal, where it takes the place of the one before."""
        bold, green, grey, end = (_BOLD, _GREEN, _GREY, _END) if self._dynamic else ("",) * 4
        left = _left(each * (self.target - current)) if self.target and not finalize else f"{now - self._start:.0f}s"
        if self.target:
            count, full = self._count(current), int(self.width * current / self.target)
            bar = (f"{green}{'━' * full}{end}" if full else "") + f"{grey}{'━' * (self.width - full)}{end}"
            head, length = f"{bold}{count}{end} {bar}", len(count) + 1 + self.width
        else:
            head = f"{current:7d}/Unknown"
            length = len(head)
        tail = f" {_per_unit(each, self.unit_name)}{self._shown()}"
        length += 1 + len(left) + len(tail)
        text = f"{head} {bold}{left}{end}{tail}"
        if self._dynamic:
            text = "\b" * self._drawn_width + "\r" + text + " " * (self._drawn_width - length)
        _write(text + "\n" * finalize)
        self._drawn_width = length
