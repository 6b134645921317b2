"""Arithmetic with broadcasting. Each gradient is written for operands of the result's shape; where an operand was
stretched, the engine sums its gradient back (backward._fit)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, TensorBase, make
from minigrad.names import named
from minigrad.native import lib
from minigrad.ops.choice import where
from minigrad.ops.kernel import as_float, binary, broadcast, copied, require_tensor, save_factors, unary
from minigrad.ops.operands import function_of, operands, wrapped

__all__ = ["add", "add_scaled", "div", "floor_divide", "mul", "neg", "pow", "remainder", "rsub", "sub",
           "sub_scaled", "trunc_divide"]

_FLOAT64 = np.dtype(np.float64)


class Add(Function):
    """z = x + y;  dx = dz, dy = dz."""

    @staticmethod
    def forward(ctx, x, y):
        return binary(lib.mg_add, np.add, x, y)

    @staticmethod
    def backward(ctx, dz):
        return dz, dz


class Sub(Function):
    """z = x - y;  dx = dz, dy = -dz."""

    @staticmethod
    def forward(ctx, x, y):
        if x.array.dtype.kind == "b":
            _refuse_bools()
        return binary(lib.mg_sub, np.subtract, x, y)

    @staticmethod
    def backward(ctx, dz):
        return dz, -dz if ctx.needs_input_grad[1] else None


class AddScaled(Function):
    """z = x + alpha y, rounded once;  dx = dz, dy = alpha dz. Floats are computed in double; integers by NumPy."""

    @staticmethod
    def forward(ctx, x, y, alpha):
        ctx.alpha, dtype = alpha, x.array.dtype
        if dtype.kind == "b":
            return make(np.asarray(x.array | (y.array & bool(alpha))))
        factor = make(wrapped(alpha, dtype))
        if dtype.kind == "f":
            x, y, factor = (t if t.array.dtype is _FLOAT64 else copied(t, _FLOAT64) for t in (x, y, factor))
        z = binary(lib.mg_add, np.add, x, binary(lib.mg_mul, np.multiply, y, factor))
        return z if z.array.dtype is dtype else copied(z, dtype)

    @staticmethod
    def backward(ctx, dz):
        return dz, dz * ctx.alpha if ctx.needs_input_grad[1] else None, None


class Mul(Function):
    """z = x y;  dx = dz y, dy = dz x."""

    @staticmethod
    def forward(ctx, x, y):
        save_factors(ctx, x, y)
        return binary(lib.mg_mul, np.multiply, x, y)

    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return dz * y if need_x else None, dz * x if need_y else None


class Div(Function):
    """z = x / y;  dx = dz / y, dy = -dz (x / y) / y."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, y)
        return binary(lib.mg_div, np.divide, x, y)

    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return dz / y if need_x else None, -dz * ((x / y) / y) if need_y else None


class Neg(Function):
    """y = -x;  dx = -dy."""

    @staticmethod
    def forward(ctx, x):
        return unary(lib.mg_neg, x) if x.array.dtype.kind == "f" else make(np.asarray(-x.array))

    @staticmethod
    def backward(ctx, dy):
        return -dy


class Pow(Function):
    """z = x^y;  dx = dz y x^(y-1), 0 where y = 0;  dy = dz z log(x), 0 where x = 0 and y >= 0."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return binary(lib.mg_pow, _integer_power, x, y)

    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        dx = where(y == 0, 0.0, dz * y * pow(x, y - 1)) if need_x else None
        flat = (x == 0) & (y >= 0)
        dy = where(flat, 0.0, dz * pow(x, y) * where(flat, 1.0, x).log()) if need_y else None
        return dx, dy


def _integer_power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x^y; of a negative y what is left of 1 / x^-y without its fraction: 0, unless x is 1 or -1."""
    signs = np.where(x == 1, 1, np.where(x == -1, 1 - 2 * (y & 1), 0))
    return np.where(y < 0, signs, np.power(x, np.maximum(y, 0))).astype(x.dtype)


def _rounded(name: str, quotient: Any, formula: str) -> type[Function]:
    class Rounded(Function):
        @staticmethod
        def forward(ctx, x, y):
            _refuse(x, y, name)
            with np.errstate(all="ignore"):
                return make(np.asarray(quotient(x.array, y.array), x.array.dtype))

        @staticmethod
        def backward(ctx, dz):
            return (make(np.zeros(dz.array.shape, dz.array.dtype)),) * 2

    return named(Rounded, name, formula)


def _trunc_quotient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.trunc(x / y) if x.dtype.kind == "f" else (x - np.fmod(x, y)) // y


