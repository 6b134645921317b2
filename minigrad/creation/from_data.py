"""Tensors from numbers, nested sequences, arrays and buffers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.creation.common import allocating, dtype_of, finish
from minigrad.engine import TensorBase, make
from minigrad.ops.operands import scalar

__all__ = ["as_tensor", "asarray", "from_dlpack", "from_numpy", "frombuffer", "scalar_tensor", "tensor"]


@allocating
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Any:
    """A copy of data: numbers, nested lists, NumPy arrays. Python floats become the default float, ints int64.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]]).shape
    minigrad.Size([2, 2])
    """
    return finish(np.array(array_of(data, dtype), order="C"), requires_grad, device=device)


@allocating
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """Like tensor, but shares memory with a tensor or NumPy array of the right type."""
    if isinstance(data, TensorBase):
        return data.to(dtype) if dtype is not None else data
    return finish(array_of(data, dtype), device=device)


@allocating
def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None,
            requires_grad: bool = False) -> Any:
    """A tensor of obj that shares its memory where it can (copy=False: or else fails; copy=True: never)."""
    if isinstance(obj, TensorBase):
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


def from_numpy(ndarray: np.ndarray) -> Any:
    """A tensor that shares memory with the array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return make(dtypes.canonical(np.asarray(ndarray)))


def from_dlpack(ext_tensor: Any) -> Any:
    """A tensor that shares memory with any object that offers DLPack."""
    return make(dtypes.canonical(np.from_dlpack(ext_tensor)))


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Any:
    """A vector that shares memory with a buffer such as a bytearray."""
    try:
        return finish(np.frombuffer(buffer, dtypes.resolve(dtype), count, offset), requires_grad)
    except ValueError as error:
        raise ValueError(f"frombuffer(): {error}") from None


def scalar_tensor(s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
                  requires_grad: bool = False) -> Any:
    """A 0-d tensor of a number, of the default float unless told."""
    return finish(scalar(s, dtype_of(dtype), "scalar_tensor"), requires_grad, device=device)


# -- nested sequences --------------------------------------------------------------------------------------------------


def array_of(data: Any, dtype: Any = None) -> np.ndarray:
    """Data as an array of a type that tensors have; it shares the memory of an array or tensor of that type."""
    wanted = None if dtype is None else dtypes.resolve(dtype)
    if isinstance(data, TensorBase):
        data = data.array
    elif not isinstance(data, (np.ndarray, np.generic, list, tuple)) and hasattr(data, "__array__"):
        data = np.asarray(data)
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.asarray(data)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"can't convert np.ndarray of type {array.dtype}. The only supported types are: float64, "
                            "float32, int64, int32, uint8, and bool.")
    else:
        types: set = set()
        array = _from_nested(_plain(data, _shape(data), 0, types), types)
        if wanted is None and array.dtype == np.float64 and np.float64 not in types:
            wanted = dtypes.default_float()
        if wanted is not None and wanted.kind in "iu" and array.size:
            array = _fitting(array, wanted)
    with np.errstate(all="ignore"):
        return dtypes.canonical(array) if wanted is None else array.astype(wanted, copy=False)


def _from_nested(data: Any, types: set) -> np.ndarray:
    """Nested lists of numbers of these types as an array."""
    array = np.array(data)
    whole = all(issubclass(t, (int, np.integer, np.bool_)) for t in types)
    if array.size and (array.dtype.kind not in ("ib" if whole else "fib")) and array.dtype != np.uint8:
        raise ValueError("Overflow when unpacking long long")
    return array if array.size else array.astype(dtypes.default_float())


def _fitting(array: np.ndarray, wanted: np.dtype) -> np.ndarray:
    """The array, if the integer type has its values; negative ones count from the top of an unsigned type."""
    limits = np.iinfo(wanted)
    lowest = -limits.max if wanted.kind == "u" else limits.min
    if not (array.min() >= lowest and array.max() <= limits.max):  # so that NaN is refused, too
        raise RuntimeError(f"value cannot be converted to type {wanted} without overflow")
    return array.astype(np.int64) if wanted.kind == "u" else array


_SEQUENCES = (list, tuple, range)
_MOST_DIMENSIONS = 64  # NumPy's own limit
_PLAIN = {int, float, bool}


def _shape(data: Any) -> tuple[int, ...]:
    """The lengths of the first sequences at each depth, which all others must have."""
    shape = []
    while isinstance(data, _SEQUENCES) or (isinstance(data, np.ndarray) and data.ndim):
        if isinstance(data, np.ndarray):
            return (*shape, *data.shape)
        shape.append(len(data))
        if len(shape) > _MOST_DIMENSIONS:
            raise ValueError(f"too many dimensions '{type(data).__name__}'")
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _plain(data: Any, shape: tuple[int, ...], depth: int, types: set) -> Any:
    """Nested lists of plain numbers; the set takes up what else they were. Errors as PyTorch's."""
    if isinstance(data, _SEQUENCES):
        if depth == len(shape):
            raise TypeError(f"'{type(data).__name__}' object cannot be interpreted as a number: sequences go deeper "
                            "here than at the first place")
        if len(data) != shape[depth]:
            raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})")
        if depth == len(shape) - 1 and _PLAIN.issuperset(here := set(map(type, data))):
            types |= here
            return data
        return [_plain(item, shape, depth + 1, types) for item in data]
    if isinstance(data, np.ndarray) and data.ndim:
        if data.shape != shape[depth:]:
            raise ValueError(f"expected sequence of shape {list(shape[depth:])} at dim {depth} (got "
                             f"{list(data.shape)})")
        types.add(data.dtype.type)
        return data
    if depth < len(shape):
        raise TypeError("not a sequence")
    return _number(data, types)


def _number(value: Any, types: set) -> Any:
    if isinstance(value, TensorBase):
        if value.array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        value = value.array.reshape(())[()]
    kind = value.dtype if isinstance(value, (np.generic, np.ndarray)) else np.dtype(type(value))
    if kind.kind not in "fiub":
        if kind.kind in "cSU":
            raise TypeError(f"new(): invalid data type '{type(value).__name__}': can't convert it to a tensor")
        if not hasattr(value, "__float__"):
            raise RuntimeError(f"Could not infer dtype of {type(value).__name__}")
        value, kind = float(value), np.dtype(float)
    types.add(float if type(value) is float else kind.type)
    return value
