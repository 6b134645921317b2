"""A fully connected layer, alone or with the ReLU and the dropout that follow it, in one call of C."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, T
from minigrad.native import FLOATS, ffi, lib, pointer
from minigrad.ops.activation import ReLUGrad
from minigrad.ops.kernel import new, ptr
from minigrad.ops.matmul import MatMul, layout, matmul, same_float
from minigrad.ops.shape import Reshape

__all__ = ["Dense", "LinearReLU", "fits", "linear"]

NULL = ffi.NULL


class Linear(Function):
    """y (batch, out) = x (batch, in) @ w^T (in, out) + b;  dx = dy @ w, dw = dy^T @ x, db = sum dy over the batch."""

    @staticmethod
    def forward(ctx, x, w, b=None):
        needs = ctx.needs_input_grad
        ctx.save_for_backward(x if needs[1] else None, w if needs[0] else None)
        return _layer(x, w, b, 0, None, 0)

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        return LinearGrad.apply(dy, x, w, *ctx.needs_input_grad)


class LinearReLU(Function):
    """y = max(x @ w^T + b, 0), and where there is a draw, Dropout of that;
    dz = dy where y > 0 (times dropout's scale), else 0; dx, dw, db are those of Linear for dz.

    The bits of Linear, ReLU and Dropout one after another. y > 0 says what was kept, so no mask is made again (as in
    Srivastava's deepnet, relu_layer).
    """

    @staticmethod
    def forward(ctx, x, w, b, draw=None, keep=0):
        y = _layer(x, w, b, 1, draw, keep)
        needs = ctx.needs_input_grad
        ctx.save_for_backward(x if needs[1] else None, w if needs[0] else None, y)
        ctx.scale = 65536.0 / keep if keep else 1.0
        return y

    @staticmethod
    def backward(ctx, dy):
        x, w, y = ctx.saved_tensors
        dz = ReLUGrad.apply(dy, y, ctx.scale)
        needs = ctx.needs_input_grad
        return (*LinearGrad.apply(dz, x, w, *needs[:3]), None, None)[:len(needs)]


class Dense(Function):
    """y (batch, out) = x (batch, in) @ w (in, out) + b, Keras's weight; with relu max(y, 0), and with a draw Dropout of
    that; dz as in LinearReLU, or dy without relu; dx = dz @ w^T, dw = x^T @ dz, db = sum dz."""

    @staticmethod
    def forward(ctx, x, w, b=None, relu=0, draw=None, keep=0):
        y = _layer(x, w, b, relu, draw, keep, 1)
        needs = ctx.needs_input_grad
        ctx.save_for_backward(x if needs[1] else None, w if needs[0] else None, y if relu else None)
        ctx.scale = 65536.0 / keep if keep else 1.0
        return y

    @staticmethod
    def backward(ctx, dy):
        x, w, y = ctx.saved_tensors
        needs = ctx.needs_input_grad
        dz = dy if y is None else ReLUGrad.apply(dy, y, ctx.scale)
        need_b = len(needs) > 2 and needs[2]
        return (*LinearGrad.apply(dz, x, w, *needs[:2], need_b, 1), None, None, None)[:len(needs)]


def _layer(x: Any, w: Any, b: Any, relu: int, draw: Any, keep: int, across: int = 0) -> Any:
    """The call of the kernel. w is (out, in), or across (in, out)."""
    dtype, (size_out, size_in) = x.array.dtype, w.array.shape
    if across:
        size_out, size_in = size_in, size_out
    rows = len(x.array)
    y = new((rows, size_out), dtype, rows * size_out)
    px, x_row, x_col = layout(x, False)
    lib.mg_linear(dtype.num, y._pointer, px, w._pointer or ptr(w), NULL if b is None else b._pointer or ptr(b),
                  NULL if draw is None else pointer(draw), rows, size_out, size_in, x_row, x_col, across, relu, keep)
    return y


class LinearGrad(Function):
    """dx = dy @ w, dw = dy^T @ x, db = sum dy, each where needed;
    ddy = ddx @ w^T + x @ ddw^T + ddb, d_x = dy @ ddw, d_w = dy^T @ ddx. Across, w, dw and ddw are (in, out): each
    stands transposed."""

    @staticmethod
    def forward(ctx, dy, x, w, need_x, need_w, need_b=False, across=0):
        ctx.save_for_backward(dy, x, w)
        ctx.set_materialize_grads(False)
        ctx.across = across
        array = dy.array
        dtype, (rows, size_out) = array.dtype, array.shape
        dx = dw = db = None
        p_dx = p_dw = p_db = px = pw = NULL
        x_row = x_col = size_in = 0
        if need_w:
            size_in = x.array.shape[1]
            dw = new((size_in, size_out) if across else (size_out, size_in), dtype, size_out * size_in)
            p_dw = dw._pointer
            px, x_row, x_col = layout(x, False)
        if need_x:
            size_in = w.array.shape[0 if across else 1]
            dx = new((rows, size_in), dtype, rows * size_in)
            p_dx, pw = dx._pointer, w._pointer or ptr(w)
        if need_b:
            db = new((size_out,), dtype, size_out)
            p_db = db._pointer
        lib.mg_linear_grad(dtype.num, p_dx, p_dw, p_db, dy._pointer or ptr(dy), px, pw, rows, size_out, size_in, x_row,
                           x_col, across)
        return dx, dw, db

    @staticmethod
    def backward(ctx, ddx, ddw, ddb):
        dy, x, w = ctx.saved_tensors
        across, turned = bool(ctx.across), not ctx.across
        need_dy, need_x, need_w, *rest = ctx.needs_input_grad
        parts = [] if not need_dy else [part for part in (
            ddx is not None and MatMul.apply(ddx, w, False, turned),
            ddw is not None and MatMul.apply(x, ddw, False, turned),
            ddb is not None and ddb.expand(dy.array.shape)) if part is not False]
        ddy = parts[0] if parts else None
        for part in parts[1:]:
            ddy = ddy + part
        d_x = MatMul.apply(dy, ddw, False, across) if need_x and ddw is not None else None
        d_w = MatMul.apply(*((ddx, dy) if across else (dy, ddx)), True) if need_w and ddx is not None else None
        return (ddy, d_x, d_w, *[None] * len(rest))


def fits(x: Any, weight: Any, bias: Any, across: int = 0) -> bool:
    """Whether x (batch, in), weight (out, in), or across (in, out), and bias (out) or None go together, floats of one
    type."""
    try:
        a, w = x.array, weight.array
        xs, ws, dtype = a.shape, w.shape, a.dtype
        if len(xs) != 2 or len(ws) != 2 or xs[1] != ws[1 - across] or w.dtype is not dtype or dtype.num not in FLOATS:
            return False
        return bias is None or (bias.array.dtype is dtype and bias.array.shape == (ws[across],))
    except AttributeError:  # one is no tensor
        return False


def linear(x: T, weight: Any, bias: Any = None) -> T:
    """y = x @ weight^T + bias: x (..., in), weight (out, in), bias (out), y (..., out)."""
    if fits(x, weight, bias):
        return Linear.apply(x, weight) if bias is None else Linear.apply(x, weight, bias)
    if bias is None:
        same_float("linear", x, weight)
    else:
        same_float("linear", x, weight, bias)
    xs, ws = x.array.shape, weight.array.shape
    if not xs or len(ws) != 2 or xs[-1] != ws[1] or (bias is not None and bias.array.shape != ws[:1]):
        sizes = f" ({int(np.prod(xs[:-1]))}x{xs[-1]} and {ws[1]}x{ws[0]})" if xs and len(ws) == 2 else ""
        raise RuntimeError(f"linear: mat1 and mat2 shapes cannot be multiplied{sizes}: input {list(xs)} @ weight "
                           f"{list(ws)} transposed" + ("" if bias is None else f" + bias {list(bias.array.shape)}")
                           + ": expected input (..., in), weight (out, in)" + ("" if bias is None else ", bias (out)"))
    if x.array.dtype.num not in FLOATS:
        y = matmul(x, weight.t())
        return y if bias is None else y + bias
    flat = Reshape.apply(x, (-1 if x.array.size else int(np.prod(xs[:-1])), xs[-1]))
    y = Linear.apply(flat, weight) if bias is None else Linear.apply(flat, weight, bias)
    return Reshape.apply(y, (*xs[:-1], ws[0]))
