"""The methods of Tensor that compute: a line each, naming the operation in ops/ that does it."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.ops import activation, arithmetic, choice, elementwise, matmul, reduce, softmax
from minigrad.ops.kernel import require_tensor

__all__ = ["MathMethods"]


class MathMethods:
    """Functions of one tensor, or of a tensor and a second operand."""

    neg, negative, sign, square = arithmetic.neg, arithmetic.neg, elementwise.sign, elementwise.square
    abs, absolute = elementwise.abs, elementwise.abs
    sqrt, rsqrt, reciprocal = elementwise.sqrt, elementwise.rsqrt, elementwise.reciprocal
    exp, expm1, log, log1p, erf = (
        elementwise.exp, elementwise.expm1, elementwise.log, elementwise.log1p, elementwise.erf)
    mul, multiply = arithmetic.mul, arithmetic.mul
    div, divide, true_divide = arithmetic.div, arithmetic.div, arithmetic.div
    pow, floor_divide, remainder = arithmetic.pow, arithmetic.floor_divide, arithmetic.remainder
    maximum, minimum, clamp, clip = choice.maximum, choice.minimum, choice.clamp, choice.clamp
    matmul, mm, bmm = matmul.matmul, matmul.mm, matmul.bmm
    relu, sigmoid, tanh = activation.relu, activation.sigmoid, activation.tanh
    softmax, log_softmax = softmax.softmax, softmax.log_softmax
    sum, mean, var, std, norm = reduce.sum, reduce.mean, reduce.var, reduce.std, reduce.norm
    amax, amin, argmax, argmin = reduce.amax, reduce.amin, reduce.argmax, reduce.argmin

    def add(self, other: Any, *, alpha: Any = 1) -> Any:
        return arithmetic.add(self, other if alpha == 1 else other * alpha)

    def sub(self, other: Any, *, alpha: Any = 1) -> Any:
        return arithmetic.sub(self, other if alpha == 1 else other * alpha)

    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        return reduce.extreme(self, dim, keepdim, True)

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        return reduce.extreme(self, dim, keepdim, False)

    # Not differentiable, by NumPy:

    def all(self, dim: Any = None, keepdim: bool = False) -> Any:
        return make(np.asarray(self.array.all(axis=reduce.axes_of(dim, self.array.ndim), keepdims=keepdim)))

    def any(self, dim: Any = None, keepdim: bool = False) -> Any:
        return make(np.asarray(self.array.any(axis=reduce.axes_of(dim, self.array.ndim), keepdims=keepdim)))

    def isnan(self) -> Any:
        return make(np.asarray(np.isnan(self.array)))

    def isinf(self) -> Any:
        return make(np.asarray(np.isinf(self.array)))

    def isfinite(self) -> Any:
        return make(np.asarray(np.isfinite(self.array)))

    def equal(self, other: Any) -> builtins.bool:
        require_tensor(other, "equal", "other", 2)
        return self.array.shape == other.array.shape and np.array_equal(self.array, other.array)

    def allclose(self, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> builtins.bool:
        require_tensor(other, "allclose", "other", 2)
        return builtins.bool(np.allclose(self.array, other.array, rtol, atol, equal_nan))
