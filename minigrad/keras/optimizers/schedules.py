"""Learning rates that depend on the step: schedule(step), which an optimizer takes in place of a number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import dtype_of
from minigrad.keras.declared import REQUIRED, Declared
from minigrad.keras.registry import Registry
from minigrad.tensor import Tensor

__all__ = ["CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
           "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize"]


class LearningRateSchedule:
    """The base: subclasses define __call__(step), with the number of steps so far, and get_config."""

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, "
                                  "step)`.")

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(f"Learning rate schedule '{type(self).__name__}' must override `get_config()` in "
                                  "order to be serializable.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


class _Formula(Declared, LearningRateSchedule):
    """A schedule that defines rate(step), with a float or an array of them, from its arguments, its attributes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._config = self._bound(args, kwargs)
        for name, value in self._config.items():
            setattr(self, name, value)
        for name in ("decay_steps", "first_decay_steps"):
            if self._config.get(name, 1) <= 0:
                raise ValueError(f"Argument `{name}` must be > 0. Received: {name}={self._config[name]}")

    def rate(self, step: Any) -> Any:
        raise NotImplementedError

    def __call__(self, step: Any) -> Tensor:
        step = np.asarray(step.array if isinstance(step, Tensor) else step, np.float64)
        return make(np.asarray(self.rate(step), dtype_of()))

    def get_config(self) -> dict[str, Any]:
        return dict(self._config)


class ExponentialDecay(_Formula, initial_learning_rate=REQUIRED, decay_steps=REQUIRED, decay_rate=REQUIRED,
                       staircase=False, name="ExponentialDecay"):
    """lr decay_rate^(step / decay_steps); with staircase the exponent is rounded down"""

    def rate(self, step: Any) -> Any:
        p = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (np.floor(p) if self.staircase else p)


class InverseTimeDecay(_Formula, initial_learning_rate=REQUIRED, decay_steps=REQUIRED, decay_rate=REQUIRED,
                       staircase=False, name="InverseTimeDecay"):
    """lr / (1 + decay_rate step / decay_steps); with staircase the quotient is rounded down"""

    def rate(self, step: Any) -> Any:
        p = step / self.decay_steps
        return self.initial_learning_rate / (1.0 + self.decay_rate * (np.floor(p) if self.staircase else p))


class PiecewiseConstantDecay(_Formula, boundaries=None, values=None, name="PiecewiseConstant"):
    """values[i] for steps in (boundaries[i - 1], boundaries[i]]"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError("The length of boundaries should be 1 less than the length of values. Received: "
                             f"boundaries={self.boundaries} of length {len(self.boundaries)}, and "
                             f"values={self.values} of length {len(self.values)}.")

    def rate(self, step: Any) -> Any:
        return np.asarray(self.values, np.float64)[np.searchsorted(self.boundaries, step, side="left")]


class PolynomialDecay(_Formula, initial_learning_rate=REQUIRED, decay_steps=REQUIRED, end_learning_rate=0.0001,
                      power=1.0, cycle=False, name="PolynomialDecay"):
    """(lr - end) (1 - step / decay_steps)^power + end, and end from decay_steps on; with cycle decay_steps grows to its
    next multiple each time it is reached"""

    def rate(self, step: Any) -> Any:
        steps = self.decay_steps * np.maximum(np.ceil(step / self.decay_steps), 1.0) if self.cycle else self.decay_steps
        left = 1.0 - np.minimum(step, steps) / steps
        return (self.initial_learning_rate - self.end_learning_rate) * left ** self.power + self.end_learning_rate


class CosineDecay(_Formula, initial_learning_rate=REQUIRED, decay_steps=REQUIRED, alpha=0.0, name="CosineDecay",
                  warmup_target=None, warmup_steps=0):
    """lr ((1 - alpha) (1 + cos(pi step / decay_steps)) / 2 + alpha), to lr alpha at decay_steps; with a warmup_target
    the rate first goes from lr to it in warmup_steps, in a line, and decays from it (Loshchilov and Hutter, 2017)"""

    def rate(self, step: Any) -> Any:
        start, warmup = self.initial_learning_rate, self.warmup_steps
        top = self.warmup_target
        if top is None:
            top, warmup = start, 0
        part = np.clip((step - warmup) / self.decay_steps, 0.0, 1.0)
        decayed = top * ((1.0 - self.alpha) * 0.5 * (1.0 + np.cos(np.pi * part)) + self.alpha)
        return np.where(step < warmup, (top - start) * step / warmup + start, decayed) if warmup else decayed


class CosineDecayRestarts(_Formula, initial_learning_rate=REQUIRED, first_decay_steps=REQUIRED, t_mul=2.0, m_mul=1.0,
                          alpha=0.0, name="SGDRDecay"):
    """CosineDecay that begins again: each period is t_mul times as long as the one before, and starts at m_mul times
    the rate (Loshchilov and Hutter, 2017)"""

    def rate(self, step: Any) -> Any:
        part = step / self.first_decay_steps
        if self.t_mul == 1.0:
            restarts = np.floor(part)
            part = part - restarts
        else:
            restarts = np.floor(np.log(1.0 - part * (1.0 - self.t_mul)) / math.log(self.t_mul))
            part = (part - (1.0 - self.t_mul ** restarts) / (1.0 - self.t_mul)) / self.t_mul ** restarts
        cosine = 0.5 * self.m_mul ** restarts * (1.0 + np.cos(np.pi * part))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)


registry = Registry("learning rate schedule", "keras.optimizers.schedules", {
    cls.__name__: cls for cls in (CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay,
                                  PiecewiseConstantDecay, PolynomialDecay)})
serialize, deserialize = registry.serialize, registry.deserialize
