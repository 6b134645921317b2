"""New tensors: from data, filled, counted and random."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import make
from minigrad.native import FLOATS
from minigrad.native import empty as allocate
from minigrad.ops.operands import scalar
from minigrad.ops.shape import sizes_of
from minigrad.parts import Device
from minigrad.random import Generator, default_generator
from minigrad.tensor import Tensor

__all__ = ["arange", "as_tensor", "empty", "empty_like", "eye", "from_dlpack", "from_numpy", "full", "full_like",
           "linspace", "normal", "ones", "ones_like", "rand", "rand_like", "randint", "randint_like", "randn",
           "randn_like", "randperm", "scalar_tensor", "tensor", "zeros", "zeros_like"]


def _finish(array: np.ndarray, requires_grad: bool = False, out: Tensor | None = None, device: Any = None,
            layout: Any = None, pin_memory: bool = False, memory_format: Any = None) -> Tensor:
    """A tensor of the array; with `out`, that tensor's array replaced by it."""
    if device is not None:
        Device(device)
    if out is not None:
        out.data = make(array)
        return out
    t = make(array)
    return t.requires_grad_() if requires_grad else t


def _dtype(dtype: Any, otherwise: Any = None) -> np.dtype:
    return dtypes.resolve(dtype) if dtype is not None else otherwise or dtypes.default_float()


# -- from data ---------------------------------------------------------------------------------------------------------


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Tensor:
    """A copy of data: numbers, nested lists, NumPy arrays. Python floats become the default float, ints int64.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]]).shape
    minigrad.Size([2, 2])
    """
    return _finish(np.array(_as_array(data, dtype), order="C"), requires_grad, device=device)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Like tensor, but shares memory with a tensor or NumPy array of the right type."""
    if isinstance(data, Tensor):
        return data.to(dtype) if dtype is not None else data
    return _finish(_as_array(data, dtype), device=device)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares memory with the array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return make(dtypes.canonical(np.asarray(ndarray)))


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares memory with any object that offers DLPack."""
    return make(dtypes.canonical(np.from_dlpack(ext_tensor)))


def scalar_tensor(value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return _finish(np.array(value, _dtype(dtype)), requires_grad)


def _as_array(data: Any, dtype: Any) -> np.ndarray:
    wanted = None if dtype is None else dtypes.resolve(dtype)
    if isinstance(data, Tensor):
        data = data.array
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.asarray(data)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"can't convert np.ndarray of type {array.dtype}. The only supported types are: float64, "
                            "float32, int64, int32, uint8, and bool.")
    else:
        array = _from_sequence(data)
        if wanted is None and array.dtype == np.float64 and not _has_float64(data):
            wanted = dtypes.default_float()
        if wanted is not None and wanted.kind in "iu" and array.size:
            _refuse_overflow(array, wanted)
    return dtypes.canonical(array) if wanted is None else array.astype(wanted, copy=False)


def _refuse_overflow(array: np.ndarray, wanted: np.dtype) -> None:
    limits = np.iinfo(wanted)
    if not (array.min() >= limits.min and array.max() <= limits.max):  # so that NaN is refused, too
        raise RuntimeError(f"value cannot be converted to type {wanted} without overflow")


