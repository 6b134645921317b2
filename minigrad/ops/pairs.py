"""Functions of two tensors that broadcast, by NumPy: a table of (ufunc, formula, derivatives)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, TensorBase, make
from minigrad.names import named
from minigrad.ops.arithmetic import mul, pow, trunc_divide
from minigrad.ops.choice import where
from minigrad.ops.elementwise import flat
from minigrad.ops.kernel import as_float, broadcast, require_tensor
from minigrad.ops.operands import operands

__all__ = ["atan2", "copysign", "float_power", "fmax", "fmin", "fmod", "heaviside", "hypot", "ldexp", "logaddexp",
           "logaddexp2", "xlogy"]

LN2 = math.log(2.0)


def _pair(name: str, ufunc: Any, formula: str, dx: Any, dy: Any) -> type[Function]:
    """A Function z = f(x, y) with the gradients dx(dz, x, y, z) and dy(dz, x, y, z)."""

    class Pair(Function):
        @staticmethod
        def forward(ctx, x, y):
            broadcast(x.array.shape, y.array.shape)  # raises where they do not
            with np.errstate(all="ignore"):
                z = make(np.asarray(ufunc(x.array, y.array), x.array.dtype))
            ctx.save_for_backward(x, y, z)
            return z

        @staticmethod
        def backward(ctx, dz):
            need_x, need_y = ctx.needs_input_grad
            x, y, z = ctx.saved_tensors
            return dx(dz, x, y, z) if need_x else None, dy(dz, x, y, z) if need_y else None

    return named(Pair, name, formula)


def _no_gradient(dz: Any, x: Any, y: Any, z: Any) -> Any:
    return flat(dz, None)


def _xlogy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(y), np.nan, np.where(x == 0, 0.0, x * np.log(y)))


Atan2 = _pair("Atan2", np.arctan2, "z = the angle of the point (y, x);  dx = dz y / (x^2 + y^2), dy = -dz x / (...)",
              lambda dz, x, y, z: dz * _over_squares(y, x, y), lambda dz, x, y, z: dz * -_over_squares(x, x, y))
Hypot = _pair("Hypot", np.hypot, "z = sqrt(x^2 + y^2);  dx = dz x / z, dy = dz y / z",
              lambda dz, x, y, z: dz * (x / z), lambda dz, x, y, z: dz * (y / z))
Fmod = _pair("Fmod", np.fmod, "z = x - trunc(x / y) y, of the sign of x;  dx = dz, dy = -dz trunc(x / y)",
             lambda dz, x, y, z: dz * 1, lambda dz, x, y, z: -dz * trunc_divide(x, y))
Copysign = _pair("Copysign", np.copysign, "z = |x| with the sign of y;  dx = dz z / x, 0 where x = 0; dy = 0",
                 lambda dz, x, y, z: where(x == 0, 0.0, dz * (z / x)), _no_gradient)
Logaddexp = _pair("Logaddexp", np.logaddexp, "z = ln(e^x + e^y);  dx = dz / (1 + e^(y-x)), dy = dz / (1 + e^(x-y))",
                  lambda dz, x, y, z: dz / ((y - x).exp() + 1.0), lambda dz, x, y, z: dz / ((x - y).exp() + 1.0))
Logaddexp2 = _pair("Logaddexp2", np.logaddexp2, "z = log2(2^x + 2^y);  dx = dz / (1 + 2^(y-x)), dy likewise",
                   lambda dz, x, y, z: dz / ((y - x).exp2() + 1.0), lambda dz, x, y, z: dz / ((x - y).exp2() + 1.0))
Fmax = _pair("Fmax", np.fmax, "z = the larger, which is not NaN;  dx = dz where x >= y or y is NaN; dy the rest",
             lambda dz, x, y, z: where((x >= y) | y.isnan(), dz, 0.0),
             lambda dz, x, y, z: where((x >= y) | y.isnan(), 0.0, dz))
Fmin = _pair("Fmin", np.fmin, "z = the smaller, which is not NaN;  dx = dz where x <= y or y is NaN; dy the rest",
             lambda dz, x, y, z: where((x <= y) | y.isnan(), dz, 0.0),
             lambda dz, x, y, z: where((x <= y) | y.isnan(), 0.0, dz))
Xlogy = _pair("Xlogy", _xlogy, "z = x ln y, 0 where x = 0;  dx = dz ln y, 0 where x = 0 and y <= 0; dy = dz x / y",
              lambda dz, x, y, z: where((x == 0) & (y <= 0), 0.0, xlogy(dz, y)), lambda dz, x, y, z: dz * x / y)
Heaviside = _pair("Heaviside", np.heaviside, "z = 0 where x < 0, y where x = 0, else 1;  dx = 0, dy = dz where x = 0",
                  _no_gradient, lambda dz, x, y, z: where(x == 0, dz, 0.0))


def _over_squares(a: Any, x: Any, y: Any) -> Any:
    """a / (x^2 + y^2), 0 where that is 0 / 0."""
    squares = x.square() + y.square()
    return where(squares == 0, 0.0, a / where(squares == 0, 1.0, squares))


def _function(op: type[Function], integers: str = "refused", numbers: str = "") -> Callable[[T, Any], T]:
    """The function op(input, other).

    integers: "kept" (with bools: "any"), "refused", or made "floats".
    numbers: which of the two may be a number, of "input other".
    """
    name = op.__name__.lower()

    def function(input: Any, other: Any) -> Any:
        for position, (argument, value) in enumerate((("input", input), ("other", other)), 1):
            if argument not in numbers:
                require_tensor(value, name, argument, position)
        x, y = operands(input, other, name)
        kind = x.array.dtype.kind
        if kind != "f" and integers == "floats":
            x, y = as_float(x, name), as_float(y, name)
        elif (kind == "b" and integers != "any") or (kind != "f" and integers == "refused"):
            raise dtypes.not_implemented(name, x.array.dtype)
        return op.apply(x, y)

    return named(function, name, op.__doc__)


atan2, xlogy = _function(Atan2, "floats"), _function(Xlogy, "floats", "input other")
copysign = _function(Copysign, "floats", "other")
hypot, logaddexp, logaddexp2 = map(_function, (Hypot, Logaddexp, Logaddexp2))
fmod, fmax, fmin = _function(Fmod, "kept", "other"), _function(Fmax, "any"), _function(Fmin, "any")


def heaviside(input: T, values: Any) -> T:
    """0 where input < 0, values where it is 0, else 1"""
    require_tensor(input, "heaviside")
    require_tensor(values, "heaviside", "values", 2)
    if input.array.dtype is not values.array.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    if input.array.dtype.kind == "f":
        return Heaviside.apply(input, values)
    x, y = input.array, values.array
    return make(np.where(x == 0, y, np.asarray(x > 0, x.dtype)))


def ldexp(input: T, other: Any) -> T:
    """input * 2^other"""
    require_tensor(input, "ldexp")
    require_tensor(other, "ldexp", "other", 2)
    return mul(input, pow(2.0, other))


def float_power(input: Any, exponent: Any) -> Any:
    """input ^ exponent in double precision"""
    x, y = (v.to(dtypes.float64) if isinstance(v, TensorBase) else v for v in (input, exponent))
    return pow(x, y)
