"""The operators of Tensor: + - * / // % ** @, comparisons, & | ^ ~."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Number
from typing import Any

import numpy as np

from minigrad.engine import T, TensorBase
from minigrad.methods.become import in_place
from minigrad.ops import arithmetic, elementwise, logic, matmul

__all__ = ["Operators"]


def _of_tensor(function: Any) -> Callable[[T, Any], T]:
    """A function that takes numbers in the first place, too, as one that has a tensor there."""
    return function


def _reflected(function: Any) -> Callable[[T, Any], T]:
    return lambda self, other: function(other, self)


_OPERANDS = (TensorBase, Number, np.ndarray, np.bool_)  # what == compares with; anything else is not equal


class Operators(TensorBase):
    """+ - * / // % ** @, comparisons, & | ^ ~."""

    __add__, __sub__, __mul__, __truediv__ = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div
    __floordiv__, __mod__, __pow__, __matmul__ = (
        arithmetic.floor_divide, arithmetic.remainder, _of_tensor(arithmetic.pow), matmul.matmul)
    __radd__, __rmul__ = arithmetic.add, arithmetic.mul
    __rsub__, __rtruediv__ = _reflected(arithmetic.sub), _reflected(arithmetic.div)
    __rdiv__ = __rtruediv__
    __rfloordiv__, __rmod__ = _reflected(arithmetic.floor_divide), _reflected(arithmetic.remainder)
    __rpow__, __rmatmul__ = _reflected(arithmetic.pow), _reflected(matmul.matmul)
    __neg__, __abs__, __pos__, __invert__ = arithmetic.neg, elementwise.abs, elementwise.positive, logic.invert
    __lt__, __le__, __gt__, __ge__ = logic.lt, logic.le, logic.gt, logic.ge
    __and__, __or__, __xor__ = logic.bitwise_and, logic.bitwise_or, logic.bitwise_xor
    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__
    __lshift__, __rshift__ = logic.bitwise_left_shift, logic.bitwise_right_shift
    __rlshift__, __rrshift__ = _reflected(__lshift__), _reflected(__rshift__)

    def __eq__(self, other: Any) -> Any:
        return logic.eq(self, other) if isinstance(other, _OPERANDS) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return logic.ne(self, other) if isinstance(other, _OPERANDS) else NotImplemented

    __iadd__, __isub__ = in_place(arithmetic.add), in_place(arithmetic.sub)
    __imul__, __itruediv__ = in_place(arithmetic.mul), in_place(arithmetic.div)
    __ipow__, __ifloordiv__, __imod__ = map(in_place, (arithmetic.pow, arithmetic.floor_divide, arithmetic.remainder))
    __iand__, __ior__, __ixor__ = map(in_place, (logic.bitwise_and, logic.bitwise_or, logic.bitwise_xor))
    __ilshift__, __irshift__ = map(in_place, (logic.bitwise_left_shift, logic.bitwise_right_shift))
