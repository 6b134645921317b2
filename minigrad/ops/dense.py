"""Keras's fully connected layer: the kernel of linear.py with the weight as Keras keeps it, (in, out)."""

from __future__ import annotations

from typing import Any

from minigrad.engine import Function
from minigrad.native import FLOATS, ffi, lib, pointer
from minigrad.ops.activation import ReLUGrad
from minigrad.ops.kernel import new, ptr
from minigrad.ops.matmul import MatMul, layout

__all__ = ["Dense", "fits"]

NULL = ffi.NULL


class Dense(Function):
    """y (batch, out) = x (batch, in) @ w (in, out) + b; with relu max(y, 0), and where there is a draw Dropout of that;
    dz = dy, or with relu dy where y > 0 (times dropout's scale), else 0; dx = dz @ w^T, dw = x^T @ dz, db = sum dz."""

    @staticmethod
    def forward(ctx, x, w, b=None, relu=0, draw=None, keep=0):
        dtype, (size_in, size_out) = x.array.dtype, w.array.shape
        rows = len(x.array)
        y = new((rows, size_out), dtype, rows * size_out)
        px, x_row, x_col = layout(x, False)
        lib.mg_linear(dtype.num, y._pointer, px, w._pointer or ptr(w), NULL if b is None else b._pointer or ptr(b),
                      NULL if draw is None else pointer(draw), rows, size_out, size_in, x_row, x_col, 1, relu, keep)
        needs = ctx.needs_input_grad
        ctx.save_for_backward(x if needs[1] else None, w if needs[0] else None, y if relu else None)
        ctx.scale = 65536.0 / keep if keep else 1.0
        return y

    @staticmethod
    def backward(ctx, dy):
        x, w, y = ctx.saved_tensors
        needs = ctx.needs_input_grad
        dz = dy if y is None else ReLUGrad.apply(dy, y, ctx.scale)
        return (*DenseGrad.apply(dz, x, w, *needs[:3]), None, None, None)[:len(needs)]


class DenseGrad(Function):
    """dx = dy @ w^T, dw = x^T @ dy, db = sum dy, each where needed;
    ddy = ddx @ w + x @ ddw + ddb, d_x = dy @ ddw^T, d_w = ddx^T @ dy."""

    @staticmethod
    def forward(ctx, dy, x, w, need_x, need_w, need_b=False):
        ctx.save_for_backward(dy, x, w)
        ctx.set_materialize_grads(False)
        dtype, (rows, size_out) = dy.array.dtype, dy.array.shape
        dx = dw = db = None
        p_dx = p_dw = p_db = px = pw = NULL
        x_row = x_col = size_in = 0
        if need_w:
            size_in = x.array.shape[1]
            dw = new((size_in, size_out), dtype, size_in * size_out)
            p_dw = dw._pointer
            px, x_row, x_col = layout(x, False)
        if need_x:
            size_in = len(w.array)
            dx = new((rows, size_in), dtype, rows * size_in)
            p_dx, pw = dx._pointer, w._pointer or ptr(w)
        if need_b:
            db = new((size_out,), dtype, size_out)
            p_db = db._pointer
        lib.mg_linear_grad(dtype.num, p_dx, p_dw, p_db, dy._pointer or ptr(dy), px, pw, rows, size_out, size_in, x_row,
                           x_col, 1)
        return dx, dw, db

    @staticmethod
    def backward(ctx, ddx, ddw, ddb):
        dy, x, w = ctx.saved_tensors
        need_dy, need_x, need_w, *rest = ctx.needs_input_grad
        ddy = None
        if need_dy:
            parts = [part for part in (None if ddx is None else MatMul.apply(ddx, w),
                                       None if ddw is None else MatMul.apply(x, ddw),
                                       None if ddb is None else ddb.expand(dy.array.shape)) if part is not None]
            for part in parts:
                ddy = part if ddy is None else ddy + part
        return (ddy, MatMul.apply(dy, ddw, False, True) if need_x and ddw is not None else None,
                MatMul.apply(ddx, dy, True) if need_w and ddx is not None else None, *[None] * len(rest))


def fits(x: Any, w: Any, b: Any) -> bool:
    """Whether x (batch, in), w (in, out) and b (out) or None go together, floats of one type."""
    xs, ws, dtype = x.array.shape, w.array.shape, x.array.dtype
    return (len(xs) == 2 and xs[1] == ws[0] and w.array.dtype is dtype and dtype.num in FLOATS
            and (b is None or b.array.dtype is dtype))
