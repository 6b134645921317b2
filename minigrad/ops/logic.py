"""Comparisons, logic, bits, and questions about elements: by NumPy, none of it differentiable."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import T, TensorBase, make
from minigrad.names import named
from minigrad.ops.kernel import broadcast, require_tensor
from minigrad.ops.operands import operands

__all__ = ["allclose", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
           "bitwise_xor", "eq", "equal", "gcd", "ge", "gt", "invert", "isclose", "isfinite", "isin", "isinf", "isnan",
           "isneginf", "isposinf", "isreal", "lcm", "le", "logical_and", "logical_not", "logical_or", "logical_xor",
           "lt", "ne", "signbit"]


def _apply(ufunc: Any, x: TensorBase, y: TensorBase) -> Any:
    broadcast(x.array.shape, y.array.shape)  # raises where they do not
    with np.errstate(all="ignore"):
        return make(np.asarray(ufunc(x.array, y.array)))


# -- comparisons -------------------------------------------------------------------------------------------------------


def _comparison(ufunc: Any, name: str) -> Callable[[T, Any], T]:
    """The bool tensor x ? y.

    An integer that x's type can't hold is compared as what it is; PyTorch wraps it, so that there uint8 1 < 256 is not
    true.
    """

    def function(input: Any, other: Any) -> Any:
        if other.__class__ is int and input.array.dtype.kind in "iu":
            limits = np.iinfo(input.array.dtype)
            if not limits.min <= other <= limits.max:
                return make(np.full(input.array.shape, ufunc(0, 1 if other > 0 else -1)))
        return _apply(ufunc, *operands(input, other, name))

    return named(function, name, f"Whether input {name} other, element by element.")


lt, le, gt, ge, eq, ne = (_comparison(ufunc, name) for ufunc, name in (
    (np.less, "lt"), (np.less_equal, "le"), (np.greater, "gt"), (np.greater_equal, "ge"), (np.equal, "eq"),
    (np.not_equal, "ne")))


# -- logic -------------------------------------------------------------------------------------------------------------


def _logical(ufunc: Any) -> Callable[[T, Any], T]:
    """The bool tensor x ? y of what is nonzero in two tensors of any types."""
    name = ufunc.__name__

    def function(input: Any, other: Any) -> Any:
        require_tensor(input, name)
        require_tensor(other, name, "other", 2)
        return _apply(ufunc, input, other)

    return named(function, name, f"{name} of what is not 0")


logical_and, logical_or, logical_xor = map(_logical, (np.logical_and, np.logical_or, np.logical_xor))


def logical_not(input: T) -> T:
    """Whether an element is 0"""
    require_tensor(input, "logical_not")
    return make(np.asarray(np.logical_not(input.array)))


# -- bits --------------------------------------------------------------------------------------------------------------


def _bitwise(function: Any, name: str, bools: builtins.bool = True,
             numbers: builtins.bool = True) -> Callable[[T, Any], T]:
    """x ? y of integers; of bools and numbers too, unless these are False."""

    def operation(input: Any, other: Any) -> Any:
        if not numbers:
            require_tensor(input, name)
            require_tensor(other, name, "other", 2)
        x, y = operands(input, other, name)
        if x.array.dtype.kind == "f" or (x.array.dtype.kind == "b" and not bools):
            raise dtypes.not_implemented(name, x.array.dtype)
        return _apply(function, x, y)

    return named(operation, name, f"{name} of integers")


def _shift(ufunc: Any) -> Callable[[T, Any], T]:
    """x shifted by y bits; by as many bits as it has, or by a negative number, nothing of it is left."""

    def shift(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        bits = x.dtype.itemsize * 8
        out = (y < 0) | (y >= bits)
        rest = np.where(x < 0, -1, 0) if ufunc is np.right_shift else 0
        return np.where(out, rest, ufunc(x, np.where(out, 0, y))).astype(x.dtype)

    return shift


bitwise_and, bitwise_or, bitwise_xor = (_bitwise(f, f.__name__) for f in (
    np.bitwise_and, np.bitwise_or, np.bitwise_xor))
bitwise_left_shift = _bitwise(_shift(np.left_shift), "bitwise_left_shift", bools=False)
bitwise_right_shift = _bitwise(_shift(np.right_shift), "bitwise_right_shift", bools=False)
gcd, lcm = _bitwise(np.gcd, "gcd", False, False), _bitwise(np.lcm, "lcm", False, False)


def bitwise_not(input: T) -> T:
    """All bits flipped; the opposite of a bool"""
    require_tensor(input, "bitwise_not")
    if input.array.dtype.kind == "f":
        raise dtypes.not_implemented("bitwise_not", input.array.dtype)
    return make(np.asarray(np.invert(input.array)))


def invert(x: T) -> T:
    """The operator ~"""
    if x.array.dtype.kind == "f":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return bitwise_not(x)


# -- questions ---------------------------------------------------------------------------------------------------------


def _question(function: Any, name: str, text: str) -> Callable[[T], T]:
    def operation(input: Any) -> Any:
        require_tensor(input, name)
        return make(np.asarray(function(input.array), bool))

    return named(operation, name, text)


isnan = _question(np.isnan, "isnan", "Whether an element is NaN")
isinf = _question(np.isinf, "isinf", "Whether an element is infinite, of either sign")
isfinite = _question(np.isfinite, "isfinite", "Whether an element is neither infinite nor NaN")
isposinf = _question(lambda x: x == np.inf, "isposinf", "Whether an element is +infinity")
isneginf = _question(lambda x: x == -np.inf, "isneginf", "Whether an element is -infinity")
isreal = _question(lambda x: np.ones(x.shape, bool), "isreal", "Whether an element is a real number: always")
signbit = _question(lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0, "signbit",
                    "Whether an element is negative, -0 included")


def isclose(input: T, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: builtins.bool = False) -> T:
    """|input - other| <= atol + rtol |other|; infinities of one sign are close"""
    require_tensor(input, "isclose")
    require_tensor(other, "isclose", "other", 2)
    if input.array.dtype is not other.array.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}")
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"rtol and atol must not be negative, but got rtol={rtol} and atol={atol}")
    return _apply(lambda x, y: np.isclose(x, y, rtol, atol, equal_nan), input, other)


def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08,
             equal_nan: builtins.bool = False) -> builtins.bool:
    """Whether all elements are close, as isclose has it"""
    return builtins.bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input: Any, other: Any) -> builtins.bool:
    """Whether two tensors have one shape and equal elements"""
    require_tensor(input, "equal")
    require_tensor(other, "equal", "other", 2)
    return input.array.shape == other.array.shape and np.array_equal(input.array, other.array)


def isin(elements: Any, test_elements: Any, *, assume_unique: builtins.bool = False,
         invert: builtins.bool = False) -> Any:
    """Whether each of elements is among test_elements; with invert, whether it is not"""
    if not isinstance(elements, TensorBase) and not isinstance(test_elements, TensorBase):
        raise TypeError("isin(): at least one of elements and test_elements must be a Tensor")
    x, y = operands(elements, test_elements, "isin")
    return make(np.asarray(np.isin(x.array, y.array, invert=invert)))
