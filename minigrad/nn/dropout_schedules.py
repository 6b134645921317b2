"""Dropout whose rate changes while a network learns: a schedule says the rate of each step, a scheduler sets it.

    scheduler = nn.utils.DropoutScheduler(model, nn.utils.early_dropout(0.1, steps=5000))
    for x, y in data:
        ...
        optimizer.step()
        scheduler.step()

At a rate of 0 dropout is the identity and draws nothing, so its random numbers stand still.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.nn.functional.noises import check_count
from minigrad.nn.layers.dropping import Drops
from minigrad.nn.module import Module
from minigrad.ops.dropout import check_probability

__all__ = ["DropoutScheduler", "curriculum_dropout", "early_dropout", "late_dropout", "linear_dropout"]

Schedule = Callable[[int], float]  # step 0, 1, 2 ... -> rate


def early_dropout(p: float, steps: int, decay: bool = False) -> Schedule:
    """Rate p, or one that falls linearly from p if decay is set, in the first steps; 0 from then on.

    Against underfitting (Liu et al.: Dropout reduces underfitting, ICML 2023).
    """
    p, steps = check_probability(p), check_count(steps, "early_dropout: steps")
    return lambda step: 0.0 if step >= steps else p * (1.0 - step / steps) if decay else p


def late_dropout(p: float, steps: int) -> Schedule:
    """Rate 0 in the first steps, p from then on: against overfitting (Liu et al., 2023)."""
    p, steps = check_probability(p), check_count(steps, "late_dropout: steps")
    return lambda step: p if step >= steps else 0.0


def linear_dropout(start: float, end: float, steps: int) -> Schedule:
    """From rate start at step 0 to end at step `steps`, in a line; end from then on."""
    start, end, steps = check_probability(start), check_probability(end), check_count(steps, "linear_dropout: steps")
    return lambda step: end if step >= steps else start + (end - start) * (step / steps)


def curriculum_dropout(p: float, steps: int, gamma: float | None = None) -> Schedule:
    """Rate p (1 - e^(-gamma step)), gamma = 10 / steps: from 0 to nearly p (Morerio: Curriculum dropout, 2017)."""
    p, steps = check_probability(p), check_count(steps, "curriculum_dropout: steps")
    gamma = 10.0 / steps if gamma is None else gamma
    if not 0.0 < gamma < math.inf:
        raise ValueError(f"curriculum_dropout: gamma has to be positive and finite, but got {gamma}")
    return lambda step: -p * math.expm1(-gamma * step)


class DropoutScheduler:
    """Sets p of dropout layers to schedule(step), now and at each step().

    layers    a module, whose dropout layers with a rate p are meant, or a list of such layers
    schedule  step -> rate, such as early_dropout(0.1, 5000); ValueError where it leaves [0, 1]
    """

    def __init__(self, layers: Module | list[Module], schedule: Schedule, last_step: int = 0) -> None:
        found = layers.modules() if isinstance(layers, Module) else layers
        self.layers = [layer for layer in found if isinstance(layer, Drops)]
        if not self.layers or (not isinstance(layers, Module) and len(self.layers) != len(layers)):
            raise ValueError("DropoutScheduler: expected dropout layers with a rate p, or a module that holds some")
        self.schedule, self.last_step = schedule, last_step
        self._set()

    def _set(self) -> None:
        rate = check_probability(self.schedule(self.last_step))
        for layer in self.layers:
            layer.p = rate

    def step(self) -> None:
        """Go on to the next step's rate."""
        self.last_step += 1
        self._set()

    def get_last_rate(self) -> float:
        return self.layers[0].p

    def state_dict(self) -> dict[str, Any]:
        """Where it stands; the schedule, a function, is not in it."""
        return {"last_step": self.last_step}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.last_step = state_dict["last_step"]
        self._set()
