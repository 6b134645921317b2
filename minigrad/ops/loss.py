"""Losses whose gradient is not that of their formula's parts; the others are composed in nn/functional/losses.py."""

from __future__ import annotations

from minigrad.engine import Function

__all__ = ["BinaryCrossEntropy"]


class BinaryCrossEntropy(Function):
    """y = -(t log x + (1 - t) log(1 - x)), the logs no less than -100;
    dx = dy (x - t) / (x (1 - x)), the divisor no less than 1e-12; dt = dy (log(1 - x) - log x), the same logs."""

    @staticmethod
    def forward(ctx, x, t):
        ctx.save_for_backward(x, t)
        return -(t * x.log().clamp(min=-100) + (1.0 - t) * (1.0 - x).log().clamp(min=-100))

    @staticmethod
    def backward(ctx, dy):
        x, t = ctx.saved_tensors
        need_x, need_t = ctx.needs_input_grad
        dx = dy * (x - t) / (x * (1.0 - x)).clamp(min=1e-12) if need_x else None
        dt = dy * ((1.0 - x).log().clamp(min=-100) - x.log().clamp(min=-100)) if need_t else None
        return dx, dt
