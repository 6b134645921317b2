"""Tensors from numbers, nested sequences, arrays and buffers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import make
from minigrad.ops.making import allocating, dtype_of, finish
from minigrad.ops.nested import array_of
from minigrad.ops.operands import scalar
from minigrad.tensor import Tensor

__all__ = ["as_tensor", "asarray", "from_dlpack", "from_numpy", "frombuffer", "scalar_tensor", "tensor"]


@allocating
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Tensor:
    """A copy of data: numbers, nested lists, NumPy arrays. Python floats become the default float, ints int64.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]]).shape
    torch.Size([2, 2])
    """
    return finish(np.array(array_of(data, dtype), order="C"), requires_grad, device=device)


@allocating
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Like tensor, but shares memory with a tensor or NumPy array of the right type."""
    if isinstance(data, Tensor):
        return data.to(dtype) if dtype is not None else data
    return finish(array_of(data, dtype), device=device)


@allocating
def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None,
            requires_grad: bool = False) -> Tensor:
    """A tensor of obj that shares its memory where it can (copy=False: or else fails; copy=True: never)."""
    if isinstance(obj, Tensor):
        wanted = dtype_of(dtype, obj.array.dtype)
        if copy is False and wanted is not obj.array.dtype:
            raise ValueError("can't alias tensor with dtype " f"{obj.dtype} into dtype {dtypes.of(wanted)}.")
        t = obj.to(wanted, copy=bool(copy))
        return t if t.needs_grad == requires_grad else t.detach().requires_grad_(requires_grad)
    shares = isinstance(obj, np.ndarray) or hasattr(obj, "__dlpack__") or hasattr(obj, "__array__")
    if copy is False and not shares:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    array = array_of(from_dlpack(obj) if shares and not hasattr(obj, "__array__") else obj, dtype)
    return finish(array.copy() if copy else array, requires_grad, device=device)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares memory with the array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return make(dtypes.canonical(np.asarray(ndarray)))


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares memory with any object that offers DLPack."""
    return make(dtypes.canonical(np.from_dlpack(ext_tensor)))


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A vector that shares memory with a buffer such as a bytearray."""
    try:
        return finish(np.frombuffer(buffer, dtypes.resolve(dtype), count, offset), requires_grad)
    except ValueError as error:
        raise ValueError(f"frombuffer(): {error}") from None


def scalar_tensor(s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
                  requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of a number, of the default float unless told."""
    return finish(scalar(s, dtype_of(dtype), "scalar_tensor"), requires_grad, device=device)
