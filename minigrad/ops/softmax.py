"""softmax, log_softmax and cross-entropy, over the last axis in C; another axis is moved there first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, make
from minigrad.native import FLOATS, ffi, lib, new_position
from minigrad.ops.kernel import copied, new, new_like, ptr, require_tensor
from minigrad.ops.shape import Cast, axis_of, movedim

__all__ = ["CrossEntropy", "bad_target", "cross_entropy", "fits", "log_softmax", "pick", "softmax"]

_INT64 = np.dtype(np.int64)
NULL = ffi.NULL


def _rows(x: Any) -> tuple[int, int]:
    """The last axis as columns, the others as rows."""
    shape = x.array.shape
    return math.prod(shape[:-1]), shape[-1]


def _grad(kernel: Any, dy: Any, saved: Any) -> Any:
    dx = new_like(saved)
    kernel(dy.array.dtype.num, ptr(dx), ptr(dy), ptr(saved), *_rows(saved))
    return dx


class Softmax(Function):
    """y = e^x / sum e^x along the last axis;  dx = y (dy - sum dy y)."""

    @staticmethod
    def forward(ctx, x):
        y = new_like(x)
        lib.mg_softmax(x.array.dtype.num, ptr(y), ptr(x), *_rows(x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return SoftmaxGrad.apply(dy, y)


class SoftmaxGrad(Function):
    """dx = y (dy - sum dy y);  ddy = y (ddx - sum ddx y), dy_y = ddx (dy - sum dy y) - dy sum ddx y."""

    @staticmethod
    def forward(ctx, dy, y):
        ctx.save_for_backward(dy, y)
        return _grad(lib.mg_softmax_grad, dy, y)

    @staticmethod
    def backward(ctx, ddx):
        dy, y = ctx.saved_tensors
        need_dy, need_y = ctx.needs_input_grad
        dy_y = ddx * (dy - (dy * y).sum(-1, True)) - dy * (ddx * y).sum(-1, True) if need_y else None
        return SoftmaxGrad.apply(ddx, y) if need_dy else None, dy_y


class LogSoftmax(Function):
    """y = x - log sum e^x along the last axis;  dx = dy - e^y sum dy."""

    @staticmethod
    def forward(ctx, x):
        y = new_like(x)
        lib.mg_log_softmax(x.array.dtype.num, ptr(y), ptr(x), *_rows(x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return LogSoftmaxGrad.apply(dy, y)


class LogSoftmaxGrad(Function):
    """dx = dy - e^y sum dy;  ddy = ddx - sum ddx e^y, dy_y = -ddx e^y sum dy."""

    @staticmethod
    def forward(ctx, dy, y):
        ctx.save_for_backward(dy, y)
        return _grad(lib.mg_log_softmax_grad, dy, y)

    @staticmethod
    def backward(ctx, ddx):
        dy, y = ctx.saved_tensors
        weighted = ddx * y.exp()
        return ddx - weighted.sum(-1, True), -(weighted * dy.sum(-1, True))


class CrossEntropy(Function):
    """mean (or loss_i = log sum_j e^x_ij - x_i,t_i for each row) of logits x (rows, cols), classes t (rows);
    dx_i = dy_i (softmax(x_i) - onehot(t_i)), over the number of rows that count for the mean.

    Two numbers of each row are kept for backward: no probabilities are stored.
    """

    @staticmethod
    def forward(ctx, x, target, ignore, mean):
        dtype, (rows, cols) = x.array.dtype, x.array.shape
        size = 3 * rows + 1
        stats = new((size,), dtype, size)  # of each row the maximum and the log of the sum; the losses; the count
        average, bad = new((), dtype, 1), new_position()
        lse = stats._pointer
        loss = lse + 2 * rows
        lib.mg_cross_entropy(dtype.num, loss, lse, average._pointer, loss + rows, bad, x._pointer or ptr(x),
                             target._pointer or ptr(target), rows, cols, ignore)
        refuse_bad(bad, target)
        ctx.save_for_backward(x, target, stats)
        ctx.ignore, ctx.mean = ignore, mean
        return average if mean else copied(make(stats.array[2 * rows:-1]))

    @staticmethod
    def backward(ctx, dy):
        x, target, stats = ctx.saved_tensors
        return CrossEntropyGrad.apply(dy, x, target, stats, ctx.ignore, ctx.mean), None, None, None


class CrossEntropyGrad(Function):
    """dx_i = g_i (p_i - onehot(t_i)), g = dy / count for the mean, else dy_i; p = softmax(x);
    ddy = sum ddx dx / dy, d_x = g_i p_i (ddx_i - sum ddx_i p_i)."""

    @staticmethod
    def forward(ctx, dy, x, target, stats, ignore, mean):
        ctx.save_for_backward(dy, x, target, stats)
        ctx.ignore, ctx.mean = ignore, mean
        rows, cols = x.array.shape
        dx, lse = new_like(x), stats._pointer or ptr(stats)
        count = lse + 3 * rows if mean else NULL
        lib.mg_cross_entropy_grad(x.array.dtype.num, dx._pointer, ptr(dy), count, ptr(x), lse, ptr(target), rows, cols,
                                  ignore, 0 if mean else 1)
        return dx

    @staticmethod
    def backward(ctx, ddx):
        dy, x, target, stats = ctx.saved_tensors
        one = make(np.ones_like(dy.array))
        unit = CrossEntropyGrad.apply(one, x, target, stats, ctx.ignore, ctx.mean)
        per_row = (ddx * unit).sum(-1)
        kept = make((target.array != ctx.ignore)[:, None].astype(ddx.array.dtype))
        g = dy / stats.array[-1].item() if ctx.mean else dy.unsqueeze(-1)
        d_x = SoftmaxGrad.apply(ddx * kept * g, softmax(x, -1)) if ctx.needs_input_grad[1] else None
        return per_row.sum() if ctx.mean else per_row, d_x, None, None, None, None


class Pick(Function):
    """y_i = x_i,t_i of x (rows, cols), 0 where t_i = ignore;  dx_i,t_i = dy_i, 0 elsewhere."""

    @staticmethod
    def forward(ctx, x, target, ignore):
        rows, cols = ctx.shape = x.array.shape
        ctx.ignore = ignore
        ctx.save_for_backward(target)
        y, bad = new((rows,), x.array.dtype), new_position()
        lib.mg_pick(x.array.dtype.num, ptr(y), bad, ptr(x), ptr(target), rows, cols, ignore)
        refuse_bad(bad, target)
        return y

    @staticmethod
    def backward(ctx, dy):
        (target,) = ctx.saved_tensors
        return PickGrad.apply(dy, target, ctx.ignore, ctx.shape[1]), None, None


class PickGrad(Function):
    """dx_i,t_i = dy_i, 0 elsewhere;  ddy_i = ddx_i,t_i."""

    @staticmethod
    def forward(ctx, dy, target, ignore, cols):
        ctx.ignore = ignore
        ctx.save_for_backward(target)
        dx = new((target.array.size, cols), dy.array.dtype)
        lib.mg_pick_grad(dy.array.dtype.num, ptr(dx), ptr(dy), ptr(target), target.array.size, cols, ignore)
        return dx

    @staticmethod
    def backward(ctx, ddx):
        (target,) = ctx.saved_tensors
        return Pick.apply(ddx, target, ctx.ignore), None, None, None


def bad_target(target: int) -> IndexError:
    return IndexError(f"Target {target} is out of bounds.")


def refuse_bad(bad: Any, target: Any) -> None:
    """IndexError if a kernel found an index out of range."""
    position = bad[0]
    if position >= 0:
        raise bad_target(int(target.array.reshape(-1)[position]))


# -- functions ---------------------------------------------------------------------------------------------------------


def _along(op: type[Function], x: Any, dim: int, dtype: Any, name: str) -> Any:
    """op over dim: moved last if it is not, since the kernels work on rows."""
    require_tensor(x, name)
    if dtype is not None:
        x = Cast.apply(x, dtypes.resolve(dtype))
    if x.array.dtype.num not in FLOATS:
        raise dtypes.not_implemented(name, x.array.dtype, ": it needs floating-point input")
    axis, last = axis_of(dim, x.array.ndim), x.array.ndim - 1
    if last < 0:
        return op.apply(x.reshape(1)).reshape(())
    return op.apply(x) if axis == last else movedim(op.apply(movedim(x, axis, last)), last, axis)


def softmax(x: T, dim: int, dtype: Any = None) -> T:
    """e^x / sum e^x along dim, shifted by the maximum so that nothing overflows."""
    return _along(Softmax, x, dim, dtype, "softmax")


def log_softmax(x: T, dim: int, dtype: Any = None) -> T:
    """log(softmax(x)), without forming the small numbers."""
    return _along(LogSoftmax, x, dim, dtype, "log_softmax")


def fits(x: Any, target: Any) -> bool:
    """Whether x (rows, cols) are floats and target (rows) int64 classes, as the kernel takes them."""
    try:
        a, t = x.array, target.array
        return a.ndim == 2 and a.dtype.num in FLOATS and t.dtype is _INT64 and t.shape == a.shape[:1]
    except AttributeError:  # one is no tensor
        return False


def cross_entropy(x: T, target: Any, ignore: int, mean: bool) -> T:
    """Of logits x (rows, cols) and classes (rows) that fit: the mean over the rows whose class is not `ignore`, or
    each row's loss."""
    return CrossEntropy.apply(x, target, ignore, mean)


def pick(x: T, target: Any, ignore: int) -> T:
    """x[i, target[i]] for each row i, 0 where the target is `ignore`."""
    return Pick.apply(x, target, ignore)
