"""Names that objects get when they are given none: "dense", "dense_1", "dense_2" ..."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["auto_name", "reset_names", "to_snake_case"]

_used: Counter[str] = Counter()


def to_snake_case(name: str) -> str:
    """"CategoricalAccuracy" -> "categorical_accuracy", "AUC" -> "auc"."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(class_name: str) -> str:
    """The next free name for an object of this class."""
    prefix = to_snake_case(class_name)
    number = _used[prefix]
    _used[prefix] += 1
    return f"{prefix}_{number}" if number else prefix


def reset_names() -> None:
    """Count from the start again: part of clear_session."""
    _used.clear()
