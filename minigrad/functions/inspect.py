"""Functions that ask what a tensor or a type is."""

from __future__ import annotations

import builtins
from typing import Any

from minigrad import dtypes
from minigrad.creation import as_tensor
from minigrad.engine import TensorBase
from minigrad.functions.of_method import of_method
from minigrad.ops.operands import operands
from minigrad.tensor import Tensor

__all__ = ["can_cast", "get_default_dtype", "is_complex", "is_floating_point", "is_inference", "is_nonzero",
           "is_same_size", "is_tensor", "numel", "promote_types", "result_type"]

numel, is_floating_point, is_inference = of_method("numel"), of_method("is_floating_point"), of_method("is_inference")
is_complex, is_nonzero, is_same_size = of_method("is_complex"), of_method("is_nonzero"), of_method("is_same_size")


def is_tensor(obj: Any) -> builtins.bool:
    return isinstance(obj, Tensor)


def get_default_dtype() -> dtypes.dtype:
    """The dtype of tensors made from Python floats."""
    return dtypes.of(dtypes.default_float())


def promote_types(type1: Any, type2: Any) -> dtypes.dtype:
    """The dtype of two dtypes together, whatever the shapes."""
    return dtypes.of(dtypes.promote_types(dtypes.resolve(type1), dtypes.resolve(type2)))


def can_cast(from_: Any, to: Any) -> builtins.bool:
    """Whether an in-place operation may store a result of one dtype in another."""
    return dtypes.can_cast(dtypes.resolve(from_), dtypes.resolve(to))


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype that two tensors, or a tensor and a number, have together."""
    if not isinstance(tensor1, TensorBase) and not isinstance(tensor2, TensorBase):
        tensor1 = as_tensor(tensor1)
    return operands(tensor1, tensor2, "result_type")[0].dtype
