"""Elements chosen from others: where, maximum, minimum, clamp, and fill, which chooses none."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, TensorBase, make
from minigrad.native import lib
from minigrad.ops.kernel import as_float, binary, broadcast, require_tensor
from minigrad.ops.operands import function_of, operands, scalar

__all__ = ["clamp", "maximum", "minimum", "where"]


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


maximum, minimum = function_of(Maximum, "maximum"), function_of(Minimum, "minimum")


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where condition holds, else y; with one argument, the positions where it holds, one tensor per axis."""
    require_tensor(condition, "where", "condition")
    if x is None and y is None:
        return tuple(make(p) for p in np.nonzero(condition.array))
    if condition.array.dtype.kind != "b":
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype "
                           f"{condition.dtype}")
    if not isinstance(x, TensorBase) and not isinstance(y, TensorBase):
        x = make(scalar(x, dtypes.default_float() if isinstance(x, float) or isinstance(y, float)
                        else np.asarray(x).dtype, "where"))
    x, y = operands(x, y, "where")
    broadcast(condition.array.shape, broadcast(x.array.shape, y.array.shape)[0])  # raises where the shapes do not fit
    return Where.apply(condition, x, y)


def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """x between min and max: numbers, tensors or None. Inclusive: the gradient passes at the bounds themselves."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        y = x if min is None else where(x < min, min, x)
        return y if max is None else where(y > max, max, y)
    if x.array.dtype.kind != "f" and (isinstance(min, float) or isinstance(max, float)):
        x = as_float(x, "clamp")
    low, high = (None if bound is None else scalar(bound, x.array.dtype, "clamp") for bound in (min, max))
    return Clamp.apply(x, low, high)


def fill(x: Any, value: Any) -> Any:
    """value everywhere, in x's shape and type"""
    return Fill.apply(x, scalar(value, x.array.dtype, "fill_"))
