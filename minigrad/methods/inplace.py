"""The methods of Tensor that end in _: they change the tensor itself, and count a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine import TensorBase, make
from minigrad.methods.become import become, in_place
from minigrad.methods.math import MathMethods
from minigrad.ops import (
    activation,
    arithmetic,
    blends,
    choice,
    elementwise,
    logic,
    norms,
    pairs,
    rounding,
    scan,
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

    abs_ = in_place(elementwise.abs)
    absolute_ = in_place(elementwise.abs)
    neg_ = in_place(arithmetic.neg)
    negative_ = in_place(arithmetic.neg)
    sign_ = in_place(elementwise.sign)
    sgn_ = in_place(elementwise.sign)
    square_ = in_place(elementwise.square)
    sqrt_ = in_place(elementwise.sqrt)
    rsqrt_ = in_place(elementwise.rsqrt)
    reciprocal_ = in_place(elementwise.reciprocal)
    exp_ = in_place(elementwise.exp)
    expm1_ = in_place(elementwise.expm1)
    log_ = in_place(elementwise.log)
    log1p_ = in_place(elementwise.log1p)
    exp2_ = in_place(trigonometric.exp2)
    log2_ = in_place(trigonometric.log2)
    log10_ = in_place(trigonometric.log10)
    deg2rad_ = in_place(trigonometric.deg2rad)
    rad2deg_ = in_place(trigonometric.rad2deg)
    sinc_ = in_place(special.sinc)
    sin_ = in_place(trigonometric.sin)
    cos_ = in_place(trigonometric.cos)
    tan_ = in_place(trigonometric.tan)
    asin_ = in_place(trigonometric.asin)
    acos_ = in_place(trigonometric.acos)
    atan_ = in_place(trigonometric.atan)
    sinh_ = in_place(trigonometric.sinh)
    cosh_ = in_place(trigonometric.cosh)
    tanh_ = in_place(activation.tanh)
    asinh_ = in_place(trigonometric.asinh)
    acosh_ = in_place(trigonometric.acosh)
    atanh_ = in_place(trigonometric.atanh)
    arcsin_, arccos_, arctan_, arcsinh_, arccosh_, arctanh_ = asin_, acos_, atan_, asinh_, acosh_, atanh_
    floor_ = in_place(rounding.floor)
    ceil_ = in_place(rounding.ceil)
    round_ = in_place(rounding.round)
    trunc_ = in_place(rounding.trunc)
    fix_ = in_place(rounding.trunc)
    frac_ = in_place(rounding.frac)
    erf_ = in_place(elementwise.erf)
    erfc_ = in_place(special.erfc)
    erfinv_ = in_place(special.erfinv)
    logit_ = in_place(special.logit)
    lgamma_ = in_place(special.lgamma)
    digamma_ = in_place(special.digamma)
    relu_, sigmoid_ = in_place(activation.relu), in_place(activation.sigmoid)
    add_ = in_place(arithmetic.add_scaled)
    sub_ = in_place(arithmetic.sub_scaled)
    subtract_ = in_place(arithmetic.sub_scaled)
    mul_ = in_place(arithmetic.mul)
    multiply_ = in_place(arithmetic.mul)
    div_ = in_place(arithmetic.div)
    divide_ = in_place(arithmetic.div)
    true_divide_ = in_place(arithmetic.div)
    pow_ = in_place(arithmetic.pow)
    floor_divide_ = in_place(arithmetic.floor_divide)
    remainder_ = in_place(arithmetic.remainder)
    fmod_ = in_place(pairs.fmod)
    float_power_ = in_place(pairs.float_power)
    atan2_ = in_place(pairs.atan2)
    arctan2_ = in_place(pairs.atan2)
    hypot_ = in_place(pairs.hypot)
    copysign_ = in_place(pairs.copysign)
    ldexp_ = in_place(pairs.ldexp)
    xlogy_ = in_place(pairs.xlogy)
    heaviside_ = in_place(pairs.heaviside)
    clamp_ = in_place(choice.clamp)
    clip_ = in_place(choice.clamp)
    clamp_min_ = in_place(choice.clamp_min)
    clamp_max_ = in_place(choice.clamp_max)
    nan_to_num_ = in_place(choice.nan_to_num)
    lerp_ = in_place(blends.lerp)
    addcmul_ = in_place(blends.addcmul)
    addcdiv_ = in_place(blends.addcdiv)
    eq_ = in_place(logic.eq)
    ne_ = in_place(logic.ne)
    lt_ = in_place(logic.lt)
    le_ = in_place(logic.le)
    gt_ = in_place(logic.gt)
    ge_ = in_place(logic.ge)
    not_equal_, less_, less_equal_, greater_, greater_equal_ = ne_, lt_, le_, gt_, ge_
    logical_and_ = in_place(logic.logical_and)
    logical_or_ = in_place(logic.logical_or)
    logical_xor_ = in_place(logic.logical_xor)
    logical_not_ = in_place(logic.logical_not)
    bitwise_and_ = in_place(logic.bitwise_and)
    bitwise_or_ = in_place(logic.bitwise_or)
    bitwise_xor_ = in_place(logic.bitwise_xor)
    bitwise_not_ = in_place(logic.bitwise_not)
    bitwise_left_shift_ = in_place(logic.bitwise_left_shift)
    bitwise_right_shift_ = in_place(logic.bitwise_right_shift)
    cumsum_, cumprod_, renorm_ = in_place(scan.cumsum), in_place(scan.cumprod), in_place(norms.renorm)
    polygamma_ = in_place(MathMethods.polygamma)
    gcd_, lcm_ = in_place(logic.gcd), in_place(logic.lcm)

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
