"""Functions that work element by element, or reduce: torch.exp(x), torch.sum(x) and so on."""

from __future__ import annotations

from minigrad.functions.of_method import of_method
from minigrad.ops import activation, arithmetic, choice, elementwise, reduce
from minigrad.ops import softmax as softmaxes

__all__ = [
    "abs", "absolute", "add", "all", "allclose", "amax", "amin", "any", "argmax", "argmin", "clamp", "clip", "div",
    "divide", "eq", "equal", "erf", "exp", "expm1", "floor_divide", "ge", "gt", "isfinite", "isinf", "isnan", "le",
    "log", "log1p", "log_softmax", "logical_not", "lt", "max", "maximum", "mean", "min", "minimum", "mul", "multiply",
    "ne", "neg", "negative", "norm", "pow", "reciprocal", "relu", "remainder", "rsqrt", "sigmoid", "sign", "softmax",
    "sqrt", "square", "std", "sub", "subtract", "sum", "tanh", "true_divide", "var", "where",
]

exp, expm1, log, log1p, sqrt, rsqrt = (elementwise.exp, elementwise.expm1, elementwise.log, elementwise.log1p,
                                       elementwise.sqrt, elementwise.rsqrt)
erf, reciprocal = elementwise.erf, elementwise.reciprocal
mul, multiply, div, divide = arithmetic.mul, arithmetic.mul, arithmetic.div, arithmetic.div
true_divide, floor_divide, remainder, pow = (arithmetic.div, arithmetic.floor_divide, arithmetic.remainder,
                                             arithmetic.pow)
maximum, minimum, where = choice.maximum, choice.minimum, choice.where
relu, sigmoid, tanh = activation.relu, activation.sigmoid, activation.tanh
softmax, log_softmax = softmaxes.softmax, softmaxes.log_softmax
sum, mean = reduce.sum, reduce.mean
abs, absolute, neg, negative, square, sign = map(of_method, ("abs", "abs", "neg", "neg", "square", "sign"))
var, std, norm, amax, amin, argmax, argmin = map(of_method, ("var", "std", "norm", "amax", "amin", "argmax", "argmin"))
clamp, clip, add, sub, subtract = map(of_method, ("clamp", "clip", "add", "sub", "sub"))
max, min, all, any, equal, allclose = map(of_method, ("max", "min", "all", "any", "equal", "allclose"))
isnan, isinf, isfinite, logical_not = map(of_method, ("isnan", "isinf", "isfinite", "logical_not"))
eq, ne, lt, le, gt, ge = map(of_method, ("eq", "ne", "lt", "le", "gt", "ge"))
