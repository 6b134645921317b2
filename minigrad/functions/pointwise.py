"""Functions that work element by element: torch.exp(x), torch.add(x, y) and so on. What they are is in ops/."""

from __future__ import annotations

from minigrad.functions.of_method import of_method
from minigrad.ops.activation import relu, sigmoid, tanh
from minigrad.ops.arithmetic import add_scaled as add
from minigrad.ops.arithmetic import div, floor_divide, mul, neg, pow, remainder
from minigrad.ops.arithmetic import sub_scaled as sub
from minigrad.ops.blends import addcdiv, addcmul, lerp
from minigrad.ops.choice import clamp, clamp_max, clamp_min, fill, maximum, minimum, nan_to_num, where
from minigrad.ops.elementwise import (
    abs,
    erf,
    exp,
    expm1,
    log,
    log1p,
    positive,
    reciprocal,
    rsqrt,
    sign,
    sqrt,
    square,
)
from minigrad.ops.logic import (
    allclose,
    bitwise_and,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    equal,
    gcd,
    isclose,
    isfinite,
    isin,
    isinf,
    isnan,
    isneginf,
    isposinf,
    isreal,
    lcm,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    signbit,
)
from minigrad.ops.pairs import (
    atan2,
    copysign,
    float_power,
    fmax,
    fmin,
    fmod,
    heaviside,
    hypot,
    ldexp,
    logaddexp,
    logaddexp2,
    xlogy,
)
from minigrad.ops.rounding import ceil, floor, frac, round, trunc
from minigrad.ops.softmax import log_softmax, softmax
from minigrad.ops.special import digamma, erfc, erfinv, lgamma, logit, polygamma, sinc
from minigrad.ops.trigonometric import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    deg2rad,
    exp2,
    log2,
    log10,
    rad2deg,
    sin,
    sinh,
    tan,
)

__all__ = [
    "abs", "absolute", "acos", "acosh", "add", "addcdiv", "addcmul", "allclose", "arccos", "arccosh", "arcsin",
    "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_and",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "ceil", "clamp",
    "clamp_max", "clamp_min", "clip", "copysign", "cos", "cosh", "deg2rad", "digamma", "div", "divide", "eq", "equal",
    "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "fill", "fix", "float_power", "floor", "floor_divide", "fmax",
    "fmin", "fmod", "frac", "gcd", "ge", "greater", "greater_equal", "gt", "heaviside", "hypot", "isclose", "isfinite",
    "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "lcm", "ldexp", "le", "lerp", "less", "less_equal",
    "lgamma", "log", "log1p", "log2", "log10", "log_softmax", "logaddexp", "logaddexp2", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logit", "lt", "maximum", "minimum", "mul", "multiply", "nan_to_num", "ne", "neg",
    "negative", "not_equal", "polygamma", "positive", "pow", "rad2deg", "reciprocal", "relu", "remainder",
    "round", "rsqrt", "rsub", "sgn", "sigmoid", "sign", "signbit", "sin", "sinc", "sinh", "softmax", "sqrt", "square",
    "sub", "subtract", "tan", "tanh", "true_divide", "trunc", "where", "xlogy",
]

absolute, negative, sgn, fix, clip = abs, neg, sign, trunc, clamp
subtract, multiply, divide, true_divide = sub, mul, div, div
arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
arcsinh, arccosh, arctanh = asinh, acosh, atanh
eq, ne, lt, le, gt, ge = map(of_method, ("eq", "ne", "lt", "le", "gt", "ge"))
rsub = of_method("rsub")
not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge
