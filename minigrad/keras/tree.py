"""Nested structures: lists, tuples and dicts, whose leaves are anything else. A dict's leaves are in the order of its
sorted keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["flatten", "is_nested", "map_structure", "pack_like", "same_structure"]


def is_nested(x: Any) -> bool:
    return isinstance(x, (list, tuple, dict))


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, dict):
        for key in sorted(x):
            yield from _leaves(x[key])
    elif isinstance(x, (list, tuple)):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


def flatten(x: Any) -> list[Any]:
    """The leaves; of a leaf, itself alone."""
    return list(_leaves(x))


def map_structure(function: Callable, x: Any, *others: Any) -> Any:
    """function(leaf, ...) in place of each leaf, of structures that have one form."""
    if isinstance(x, dict):
        return {key: map_structure(function, x[key], *(o[key] for o in others)) for key in x}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(map_structure(function, *items) for items in zip(x, *others)))
    if isinstance(x, (list, tuple)):
        return type(x)(map_structure(function, *items) for items in zip(x, *others))
    return function(x, *others)


def pack_like(structure: Any, leaves: list[Any]) -> Any:
    """The structure with these leaves in place of its own, in the order of flatten."""
    remaining = iter(leaves)

    def pack(x: Any) -> Any:
        if isinstance(x, dict):
            packed = {key: pack(x[key]) for key in sorted(x)}
            return {key: packed[key] for key in x}
        if isinstance(x, (list, tuple)):
            return type(x)([pack(item) for item in x])
        return next(remaining)

    return pack(structure)


def same_structure(x: Any, y: Any) -> bool:
    """Whether both have one form; a list and a tuple have not."""
    if isinstance(x, dict):
        return isinstance(y, dict) and x.keys() == y.keys() and all(same_structure(x[key], y[key]) for key in x)
    if isinstance(x, (list, tuple)):
        return (isinstance(y, (list, tuple)) and isinstance(x, list) == isinstance(y, list) and len(x) == len(y)
                and all(map(same_structure, x, y)))
    return not is_nested(y)
