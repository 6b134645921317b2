"""Functions that ask what a tensor is."""

from __future__ import annotations

import builtins
from typing import Any

from minigrad import dtypes
from minigrad.creation import as_tensor
from minigrad.functions.of_method import of_method
from minigrad.tensor import Tensor

__all__ = ["is_floating_point", "is_inference", "is_tensor", "numel", "result_type"]

numel = of_method("numel")


def is_tensor(obj: Any) -> builtins.bool:
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> builtins.bool:
    return input.is_floating_point()


def is_inference(input: Tensor) -> builtins.bool:
    return input.is_inference()


def result_type(a: Any, b: Any) -> dtypes.dtype:
    """The dtype that a combined with b would have."""
    return dtypes.of(dtypes.promote(as_tensor(a).array, as_tensor(b).array))
