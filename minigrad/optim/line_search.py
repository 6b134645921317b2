"""A line search for the strong Wolfe conditions  (Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and
3.6, with the safeguards of Schmidt's minFunc, which PyTorch's LBFGS has)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Point", "strong_wolfe"]


class Point(NamedTuple):
    """f(x + t d), its gradient, and its slope along d."""

    t: Any
    f: Any
    gradient: np.ndarray
    slope: Any


def strong_wolfe(evaluate: Callable[[Any], Point], start: Point, t: Any, d_norm: float, most: int, c1: float = 1e-4,
                 c2: float = 0.9, tolerance: float = 1e-9) -> tuple[Point, int]:
    """A point with f <= f0 + c1 t slope0 and |slope| <= c2 |slope0|, from the first trial t; the best one found if
    `most` trials after the first, or a bracket with t d below `tolerance`, give none. And the number of evaluations."""
    def falls_too_little(point: Point) -> bool:
        return point.f > start.f + c1 * point.t * start.slope

    def is_flat(point: Point) -> bool:
        return abs(point.slope) <= -c2 * start.slope

    before, new, trials = start, evaluate(t), 0
    while trials < most:  # until the minimum lies between two points
        if falls_too_little(new) or (trials > 1 and new.f >= before.f):
            break
        if is_flat(new):
            return new, trials + 1
        if new.slope >= 0:
            break
        t = _cubic_minimum(before, new, new.t + 0.01 * (new.t - before.t), new.t * 10)
        before, new, trials = new, evaluate(t), trials + 1
    else:
        before = start
    ends, stuck = [before, new], False
    low = 0 if before.f <= new.f else 1  # which end is the lower one
    while trials < most and not abs(ends[1].t - ends[0].t) * d_norm < tolerance:
        t, stuck = _within(ends, stuck)
        new, trials = evaluate(t), trials + 1
        if falls_too_little(new) or new.f >= ends[low].f:
            ends[1 - low] = new
            low = 0 if ends[0].f <= ends[1].f else 1
            continue
        done = is_flat(new)
        if not done and new.slope * (ends[1 - low].t - ends[low].t) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = new
        if done:
            break
    return ends[low], trials + 1


def _within(ends: list[Point], stuck: bool) -> tuple[Any, bool]:
    """The next trial, at the minimum of the cubic through both ends, but the second time in a row not within a tenth of
    an end; and whether it is that close."""
    first, last = sorted(end.t for end in ends)
    t, room = _cubic_minimum(ends[0], ends[1], first, last), 0.1 * (last - first)
    if not min(last - t, t - first) < room:
        return t, False
    if not (stuck or t >= last or t <= first):
        return t, True
    return (last - room if abs(t - last) < abs(t - first) else first + room), False


def _cubic_minimum(a: Point, b: Point, low: Any, high: Any) -> Any:
    """Where the cubic with the values and slopes of two points is lowest, within bounds; their middle if nowhere."""
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    d2 = np.sqrt(square)
    if a.t > b.t:
        a, b = b, a
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(t, low), high)
