"""OneCycleLR: one rise and one long fall of the learning rate."""

from __future__ import annotations

import math
from typing import Any

from minigrad.optim.lr_scheduler.base import one_per_group, require_optimizer
from minigrad.optim.lr_scheduler.cycle import MomentumCycle
from minigrad.optim.optimizer import Optimizer

__all__ = ["OneCycleLR"]


def _along_cosine(start: Any, end: Any, part: float) -> Any:
    return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)


def _along_line(start: Any, end: Any, part: float) -> Any:
    return (end - start) * part + start


_ANNEAL = {"cos": _along_cosine, "linear": _along_line}


class OneCycleLR(MomentumCycle):
    """From max_lr / div_factor up to max_lr in pct_start of all steps, and down to a final_div_factor-th of where it
    started; along a cosine or a line. three_phase: down to the start as long as up, then on to the end
    (Smith and Topin, 2018).

    total_steps, or epochs and steps_per_epoch, says how many steps there are. cycle_momentum: momentum (or beta1) goes
    the other way, from max_momentum to base_momentum and back.
    """

    def __init__(self, optimizer: Optimizer, max_lr: float | list[float], total_steps: int | None = None,
                 epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
                 anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: float | list[float] = 0.85,
                 max_momentum: float | list[float] = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
                 three_phase: bool = False, last_epoch: int = -1) -> None:
        require_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _number_of_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in _ANNEAL:
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        max_lrs = one_per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, max_lrs):
                group["initial_lr"], group["max_lr"] = highest / div_factor, highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_unless_within_step()
        t, phases, anneal = self.last_epoch, self._schedule_phases, _ANNEAL[self._anneal_func_type]
        if t > self.total_steps:
            raise ValueError(f"Tried to step {t} times. The specified number of total steps is {self.total_steps}")
        at = next((i for i, phase in enumerate(phases) if t <= phase["end_step"]), len(phases) - 1)
        phase, start = phases[at], phases[at - 1]["end_step"] if at else 0.0
        part = (t - start) / (phase["end_step"] - start)
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                self._set_momentum(group, anneal(group[phase["start_momentum"]], group[phase["end_momentum"]], part))
        return [anneal(group[phase["start_lr"]], group[phase["end_lr"]], part) for group in groups]


def _number_of_steps(total_steps: Any, epochs: Any, steps_per_epoch: Any) -> int:
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    given = {"total_steps": total_steps} if total_steps is not None else {
        "epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return math.prod(given.values())


def _phases(total: int, part: float, three: bool) -> list[dict[str, Any]]:
    """Where each phase ends, and the group's options between which it goes."""
    rise, fall = float(part * total) - 1, float(2 * part * total) - 2
    if three:
        rows = [(rise, "initial_lr", "max_lr", "max_momentum", "base_momentum"),
                (fall, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
                (total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
    else:
        rows = [(rise, "initial_lr", "max_lr", "max_momentum", "base_momentum"),
                (total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    return [dict(zip(("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum"), row)) for row in rows]
