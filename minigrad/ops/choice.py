"""Elements chosen from others: where, maximum, minimum, clamp, and fill, which chooses none."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, TensorBase, make, zeros
from minigrad.native import lib
from minigrad.ops.kernel import binary, broadcast, require_tensor
from minigrad.ops.operands import function_of, operands, scalar
from minigrad.tape import constant

__all__ = ["clamp", "clamp_max", "clamp_min", "fill", "maximum", "minimum", "nan_to_num", "where"]


_UINT8 = np.dtype(np.uint8).num


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


class Maximum(Function):
    """z = max(x, y), NaN if either is;  dx = 0 where x < y, dz / 2 where x = y, else dz; dy likewise."""

    kernel, ufunc = staticmethod(lib.mg_maximum), staticmethod(np.maximum)

    @classmethod
    def loses(cls, x, y):
        return x < y

    @classmethod
    def share(cls, x, y, dz):
        """The part of dz that x gets: all, half of it at a tie, or 0."""
        return where(cls.loses(x, y), 0.0, where(x == y, dz * 0.5, dz))

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
    """z = min(x, y), NaN if either is;  dx = 0 where x > y, dz / 2 where x = y, else dz; dy likewise."""

    kernel, ufunc = staticmethod(lib.mg_minimum), staticmethod(np.minimum)

    @classmethod
    def loses(cls, x, y):
        return x > y


class Clamp(Function):
    """y = min(max(x, low), high), either bound a tensor or None. By NumPy.

    dx = dy where low <= x <= high, dlow = dy where x < low < high, dhigh = dy where x > high or low > high; else 0.
    """

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x, low, high)
        y = x.array if low is None else np.maximum(x.array, low.array)
        return make(np.asarray(y if high is None else np.minimum(y, high.array)))

    @staticmethod
    def backward(ctx, dy):
        x, low, high = ctx.saved_tensors
        need_x, need_low, need_high = ctx.needs_input_grad
        a = x.array
        below = False if low is None else a < low.array
        above = False if high is None else a > high.array
        inside = np.logical_and(True if low is None else a >= low.array, True if high is None else a <= high.array)
        both = low is not None and high is not None
        return (_kept(dy, inside) if need_x else None,
                _kept(dy, below & (low.array < high.array) if both else below) if need_low else None,
                _kept(dy, above | (low.array > high.array) if both else above) if need_high else None)


def _kept(dy: Any, where_: Any) -> Any:
    """dy where a NumPy condition holds, else 0."""
    return where(make(np.broadcast_to(where_, dy.array.shape)), dy, 0.0)


class Fill(Function):
    """y = the value everywhere, in x's shape and type;  dx = 0."""

    @staticmethod
    def forward(ctx, x, value):
        return make(constant(np.full(x.array.shape, value, x.array.dtype)))

    @staticmethod
    def backward(ctx, dy):
        return zeros(dy.array.shape, dy.array.dtype), None


maximum, minimum = function_of(Maximum, "maximum"), function_of(Minimum, "minimum")


def where(condition: T, input: Any = None, other: Any = None) -> T:
    """input where condition holds, else other; with one argument, the positions where it holds, a tensor per axis."""
    require_tensor(condition, "where", "condition")
    x, y = input, other
    if x is None and y is None:
        return tuple(make(p) for p in np.nonzero(np.atleast_1d(condition.array)))
    if condition.array.dtype.num == _UINT8:
        condition = condition.bool()
    if condition.array.dtype.kind != "b":
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype "
                           f"{condition.dtype}")
    if not isinstance(x, TensorBase) and not isinstance(y, TensorBase):
        x = make(scalar(x, dtypes.default_float() if isinstance(x, float) or isinstance(y, float)
                        else np.asarray(x).dtype, "where"))
    x, y = operands(x, y, "where")
    broadcast(condition.array.shape, broadcast(x.array.shape, y.array.shape)[0])  # raises where the shapes do not fit
    return Where.apply(condition, x, y)


def clamp(input: T, min: Any = None, max: Any = None) -> T:
    """input between min and max: numbers, tensors or None. Inclusive: the gradient passes at the bounds themselves."""
    require_tensor(input, "clamp")
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    x = input
    for bound in (min, max):
        if bound is not None:
            x, _ = operands(x, bound, "clamp")
    if x.array.dtype.kind == "b" and min is not None and max is not None:
        raise dtypes.not_implemented("clamp", x.array.dtype)
    low, high = (None if bound is None else operands(x, bound, "clamp")[1] if isinstance(bound, TensorBase)
                 else make(scalar(bound, x.array.dtype, "clamp")) for bound in (min, max))
    for bound in (low, high):
        if bound is not None and bound.array.ndim:
            x = x.expand(broadcast(x.array.shape, bound.array.shape)[0])
    return Clamp.apply(x, low, high)


def clamp_min(input: T, min: Any) -> T:
    """max(input, min)"""
    return clamp(input, min)


def clamp_max(input: T, max: Any) -> T:
    """min(input, max)"""
    return clamp(input, None, max)


def fill(x: T, value: Any) -> T:
    """value everywhere, in x's shape and type; value is a number, or a tensor of one"""
    return Fill.apply(x, scalar(value, x.array.dtype, "fill_"))


class NanToNum(Function):
    """y = x, its NaN and infinities replaced;  dx = dy where x is finite, else 0. By NumPy."""

    @staticmethod
    def forward(ctx, x, *replacements):
        ctx.save_for_backward(x)
        return make(np.asarray(np.nan_to_num(x.array, True, *replacements)))

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return _kept(dy, np.isfinite(x.array)), None, None, None


def nan_to_num(input: T, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> T:
    """input with NaN as nan (0), infinity as posinf and -infinity as neginf (the largest and the least number)"""
    require_tensor(input, "nan_to_num")
    if input.array.dtype.kind != "f":
        return make(input.array.copy())
    return NanToNum.apply(input, 0.0 if nan is None else nan, posinf, neginf)
