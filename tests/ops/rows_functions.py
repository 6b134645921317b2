"""Rows of the functions without a kernel: rounding, angles, special functions, pairs, blends."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .row import Draw, Row, above, away, below, call, distinct, normal, positive, split, unit
from .rows_elementwise import in_place, three

Maker = Callable[..., Draw]
SHAPES = ((2, 3), (), (0,), (1,), (33,))
PAIRS = (((2, 3), (2, 3)), ((2, 3), ()), ((), ()), ((2, 1), (1, 3)), ((2, 1, 2), (1, 3, 1)), ((0, 3), (3,)))


def vectorised(function: Callable) -> Callable:
    return np.vectorize(function, otypes=[float])


def unary(name: str, reference: Callable | None, draw: Maker = normal, covers: str = "", how: Callable | None = None,
          ulps: float = 32, torch: bool = True) -> Row:
    return Row(name, reference, tuple(call(draw(*shape)) for shape in SHAPES), split(covers or name.capitalize()), how,
               torch, ulps)


def pair(name: str, reference: Callable, first: Maker = normal, second: Maker = normal, covers: str = "",
         how: Callable | None = None, torch: bool = True) -> Row:
    return Row(name, reference, tuple(call(first(*a), second(*b)) for a, b in PAIRS), split(covers or
               name.capitalize()), how, torch, 64)


def sinc(x: np.ndarray) -> np.ndarray:
    return np.sin(np.pi * x) / (np.pi * x)


def polygamma(n: int) -> Callable:
    """By a thousand terms and the first ones of the asymptotic series; PyTorch's is off by 5e-10 for n = 1."""
    def reference(x: np.ndarray) -> np.ndarray:
        y, f = x + 1000, math.factorial
        terms = 1.0 / (x[..., None] + np.arange(1000))
        if not n:
            return np.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - terms.sum(-1)
        tail = f(n - 1) * y**-n + f(n) / 2 * y**(-n - 1) + f(n + 1) / 12 * y**(-n - 2) - f(n + 3) / 720 * y**(-n - 4)
        return (-1) ** (n + 1) * (f(n) * (terms ** (n + 1)).sum(-1) + tail)

    return reference


FUNCTIONS = [
    unary("sin", np.sin),
    unary("cos", np.cos),
    unary("tan", np.tan, unit),
    unary("asin", np.arcsin, unit),
    unary("acos", np.arccos, unit),
    unary("atan", np.arctan),
    unary("sinh", np.sinh),
    unary("cosh", np.cosh),
    unary("asinh", np.arcsinh),
    unary("acosh", lambda x: np.arccosh(x + 1.0), positive, how=lambda t, x: t.acosh(x + 1.0)),
    unary("atanh", np.arctanh, unit),
    unary("exp2", np.exp2),
    unary("log2", np.log2, positive),
    unary("log10", np.log10, positive),
    unary("deg2rad", np.deg2rad),
    unary("rad2deg", np.rad2deg),
    unary("sinc", sinc, away, ulps=64),
    unary("floor", np.floor, away),
    unary("ceil", np.ceil, away),
    unary("trunc", np.trunc, away),
    unary("frac", lambda x: x - np.trunc(x), away),
    unary("round", np.round, away, "Round"),
    unary("round to 2 decimals", lambda x: np.round(x, 2), away, "RoundTo", how=lambda t, x: t.round(x, decimals=2)),
    unary("erfc", vectorised(math.erfc)),
    unary("erfinv", None, unit),
    unary("lgamma", vectorised(math.lgamma), positive),
    unary("digamma", polygamma(0), positive, "Digamma Polygamma", ulps=256, torch=False),
    *(unary(f"polygamma({n}, x)", polygamma(n), positive, "Polygamma", lambda t, x, n=n: t.polygamma(n, x), 256, False)
      for n in (1, 2, 3)),
    unary("logit", lambda x: np.log(x / (1 - x)), unit),
    unary("logit with eps", lambda x: np.log(np.clip(x, .2, .8) / (1 - np.clip(x, .2, .8))), unit, "Logit",
          lambda t, x: x.logit(0.2)),
    unary("nan_to_num", np.copy, normal, "NanToNum"),
    pair("atan2", np.arctan2, away, away),
    pair("hypot", np.hypot, away, away),
    pair("fmod", np.fmod, away, positive),
    pair("copysign", np.copysign, away, away),
    pair("logaddexp", np.logaddexp),
    pair("logaddexp2", np.logaddexp2),
    pair("fmax", np.fmax, distinct),
    pair("fmin", np.fmin, distinct),
    pair("xlogy", lambda x, y: x * np.log(y), normal, positive),
    pair("heaviside", np.heaviside, away, torch=False),
    pair("ldexp", lambda x, y: x * 2.0**y, covers="Mul Pow"),
    pair("float_power", np.power, positive, covers="Pow", how=lambda t, x, y: t.float_power(x, y).to(x.dtype)),
    pair("floor_divide", np.floor_divide, away, above, "FloorDivide",
         lambda t, x, y: t.div(x, y, rounding_mode="floor")),
    pair("div by trunc", lambda x, y: np.trunc(x / y), away, above, "TruncDivide",
         lambda t, x, y: t.div(x, y, rounding_mode="trunc")),
    pair("add with alpha", lambda x, y: x + 2.5 * y, covers="AddScaled", how=lambda t, x, y: t.add(x, y, alpha=2.5)),
    pair("sub with alpha", lambda x, y: x - 3 * y, covers="AddScaled", how=lambda t, x, y: x.sub(y, alpha=3)),
    pair("rsub", lambda x, y: y - x, covers="Sub"),
    three("lerp", lambda x, y, w: x + w * (y - x), normal, normal, unit, covers="Add Mul"),
    three("addcmul", lambda x, y, z: x + 0.5 * y * z, normal, normal, normal, covers="AddScaled Mul",
          how=lambda t, x, y, z: t.addcmul(x, y, z, value=0.5)),
    three("addcdiv", lambda x, y, z: x - 2 * y / z, normal, normal, positive, covers="AddScaled Div",
          how=lambda t, x, y, z: x.addcdiv(y, z, value=-2)),
    Row("clamp of tensors", np.clip, tuple(call(normal(*a), below(*b), above(*c)) for a, b, c in (  # in PyTorch,
        ((2, 3), (2, 3), (2, 3)), ((2, 3), (3,), ()), ((), (), ()), ((0,), (1,), (0,)),  # x itself can't stretch
        ((17, 9), (1, 9), (17, 1)))), split("Clamp"), lambda t, x, low, high: t.clamp(x, low, high)),
    in_place("sin_", np.sin, covers="Sin"),
    in_place("sigmoid_", lambda x: 1 / (1 + np.exp(-x)), covers="Sigmoid"),
    in_place("lerp_", lambda x, y, w: x + w * (y - x), normal(1), 0.3, covers="Mul"),
]
