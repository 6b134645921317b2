"""Activations. Each gradient has a kernel of its own, and is an operation with a gradient in turn."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, T, make, zeros
from minigrad.names import named
from minigrad.native import lib
from minigrad.ops.kernel import as_float, floating, new_like, ptr, require_tensor, unary

__all__ = ["celu", "elu", "gelu", "hardswish", "hardtanh", "leaky_relu", "mish", "relu", "selu", "sigmoid", "silu",
           "softplus", "tanh"]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
INV_SQRT_2PI = 0.3989422804014327  # 1 / sqrt(2 pi)


def _grad(kernel: Any, dy: Any, saved: Any, *constants: float) -> Any:
    """dx = kernel(dy, saved), element by element."""
    dx = new_like(saved)
    kernel(dy.array.dtype.num, ptr(dx), ptr(dy), ptr(saved), dy.array.size, *constants)
    return dx


def _zeros(x: Any) -> Any:
    """The second derivative of straight lines: 0, not None, so that grad() finds one, as in PyTorch."""
    return zeros(x.array.shape, x.array.dtype)


class ReLU(Function):
    """y = max(x, 0);  dx = dy where y > 0, else 0."""

    @staticmethod
    def forward(ctx, x):
        y = unary(lib.mg_relu, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return ReLUGrad.apply(dy, y, 1.0)


class ReLUGrad(Function):
    """dx = scale dy where y > 0, else 0;  ddy = the same of ddx, dy_y = 0. scale is that of a dropout in y, or 1."""

    @staticmethod
    def forward(ctx, dy, y, scale):
        ctx.scale = scale
        ctx.save_for_backward(y)
        return _grad(lib.mg_relu_grad, dy, y, scale)

    @staticmethod
    def backward(ctx, ddx):
        (y,) = ctx.saved_tensors
        return ReLUGrad.apply(ddx, y.detach(), ctx.scale), _zeros(y) if ctx.needs_input_grad[1] else None, None


class Sigmoid(Function):
    """y = 1 / (1 + e^-x);  dx = dy y (1 - y)."""

    @staticmethod
    def forward(ctx, x):
        y = unary(lib.mg_sigmoid, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return SigmoidGrad.apply(dy, y)


class SigmoidGrad(Function):
    """dx = dy y (1 - y);  ddy = ddx y (1 - y), dy_y = ddx dy (1 - 2y)."""

    @staticmethod
    def forward(ctx, dy, y):
        ctx.save_for_backward(dy, y)
        return _grad(lib.mg_sigmoid_grad, dy, y)

    @staticmethod
    def backward(ctx, ddx):
        dy, y = ctx.saved_tensors
        return SigmoidGrad.apply(ddx, y), ddx * dy * (1.0 - y * 2.0)


class Tanh(Function):
    """y = tanh x;  dx = dy (1 - y^2)."""

    @staticmethod
    def forward(ctx, x):
        y = unary(lib.mg_tanh, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return TanhGrad.apply(dy, y)


class TanhGrad(Function):
    """dx = dy (1 - y^2);  ddy = ddx (1 - y^2), dy_y = -2 ddx dy y."""

    @staticmethod
    def forward(ctx, dy, y):
        ctx.save_for_backward(dy, y)
        return _grad(lib.mg_tanh_grad, dy, y)

    @staticmethod
    def backward(ctx, ddx):
        dy, y = ctx.saved_tensors
        return TanhGrad.apply(ddx, y), ddx * dy * y * -2.0


def _smooth(name: str, kernel: Any, grad_kernel: Any, formula: str, second: Any) -> tuple:
    """The Functions y = f(x; constants) and dx = dy f'(x), from two kernels and second(x, *constants) = f''(x); it is
    None for a function made of straight lines."""

    class Grad(Function):
        @staticmethod
        def forward(ctx, dy, x, *constants):
            ctx.constants = constants
            ctx.save_for_backward(dy, x)
            return _grad(grad_kernel, dy, x, *constants)

        @staticmethod
        def backward(ctx, ddx):
            dy, x = ctx.saved_tensors
            need_dy, need_x, *rest = ctx.needs_input_grad
            ddy = Grad.apply(ddx, x, *ctx.constants) if need_dy else None
            if need_x:
                return ddy, ddx * dy * second(x, *ctx.constants) if second else _zeros(x), *[None] * len(rest)
            return ddy, None, *[None] * len(rest)

    class Forward(Function):
        @staticmethod
        def forward(ctx, x, *constants):
            ctx.constants = constants
            ctx.save_for_backward(x)
            return unary(kernel, x, *constants)

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return Grad.apply(dy, x, *ctx.constants), *[None] * len(ctx.constants)

    return named(Forward, name, formula), named(Grad, name + "Grad", f"dx = dy f'(x) of {formula}")


def _elu_second(x: Any, pos: float, neg: float, scale: float) -> Any:
    return (x <= 0).to(x.dtype) * (x.minimum(0.0) * scale).exp() * (neg * scale * scale)


def _gelu_second(x: Any) -> Any:
    return (x.square() * -0.5).exp() * (2.0 - x.square()) * INV_SQRT_2PI


def _gelu_tanh_second(x: Any) -> Any:
    """f = x s(v), v = c x + d x^3, s the sigmoid: f'' = 2 s' v' + x (s'' v'^2 + s' v'')."""
    c, d = 1.5957691216057308, 0.0713548162726
    v1, v2 = x.square() * (3 * d) + c, x * (6 * d)
    s = sigmoid(x * (x.square() * d + c))
    s1 = s * (1.0 - s)
    return s1 * (v1 * 2.0 + x * (v2 + (1.0 - s * 2.0) * v1.square()))


def _silu_second(x: Any) -> Any:
    s = sigmoid(x)
    return s * sigmoid(-x) * (x * (1.0 - s * 2.0) + 2.0)


def _softplus_second(x: Any, beta: float, threshold: float) -> Any:
    s = sigmoid(x * beta)
    return s * sigmoid(x * -beta) * beta * (x * beta <= threshold).to(x.dtype)


def _mish_second(x: Any) -> Any:
    """f = x w, w = tanh(log(1 + e^x)): f'' = 2 w' + x w'', w' = (1 - w^2) s, w'' = (1 - w^2) s (1 - s) - 2 w w' s"""
    s, w = sigmoid(x), tanh(softplus(x, threshold=float("inf")))
    w1 = (1.0 - w.square()) * s
    return w1 * 2.0 + x * (w1 * (1.0 - s) - w * w1 * s * 2.0)


