"""How a time is taken: contestants in turn, A B C A B C ..., each for some milliseconds; medians over the rounds, and
the ratio of each to the first within the same round, so that a machine that slows down slows all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

ROUND_SECONDS = 0.02
ROUNDS = 7


def calibrate(function: Callable[[], object], seconds: float) -> int:
    """How many calls take about this long. Warms up on the way."""
    function()
    calls = 1
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            function()
        taken = time.perf_counter() - start
        if taken >= seconds / 4:
            return max(1, round(calls * seconds / taken))
        calls *= 2


def once(function: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def compare(contestants: dict[str, Callable[[], object]], quick: bool = False) -> dict[str, dict[str, float]]:
    """{name: {"seconds": median, "ratio": median of its time / the first's time in the same round}}"""
    calls = {name: calibrate(f, 0.002 if quick else ROUND_SECONDS) for name, f in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()
    for _ in range(2 if quick else ROUNDS):
        for name, function in contestants.items():
            times[name].append(once(function, calls[name]))
    first = next(iter(times.values()))
    return {name: {"seconds": statistics.median(t), "ratio": statistics.median(b / a for a, b in zip(first, t))}
            for name, t in times.items()}
