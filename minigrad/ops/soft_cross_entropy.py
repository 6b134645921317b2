"""Cross-entropy of logits and probabilities of classes, or any weights of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, make
from minigrad.native import lib
from minigrad.ops.kernel import copied, new, new_like, ptr
from minigrad.ops.softmax import SoftmaxGrad, log_softmax, softmax

__all__ = ["SoftCrossEntropy"]


class SoftCrossEntropy(Function):
    """mean (or loss_i = -sum_j t_ij log softmax(x_i)_j for each row) of logits x and weights t, both (rows, cols);
    dx_i = g_i (softmax(x_i) sum_j t_ij - t_i), dt_i = -g_i log softmax(x_i), g = dy / rows for the mean, else dy_i."""

    @staticmethod
    def forward(ctx, x, t, mean):
        dtype, (rows, cols) = x.array.dtype, x.array.shape
        stats = new((3 * rows,), dtype, 3 * rows)  # of each row the maximum and the log of the sum; the losses
        average, lse = new((), dtype, 1), stats._pointer
        lib.mg_soft_cross_entropy(dtype.num, lse + 2 * rows, lse, average._pointer, x._pointer or ptr(x),
                                  t._pointer or ptr(t), rows, cols)
        ctx.save_for_backward(x, t, stats)
        ctx.mean = mean
        return average if mean else copied(make(stats.array[2 * rows:]))

    @staticmethod
    def backward(ctx, dy):
        x, t, stats = ctx.saved_tensors
        need_x, need_t, _ = ctx.needs_input_grad
        dx = SoftCrossEntropyGrad.apply(dy, x, t, stats, ctx.mean) if need_x else None
        return dx, log_softmax(x, -1) * -_each_row(dy, x, ctx.mean) if need_t else None, None


class SoftCrossEntropyGrad(Function):
    """dx_i = g_i (p_i T_i - t_i), p = softmax(x), T_i = sum_j t_ij;
    ddy_i = sum ddx_i dx_i / g_i, d_x = g_i T_i p_i (ddx_i - sum ddx_i p_i), d_t = g_i (sum ddx_i p_i - ddx_i)."""

    @staticmethod
    def forward(ctx, dy, x, t, stats, mean):
        ctx.save_for_backward(dy, x, t, stats)
        ctx.mean = mean
        dx = new_like(x)
        lib.mg_soft_cross_entropy_grad(x.array.dtype.num, dx._pointer, ptr(dy), ptr(x), ptr(t), ptr(stats),
                                       *x.array.shape, 0 if mean else 1)
        return dx

    @staticmethod
    def backward(ctx, ddx):
        dy, x, t, stats = ctx.saved_tensors
        need_dy, need_x, need_t, *_ = ctx.needs_input_grad
        g, p = _each_row(dy, x, ctx.mean), softmax(x, -1)
        ddy = None
        if need_dy:
            one = make(np.ones_like(dy.array))
            ddy = (ddx * SoftCrossEntropyGrad.apply(one, x, t, stats, ctx.mean)).sum(() if ctx.mean else -1)
        d_x = SoftmaxGrad.apply(ddx * (g * t.sum(-1, True)), p) if need_x else None
        d_t = ((ddx * p).sum(-1, True) - ddx) * g if need_t else None
        return ddy, d_x, d_t, None, None


def _each_row(dy: Any, x: Any, mean: bool) -> Any:
    """g as it multiplies (rows, cols)."""
    return dy / x.array.shape[0] if mean else dy.unsqueeze(-1)
