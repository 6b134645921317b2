"""A fully connected layer whose weights are dropped, and the mean of a ReLU of a normal variable."""

from __future__ import annotations

import math
from typing import Any

from minigrad.engine import Function
from minigrad.ops.dropout import Dropout
from minigrad.ops.linear import linear
from minigrad.ops.matmul import matmul

__all__ = ["DropConnect", "ExpectedReLU", "normal_cdf", "normal_density"]


class DropConnect(Function):
    """y = x @ v^T + b, v = W m / keep, with the mask m of a draw (Wan et al.: Regularization of neural networks using
    DropConnect, ICML 2013);  dx = dy @ v, dW = (dy^T @ x) m / keep, db = sum of dy's rows. v is not kept, but made
    again in backward.
    """

    @staticmethod
    def forward(ctx, x, w, b, draw, keep):
        ctx.draw, ctx.keep = draw, keep
        ctx.save_for_backward(x, w)
        return linear(x, Dropout.apply(w, draw, keep), b)

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        need_x, need_w, need_b, *_ = ctx.needs_input_grad
        rows = dy.reshape(-1, w.array.shape[0]) if need_w or need_b else None
        dx = matmul(dy, Dropout.apply(w, ctx.draw, ctx.keep)) if need_x else None
        dw = Dropout.apply(matmul(rows.t(), x.reshape(-1, w.array.shape[1])), ctx.draw, ctx.keep) if need_w else None
        return dx, dw, rows.sum(0) if need_b else None, None, None


class ExpectedReLU(Function):
    """y = E max(z, 0) = m Phi(m / s) + s phi(m / s) of z ~ N(m, s^2), s >= 0;
    dm = dy Phi(m / s), ds = dy phi(m / s)."""

    @staticmethod
    def forward(ctx, m, s):
        ctx.save_for_backward(m, s)
        z = _standardised(m, s)
        return m * normal_cdf(z) + s * normal_density(z)

    @staticmethod
    def backward(ctx, dy):
        m, s = ctx.saved_tensors
        z = _standardised(m, s)
        return dy * normal_cdf(z), dy * normal_density(z)


def _standardised(m: Any, s: Any) -> Any:
    """m / s; where s is 0 so large a number that Phi and phi are at their limits."""
    return m / s.clamp(min=1e-10)


def normal_cdf(z: Any) -> Any:
    """Phi(z) = (1 + erf(z / sqrt 2)) / 2"""
    return ((z * math.sqrt(0.5)).erf() + 1.0) * 0.5


def normal_density(z: Any) -> Any:
    """phi(z) = e^(-z^2 / 2) / sqrt(2 pi)"""
    return (z.square() * -0.5).exp() * (1 / math.sqrt(2 * math.pi))
