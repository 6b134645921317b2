"""The methods of Tensor that compute: a line each, naming the operation in ops/ that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad.engine import TensorBase
from minigrad.ops import (
    activation,
    arithmetic,
    blends,
    choice,
    composed_activation,
    elementwise,
    extremes,
    logic,
    matmul,
    norms,
    pairs,
    quantiles,
    reduce,
    rounding,
    scan,
    softmax,
    special,
    trigonometric,
    variance,
)

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["MathMethods"]


class MathMethods(TensorBase):
    """Functions of one tensor, or of a tensor and a second operand."""

    neg, negative, sign, sgn, square = (arithmetic.neg, arithmetic.neg, elementwise.sign, elementwise.sign,
                                        elementwise.square)
    abs, absolute, positive = elementwise.abs, elementwise.abs, elementwise.positive
    sqrt, rsqrt, reciprocal = elementwise.sqrt, elementwise.rsqrt, elementwise.reciprocal
    exp, expm1, log, log1p = elementwise.exp, elementwise.expm1, elementwise.log, elementwise.log1p
    exp2, log2, log10 = trigonometric.exp2, trigonometric.log2, trigonometric.log10
    sin, cos, tan = trigonometric.sin, trigonometric.cos, trigonometric.tan
    asin, acos, atan = trigonometric.asin, trigonometric.acos, trigonometric.atan
    arcsin, arccos, arctan = trigonometric.asin, trigonometric.acos, trigonometric.atan
    sinh, cosh, tanh = trigonometric.sinh, trigonometric.cosh, activation.tanh
    asinh, acosh, atanh = trigonometric.asinh, trigonometric.acosh, trigonometric.atanh
    arcsinh, arccosh, arctanh = trigonometric.asinh, trigonometric.acosh, trigonometric.atanh
    deg2rad, rad2deg, sinc = trigonometric.deg2rad, trigonometric.rad2deg, special.sinc
    floor, ceil, round, trunc, fix, frac = (rounding.floor, rounding.ceil, rounding.round, rounding.trunc,
                                            rounding.trunc, rounding.frac)
    erf, erfc, erfinv, logit = elementwise.erf, special.erfc, special.erfinv, special.logit
    lgamma, digamma = special.lgamma, special.digamma
    relu, sigmoid = activation.relu, activation.sigmoid
    hardshrink, prelu = composed_activation.hardshrink, composed_activation.prelu
    softmax, log_softmax = softmax.softmax, softmax.log_softmax

    add, sub, subtract, rsub = arithmetic.add_scaled, arithmetic.sub_scaled, arithmetic.sub_scaled, arithmetic.rsub
    mul, multiply = arithmetic.mul, arithmetic.mul
    div, divide, true_divide = arithmetic.div, arithmetic.div, arithmetic.div
    pow, floor_divide, remainder = arithmetic.pow, arithmetic.floor_divide, arithmetic.remainder
    float_power, fmod, ldexp = pairs.float_power, pairs.fmod, pairs.ldexp
    atan2, arctan2, hypot, copysign = pairs.atan2, pairs.atan2, pairs.hypot, pairs.copysign
    logaddexp, logaddexp2, xlogy, heaviside = pairs.logaddexp, pairs.logaddexp2, pairs.xlogy, pairs.heaviside
    maximum, minimum, fmax, fmin = choice.maximum, choice.minimum, pairs.fmax, pairs.fmin
    clamp, clip, clamp_min, clamp_max = choice.clamp, choice.clamp, choice.clamp_min, choice.clamp_max
    nan_to_num = choice.nan_to_num
    lerp, addcmul, addcdiv = blends.lerp, blends.addcmul, blends.addcdiv

    eq, ne, lt, le, gt, ge = logic.eq, logic.ne, logic.lt, logic.le, logic.gt, logic.ge
    not_equal, less, less_equal, greater, greater_equal = logic.ne, logic.lt, logic.le, logic.gt, logic.ge
    logical_and, logical_or, logical_xor, logical_not = (logic.logical_and, logic.logical_or, logic.logical_xor,
                                                         logic.logical_not)
    bitwise_and, bitwise_or, bitwise_xor, bitwise_not = (logic.bitwise_and, logic.bitwise_or, logic.bitwise_xor,
                                                         logic.bitwise_not)
    bitwise_left_shift, bitwise_right_shift = logic.bitwise_left_shift, logic.bitwise_right_shift
    gcd, lcm = logic.gcd, logic.lcm
    isnan, isinf, isfinite, isposinf, isneginf = (logic.isnan, logic.isinf, logic.isfinite, logic.isposinf,
                                                  logic.isneginf)
    isreal, signbit, isclose, allclose, equal = (logic.isreal, logic.signbit, logic.isclose, logic.allclose,
                                                 logic.equal)

    matmul, mm, bmm = matmul.matmul, matmul.mm, matmul.bmm
    sum, mean, nansum, nanmean, logsumexp = reduce.sum, reduce.mean, reduce.nansum, reduce.nanmean, reduce.logsumexp
    all, any, count_nonzero = reduce.all, reduce.any, reduce.count_nonzero
    max, min, amax, amin, aminmax = extremes.max, extremes.min, extremes.amax, extremes.amin, extremes.aminmax
    argmax, argmin = extremes.argmax, extremes.argmin
    var, std, cov, corrcoef = variance.var, variance.std, variance.cov, variance.corrcoef
    norm, dist, renorm = norms.norm, norms.dist, norms.renorm
    median, nanmedian, mode = quantiles.median, quantiles.nanmedian, quantiles.mode
    quantile, nanquantile = quantiles.quantile, quantiles.nanquantile
    cumsum, cumprod, cummax, cummin, logcumsumexp = (scan.cumsum, scan.cumprod, scan.cummax, scan.cummin,
                                                     scan.logcumsumexp)
    prod, diff = scan.prod, scan.diff

    def where(self, condition: Any, other: Any) -> Self:
        """self where condition holds, else other"""
        return choice.where(condition, self, other)

    def polygamma(self, n: int) -> Self:
        """The n-th derivative of digamma"""
        return special.polygamma(n, self)
