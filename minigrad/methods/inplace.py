"""The methods of Tensor that end in _: they change the tensor itself, and count a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine import TensorBase, make
from minigrad.methods.become import become, in_place
from minigrad.ops import (
    activation,
    arithmetic,
    blends,
    choice,
    elementwise,
    logic,
    pairs,
    rounding,
    shape,
    special,
    trigonometric,
)
from minigrad.random import default_generator

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["InPlaceMethods"]


class InPlaceMethods(TensorBase):
    """Methods that end in _ change the tensor itself, and count a version."""

    abs_, absolute_, neg_, negative_, sign_, sgn_, square_ = map(in_place, (
        elementwise.abs, elementwise.abs, arithmetic.neg, arithmetic.neg, elementwise.sign, elementwise.sign,
        elementwise.square))
    sqrt_, rsqrt_, reciprocal_, exp_, expm1_, log_, log1p_ = map(in_place, (
        elementwise.sqrt, elementwise.rsqrt, elementwise.reciprocal, elementwise.exp, elementwise.expm1,
        elementwise.log, elementwise.log1p))
    exp2_, log2_, log10_, deg2rad_, rad2deg_, sinc_ = map(in_place, (
        trigonometric.exp2, trigonometric.log2, trigonometric.log10, trigonometric.deg2rad, trigonometric.rad2deg,
        special.sinc))
    sin_, cos_, tan_, asin_, acos_, atan_ = map(in_place, (
        trigonometric.sin, trigonometric.cos, trigonometric.tan, trigonometric.asin, trigonometric.acos,
        trigonometric.atan))
    sinh_, cosh_, tanh_, asinh_, acosh_, atanh_ = map(in_place, (
        trigonometric.sinh, trigonometric.cosh, activation.tanh, trigonometric.asinh, trigonometric.acosh,
        trigonometric.atanh))
    arcsin_, arccos_, arctan_, arcsinh_, arccosh_, arctanh_ = asin_, acos_, atan_, asinh_, acosh_, atanh_
    floor_, ceil_, round_, trunc_, fix_, frac_ = map(in_place, (
        rounding.floor, rounding.ceil, rounding.round, rounding.trunc, rounding.trunc, rounding.frac))
    erf_, erfc_, erfinv_, logit_, lgamma_, digamma_ = map(in_place, (
        elementwise.erf, special.erfc, special.erfinv, special.logit, special.lgamma, special.digamma))
    relu_, sigmoid_ = in_place(activation.relu), in_place(activation.sigmoid)
    add_, sub_, subtract_ = map(in_place, (arithmetic.add_scaled, arithmetic.sub_scaled, arithmetic.sub_scaled))
    mul_, multiply_, div_, divide_, true_divide_ = map(in_place, (
        arithmetic.mul, arithmetic.mul, arithmetic.div, arithmetic.div, arithmetic.div))
    pow_, floor_divide_, remainder_, fmod_, float_power_ = map(in_place, (
        arithmetic.pow, arithmetic.floor_divide, arithmetic.remainder, pairs.fmod, pairs.float_power))
    atan2_, arctan2_, hypot_, copysign_, ldexp_, xlogy_, heaviside_ = map(in_place, (
        pairs.atan2, pairs.atan2, pairs.hypot, pairs.copysign, pairs.ldexp, pairs.xlogy,
        pairs.heaviside))
    clamp_, clip_, clamp_min_, clamp_max_, nan_to_num_ = map(in_place, (
        choice.clamp, choice.clamp, choice.clamp_min, choice.clamp_max, choice.nan_to_num))
    lerp_, addcmul_, addcdiv_ = map(in_place, (blends.lerp, blends.addcmul, blends.addcdiv))
    eq_, ne_, lt_, le_, gt_, ge_ = map(in_place, (logic.eq, logic.ne, logic.lt, logic.le, logic.gt, logic.ge))
    not_equal_, less_, less_equal_, greater_, greater_equal_ = ne_, lt_, le_, gt_, ge_
    logical_and_, logical_or_, logical_xor_, logical_not_ = map(in_place, (
        logic.logical_and, logic.logical_or, logic.logical_xor, logic.logical_not))
    bitwise_and_, bitwise_or_, bitwise_xor_, bitwise_not_ = map(in_place, (
        logic.bitwise_and, logic.bitwise_or, logic.bitwise_xor, logic.bitwise_not))
    bitwise_left_shift_, bitwise_right_shift_ = map(in_place, (
        logic.bitwise_left_shift, logic.bitwise_right_shift))
    gcd_, lcm_ = in_place(logic.gcd), in_place(logic.lcm)

    def polygamma_(self, n: int) -> Self:
        return become(self, special.polygamma(n, self))

    def fill_(self, value: Any) -> Self:
        return become(self, choice.fill(self, value))

    def zero_(self) -> Self:
        return self.fill_(0)

    def copy_(self, src: Any, non_blocking: bool = False) -> Self:
        source = src if src.array.dtype is self.array.dtype else src.to(self.array.dtype)
        return become(self, shape.expand(source, self.array.shape))

    def normal_(self, mean: float = 0, std: float = 1, *, generator: Any = None) -> Self:
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        array = (generator or default_generator).normal(self.array.shape, self.array.dtype)
        return become(self, make(array * np.asarray(std, array.dtype) + np.asarray(mean, array.dtype)))

    def uniform_(self, from_: float = 0, to: float = 1, *, generator: Any = None, **kwargs: Any) -> Self:
        low = kwargs.get("from", from_)  # PyTorch's name of it is a keyword of Python
        if not low <= to:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={to}")
        return become(self, make((generator or default_generator).uniform(
            self.array.shape, self.array.dtype, float(low), float(to))))

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Self:
        p = p.array if isinstance(p, TensorBase) else p
        if not np.all((np.asarray(p) >= 0) & (np.asarray(p) <= 1)):
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        u = (generator or default_generator).uniform(self.array.shape, np.dtype(np.float64))
        return become(self, make((u < p).astype(self.array.dtype)))
