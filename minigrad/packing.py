"""Nested dicts, lists, tuples and numbers around tensors, as JSON and back: the structure of a checkpoint.

Tensors become {"tensor": name}, or {"leaf": name} if they require grad; dicts {"dict": [[key, value], ...]}; tuples
{"tuple": [...]}; infinite and NaN floats {"float": text}; dtypes {"dtype": name}. Lists, numbers, strings and None stay
what they are.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.parts import Device, Size
from minigrad.tensor import Tensor

__all__ = ["Packer", "unpack"]

_SPECIAL = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_DTYPES = {dtype.name: dtype for dtype in (dtypes.float32, dtypes.float64, dtypes.int64, dtypes.int32, dtypes.uint8,
                                           dtypes.bool)}
_SEQUENCES: dict[str, type] = {"size": Size, "tuple": tuple, "set": set, "frozenset": frozenset}
_MAPPINGS: dict[str, type] = {"ordered": OrderedDict, "dict": dict}


class Packer:
    """Packs one structure, and collects its tensors by name. A tensor that is there twice is collected once."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors             # filled with what is found
        self.names: dict[int, str] = {}    # by the id of a tensor
        self.open: set[int] = set()        # the containers around the current object

    def pack(self, obj: Any, path: str) -> Any:
        """The JSON of an object, which lies at this path. TypeError for what has none, ValueError for a cycle."""
        if isinstance(obj, np.generic):
            obj = obj.item()
        if obj is None or isinstance(obj, (bool, int, str)):
            return obj
        if isinstance(obj, float):
            return float(obj) if math.isfinite(obj) else {"float": repr(float(obj))}
        if isinstance(obj, Tensor):
            return {"leaf" if obj.requires_grad else "tensor": self._name(obj, path)}
        if isinstance(obj, dtypes.dtype):
            return {"dtype": obj.name}
        if isinstance(obj, Device):
            return {"device": str(obj)}
        if not isinstance(obj, (Mapping, list, *_SEQUENCES.values())):
            raise TypeError(f"save: can't save a {type(obj).__name__} (at {path or 'the top'!r}) without pickle: only "
                            "dicts, lists, tuples and sets of tensors, numbers, strings and None. Of a model or "
                            "optimiser, save its state_dict(); of a generator, its get_state()")
        if id(obj) in self.open:
            raise ValueError(f"save: the object at {path!r} contains itself")
        self.open.add(id(obj))
        packed = self._container(obj, f"{path}." if path else "")
        self.open.remove(id(obj))
        return packed

    def _container(self, obj: Any, prefix: str) -> Any:
        if isinstance(obj, Mapping):
            tag = next((tag for tag, kind in _MAPPINGS.items() if isinstance(obj, kind)), "dict")
            return {tag: [[self._key(key), self.pack(value, f"{prefix}{key}")] for key, value in obj.items()]}
        packed = [self.pack(item, f"{prefix}{position}") for position, item in enumerate(obj)]
        return packed if isinstance(obj, list) else {
            next(tag for tag, kind in _SEQUENCES.items() if isinstance(obj, kind)): packed}

    def _key(self, key: Any) -> Any:
        """A key of a dict, packed."""
        parts = key if isinstance(key, tuple) else (key,)
        if any(isinstance(part, Tensor) or (part is not None and not isinstance(
                part, (bool, int, float, str, tuple, dtypes.dtype))) for part in parts):
            raise TypeError("save: the keys of a dict must be strings, numbers or tuples of them, but one is a "
                            f"{type(key).__name__}: {key!r}")
        return self.pack(key, "")

    def _name(self, tensor: Tensor, path: str) -> str:
        name = self.names.get(id(tensor))
        if name is None:
            name, number = path or "tensor", 1
            while name in self.tensors or name == "__metadata__":
                number += 1
                name = f"{path}#{number}"
            self.names[id(tensor)], self.tensors[name] = name, tensor
        return name


def _checked(tag: str, content: Any) -> Any:
    if not isinstance(content, list if tag in _SEQUENCES or tag in _MAPPINGS else str):
        raise TypeError(f"{tag!r} can't hold a {type(content).__name__}")
    return content


def unpack(packed: Any, tensors: dict[str, Tensor]) -> Any:
    """The structure that a Packer packed. KeyError, TypeError or ValueError for what it does not write."""
    if packed is None or isinstance(packed, (bool, int, float, str)):
        return packed
    if isinstance(packed, list):
        return [unpack(item, tensors) for item in packed]
    ((tag, content),) = packed.items()
    content = _checked(tag, content)
    if tag in ("tensor", "leaf"):
        return tensors[content].requires_grad_(tag == "leaf")
    if tag == "float":
        return _SPECIAL[content]
    if tag == "dtype":
        return _DTYPES[content]
    if tag == "device":
        return Device(content)
    if tag in _SEQUENCES:
        return _SEQUENCES[tag]([unpack(item, tensors) for item in content])
    if tag in _MAPPINGS:
        return _MAPPINGS[tag]([(unpack(key, tensors), unpack(value, tensors)) for key, value in content])
    raise ValueError(f"unknown kind of object {tag!r}")
