"""Arithmetic with broadcasting. Each gradient is written for operands of the result's shape; where an operand was
stretched, the engine sums its gradient back (backward._fit)."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, TensorBase, make
from minigrad.native import lib
from minigrad.ops.kernel import as_float, binary, unary
from minigrad.ops.shape import Cast

__all__ = ["add", "clamp", "compare", "div", "floor_divide", "maximum", "minimum", "mul", "neg", "pow", "remainder",
           "sub", "where"]


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
        ctx.save_for_backward(x, y)
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
        ctx.save_for_backward(x, y)
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


class Maximum(Function):
    """z = max(x, y);  dx = dz where x > y, dz / 2 where x = y; dy likewise."""

    kernel, ufunc = staticmethod(lib.mg_maximum), staticmethod(np.maximum)

    @classmethod
    def larger(cls, x, y):
        return x > y

    @classmethod
    def share(cls, x, y, dz):
        """The part of dz that x gets: 1, 1/2 at a tie, or 0."""
        return dz * (cls.larger(x, y).to(dz.dtype) + (x == y).to(dz.dtype) * 0.5)

    @classmethod
    def forward(cls, ctx, x, y):
        ctx.save_for_backward(x, y)
        return binary(cls.kernel, cls.ufunc, x, y)

    @classmethod
    def backward(cls, ctx, dz):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return cls.share(x, y, dz) if need_x else None, cls.share(y, x, dz) if need_y else None


class Minimum(Maximum):
    """z = min(x, y);  dx = dz where x < y, dz / 2 where x = y; dy likewise."""

    kernel, ufunc = staticmethod(lib.mg_minimum), staticmethod(np.minimum)

    @classmethod
    def larger(cls, x, y):
        return x < y


class Where(Function):
    """z = x where condition, else y;  dx = dz where condition, else 0; dy the rest. By NumPy."""

    @staticmethod
    def forward(ctx, condition, x, y):
        ctx.save_for_backward(condition)
        return make(np.where(condition.array, x.array, y.array))

    @staticmethod
    def backward(ctx, dz):
        (condition,) = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad[1:]
        return None, where(condition, dz, 0.0) if need_x else None, where(condition, 0.0, dz) if need_y else None


class Clamp(Function):
    """y = x between low and high (either may be None);  dx = dy where low <= x <= high, else 0. By NumPy."""

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return make(np.asarray(np.clip(x.array, low, high), x.array.dtype))

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        inside = np.ones(x.array.shape, bool)
        if ctx.low is not None:
            inside &= ~(x.array < ctx.low)
        if ctx.high is not None:
            inside &= ~(x.array > ctx.high)
        return where(make(inside), dy, 0.0), None, None


class Fill(Function):
    """y = the value everywhere, in x's shape and type;  dx = 0."""

    @staticmethod
    def forward(ctx, x, value):
        return make(np.full(x.array.shape, value, x.array.dtype))

    @staticmethod
    def backward(ctx, dy):
        return dy * 0.0, None


# -- operands ----------------------------------------------------------------------------------------------------------


def operands(x: Any, y: Any, operation: str) -> tuple[Any, Any]:
    """Two tensors of one dtype, by PyTorch's promotion; a Python number takes the type of the tensor it meets."""
    if not isinstance(x, TensorBase):
        if not isinstance(y, TensorBase):
            raise TypeError(f"{operation}(): expected a Tensor and a Tensor or number, but got "
                            f"{type(x).__name__} and {type(y).__name__}")
        x = number(x, y, operation)
    elif not isinstance(y, TensorBase):
        y = number(y, x, operation)
    if x.array.dtype is not y.array.dtype:
        dtype = dtypes.promote(x.array, y.array)
        x, y = (t if t.array.dtype is dtype else Cast.apply(t, dtype) for t in (x, y))
    return x, y


def number(value: Any, like: TensorBase, operation: str) -> Any:
    """A Python or NumPy number as a 0-d tensor that leaves the type of `like` as it is, where its category allows."""
    dtype, kind = like.array.dtype, like.array.dtype.kind
    if isinstance(value, (bool, np.bool_)):
        pass
    elif isinstance(value, (int, np.integer)):
        dtype = np.dtype(np.int64) if kind == "b" else dtype
    elif isinstance(value, (float, np.floating)):
        dtype = dtype if kind == "f" else dtypes.default_float()
    elif isinstance(value, np.ndarray):
        raise TypeError(f"{operation}(): got a NumPy array; make it a tensor first with from_numpy or tensor")
    elif isinstance(value, Number):
        raise TypeError(f"{operation}(): {type(value).__name__} numbers are not supported")
    else:
        raise TypeError(f"{operation}(): unsupported operand type {type(value).__name__}")
    try:
        return make(np.array(value, dtype))
    except OverflowError:
        raise RuntimeError(f"{operation}(): value {value} does not fit {dtype}") from None


def _function(op: type[Function], name: str) -> Any:
    def function(x: Any, y: Any) -> Any:
        if x.__class__ is not y.__class__ or x.array.dtype is not y.array.dtype:
            x, y = operands(x, y, name)
        return op.apply(x, y)

    function.__name__ = name
    function.__doc__ = f"{op.__doc__}"
    return function


add, sub, mul = _function(Add, "add"), _function(Sub, "sub"), _function(Mul, "mul")
maximum, minimum = _function(Maximum, "maximum"), _function(Minimum, "minimum")


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


remainder = _function(Remainder, "remainder")


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


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where condition holds, else y; with one argument, the positions where it holds, one tensor per axis."""
    if x is None and y is None:
        return tuple(make(p) for p in np.nonzero(condition.array))
    if not isinstance(condition, TensorBase) or condition.array.dtype.kind != "b":
        raise RuntimeError("where expected condition to be a boolean tensor, but got "
                           f"{condition.dtype if isinstance(condition, TensorBase) else type(condition).__name__}")
    if not isinstance(x, TensorBase) and not isinstance(y, TensorBase):
        both = np.asarray([x, y])
        x = make(np.asarray(x, dtypes.default_float() if both.dtype.kind == "f" else both.dtype))
    return Where.apply(condition, *operands(x, y, "where"))


def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """x between min and max: numbers, tensors or None. Inclusive: the gradient passes at the bounds themselves."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        x = x if min is None else maximum(x, min)
        return x if max is None else minimum(x, max)
    if x.array.dtype.kind != "f" and (isinstance(min, float) or isinstance(max, float)):
        x = as_float(x, "clamp")
    return Clamp.apply(x, min, max)


def compare(ufunc: Any, x: TensorBase, y: Any) -> Any:
    """A bool tensor: x ? y by NumPy's ufunc. Not differentiable."""
    x, y = operands(x, y, ufunc.__name__)
    return make(np.asarray(ufunc(x.array, y.array)))
