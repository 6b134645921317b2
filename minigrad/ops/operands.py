"""Two operands of one dtype: PyTorch's promotion, for tensors and Python numbers alike."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Number
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, TensorBase, make
from minigrad.names import named
from minigrad.ops.shape import Cast
from minigrad.tape import constant

__all__ = ["function_of", "number", "operands", "scalar", "wrapped"]


def operands(x: Any, y: Any, operation: str) -> tuple[Any, Any]:
    """Two tensors of one dtype, by PyTorch's promotion; a Python number takes the type of the tensor it meets."""
    if not isinstance(x, TensorBase):
        if not isinstance(y, TensorBase):
            raise TypeError(f"{operation}(): expected a Tensor and a Tensor or number, but got "
                            f"{type(x).__name__} and {type(y).__name__}")
        x = number(x, y, operation)
    elif not isinstance(y, TensorBase):
        y = number(y, x, operation)
    if x.array.dtype is not y.array.dtype:
        dtype = dtypes.promote(x.array, y.array)
        x, y = (t if t.array.dtype is dtype else Cast.apply(t, dtype) for t in (x, y))
    return x, y


def number(value: Any, like: TensorBase, operation: str) -> Any:
    """A Python or NumPy number as a 0-d tensor that leaves the type of `like` as it is, where its category allows."""
    dtype, kind = like.array.dtype, like.array.dtype.kind
    if isinstance(value, (bool, np.bool_)):
        pass
    elif isinstance(value, (int, np.integer)):
        dtype = np.dtype(np.int64) if kind == "b" else dtype
    elif isinstance(value, (float, np.floating)):
        dtype = dtype if kind == "f" else dtypes.default_float()
    elif isinstance(value, np.ndarray):
        return make(dtypes.canonical(value))
    elif isinstance(value, Number):
        raise TypeError(f"{operation}(): {type(value).__name__} numbers are not supported")
    else:
        raise TypeError(f"{operation}(): unsupported operand type {type(value).__name__}")
    return make(wrapped(value, dtype))


def wrapped(value: Any, dtype: np.dtype) -> np.ndarray:
    """A number as a 0-d array of a type; an integer that the type can't hold loses its higher bits, as in PyTorch."""
    if dtype.kind in "iu" and not isinstance(value, (float, np.floating)):
        if not -(1 << 63) <= value < 1 << 64:
            raise OverflowError(f"int too big to convert: {value}")
        return constant(np.array(int(value) & (1 << 64) - 1, np.uint64).astype(dtype))
    with np.errstate(over="ignore"):
        return constant(np.array(value, dtype))


def scalar(value: Any, dtype: np.dtype, operation: str) -> np.ndarray:
    """A number as a 0-d array of a type: TypeError if it is no number, RuntimeError if the type can't hold it."""
    if isinstance(value, TensorBase):
        value = value.item()
    if not isinstance(value, (Number, np.bool_)) or isinstance(value, complex):
        raise TypeError(f"{operation}(): expected a number, but got {type(value).__name__}")
    if dtype.kind == "u" and -np.iinfo(dtype).max <= value < 0:
        return wrapped(value, dtype)  # -1 as 255
    try:
        return constant(np.array(value, dtype))
    except (OverflowError, ValueError):
        raise RuntimeError(f"{operation}(): value cannot be converted to type {dtype} without overflow: "
                           f"{value}") from None


def function_of(op: type[Function], name: str) -> Callable[[T, Any], T]:
    """The function op(x, y) that takes tensors of any types, or numbers."""

    def function(input: Any, other: Any) -> Any:
        if input.__class__ is not other.__class__ or input.array.dtype is not other.array.dtype:
            input, other = operands(input, other, name)
        return op.apply(input, other)

    return named(function, name, op.__doc__)
