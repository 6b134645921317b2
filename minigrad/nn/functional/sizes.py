"""Arguments that are a number for all dimensions or one for each: kernel sizes, strides, padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import TensorBase
from minigrad.native import FLOATS
from minigrad.ops.kernel import require_tensor

__all__ = ["are_integers", "in_doubles", "numbers", "require_floats", "with_batch", "without_batch"]


def numbers(value: Any, dims: int, operation: str, name: str, default: tuple | None = None) -> tuple[int, ...]:
    """A number for each dimension: one given for all is repeated, and None, or an empty list, gives the default."""
    if default is not None and (value is None or (isinstance(value, (tuple, list)) and not value)):
        return default
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for number in given:
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
            raise TypeError(f"{operation}(): argument '{name}' must be an int or a tuple of ints, but got {value!r}")
    if len(given) == 1:
        given *= dims
    if len(given) != dims:
        raise RuntimeError(f"{operation}: expected {name} to be a single integer value or a list of {dims} values to "
                           f"match the dimensions, but got {name}={list(given)}")
    return tuple(map(int, given))


def require_floats(input: Any, operation: str, kernel: str = "") -> None:
    """A tensor of floats; NotImplementedError for other types."""
    require_tensor(input, operation)
    if input.array.dtype.num not in FLOATS:
        raise dtypes.not_implemented(kernel or operation, input.array.dtype,
                                     f": {operation} needs floating-point input")


def are_integers(*tensors: Any) -> bool:
    """Whether all of them (but None) are tensors of integers of one type."""
    types = {t.array.dtype if isinstance(t, TensorBase) else None for t in tensors if t is not None}
    return len(types) == 1 and getattr(types.pop(), "kind", "") in "iu"


def in_doubles(function: Any, *tensors: Any) -> Any:
    """function(*tensors), a sum of products of integers, by way of float64, which holds whole numbers up to 2^53.

    NotImplementedError where sums could be larger.
    """
    wide = [None if t is None else t.double() for t in tensors]
    most = function(*[None if t is None else t.abs() for t in wide])
    if most.array.size and most.array.max() > 2.0**53:
        raise NotImplementedError("integers whose sums may pass 2^53 are not offered: convert them to float64")
    return function(*wide).to(tensors[0].dtype)


def with_batch(input: Any, dims: int) -> tuple[Any, bool]:
    """The input as images (N, C, H, W), those of 1-D signals of height 1; and whether it had the batch itself."""
    shape = input.array.shape
    batched = len(shape) == dims + 2
    wide = shape if batched else (1, *shape)
    if dims == 1:
        wide = (*wide[:2], 1, wide[2])
    return (input if wide == shape else input.reshape(wide)), batched


def without_batch(y: Any, dims: int, batched: bool) -> Any:
    """A result (N, C, H, W) in the dimensions that the input had."""
    shape = y.array.shape
    wide = shape if dims == 2 else (*shape[:2], shape[3])
    wide = wide if batched else wide[1:]
    return y if wide == shape else y.reshape(wide)
