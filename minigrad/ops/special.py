"""The functions of statistics: erf's relatives, the gamma function's, logit, sinc. By NumPy, in double precision."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import Function, T, make
from minigrad.ops import gamma, normal
from minigrad.ops.choice import where
from minigrad.ops.elementwise import TWO_OVER_SQRT_PI, by_numpy, elementwise, function_of_floats
from minigrad.ops.kernel import as_float

__all__ = ["digamma", "erfc", "erfinv", "lgamma", "logit", "polygamma", "sinc"]


def _in_double(function: Any) -> Any:
    """y = function(x), computed in float64, in the type of x."""
    return by_numpy(lambda x: function(x.astype(np.float64)))


Erfc = elementwise("Erfc", _in_double(gamma.erfc), "y = 1 - erf(x);  dx = -2 / sqrt(pi) e^(-x^2) dy", "x",
                   lambda dy, x: dy * ((-x.square()).exp() * -TWO_OVER_SQRT_PI))
Erfinv = elementwise("Erfinv", _in_double(normal.erfinv), "erf(y) = x;  dx = sqrt(pi) / 2 e^(y^2) dy", "y",
                     lambda dy, y: dy * (y.square().exp() / TWO_OVER_SQRT_PI))
Lgamma = elementwise("Lgamma", _in_double(gamma.lgamma), "y = ln |gamma(x)|;  dx = dy digamma(x)", "x",
                     lambda dy, x: dy * digamma(x))
Digamma = elementwise("Digamma", _in_double(gamma.digamma), "y = d/dx ln gamma(x);  dx = dy polygamma(1, x)", "x",
                      lambda dy, x: dy * polygamma(1, x))
Sinc = elementwise("Sinc", by_numpy(np.sinc), "y = sin(pi x) / (pi x), 1 at 0;  dx = dy (cos(pi x) - y) / x, 0 at 0",
                   "x", lambda dy, x: dy * where(x == 0, 0.0, _sinc_slope(x)))

erfc, erfinv, lgamma, digamma, sinc = map(function_of_floats, (Erfc, Erfinv, Lgamma, Digamma, Sinc))


def _sinc_slope(x: Any) -> Any:
    z = x * math.pi
    return (z.cos() * z - z.sin()) * math.pi / z.square()


class Polygamma(Function):
    """y = the n-th derivative of digamma;  dx = dy polygamma(n + 1, x)."""

    @staticmethod
    def forward(ctx, x, n):
        ctx.n = n
        ctx.save_for_backward(x)
        return _in_double(lambda x: gamma.polygamma(n, x))(x)

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * polygamma(ctx.n + 1, x), None


def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of digamma(x)."""
    x = as_float(input, "polygamma")
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return Polygamma.apply(x, n) if n else digamma(x)


class Logit(Function):
    """y = ln(x / (1 - x)), x first put between eps and 1 - eps;  dx = dy / (x (1 - x)), 0 where x was outside.

    Without eps, y and dx are NaN outside 0 .. 1.
    """

    @staticmethod
    def forward(ctx, x, eps):
        ctx.eps = eps
        ctx.save_for_backward(x)
        with np.errstate(all="ignore"):
            z = x.array if eps is None else np.clip(x.array, *np.array([eps, 1 - eps], x.array.dtype))
            return make(np.asarray(np.log(z / (1 - z)), x.array.dtype))

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        low = 0.0 if ctx.eps is None else ctx.eps
        outside = (x < low) | (x > 1.0 - low)
        return where(outside, math.nan if ctx.eps is None else 0.0, dy / (x * (1.0 - x))), None


def logit(input: T, eps: float | None = None) -> T:
    """ln(x / (1 - x)), the inverse of sigmoid"""
    return Logit.apply(as_float(input, "logit"), eps)
