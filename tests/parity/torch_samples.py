"""PyTorch's own sample inputs: the tables that its test suite walks, which its wheel carries."""

from __future__ import annotations

import functools
import importlib
import sys
import types
import unittest
from typing import Any

import numpy as np
from engine.face import ours, theirs


@functools.cache
def internal(name: str) -> Any:
    """torch.testing._internal.<name>. It wants `expecttest`, of which these tables use nothing."""
    theirs()
    sys.modules.setdefault("expecttest", types.SimpleNamespace(TestCase=unittest.TestCase))
    return importlib.import_module(f"torch.testing._internal.{name}")


class Unsupported(Exception):
    """A sample with something in it that minigrad has not, such as a half-precision tensor."""


def to_ours(value: Any, made: dict | None = None) -> Any:
    """The same value with minigrad's tensors and dtypes; a tensor that occurs twice still does, but shares no memory
    with PyTorch's."""
    torch = theirs()
    made = {} if made is None else made
    if isinstance(value, torch.Tensor):
        if id(value) not in made:
            tensor = ours.from_numpy(np.array(value.detach().numpy())) if value.dtype in _dtypes() else None
            if tensor is None:
                raise Unsupported(f"{value.dtype}")
            made[id(value)] = tensor.requires_grad_(value.requires_grad)
        return made[id(value)]
    if isinstance(value, torch.dtype):
        return getattr(ours, str(value).removeprefix("torch."))
    if isinstance(value, torch.device):
        return "cpu"
    if isinstance(value, (list, tuple)):
        items = [to_ours(item, made) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {key: to_ours(item, made) for key, item in value.items()}
    return value


def _dtypes() -> tuple:
    torch = theirs()
    return torch.float32, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool


def tensors_in(library: Any, value: Any) -> list:
    """The tensors of nested lists, tuples and dicts, in order."""
    if isinstance(value, library.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for item in value for t in tensors_in(library, item)] if isinstance(value, (list, tuple)) else []
