"""Optimizers by Keras's formulas and options, and schedules of their learning rates."""

from __future__ import annotations

from typing import Any

from minigrad.keras.optimizers import schedules
from minigrad.keras.optimizers.adam import Adam, Adamax, AdamW, Nadam
from minigrad.keras.optimizers.descent import SGD, Adadelta, Adagrad, RMSprop
from minigrad.keras.optimizers.optimizer import Optimizer
from minigrad.keras.registry import Registry
from minigrad.names import package_getattr

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Nadam", "Optimizer", "RMSprop", "deserialize",
           "get", "schedules", "serialize"]

registry = Registry("optimizer", "keras.optimizers", {
    cls.__name__.lower(): cls for cls in (SGD, Adadelta, Adagrad, Adam, AdamW, Adamax, Nadam, RMSprop)}, fold=True)
serialize, deserialize = registry.serialize, registry.deserialize


def get(identifier: Any) -> Any:
    """An optimizer for its name in any case, its dict or itself; None for None."""
    found = registry.find(identifier) if isinstance(identifier, str) else deserialize(identifier)
    found = found() if isinstance(identifier, str) and found is not None else found
    if identifier is not None and not isinstance(found, Optimizer):
        raise ValueError(f"Could not interpret optimizer identifier: {identifier}")
    return found


_ABSENT = {"legacy": "use minigrad.keras.optimizers itself",
           **dict.fromkeys(("Adafactor", "Ftrl", "Lamb", "Lion", "Muon", "ScheduleFreeAdamW", "LossScaleOptimizer",
                            "MultiOptimizer", "OptimizerMap"), "not offered: Adam, AdamW, Nadam, RMSprop and SGD are")}

__getattr__ = package_getattr("minigrad.keras.optimizers", _ABSENT)