def _hardswish_second(x: Any) -> Any:
    return (x.abs() < 3).to(x.dtype) / 3.0


ELU, ELUGrad = _smooth("ELU", lib.mg_elu, lib.mg_elu_grad, "y = pos x if x > 0 else neg (e^(scale x) - 1)", _elu_second)
GELU, GELUGrad = _smooth("GELU", lib.mg_gelu, lib.mg_gelu_grad, "y = x Phi(x)", _gelu_second)
GELUTanh, GELUTanhGrad = _smooth("GELUTanh", lib.mg_gelu_tanh, lib.mg_gelu_tanh_grad,
                                 "y = x/2 (1 + tanh(sqrt(2/pi) (x + .044715 x^3)))", _gelu_tanh_second)
SiLU, SiLUGrad = _smooth("SiLU", lib.mg_silu, lib.mg_silu_grad, "y = x / (1 + e^-x)", _silu_second)
Softplus, SoftplusGrad = _smooth("Softplus", lib.mg_softplus, lib.mg_softplus_grad,
                                 "y = ln(1 + e^(beta x)) / beta, x where beta x > threshold", _softplus_second)

Mish, MishGrad = _smooth("Mish", lib.mg_mish, lib.mg_mish_grad, "y = x tanh(ln(1 + e^x))", _mish_second)
Hardtanh, HardtanhGrad = _smooth("Hardtanh", lib.mg_hardtanh, lib.mg_hardtanh_grad,
                                 "y = min(max(x, low), high);  dx = dy where low < x < high, else 0", None)
LeakyReLU, LeakyReLUGrad = _smooth("LeakyReLU", lib.mg_leaky_relu, lib.mg_leaky_relu_grad,
                                   "y = x if x > 0 else slope x", None)
Hardswish, HardswishGrad = _smooth("Hardswish", lib.mg_hardswish, lib.mg_hardswish_grad,
                                   "y = x min(max(x + 3, 0), 6) / 6", _hardswish_second)


# -- functions ---------------------------------------------------------------------------------------------------------


def relu(x: T) -> T:
    """max(x, 0)"""
    require_tensor(x, "relu")
    if x.array.dtype.kind != "f":
        return x.maximum(0)
    return ReLU.apply(x)


def leaky_relu(x: T, negative_slope: float = 0.01) -> T:
    """x if x > 0 else negative_slope * x"""
    return LeakyReLU.apply(floating(x, "leaky_relu"), float(negative_slope))


def elu(x: T, alpha: float = 1.0) -> T:
    """x if x > 0 else alpha * (e^x - 1)"""
    return ELU.apply(floating(x, "elu"), 1.0, float(alpha), 1.0)


def selu(x: T) -> T:
    """ELU whose outputs keep mean 0 and variance 1 (Klambauer et al.: Self-normalizing neural networks, 2017)."""
    return ELU.apply(floating(x, "selu"), SELU_SCALE, SELU_SCALE * SELU_ALPHA, 1.0)


def gelu(x: T, approximate: str = "none") -> T:
    """x Phi(x), Phi the normal distribution's; approximate="tanh" for the common approximation."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh. Got: {approximate!r}")
    return (GELU if approximate == "none" else GELUTanh).apply(floating(x, "gelu"))


def celu(x: T, alpha: float = 1.0) -> T:
    """x if x > 0 else alpha * (e^(x / alpha) - 1)"""
    if not alpha:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return ELU.apply(floating(x, "celu"), 1.0, float(alpha), 1.0 / alpha)


def mish(x: T) -> T:
    """x * tanh(ln(1 + e^x))"""
    return Mish.apply(floating(x, "mish"))


def hardtanh(x: T, min_val: float = -1.0, max_val: float = 1.0) -> T:
    """min(max(x, min_val), max_val)"""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    require_tensor(x, "hardtanh")
    if x.array.dtype.kind in "iu":
        return make(np.asarray(np.clip(x.array, int(min_val), int(max_val))))
    return Hardtanh.apply(floating(x, "hardtanh"), float(min_val), float(max_val))


def hardswish(x: T) -> T:
    """x * min(max(x + 3, 0), 6) / 6"""
    return Hardswish.apply(floating(x, "hardswish"))


def silu(x: T) -> T:
    """x * sigmoid(x)"""
    return SiLU.apply(floating(x, "silu"))


def sigmoid(x: T) -> T:
    """1 / (1 + e^-x)"""
    return Sigmoid.apply(as_float(x, "sigmoid"))


def tanh(x: T) -> T:
    """(e^x - e^-x) / (e^x + e^-x)"""
    return Tanh.apply(as_float(x, "tanh"))


def softplus(x: T, beta: float = 1.0, threshold: float = 20.0) -> T:
    """ln(1 + e^(beta x)) / beta; x itself where beta x > threshold"""
    return Softplus.apply(floating(x, "softplus"), float(beta), float(threshold))
