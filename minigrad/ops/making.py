"""What every function that makes a tensor does with its size, dtype, device and out."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from minigrad import dtypes
from minigrad.engine import TensorBase, make
from minigrad.ops.nested import array_of
from minigrad.ops.shape import sizes_of
from minigrad.parts import Device, Size
from minigrad.tape import constant

__all__ = ["allocating", "dtype_of", "finish", "made_of_numbers", "of_type", "size_of"]

F = TypeVar("F", bound=Callable[..., Any])
_IGNORED = {"size", "pin_memory", "memory_format", "names"}


def allocating(function: F) -> F:
    """The function, whose result may be too large for the memory: then a RuntimeError, as in PyTorch."""
    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except MemoryError as error:
            raise RuntimeError(f"{function.__name__}(): can't allocate memory: {error}") from None

    return cast(F, guarded)


def made_of_numbers(make_array: Any) -> Any:
    """The function that makes arrays, told that no tensor's elements go into them: a recording may keep them."""
    return lambda *args: constant(make_array(*args))


def finish(array: np.ndarray, requires_grad: bool = False, out: Any = None, device: Any = None) -> Any:
    """A tensor of the array; with `out`, that tensor with the array's elements, resized if it has another shape."""
    if device is not None:
        Device(device)
    if out is None:
        t = make(array)
        return t.requires_grad_() if requires_grad else t
    if not isinstance(out, TensorBase):
        raise TypeError(f"argument 'out' must be Tensor, not {type(out).__name__}")
    if out.array.shape != array.shape:
        if out.array.size:
            warnings.warn(f"out had shape {list(out.array.shape)} and is resized to {list(array.shape)}", stacklevel=3)
        out.array, out._pointer = np.empty(array.shape, out.array.dtype), None
    np.copyto(out.array, array, casting="unsafe")
    out.count_change()
    return out


def dtype_of(dtype: Any, otherwise: Any = None, out: Any = None) -> np.dtype:
    """The NumPy dtype that was asked for; that of out; or another; or the default float."""
    if dtype is not None:
        return dtypes.resolve(dtype)
    return out.array.dtype if out is not None else otherwise or dtypes.default_float()


def size_of(size: tuple, keywords: dict, name: str) -> tuple[int, ...]:
    """The shape of zeros(2, 3), zeros((2, 3)) or zeros(size=(2, 3))."""
    unknown = set(keywords) - _IGNORED
    if unknown or keywords.get("names") is not None:
        raise TypeError(f"{name}() got an unexpected keyword argument '{unknown.pop() if unknown else 'names'}'")
    if "size" in keywords:
        size = (keywords["size"],)
    elif not size:
        raise TypeError(f"{name}() missing 1 required positional arguments: \"size\"")
    shape = sizes_of(size, name)
    if any(s < 0 for s in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    if math.prod(s for s in shape if s) >> 59:  # elements of 8 bytes that 63 bits can count, as NumPy does: zeros too
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}")
    return shape


def of_type(data: tuple, dtype: np.dtype, device: Any = None) -> np.ndarray:
    """What Tensor(...) and FloatTensor(...) hold: a sequence, as elements of the type; of sizes, elements not set."""
    if device is not None:
        Device(device)
    sizes = data[0] if len(data) == 1 and isinstance(data[0], Size) else data
    if sizes and all(isinstance(size, int) and not isinstance(size, bool) for size in sizes):
        return np.empty(size_of(tuple(sizes), {}, "Tensor"), dtype)
    if len(data) > 1:
        raise TypeError(f"new(): expected sizes, or one sequence, but got {', '.join(type(d).__name__ for d in data)}")
    source = data[0] if data else []
    if source is None or isinstance(source, (bool, int, float, complex, str, np.generic)):
        raise TypeError(f"new(): data must be a sequence (got {type(source).__name__})")
    array = array_of(source)
    with np.errstate(all="ignore"):
        return np.array(array, dtype, order="C")
