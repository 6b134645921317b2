"""Numbers, nested sequences of them, and arrays, as arrays of a type that tensors have."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import TensorBase

__all__ = ["array_of"]


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
