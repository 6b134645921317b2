"""How far everything is, measured in floating-point operations, so that the estimate of the time holds for runs of any
size: a bar of tqdm on a terminal, and plain lines elsewhere or without tqdm."""

from __future__ import annotations

import sys
import time
from typing import Any

from paper.protocol import Run

try:
    from tqdm import tqdm
except ImportError:
    tqdm = None

LINE_SECONDS = 60.0  # between two plain lines


class Progress:
    """runs: all of them; waiting: those that are not finished. Epochs done in an earlier start count as done."""

    def __init__(self, runs: list[Run], waiting: list[Run]) -> None:
        self.cost = {run.name: run.flops() for run in runs}
        self.epochs = {run.name: run.epochs for run in runs}
        self.at: dict[str, int] = {run.name: 0 for run in waiting}
        self.total = sum(self.cost.values())
        self.done = self.total - sum(self.cost[run.name] for run in waiting)
        self.new = 0.0  # operations since this start
        self.start = self.last_line = time.monotonic()
        self.started: set[str] = set()
        self.bar = None
        if len(waiting) < len(runs):
            print(f"{len(runs) - len(waiting)} of {len(runs)} runs are finished", flush=True)
        if tqdm is None:
            print("no progress bar: pip install tqdm to have one", flush=True)
        elif sys.stderr.isatty():
            self.bar = tqdm(total=self.total, initial=self.done, unit="FLOP", unit_scale=True, smoothing=0.05)

    def epoch(self, name: str, epoch: int) -> None:
        """This run has ended so many epochs."""
        step = self.cost[name] * (epoch - self.at[name]) / max(1, self.epochs[name])
        self.at[name] = epoch
        self.done += step
        if name in self.started:  # the first message of a run says where its checkpoint is
            self.new += step
        self.started.add(name)
        if self.bar is not None:
            self.bar.update(step)
            self.bar.set_postfix_str(self._active())
        elif time.monotonic() - self.last_line >= LINE_SECONDS:
            self.last_line = time.monotonic()
            self._say(f"{self.done / self.total:6.1%}   {self._left()}   {self._active()}")

    def end(self, run: Run, result: dict[str, Any] | None) -> None:
        """A run has ended, with a result or without."""
        if self.at[run.name] < run.epochs and result is not None:
            self.epoch(run.name, run.epochs)
        self.started.discard(run.name)
        if result is None:
            self._say(f"{run.name}: failed")
            return
        numbers = ", ".join(f"{name.replace('_', ' ')} {result[name]:.4g}" for name in run.measures
                            if isinstance(result[name], float))
        self._say(f"{run.name}: {numbers}   ({result['cpu_seconds']:.0f} s of one processor)")

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def _active(self) -> str:
        return ", ".join(f"{name} {self.at[name]}/{self.epochs[name]}" for name in sorted(self.started))

    def _left(self) -> str:
        if not self.new:
            return "time left not known yet"
        minutes = (self.total - self.done) / (self.new / (time.monotonic() - self.start)) / 60
        return f"about {minutes:.0f} min left"

    def _say(self, line: str) -> None:
        line = f"{time.strftime('%H:%M:%S')}   {line}"
        if self.bar is not None:
            self.bar.write(line)
        else:
            print(line, flush=True)
