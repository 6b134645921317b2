"""Losses of two tensors of one shape and type: a table of (kernels, formula, second derivatives)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, make
from minigrad.names import named
from minigrad.native import lib
from minigrad.ops.activation import sigmoid
from minigrad.ops.kernel import new, new_like, ptr

__all__ = ["BCE", "L1", "MSE", "BCELogits", "Huber"]


def _gradient(name: str, kernel: Any, formula: str, second: Any) -> type[Function]:
    """The Function dx = dy * scale * df/dx; second(x, t, p): d^2 f / dx dx and d^2 f / dx dt, tensors or numbers."""

    class Grad(Function):
        @staticmethod
        def forward(ctx, dy, x, t, each, scale, p):
            ctx.constants = each, scale, p
            ctx.save_for_backward(dy, x, t)
            dx = new_like(x)
            kernel(x.array.dtype.num, dx._pointer, ptr(dy), ptr(x), ptr(t), x.array.size, each, scale, p)
            return dx

        @staticmethod
        def backward(ctx, ddx):
            dy, x, t = ctx.saved_tensors
            each, scale, p = ctx.constants
            need_dy, need_x, need_t, *_ = ctx.needs_input_grad
            ddy = None
            if need_dy:
                ddy = ddx * Grad.apply(make(np.ones_like(dy.array)), x, t, each, scale, p)
            c = ddx * (dy * scale)
            xx, xt = second(x, t, p)
            return (ddy if each or ddy is None else ddy.sum(), c * xx if need_x else None, c * xt if need_t else None,
                    None, None, None)

    return named(Grad, f"{name}Grad", f"dx = dy * scale * df/dx of {formula}")


def _loss(name: str, kernel: Any, grad_kernel: Any, formula: str, second: Any, d_t: Any = None) -> type[Function]:
    """The Function y = scale * sum f(x, t; p), or with `each` y_i = scale * f(x_i, t_i; p).

    second     as _gradient has it
    d_t(x, t)  df / dt; None where f is a function of x - t, which makes it -df / dx
    """
    gradient = _gradient(name, grad_kernel, formula, second)

    class Loss(Function):
        @staticmethod
        def forward(ctx, x, t, each, scale, p):
            ctx.constants = each, scale, p
            ctx.save_for_backward(x, t)
            array = x.array
            size = array.size
            y = new(array.shape, array.dtype, size) if each else new((), array.dtype, 1)
            kernel(array.dtype.num, y._pointer, x._pointer or ptr(x), t._pointer or ptr(t), size, each, scale, p)
            return y

        @staticmethod
        def backward(ctx, dy):
            x, t = ctx.saved_tensors
            need_x, need_t, *_ = ctx.needs_input_grad
            dx = gradient.apply(dy, x, t, *ctx.constants) if need_x or d_t is None else None
            dt = None if not need_t else -dx if d_t is None else d_t(x, t) * (dy * ctx.constants[1])
            return dx if need_x else None, dt, None, None, None

    return named(Loss, name, formula)


def _huber_second(x: Any, t: Any, p: float) -> tuple:
    near = ((x - t).abs() < p).to(x.dtype)
    return near, -near


def _bce_logits_second(x: Any, t: Any, p: float) -> tuple:
    s = sigmoid(x)
    return s * (1.0 - s), -1.0


def _bce_second(x: Any, t: Any, p: float) -> tuple:
    over = (x * (1.0 - x)).clamp(min=1e-12).reciprocal()
    return (x.square() - x * t * 2.0 + t) * over.square(), -over


def _bce_dt(x: Any, t: Any) -> Any:
    return (-x).log1p().clamp(min=-100.0) - x.log().clamp(min=-100.0)


MSE = _loss("MSE", lib.mg_mse, lib.mg_mse_grad, "f = (x - t)^2", lambda x, t, p: (2.0, -2.0))
L1 = _loss("L1", lib.mg_l1, lib.mg_l1_grad, "f = |x - t|", lambda x, t, p: (0.0, 0.0))
Huber = _loss("Huber", lib.mg_huber, lib.mg_huber_grad, "f = d^2 / 2 where d = |x - t| < p, else p (d - p / 2)",
              _huber_second)
BCELogits = _loss("BCELogits", lib.mg_bce_logits, lib.mg_bce_logits_grad, "f = (1 - t) x + ln(1 + e^-x)",
                  _bce_logits_second, lambda x, t: -x)
BCE = _loss("BCE", lib.mg_bce, lib.mg_bce_grad, "f = -(t ln x + (1 - t) ln(1 - x)), the logarithms no less than -100; "
            "df/dx = (x - t) / (x (1 - x)), the divisor no less than 1e-12", _bce_second, _bce_dt)
