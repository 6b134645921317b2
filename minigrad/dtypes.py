"""The element types: float32, float64, int64, int32, uint8 and bool, and how they combine."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad.tape import bump

__all__ = ["bool", "canonical", "default_float", "double", "dtype", "float", "float32", "float64", "int", "int32",
           "int64", "long", "not_implemented", "of", "promote", "resolve", "set_default_dtype", "title", "uint8"]


class dtype:
    """An element type, as PyTorch has them. NumPy takes one wherever it takes a dtype."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype = np.dtype(name)  # NumPy looks for this attribute

    @property
    def is_floating_point(self) -> builtins.bool:
        return self.dtype.kind == "f"

    @property
    def is_complex(self) -> builtins.bool:
        return False

    @property
    def is_signed(self) -> builtins.bool:
        return self.dtype.kind in "if"

    @property
    def itemsize(self) -> builtins.int:
        return self.dtype.itemsize

    def __repr__(self) -> str:
        return f"torch.{self.name}"  # evaluates under `import minigrad as torch`, and equals PyTorch's

    def __reduce__(self) -> tuple:
        return of, (self.dtype,)


# In the order of promotion: the result of two types is the later one.
bool, uint8, int32, int64, float32, float64 = _ALL = tuple(
    dtype(name) for name in ("bool", "uint8", "int32", "int64", "float32", "float64"))
float, double, int, long = float32, float64, int32, int64

_BY_NUMBER = {t.dtype.num: t for t in _ALL}
_RANK = {t.dtype: rank for rank, t in enumerate(_ALL)}
_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}
_PYTHON = {builtins.bool: bool, builtins.int: int64, builtins.float: float64}
_TITLES = {float32: "Float", float64: "Double", int64: "Long", int32: "Int", uint8: "Byte", bool: "Bool"}
_default = float32.dtype


def of(numpy_dtype: np.dtype) -> dtype:
    """The dtype of a NumPy dtype; TypeError if minigrad has none."""
    found = _BY_NUMBER.get(np.dtype(numpy_dtype).num)
    if found is None:
        raise TypeError(f"can't use {np.dtype(numpy_dtype)}: the supported types are "
                        f"{', '.join(t.name for t in _ALL)}")
    return found


def title(numpy_dtype: np.dtype) -> str:
    """PyTorch's other name of a type, which its errors use: Float, Double, Long ..."""
    return _TITLES[of(numpy_dtype)]


def not_implemented(operation: str, numpy_dtype: np.dtype, hint: str = "") -> NotImplementedError:
    """PyTorch's error for elements of a type that an operation does not take."""
    return NotImplementedError(f"\"{operation}\" not implemented for '{title(numpy_dtype)}'{hint}")


def resolve(value: Any) -> np.dtype:
    """The NumPy dtype that a user means: a dtype of ours, of NumPy, its name, or Python's float, int, bool; or such as
    FloatTensor and "torch.FloatTensor"."""
    if isinstance(value, dtype):
        return value.dtype
    if isinstance(value, str) and value.endswith("Tensor"):
        named = [t for t, title in _TITLES.items() if value.rpartition(".")[2] == f"{title}Tensor"]
        if not named:
            raise ValueError(f"invalid type: {value!r}")
        return named[0].dtype
    if value in _PYTHON:
        return _PYTHON[value].dtype
    if isinstance(value, (np.dtype, type, str)):
        return of(np.dtype(value)).dtype
    raise TypeError(f"expected a dtype such as minigrad.float32, but got {type(value).__name__}")


def canonical(array: np.ndarray) -> np.ndarray:
    """The same memory with NumPy's own object for its dtype, by which the engine knows a type: arrays that were pickled
    have an equal one. A TypeError if the type is not supported; a copy if the bytes are in foreign order."""
    wanted = of(array.dtype).dtype
    if array.dtype is wanted:
        return array
    return array.view(wanted) if array.dtype == wanted else array.astype(wanted)


def promote(a: np.ndarray, b: np.ndarray) -> np.dtype:
    """The type of a combined with b, as in PyTorch: a 0-d array counts only if its category is the higher one."""
    if a.ndim and not b.ndim and _CATEGORY[b.dtype.kind] <= _CATEGORY[a.dtype.kind]:
        return a.dtype
    if b.ndim and not a.ndim and _CATEGORY[a.dtype.kind] <= _CATEGORY[b.dtype.kind]:
        return b.dtype
    return promote_types(a.dtype, b.dtype)


def promote_types(a: np.dtype, b: np.dtype) -> np.dtype:
    """The type of two types, whatever the shapes."""
    return max(a, b, key=_RANK.__getitem__)


def default_float() -> np.dtype:
    return _default


def set_default_dtype(d: dtype) -> None:
    """The type of tensors made from Python floats: float32 (as imported) or float64."""
    global _default
    chosen = resolve(d)
    if chosen.kind != "f":
        raise TypeError("only floating-point types are supported as the default type")
    _default = chosen
    bump()


def can_cast(a: np.dtype, b: np.dtype) -> builtins.bool:
    """Whether an in-place result of type a may go into type b: its category (bool, integer, float) is no lower."""
    return _CATEGORY[a.kind] <= _CATEGORY[b.kind]


class finfo:
    """The limits of a float type: bits, eps, max, min, tiny, smallest_normal, resolution."""

    def __init__(self, type: Any = None) -> None:
        found = default_float() if type is None else resolve(type)
        if found.kind != "f":
            raise TypeError(f"finfo() requires a floating point input type, but got {found}. Use iinfo")
        limits = np.finfo(found)
        self.bits, self.dtype = found.itemsize * 8, found.name
        self.eps, self.max, self.min = (builtins.float(v) for v in (limits.eps, limits.max, limits.min))
        self.tiny = self.smallest_normal = builtins.float(limits.tiny)
        self.resolution = builtins.float(limits.resolution)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer type: bits, max, min."""

    def __init__(self, type: Any) -> None:
        found = resolve(type)
        if found.kind not in "iu":
            raise TypeError(f"iinfo() requires an integer input type, but got {found}"
                            + (". Use finfo" if found.kind == "f" else ""))
        limits = np.iinfo(found)
        self.bits, self.max, self.min = found.itemsize * 8, builtins.int(limits.max), builtins.int(limits.min)
        self.dtype = found.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
