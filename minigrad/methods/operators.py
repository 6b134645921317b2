"""The operators of Tensor: + - * / // % ** @, comparisons, & | ^ ~."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine import T, TensorBase, make
from minigrad.methods.become import in_place
from minigrad.ops import arithmetic, elementwise, matmul, operands

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Operators"]


def _reflected(function: Any) -> Callable[[T, Any], T]:
    return lambda self, other: function(other, self)


def _comparison(ufunc: Any) -> Callable[[T, Any], T]:
    return lambda self, other: arithmetic.compare(ufunc, self, other)


def _logical(ufunc: Any) -> Callable[[T, Any], T]:
    def operator(self: Any, other: Any) -> Any:
        x, y = operands.operands(self, other, ufunc.__name__)
        if x.array.dtype.kind == "f":
            raise NotImplementedError(f"\"{ufunc.__name__}\" not implemented for floating-point tensors")
        return make(np.asarray(ufunc(x.array, y.array)))

    return operator


class Operators(TensorBase):
    """+ - * / // % ** @, comparisons, & | ^ ~."""

    __add__, __sub__, __mul__, __truediv__ = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div
    __floordiv__, __mod__, __pow__, __matmul__ = (
        arithmetic.floor_divide, arithmetic.remainder, arithmetic.pow, matmul.matmul)
    __radd__, __rmul__ = arithmetic.add, arithmetic.mul
    __rsub__, __rtruediv__ = _reflected(arithmetic.sub), _reflected(arithmetic.div)
    __rfloordiv__, __rmod__ = _reflected(arithmetic.floor_divide), _reflected(arithmetic.remainder)
    __rpow__, __rmatmul__ = _reflected(arithmetic.pow), _reflected(matmul.matmul)
    __neg__, __abs__ = arithmetic.neg, elementwise.abs
    __lt__, __le__ = _comparison(np.less), _comparison(np.less_equal)
    __gt__, __ge__ = _comparison(np.greater), _comparison(np.greater_equal)
    lt, le, gt, ge = __lt__, __le__, __gt__, __ge__
    eq, ne = _comparison(np.equal), _comparison(np.not_equal)
    __and__, __or__, __xor__ = _logical(np.bitwise_and), _logical(np.bitwise_or), _logical(np.bitwise_xor)
    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __pos__(self) -> Self:
        return self

    def __eq__(self, other: Any) -> Any:
        return False if other is None or isinstance(other, str) else self.eq(other)

    def __ne__(self, other: Any) -> Any:
        return True if other is None or isinstance(other, str) else self.ne(other)

    def __invert__(self) -> Self:
        if self.array.dtype.kind == "f":
            raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
        return make(np.asarray(~self.array))

    logical_not = __invert__

    __iadd__, __isub__ = in_place(arithmetic.add), in_place(arithmetic.sub)
    __imul__, __itruediv__ = in_place(arithmetic.mul), in_place(arithmetic.div)
    __ipow__ = in_place(arithmetic.pow)
