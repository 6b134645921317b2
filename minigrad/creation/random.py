"""Random tensors: uniform, normal, integers and permutations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.names import named
from minigrad.native import FLOATS
from minigrad.ops.kernel import broadcast, require_tensor
from minigrad.ops.making import allocating, dtype_of, finish, size_of
from minigrad.random import stream
from minigrad.tensor import Tensor

__all__ = ["normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm"]

_INT64 = np.dtype(np.int64)


def _float(dtype: Any, name: str, out: Any = None) -> np.dtype:
    found = dtype_of(dtype, None, out)
    if found.num not in FLOATS:
        raise NotImplementedError(f"\"{name}\" not implemented for {found}: expected a floating-point dtype")
    return found


@allocating
def rand(*size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False, **keywords: Any) -> Tensor:
    """Uniform on [0, 1)."""
    shape = size_of(size, keywords, "rand")
    return finish(stream(generator).uniform(shape, _float(dtype, "rand", out)), requires_grad, out, device)


@allocating
def randn(*size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, **keywords: Any) -> Tensor:
    """Standard normal."""
    shape = size_of(size, keywords, "randn")
    return finish(stream(generator).normal(shape, _float(dtype, "randn", out)), requires_grad, out, device)


@allocating
def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, out: Any = None,
           dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """mean + std * standard normal; of numbers in a size, or of tensors, which broadcast."""
    tensors = [v for v in (mean, std) if isinstance(v, Tensor)]
    if bool(tensors) == (size is not None):
        raise TypeError("normal() received an invalid combination of arguments: expected numbers mean and std with a "
                        "size, or at least one of them a tensor and no size")
    low = min((v.array.min() for v in (std,) if isinstance(v, Tensor) and v.array.size), default=0) if isinstance(
        std, Tensor) else std
    if not low >= 0:
        raise RuntimeError(f"normal expects all elements of std >= 0.0, but found {low}" if isinstance(std, Tensor)
                           else f"normal expects std >= 0.0, but found std {std}")
    shape = size_of((size,), {}, "normal") if size is not None else broadcast(
        tensors[0].array.shape, tensors[-1].array.shape)[0]
    wanted = _float(dtype if dtype is not None or not tensors else tensors[0].array.dtype, "normal", out)
    noise = finish(stream(generator).normal(shape, wanted), device=device)
    y = noise * std + mean
    return y.requires_grad_(requires_grad or y.requires_grad) if out is None else finish(y.array, False, out)


@allocating
def randint(low: int, high: Any = None, size: Any = None, *, generator: Any = None, out: Any = None, dtype: Any = None,
            layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Integers from low (0 unless given) to high - 1: randint(10, (3,)) or randint(5, 10, (3,))."""
    if size is None:
        high, size = None, high
    if high is None:
        low, high = 0, low
    for value in (low, high):
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"randint(): argument 'high' must be int, not {type(value).__name__}")
        if not -(1 << 63) <= value < 1 << 63:
            raise ValueError("Overflow when unpacking long long")
    if not low < high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    wanted = dtype_of(dtype, _INT64, out)
    limits = (0, 1) if wanted.kind == "b" else None if wanted.kind == "f" else (
        np.iinfo(wanted).min, np.iinfo(wanted).max)
    if limits and not (limits[0] <= low and high - 1 <= limits[1]):
        raise RuntimeError(f"randint: from or to - 1 is out of bounds for {wanted}: {low} .. {high - 1}")
    array = stream(generator).integers(int(low), int(high), size_of((size,), {}, "randint"))
    return finish(array.astype(wanted), requires_grad, out, device)


@allocating
def randperm(n: int, *, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """0 .. n - 1 in random order."""
    (n,) = size_of((n,), {}, "randperm")
    array = stream(generator).permutation(n)
    return finish(array.astype(dtype_of(dtype, _INT64, out)), requires_grad, out, device)


def _like(name: str, create: Any) -> Callable[..., Tensor]:
    def function(input: Any, *, dtype: Any = None, generator: Any = None, layout: Any = None, device: Any = None,
                 requires_grad: bool = False, memory_format: Any = None) -> Tensor:
        require_tensor(input, name)
        return create(tuple(input.array.shape), dtype=dtype_of(dtype, input.array.dtype), generator=generator,
                      device=device, requires_grad=requires_grad)

    return named(function, name, f"{create.__name__}, in input's shape and type.")


rand_like, randn_like = _like("rand_like", rand), _like("randn_like", randn)


def randint_like(input: Any, low: int, high: int | None = None, *, dtype: Any = None, generator: Any = None,
                 layout: Any = None, device: Any = None, requires_grad: bool = False,
                 memory_format: Any = None) -> Tensor:
    """randint, in input's shape and type."""
    require_tensor(input, "randint_like")
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, tuple(input.array.shape), dtype=dtype_of(dtype, input.array.dtype), generator=generator,
                   device=device, requires_grad=requires_grad)
