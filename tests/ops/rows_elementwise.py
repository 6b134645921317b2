"""Rows of the operations that work element by element, of one tensor or of two that broadcast."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .row import WIDTHS, Draw, Row, away, call, coin, distinct, normal, positive, split

Maker = Callable[..., Draw]
erf = np.vectorize(math.erf, otypes=[float])
F = "nn.functional."


def unary(name: str, reference: Callable, covers: str = "", draw: Maker = normal, how: Callable | None = None,
          ulps: float = 32, torch: bool = True, **kwargs: Any) -> Row:
    """f(x), for a matrix, a 0-d tensor, lengths around the vector widths, and shapes with a 0 or a 1 in them."""
    shapes = [(2, 3), (), *((n,) for n in WIDTHS), (3, 0, 2), (5, 1, 7)]
    return Row(name, reference, tuple(call(draw(*shape), **kwargs) for shape in shapes), split(covers), how, torch,
               ulps)


# Every way in which two shapes broadcast: equal, a scalar, rows, columns, both stretched, alternating axes (which no
# single kernel call covers), empty.
PAIRS = [((2, 3), (2, 3)), ((2, 3), ()), ((), (2, 3)), ((), ()), ((2, 3), (3,)), ((1,), (3, 2)), ((2, 1), (1, 3)),
         ((2, 1), (3,)), ((3, 1, 2), (2, 1)), ((2, 1, 2), (1, 3, 1)), ((17, 33), (17, 33)), ((5, 17), (17,)),
         ((17, 1), (17, 9)), ((1, 65), (9, 1)), ((4, 1, 3, 1), (1, 5, 1, 2)), ((2, 3, 4, 5), (3, 1, 5)),
         ((0, 3), (3,)), ((1,), (0,)), ((0, 1), (1, 4))]


def binary(name: str, reference: Callable, covers: str = "", first: Maker = normal, second: Maker = normal,
           how: Callable | None = None, ulps: float = 32, **kwargs: Any) -> Row:
    """f(x, y), for every way to broadcast."""
    return Row(name, reference, tuple(call(first(*a), second(*b), **kwargs) for a, b in PAIRS), split(covers), how,
               ulps=ulps)



def in_place(name: str, reference: Callable, *args: Any, covers: str = "", draw: Maker = normal) -> Row:
    """x.name(*args) of a copy of x: what it returns is that copy, changed."""
    def how(library: Any, x: Any, *args: Any) -> Any:
        y = x.clone()
        z = getattr(y, name)(*args)
        assert z is y
        return y

    return Row(f"Tensor.{name}", reference, (call(draw(2, 3), *args), call(draw(33, 9), *args)), split(covers), how)


def with_numbers(sign: str, function: Callable, covers: str, second: Maker = normal, first: Maker = normal) -> Row:
    """x sign y, with a number on either side."""
    return Row(f"operator {sign}", function, (call(first(2, 3), 1.5), call(first(2, 3), 2), call(1.5, second(2, 3)),
                                              call(2, second(9)), call(first(), 2.5)),
               split(covers), lambda library, x, y: function(x, y))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def elu(x: np.ndarray, alpha: float = 1.0, scale: float = 1.0) -> np.ndarray:
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu(x: np.ndarray, approximate: str = "none") -> np.ndarray:
    if approximate == "tanh":
        return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x / 2 * (1 + erf(x / math.sqrt(2)))


def softplus(x: np.ndarray, beta: float = 1.0, threshold: float = 20.0) -> np.ndarray:
    return np.where(x * beta > threshold, x, np.log1p(np.exp(np.minimum(x * beta, threshold))) / beta)


def three(name: str, reference: Callable, *makers: Maker, covers: str, how: Callable | None = None) -> Row:
    """f(x, y, z), for a few ways to broadcast."""
    shapes = [((2, 3), (2, 3), (2, 3)), ((2, 1), (1, 3), ()), ((3,), (2, 1), (2, 3)), ((), (), ()),
              ((0,), (1,), (0,)), ((17, 1), (1, 9), (17, 9))]
    return Row(name, reference, tuple(call(*(make(*shape) for make, shape in zip(makers, group))) for group in shapes),
               split(covers), how)


ELEMENTWISE = [
    unary("exp", np.exp, "Exp Mul"),
    unary("expm1", np.expm1, "Expm1 Add"),
    unary("log", np.log, "Log Div", positive),
    unary("log1p", np.log1p, "Log1p", positive),
    unary("sqrt", np.sqrt, "Sqrt Div", positive),
    unary("rsqrt", lambda x: x**-0.5, "Rsqrt", positive),
    unary("reciprocal", np.reciprocal, "Reciprocal Neg", away, ulps=64),
    unary("erf", erf, "Erf"),
    unary("abs", np.abs, "Abs Sign", away),
    unary("sign", np.sign, "Sign", away),
    unary("square", np.square, "Square"),
    unary("neg", np.negative, "Neg"),
    unary("relu", lambda x: np.maximum(x, 0), "ReLU ReLUGrad", away),
    unary("sigmoid", sigmoid, "Sigmoid SigmoidGrad"),
    unary("tanh", np.tanh, "Tanh TanhGrad"),
    unary("clone", np.copy, "Clone"),
    unary(F + "leaky_relu", lambda x, negative_slope=0.01: np.where(x > 0, x, negative_slope * x),
          "LeakyReLU LeakyReLUGrad", away, negative_slope=0.2),
    unary(F + "elu", elu, "ELU ELUGrad", away, alpha=1.5),
    unary(F + "selu", lambda x: elu(x, 1.6732632423543772, 1.0507009873554805), "ELU ELUGrad", away),
    unary(F + "gelu", gelu, "GELU GELUGrad", ulps=64),
    unary("gelu by tanh", lambda x: gelu(x, "tanh"), "GELUTanh GELUTanhGrad", ulps=64,
          how=lambda t, x: t.nn.functional.gelu(x, approximate="tanh")),
    unary(F + "silu", lambda x: x * sigmoid(x), "SiLU SiLUGrad"),
    unary(F + "softplus", softplus, "Softplus SoftplusGrad"),
    unary("sharp softplus", lambda x: softplus(x, 3.0, 4.0), "Softplus SoftplusGrad", away,
          how=lambda t, x: t.nn.functional.softplus(x, beta=3, threshold=4)),
    unary(F + "mish", lambda x: x * np.tanh(np.log1p(np.exp(x))), "Mish MishGrad"),
    unary(F + "hardswish", lambda x: x * np.clip(x + 3, 0, 6) / 6, "Hardswish HardswishGrad"),
    unary(F + "hardtanh", lambda x, min_val, max_val: np.clip(x, min_val, max_val), "Hardtanh HardtanhGrad",
          min_val=-0.55, max_val=0.75),
    unary(F + "relu6", lambda x: np.clip(x, 0, 6), "Hardtanh HardtanhGrad", away),
    unary(F + "celu", lambda x, alpha: elu(x / alpha, alpha=1.0) * alpha, "ELU ELUGrad", away, alpha=2.5),
    unary(F + "logsigmoid", lambda x: -np.log1p(np.exp(-x)), "Softplus"),
    unary(F + "softsign", lambda x: x / (1 + np.abs(x)), "Div", away),
    unary(F + "tanhshrink", lambda x: x - np.tanh(x), "Tanh"),
    unary(F + "hardsigmoid", lambda x: np.clip(x + 3, 0, 6) / 6, "Hardtanh",
          torch=False),  # whose gradient has 1/6 as a float
    unary(F + "hardshrink", lambda x, lambd: np.where(np.abs(x) > lambd, x, 0), "Where", lambd=0.35),
    unary(F + "softshrink", lambda x, lambd: x - np.clip(x, -lambd, lambd), "Where", lambd=0.35),
    unary("threshold", lambda x: np.where(x > 0.1, x, 20), "Where", away,
          how=lambda t, x: t.nn.functional.threshold(x, 0.1, 20)),
    unary("clamp", lambda x, min, max: np.clip(x, min, max), "Clamp Where", min=-0.5, max=0.7),
    unary("clamp from below", lambda x: np.maximum(x, 0.1), "Clamp", how=lambda t, x: x.clamp(min=0.1)),
    unary("clamp from above", lambda x: np.minimum(x, 0.1), "Clamp", how=lambda t, x: x.clip(max=0.1)),
    unary("clamp the wrong way", lambda x: np.full_like(x, -1.0), "Clamp", how=lambda t, x: x.clamp(1.0, -1.0)),
    unary("2 ** x", np.exp2, "Pow", how=lambda t, x: 2 ** x),
    *(unary(f"x ** {p}", lambda x, p=p: x**p, covers, positive, lambda t, x, p=p: x**p) for p, covers in (
        (0, "Pow"), (1, "Clone"), (2, "Square"), (3, "Pow"), (0.5, "Sqrt"), (-1, "Reciprocal"), (-1.5, "Pow"))),
    unary("x ** 3 of either sign", lambda x: x**3, "Pow", away, lambda t, x: x**3),
    unary("1 / x", lambda x: 1 / x, "Div", away, lambda t, x: 1 / x, ulps=64),
    unary("3 - x", lambda x: 3 - x, "Sub", how=lambda t, x: 3 - x),
    unary("+x", np.copy, how=lambda t, x: +x),
    unary("x.to(float64)", np.copy, how=lambda t, x: x.to(t.float64)),
    Row("x.float().double()", lambda x: x.astype(np.float32), (call(normal(2, 3)), call(normal()), call(normal(0, 2))),
        split("Cast"), lambda t, x: x.float().double(), eps=1 / 32),
    binary("add", np.add, "Add"),
    binary("sub", np.subtract, "Sub Neg"),
    binary("mul", np.multiply, "Mul"),
    binary("div", np.divide, "Div", second=away, ulps=128),
    binary("pow", np.power, "Pow", positive, ulps=256),
    binary("maximum", np.maximum, "Maximum", distinct),
    binary("minimum", np.minimum, "Minimum", distinct),
    binary("remainder", np.remainder, "Remainder", positive, away, ulps=128),
    three("where", np.where, coin, normal, normal, covers="Where"),
    three("x + y * z", lambda x, y, z: x + y * z, normal, normal, normal, covers="Add Mul",
          how=lambda t, x, y, z: x + y * z),
    with_numbers("+", operator.add, "Add"),
    with_numbers("-", operator.sub, "Sub"),
    with_numbers("*", operator.mul, "Mul"),
    with_numbers("/", operator.truediv, "Div", away),
    Row("operator %", np.remainder, (call(positive(2, 3), 0.7), call(positive(9), 2)), split("Remainder"),
        lambda t, x, y: x % y),
    with_numbers("**", operator.pow, "Pow", normal, positive),
    in_place("add_", np.add, normal(1), covers="Add"),
    in_place("sub_", np.subtract, 0.5, covers="Sub"),
    in_place("mul_", np.multiply, normal(1, 1), covers="Mul"),
    in_place("div_", np.divide, positive(), covers="Div"),
    in_place("pow_", np.power, 3, covers="Pow", draw=positive),
    in_place("clamp_", np.clip, -0.4, 0.6, covers="Clamp"),
    in_place("relu_", lambda x: np.maximum(x, 0), covers="ReLU", draw=away),
    in_place("sqrt_", np.sqrt, covers="Sqrt", draw=positive),
    in_place("exp_", np.exp, covers="Exp"),
    in_place("neg_", np.negative, covers="Neg"),
    in_place("fill_", np.full_like, 2.5, covers="Fill"),
    in_place("zero_", np.zeros_like, covers="Fill"),
    in_place("copy_", lambda x, y: np.broadcast_to(y, x.shape), normal(1, 1), covers="Expand"),
    *(in_place(f"__i{name}__", f, positive(1), draw=positive) for name, f in (
        ("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("truediv", np.divide), ("pow", np.power))),
]

