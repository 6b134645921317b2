"""Tensors of one value, and of evenly spaced ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.memory import aligned
from minigrad.names import named
from minigrad.native import empty as allocate
from minigrad.ops.kernel import require_tensor
from minigrad.ops.making import allocating, dtype_of, finish, made_of_numbers, size_of
from minigrad.ops.operands import scalar
from minigrad.ops.shape import sizes_of
from minigrad.tape import constant
from minigrad.tensor import Tensor

__all__ = ["arange", "empty", "empty_like", "empty_strided", "eye", "full", "full_like", "linspace", "logspace", "ones",
           "ones_like", "vander", "zeros", "zeros_like"]


_zeros, _ones, _full = made_of_numbers(np.zeros), made_of_numbers(np.ones), made_of_numbers(np.full)


@allocating
def zeros(*size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, **keywords: Any) -> Tensor:
    """zeros(2, 3) or zeros((2, 3))"""
    return finish(_zeros(size_of(size, keywords, "zeros"), dtype_of(dtype, None, out)), requires_grad, out, device)


@allocating
def ones(*size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False, **keywords: Any) -> Tensor:
    """ones(2, 3) or ones((2, 3))"""
    return finish(_ones(size_of(size, keywords, "ones"), dtype_of(dtype, None, out)), requires_grad, out, device)


@allocating
def empty(*size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, **keywords: Any) -> Tensor:
    """Elements not set: anything may be in them."""
    return finish(aligned(size_of(size, keywords, "empty"), dtype_of(dtype, None, out)), requires_grad, out, device)


@allocating
def empty_strided(size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
                  requires_grad: bool = False) -> Tensor:
    """Elements not set, this many apart along each dimension."""
    shape, steps = size_of((size,), {}, "empty_strided"), sizes_of((stride,), "empty_strided")
    if len(shape) != len(steps):
        raise RuntimeError(f"mismatch in length of strides and shape: {list(shape)}, {list(steps)}")
    if any(s < 0 for s in steps):
        raise RuntimeError(f"empty_strided: strides must not be negative, but got {list(steps)}")
    found = dtype_of(dtype)
    memory = allocate(1 + sum((n - 1) * s for n, s in zip(shape, steps)) if math.prod(shape) else 0, found)
    array = np.lib.stride_tricks.as_strided(memory, shape, [s * found.itemsize for s in steps])
    return finish(array, requires_grad, device=device)


@allocating
def full(size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False, names: Any = None) -> Tensor:
    """A tensor of one value; without dtype, of the value's own type."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}")
    if isinstance(value, (str, bytes)) or value is None:
        raise TypeError(f"full(): argument 'fill_value' (position 2) must be Number, not {type(value).__name__}")
    kind = np.asarray(value).dtype
    wanted = dtype_of(dtype, None if kind.kind not in "iub" else dtypes.of(kind).dtype, out)
    return finish(_full(size_of((size,), {}, "full"), scalar(value, wanted, "full")), requires_grad, out, device)


def _like(name: str, make_array: Any, what: str) -> Callable[..., Tensor]:
    def function(input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
                 requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False) -> Tensor:
        require_tensor(input, name)
        return finish(make_array(input.array.shape, dtype_of(dtype, input.array.dtype)), requires_grad, device=device)

    return allocating(named(function, name, f"{what}, in input's shape and type."))


zeros_like, ones_like = _like("zeros_like", _zeros, "Zeros"), _like("ones_like", _ones, "Ones")
empty_like = _like("empty_like", allocate, "Elements not set")


def full_like(input: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
              requires_grad: bool = False, memory_format: Any = None) -> Tensor:
    """One value, in input's shape and type."""
    require_tensor(input, "full_like")
    return full(tuple(input.array.shape), fill_value, dtype=dtype_of(dtype, input.array.dtype), device=device,
                requires_grad=requires_grad)


@allocating
def eye(n: int, m: int | None = None, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal."""
    for name, value in (("n", n), ("m", n if m is None else m)):
        if not hasattr(value, "__index__"):
            raise TypeError(f"eye(): argument '{name}' must be int, not {type(value).__name__}")
        if value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    rows, cols = size_of((n, n if m is None else m), {}, "eye")
    return finish(constant(np.eye(rows, cols, dtype=dtype_of(dtype, None, out))), requires_grad, out, device)


def _plain(value: Any, name: str) -> Any:
    """A number, or the element of a 0-d tensor."""
    if isinstance(value, Tensor):
        if value.array.ndim:
            raise RuntimeError(f"{name} only supports 0-dimensional start and end tensors, but got one with "
                               f"{value.array.ndim} dimension(s).")
        value = value.item()
    if not isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
        raise TypeError(f"{name}() expects numbers, but got {type(value).__name__}")
    return value


@allocating
def arange(start: Any = 0, end: Any = None, step: Any = 1, *, out: Any = None, dtype: Any = None, layout: Any = None,
           device: Any = None, requires_grad: bool = False) -> Tensor:
    """start, start + step, ... up to and without end; ints give int64."""
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (_plain(v, "arange") for v in (start, end, step))
    if not all(math.isfinite(v) for v in (start, end, step)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    whole = all(isinstance(v, (int, np.integer)) for v in (start, end, step))
    wanted = dtype_of(dtype, np.dtype(np.int64) if whole else None, out)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if wanted.kind == "b":
        raise NotImplementedError("\"arange_cpu\" not implemented for 'Bool'")
    if wanted.kind in "iu":
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError("step must be nonzero: it is less than 1, and the type is an integer's")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = -((start - end) // step) if wanted.kind in "iu" else math.ceil((end - start) / step)
    array = start + np.arange(*size_of((count,), {}, "arange")) * step
    return finish(constant(array.astype(wanted)), requires_grad, out, device)


def _steps(steps: Any, name: str) -> int:
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise TypeError(f"{name}(): argument 'steps' must be int, not {type(steps).__name__}")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return size_of((steps,), {}, name)[0]


@allocating
def linspace(start: Any, end: Any, steps: int, *, out: Any = None, dtype: Any = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False) -> Tensor:
    """steps numbers evenly spaced from start to end, both included."""
    array = np.linspace(_plain(start, "linspace"), _plain(end, "linspace"), _steps(steps, "linspace"))
    return finish(constant(array.astype(dtype_of(dtype, None, out))), requires_grad, out, device)


@allocating
def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, out: Any = None, dtype: Any = None,
             layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """base to the power of steps numbers evenly spaced from start to end, both included."""
    powers = np.linspace(_plain(start, "logspace"), _plain(end, "logspace"), _steps(steps, "logspace"))
    with np.errstate(all="ignore"):
        return finish((float(base) ** powers).astype(dtype_of(dtype, None, out)), requires_grad, out, device)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix of the powers of a vector's elements, N - 1 .. 0 (0 .. N - 1 if increasing), a row each."""
    require_tensor(x, "vander", "x")
    if x.array.ndim != 1:
        raise RuntimeError(f"x must be a one-dimensional tensor, but got shape {list(x.array.shape)}")
    count = x.array.size if N is None else N
    if count < 0:
        raise RuntimeError(f"N must be non-negative, but got {N}")
    powers = np.arange(count)
    exponents = finish((powers if increasing else powers[::-1]).astype(np.int64))
    return x.unsqueeze(1) ** exponents