FloorDivide = _rounded("FloorDivide", np.floor_divide, "z = floor(x / y);  dx = dy = 0. By NumPy.")
TruncDivide = _rounded("TruncDivide", _trunc_quotient, "z = trunc(x / y);  dx = dy = 0. By NumPy.")


class Remainder(Function):
    """z = x - floor(x / y) y, of the sign of y;  dx = dz, dy = -dz floor(x / y). By NumPy."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        _refuse(x, y, "remainder")
        with np.errstate(all="ignore"):
            return make(np.asarray(np.remainder(x.array, y.array)))

    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        return dz, -dz * floor_divide(x, y) if ctx.needs_input_grad[1] else None


# -- functions ---------------------------------------------------------------------------------------------------------

add, mul = function_of(Add, "add"), function_of(Mul, "mul")
sub, trunc_divide, floor_divide = (function_of(Sub, "sub"), function_of(TruncDivide, "div_trunc"),
                                   function_of(FloorDivide, "floor_divide"))


def _refuse_bools() -> None:
    raise RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                       "`logical_xor()` operator instead.")


def _refuse(x: TensorBase, y: TensorBase, operation: str) -> None:
    """Shapes that don't fit together can't be divided; nor can integers by 0, and bools not at all."""
    broadcast(x.array.shape, y.array.shape)
    if y.array.dtype.kind == "b":
        raise dtypes.not_implemented(operation, y.array.dtype)
    if y.array.dtype.kind != "f" and not y.array.all():
        raise RuntimeError("ZeroDivisionError")


def _check_alpha(alpha: Any, kind: str, operation: str) -> None:
    if not isinstance(alpha, (bool, int, float, np.number)):
        raise TypeError(f"{operation}(): argument 'alpha' must be Number, not {type(alpha).__name__}")
    if isinstance(alpha, bool) and kind != "b":
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, (float, np.floating)) and kind != "f":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")


def add_scaled(input: T, other: Any, *, alpha: Any = 1) -> T:
    """input + alpha * other"""
    if alpha.__class__ is int and alpha == 1:
        return add(input, other)
    x, y = operands(input, other, "add")
    _check_alpha(alpha, x.array.dtype.kind, "add")
    return AddScaled.apply(x, y, alpha)


def sub_scaled(input: T, other: Any, *, alpha: Any = 1) -> T:
    """input - alpha * other"""
    if alpha.__class__ is int and alpha == 1:
        return sub(input, other)
    x, y = operands(input, other, "sub")
    _check_alpha(alpha, x.array.dtype.kind, "sub")
    if x.array.dtype.kind == "b":
        _refuse_bools()
    return AddScaled.apply(x, y, -alpha)


def rsub(input: T, other: Any, *, alpha: Any = 1) -> T:
    """other - alpha * input"""
    return sub_scaled(other, input, alpha=alpha)


def div(input: T, other: Any, *, rounding_mode: str | None = None) -> T:
    """input / other; of integers, as floats. rounding_mode "floor" or "trunc" rounds the quotient."""
    x, y = input, other
    if rounding_mode is None and isinstance(x, TensorBase) and x.array.dtype.kind in "ui" and not (
            isinstance(y, TensorBase) and y.array.dtype.kind == "f"):
        x = as_float(x, "div")  # before promotion, which would wrap a 0-d y to the type of x
    x, y = operands(x, y, "div")
    if rounding_mode is None:
        return Div.apply(as_float(x, "div"), as_float(y, "div"))
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
                           f"'{rounding_mode}'")
    return floor_divide(x, y) if rounding_mode == "floor" else trunc_divide(x, y)


def remainder(input: T, other: Any) -> T:
    """input - floor(input / other) other: the remainder that has the sign of other"""
    return Remainder.apply(*operands(input, other, "remainder"))


def neg(input: T) -> T:
    """-x"""
    require_tensor(input, "neg")
    if input.array.dtype.kind == "b":
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert "
                           "a mask, use the `~` or `logical_not()` operator instead.")
    return Neg.apply(input)


def pow(input: Any, exponent: Any) -> Any:
    """input ** exponent. The exponents 2, 1/2 and -1 have kernels of their own."""
    x, y = input, exponent
    if isinstance(x, TensorBase) and x.array.dtype.kind == "f" and not isinstance(y, TensorBase):
        special = {2: x.square, 0.5: x.sqrt, -1: x.reciprocal, 1: x.clone}.get(y)
        if special:
            return special()
    if isinstance(x, TensorBase) and isinstance(y, (int, np.integer)) and y < 0 and x.array.dtype.kind in "iub":
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    x, y = operands(x, y, "pow")
    if x.array.dtype.kind == "b":
        raise dtypes.not_implemented("pow", x.array.dtype)
    return Pow.apply(x, y)
