"""Arithmetic with broadcasting. Each gradient is written for operands of the result's shape; where an operand was
stretched, the engine sums its gradient back (backward._fit)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, TensorBase, make
from minigrad.native import lib
from minigrad.ops.choice import where
from minigrad.ops.kernel import as_float, binary, save_factors, unary
from minigrad.ops.operands import function_of, operands

__all__ = ["add", "compare", "div", "floor_divide", "mul", "neg", "pow", "remainder", "sub"]


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
            raise RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                               "`logical_xor()` operator instead.")
        return binary(lib.mg_sub, np.subtract, x, y)

    @staticmethod
    def backward(ctx, dz):
        return dz, -dz if ctx.needs_input_grad[1] else None


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
        return binary(lib.mg_pow, np.power, x, y)

    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        dx = where(y == 0, 0.0, dz * y * pow(x, y - 1)) if need_x else None
        flat = (x == 0) & (y >= 0)
        dy = where(flat, 0.0, dz * pow(x, y) * where(flat, 1.0, x).log()) if need_y else None
        return dx, dy


add, sub, mul = function_of(Add, "add"), function_of(Sub, "sub"), function_of(Mul, "mul")


def div(x: Any, y: Any, *, rounding_mode: str | None = None) -> Any:
    """x / y; of integers, as floats. rounding_mode "floor" or "trunc" rounds the quotient."""
    if rounding_mode is None and isinstance(x, TensorBase) and x.array.dtype.kind in "ui" and not (
            isinstance(y, TensorBase) and y.array.dtype.kind == "f"):
        x = as_float(x, "div")  # before promotion, which would wrap a 0-d y to the type of x
    x, y = operands(x, y, "div")
    if rounding_mode is None:
        return Div.apply(as_float(x, "div"), as_float(y, "div"))
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
                           f"'{rounding_mode}'")
    if rounding_mode == "floor":
        return floor_divide(x, y)
    if x.array.dtype.kind == "f":
        return make(np.asarray(np.trunc(x.array / y.array)))
    _refuse_zero(y, "div_trunc")
    quotient = np.abs(x.array) // np.abs(y.array)
    return make(np.asarray(np.sign(x.array) * np.sign(y.array) * quotient, x.array.dtype))


def _refuse_zero(y: TensorBase, operation: str) -> None:
    """Integers can't be divided by 0, and bools not at all."""
    if y.array.dtype.kind == "b":
        raise NotImplementedError(f"\"{operation}\" not implemented for 'Bool'")
    if y.array.dtype.kind != "f" and not y.array.all():
        raise RuntimeError("ZeroDivisionError")


def floor_divide(x: Any, y: Any) -> Any:
    """floor(x / y). By NumPy; its gradient is 0 everywhere, so none is recorded."""
    x, y = operands(x, y, "floor_divide")
    _refuse_zero(y, "floor_divide")
    with np.errstate(all="ignore"):
        return make(np.asarray(np.floor_divide(x.array, y.array)))


class Remainder(Function):
    """z = x - floor(x / y) y, of the sign of y;  dx = dz, dy = -dz floor(x / y). By NumPy."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        _refuse_zero(y, "remainder")
        with np.errstate(all="ignore"):
            return make(np.asarray(np.remainder(x.array, y.array)))

    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        return dz, -dz * floor_divide(x, y) if ctx.needs_input_grad[1] else None


remainder = function_of(Remainder, "remainder")


def neg(x: Any) -> Any:
    """-x"""
    if x.array.dtype.kind == "b":
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert "
                           "a mask, use the `~` or `logical_not()` operator instead.")
    return Neg.apply(x)


def pow(x: Any, y: Any) -> Any:
    """x ** y. The exponents 2, 1/2 and -1 have kernels of their own."""
    if isinstance(x, TensorBase) and x.array.dtype.kind == "f" and not isinstance(y, TensorBase):
        special = {2: x.square, 0.5: x.sqrt, -1: x.reciprocal, 1: x.clone}.get(y)
        if special:
            return special()
    x, y = operands(x, y, "pow")
    if x.array.dtype.kind == "b":
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    if x.array.dtype.kind in "iu" and (y.array < 0).any():
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return Pow.apply(x, y)


def compare(ufunc: Any, x: TensorBase, y: Any) -> Any:
    """A bool tensor: x ? y by NumPy's ufunc. Not differentiable."""
    x, y = operands(x, y, ufunc.__name__)
    return make(np.asarray(ufunc(x.array, y.array)))
