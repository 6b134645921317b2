"""Functions of one tensor: a table of (kernel, formula, what backward saves, derivative)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, make
from minigrad.native import lib
from minigrad.ops.kernel import as_float, unary


def _elementwise(name: str, kernel: Any, formula: str, saves: str, derivative: Any) -> type[Function]:
    """A Function y = f(x) whose backward is derivative(dy, s), with s the saved x or y."""

    class Elementwise(Function):
        @staticmethod
        def forward(ctx, x):
            y = unary(kernel, x)
            ctx.save_for_backward(x if saves == "x" else y)
            return y

        @staticmethod
        def backward(ctx, dy):
            (s,) = ctx.saved_tensors
            return derivative(dy, s)

    Elementwise.__name__ = Elementwise.__qualname__ = name
    Elementwise.__doc__ = formula
    return Elementwise


TWO_OVER_SQRT_PI = 1.1283791670955126

Abs = _elementwise("Abs", lib.mg_abs, "y = |x|;  dx = dy sign(x)", "x", lambda dy, x: dy * x.sign())
Sign = _elementwise("Sign", lib.mg_sign, "y = -1, 0 or 1;  dx = 0", "x", lambda dy, x: dy * 0.0)
Square = _elementwise("Square", lib.mg_square, "y = x^2;  dx = 2 x dy", "x", lambda dy, x: dy * (x * 2.0))
Sqrt = _elementwise("Sqrt", lib.mg_sqrt, "y = sqrt(x);  dx = dy / 2y", "y", lambda dy, y: dy / (y * 2.0))
Rsqrt = _elementwise("Rsqrt", lib.mg_rsqrt, "y = 1 / sqrt(x);  dx = -dy y^3 / 2", "y",
                     lambda dy, y: dy * (y.square() * y * -0.5))
Reciprocal = _elementwise("Reciprocal", lib.mg_reciprocal, "y = 1 / x;  dx = -dy y^2", "y",
                          lambda dy, y: -(dy * y.square()))
Exp = _elementwise("Exp", lib.mg_exp, "y = e^x;  dx = dy y", "y", lambda dy, y: dy * y)
Expm1 = _elementwise("Expm1", lib.mg_expm1, "y = e^x - 1;  dx = dy (y + 1)", "y", lambda dy, y: dy * (y + 1.0))
Log = _elementwise("Log", lib.mg_log, "y = ln x;  dx = dy / x", "x", lambda dy, x: dy / x)
Log1p = _elementwise("Log1p", lib.mg_log1p, "y = ln(1 + x);  dx = dy / (1 + x)", "x", lambda dy, x: dy / (x + 1.0))
Erf = _elementwise("Erf", lib.mg_erf, "y = 2 / sqrt(pi) integral_0^x e^(-t^2) dt;  dx = 2 / sqrt(pi) e^(-x^2) dy", "x",
                   lambda dy, x: dy * ((-x.square()).exp() * TWO_OVER_SQRT_PI))


def _function(op: type[Function]) -> Any:
    name = op.__name__.lower()

    def function(x: Any) -> Any:
        return op.apply(as_float(x, name))

    function.__name__ = name
    function.__doc__ = f"{op.__doc__}"
    return function


sqrt, rsqrt, reciprocal = _function(Sqrt), _function(Rsqrt), _function(Reciprocal)
exp, expm1, log, log1p, erf = _function(Exp), _function(Expm1), _function(Log), _function(Log1p), _function(Erf)


def abs(x: Any) -> Any:
    """|x|"""
    if x.array.dtype.kind == "b":
        raise NotImplementedError("\"abs\" not implemented for 'Bool'")
    return Abs.apply(x) if x.array.dtype.kind == "f" else make(np.asarray(np.abs(x.array)))


def sign(x: Any) -> Any:
    """-1, 0 or 1"""
    return Sign.apply(x) if x.array.dtype.kind == "f" else make(np.asarray(np.sign(x.array)))


def square(x: Any) -> Any:
    """x * x"""
    return Square.apply(x) if x.array.dtype.kind == "f" else x * x