def _from_sequence(data: Any) -> np.ndarray:
    """Numbers, or nested sequences of them, as an array of float64, int64 or bool."""
    try:
        array = np.array(_plain(data))
    except ValueError as error:
        raise ValueError(f"expected sequences of equal length at every depth: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"new(): invalid data type '{array.dtype}': can't convert it to a tensor")
    return array if array.size else array.astype(dtypes.default_float())


def _plain(data: Any) -> Any:
    """Nested sequences with the tensors in them as arrays, and every number one that int64 or float64 holds."""
    if isinstance(data, (list, tuple, range)):
        return [_plain(item) for item in data]
    if isinstance(data, Tensor):
        return data.array
    if isinstance(data, int):
        if not -(1 << 63) <= data < 1 << 63:
            raise ValueError("Overflow when unpacking long long")
    elif isinstance(data, (complex, str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}': can't convert it to a tensor")
    elif not hasattr(data, "__float__") and not hasattr(data, "__array__"):
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    return data


def _has_float64(data: Any) -> bool:
    """Whether nested sequences hold a float64 of NumPy or of ours: then the result is float64 too."""
    if isinstance(data, (list, tuple)):
        return any(_has_float64(item) for item in data[:1])
    return getattr(data.array if isinstance(data, Tensor) else data, "dtype", None) == np.float64


# -- filled ------------------------------------------------------------------------------------------------------------


def zeros(*size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, **ignored: Any) -> Tensor:
    """zeros(2, 3) or zeros((2, 3))"""
    shape = _size(size, ignored, "zeros")
    return _finish(np.zeros(shape, _dtype(dtype)), requires_grad, out, device)


def ones(*size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False, **ignored: Any) -> Tensor:
    """ones(2, 3) or ones((2, 3))"""
    shape = _size(size, ignored, "ones")
    return _finish(np.ones(shape, _dtype(dtype)), requires_grad, out, device)


def empty(*size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, **ignored: Any) -> Tensor:
    """Elements not set: anything may be in them."""
    shape = _size(size, ignored, "empty")
    return _finish(allocate(shape, _dtype(dtype)), requires_grad, out, device)


def _size(size: tuple, keywords: dict, name: str) -> tuple[int, ...]:
    """The shape of zeros(2, 3), zeros((2, 3)) or zeros(size=(2, 3))."""
    shape = sizes_of((keywords["size"],) if "size" in keywords else size, name)
    unknown = set(keywords) - {"size", "pin_memory", "memory_format"}
    if unknown:
        raise TypeError(f"{name}() got an unexpected keyword argument '{unknown.pop()}'")
    if any(s < 0 for s in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    if max(shape, default=0) >> 60 or math.prod(shape) >> 60:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}")
    return shape


def full(size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """A tensor of one value; without dtype, of the value's own type."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    kind = np.asarray(value).dtype
    wanted = _dtype(dtype if dtype is not None else None if kind.kind == "f" else dtypes.of(kind))
    shape = _size((size,), {}, "full")
    return _finish(np.full(shape, scalar(value, wanted, "full")), requires_grad, out, device)


def _like(make_array: Any) -> Callable[..., Tensor]:
    def function(input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None,
                 requires_grad: bool = False, memory_format: Any = None) -> Tensor:
        return _finish(make_array(input.array.shape, _dtype(dtype, input.array.dtype)), requires_grad, device=device)

    return function


zeros_like, ones_like, empty_like = _like(np.zeros), _like(np.ones), _like(allocate)


def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False,
              **ignored: Any) -> Tensor:
    return full(tuple(input.array.shape), fill_value, dtype=_dtype(dtype, input.array.dtype),
                requires_grad=requires_grad)


def eye(n: int, m: int | None = None, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal."""
    rows, cols = _size((n, n if m is None else m), {}, "eye")
    return _finish(np.eye(rows, cols, dtype=_dtype(dtype)), requires_grad, out, device)


def arange(start: Any = 0, end: Any = None, step: Any = 1, *, out: Any = None, dtype: Any = None, layout: Any = None,
           device: Any = None, requires_grad: bool = False) -> Tensor:
    """start, start + step, ... up to and without end; ints give int64."""
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (v.item() if isinstance(v, Tensor) else v for v in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not all(math.isfinite(v) for v in (start, end, step)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(v, (int, np.integer)) for v in (start, end, step))
    array = start + np.arange(*_size((math.ceil((end - start) / step),), {}, "arange")) * step
    return _finish(array.astype(_dtype(dtype, np.dtype(np.int64) if whole else None)), requires_grad, out, device)


def linspace(start: float, end: float, steps: int, *, out: Any = None, dtype: Any = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False) -> Tensor:
    """steps numbers evenly spaced from start to end, both included."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    _size((steps,), {}, "linspace")
    return _finish(np.linspace(start, end, steps).astype(_dtype(dtype)), requires_grad, out, device)


# -- random ------------------------------------------------------------------------------------------------------------


def _source(generator: Generator | None) -> Generator:
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"generator must be a minigrad.Generator, but got {type(generator).__name__}")
    return generator or default_generator


def _random_dtype(dtype: Any, name: str) -> np.dtype:
    found = _dtype(dtype)
    if found.num not in FLOATS:
        raise RuntimeError(f"{name}: expected a floating-point dtype, but got {found}")
    return found


def rand(*size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False, **ignored: Any) -> Tensor:
    """Uniform on [0, 1)."""
    shape = _size(size, ignored, "rand")
    return _finish(_source(generator).uniform(shape, _random_dtype(dtype, "rand")), requires_grad, out, device)


def randn(*size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, **ignored: Any) -> Tensor:
    """Standard normal."""
    shape = _size(size, ignored, "randn")
    return _finish(_source(generator).normal(shape, _random_dtype(dtype, "randn")), requires_grad, out, device)


def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, **ignored: Any) -> Tensor:
    """mean + std * standard normal; mean and std may be tensors."""
    shape = size if size is not None else np.broadcast_shapes(*(np.shape(v.array if isinstance(v, Tensor) else v)
                                                                for v in (mean, std)))
    return randn(*shape, generator=generator) * std + mean


def randint(low: int, high: Any = None, size: Any = None, *, generator: Any = None, out: Any = None, dtype: Any = None,
            layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Integers from low (0 unless given) to high - 1: randint(10, (3,)) or randint(5, 10, (3,))."""
    if size is None:
        low, high, size = 0, low, high
    if not low < high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    array = _source(generator).integers(int(low), int(high), _size((size,), {}, "randint"))
    return _finish(array.astype(_dtype(dtype, np.dtype(np.int64))), requires_grad, out, device)


def randperm(n: int, *, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """0 .. n - 1 in random order."""
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    _size((n,), {}, "randperm")
    array = _source(generator).permutation(n)
    return _finish(array.astype(_dtype(dtype, np.dtype(np.int64))), requires_grad, out, device)


def rand_like(input: Tensor, *, dtype: Any = None, generator: Any = None, requires_grad: bool = False,
              **ignored: Any) -> Tensor:
    return rand(*input.array.shape, dtype=_dtype(dtype, input.array.dtype), generator=generator,
                requires_grad=requires_grad)


def randn_like(input: Tensor, *, dtype: Any = None, generator: Any = None, requires_grad: bool = False,
               **ignored: Any) -> Tensor:
    return randn(*input.array.shape, dtype=_dtype(dtype, input.array.dtype), generator=generator,
                 requires_grad=requires_grad)


def randint_like(input: Tensor, low: int, high: int | None = None, *, dtype: Any = None, **ignored: Any) -> Tensor:
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, tuple(input.array.shape), dtype=_dtype(dtype, input.array.dtype))
