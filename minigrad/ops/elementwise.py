"""Functions of one tensor that have a kernel: a table of (kernel, formula, what backward saves, derivative).

Those without a kernel, by NumPy, are made the same way in rounding.py, trigonometric.py and special.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, make, zeros
from minigrad.names import named
from minigrad.native import lib
from minigrad.ops.kernel import as_float, require_tensor, unary

__all__ = ["abs", "by_numpy", "elementwise", "erf", "exp", "expm1", "flat", "function_of_floats", "log", "log1p",
           "positive", "reciprocal", "rsqrt", "sign", "sqrt", "square"]


def elementwise(name: str, compute: Any, formula: str, saves: str, derivative: Any) -> type[Function]:
    """A Function y = compute(x) whose backward is derivative(dy, s), with s the saved x or y."""

    class Elementwise(Function):
        @staticmethod
        def forward(ctx, x):
            y = compute(x)
            ctx.save_for_backward(x if saves == "x" else y)
            return y

        @staticmethod
        def backward(ctx, dy):
            (s,) = ctx.saved_tensors
            return derivative(dy, s)

    return named(Elementwise, name, formula)


def by_kernel(function: Any) -> Any:
    """y = function(x) by a kernel of C."""
    return partial(unary, function)


def by_numpy(function: Any) -> Any:
    """y = function(x.array) by NumPy, in the type of x."""

    def compute(x: Any) -> Any:
        with np.errstate(all="ignore"):
            return make(np.asarray(function(x.array), x.array.dtype))

    return compute


def flat(dy: Any, _: Any) -> Any:
    """The gradient of a function made of steps: 0, whatever dy."""
    return zeros(dy.array.shape, dy.array.dtype)


TWO_OVER_SQRT_PI = 1.1283791670955126

Abs = elementwise("Abs", by_kernel(lib.mg_abs), "y = |x|;  dx = dy sign(x)", "x", lambda dy, x: dy * x.sign())
Sign = elementwise("Sign", by_kernel(lib.mg_sign), "y = -1, 0 or 1;  dx = 0", "x", flat)
Square = elementwise("Square", by_kernel(lib.mg_square), "y = x^2;  dx = 2 x dy", "x", lambda dy, x: dy * (x * 2.0))
Sqrt = elementwise("Sqrt", by_kernel(lib.mg_sqrt), "y = sqrt(x);  dx = dy / 2y", "y", lambda dy, y: dy / (y * 2.0))
Rsqrt = elementwise("Rsqrt", by_kernel(lib.mg_rsqrt), "y = 1 / sqrt(x);  dx = -dy y^3 / 2", "y",
                     lambda dy, y: dy * (y.square() * y * -0.5))
Reciprocal = elementwise("Reciprocal", by_kernel(lib.mg_reciprocal), "y = 1 / x;  dx = -dy y^2", "y",
                         lambda dy, y: -(dy * y.square()))
Exp = elementwise("Exp", by_kernel(lib.mg_exp), "y = e^x;  dx = dy y", "y", lambda dy, y: dy * y)
Expm1 = elementwise("Expm1", by_kernel(lib.mg_expm1), "y = e^x - 1;  dx = dy (y + 1)", "y",
                    lambda dy, y: dy * (y + 1.0))
Log = elementwise("Log", by_kernel(lib.mg_log), "y = ln x;  dx = dy / x", "x", lambda dy, x: dy / x)
Log1p = elementwise("Log1p", by_kernel(lib.mg_log1p), "y = ln(1 + x);  dx = dy / (1 + x)", "x",
                    lambda dy, x: dy / (x + 1.0))
Erf = elementwise("Erf", by_kernel(lib.mg_erf),
                  "y = 2 / sqrt(pi) integral_0^x e^(-t^2) dt;  dx = 2 / sqrt(pi) e^(-x^2) dy", "x",
                  lambda dy, x: dy * ((-x.square()).exp() * TWO_OVER_SQRT_PI))


def function_of_floats(op: type[Function]) -> Callable[[T], T]:
    """The function op(input) that takes integers as the default float."""
    name = op.__name__.lower()

    def function(input: Any) -> Any:
        return op.apply(as_float(input, name))

    return named(function, name, op.__doc__)


sqrt, rsqrt, reciprocal = map(function_of_floats, (Sqrt, Rsqrt, Reciprocal))
exp, expm1, log, log1p, erf = map(function_of_floats, (Exp, Expm1, Log, Log1p, Erf))


def abs(input: T) -> T:
    """|x|"""
    require_tensor(input, "abs")
    if input.array.dtype.kind == "b":
        raise dtypes.not_implemented("abs", input.array.dtype)
    return Abs.apply(input) if input.array.dtype.kind == "f" else make(np.asarray(np.abs(input.array)))


def sign(input: T) -> T:
    """-1, 0 or 1"""
    require_tensor(input, "sign")
    if input.array.dtype.kind == "b":
        return make(input.array.copy())
    return Sign.apply(input) if input.array.dtype.kind == "f" else make(np.asarray(np.sign(input.array)))


def square(input: T) -> T:
    """x * x"""
    require_tensor(input, "square")
    return Square.apply(input) if input.array.dtype.kind == "f" else input ** 2


def positive(input: T) -> T:
    """x itself"""
    require_tensor(input, "positive")
    if input.array.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input
