"""Rows of the kernels that work element by element."""

from __future__ import annotations

import kernel_references as ref
import numpy as np
from kernel_harness import SIGNATURES
from kernel_row import LENGTHS, MANY, UP_TO_67, Row, any_sign, unit


def positive(rng, n):
    return rng.gamma(1, 2, n) + 0.01


def above_minus_one(rng, n):
    return rng.gamma(1, 2, n) - 0.99


def pairs(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every number with every other."""
    x, y = np.meshgrid(numbers, numbers)
    return x.ravel(), y.ravel()


def unary(name, f, ulps=0.0, draw=any_sign, magnitude=lambda x: 0.0, any_zero=False, **constants) -> Row:
    """y = f(x, *constants), y may be x."""
    def make(rng, n):
        return {"x": draw(rng, n), "n": n, **constants}

    return Row(name, make, lambda v: {"y": f(v.x, *constants.values())}, LENGTHS, (MANY,), ulps,
               lambda v: magnitude(v.x), lambda s: {"x": s, "n": len(s), **constants}, ("x",), any_zero)


def grad(name, f, ulps=0.0, draw=any_sign, magnitude=lambda dy: 0.0, any_zero=False, **constants) -> Row:
    """dx = f(dy, saved, *constants), where `saved` is the forward's x or y, whichever the kernel names. Activations
    whose y lies in [-1, 1] have draw=unit."""
    _, saved = SIGNATURES[name].names("IN")

    def make(rng, n):
        return {"dy": any_sign(rng, n), saved: draw(rng, n), "n": n, **constants}

    def special(numbers):
        dy, z = pairs(numbers)
        keep = ~(np.abs(z) > 1) if draw is unit else np.full(z.shape, True)
        return {"dy": dy[keep], saved: z[keep], "n": int(keep.sum()), **constants}

    return Row(name, make, lambda v: {"dx": f(v.dy, getattr(v, saved), *constants.values())}, LENGTHS, (MANY,), ulps,
               lambda v: magnitude(v.dy), special, any_zero=any_zero)


# The ways x can lie behind z (rows, cols): its strides.
LAYOUTS = (lambda cols: (cols, 1), lambda cols: (0, 0), lambda cols: (0, 1), lambda cols: (1, 0),
           lambda cols: (cols + 3, 1))
BROADCAST_SIZES = [(rows, n, LAYOUTS[n % 5], LAYOUTS[n // 5 % 5]) for n in (*UP_TO_67, 259) for rows in (0, 1, 3)]


def broadcast(name, f, ulps=0.0, draw=any_sign, large=MANY, any_zero=False) -> Row:
    def make(rng, rows, cols, x_layout=LAYOUTS[0], y_layout=LAYOUTS[0]):
        x, y = x_layout(cols), y_layout(cols)
        return {"x": draw(rng, ref.span(rows, cols, *x)), "y": draw(rng, ref.span(rows, cols, *y)),
                "rows": rows, "cols": cols, "x_row": x[0], "x_col": x[1], "y_row": y[0], "y_col": y[1]}

    def reference(v):
        x, y = (ref.strided(a, v.rows, v.cols, row, col)
                for a, row, col in ((v.x, v.x_row, v.x_col), (v.y, v.y_row, v.y_col)))
        return {"z": f(x, y).reshape(v.rows * v.cols)}

    def special(numbers):
        x, y = pairs(numbers)
        return {**make(np.random.default_rng(0), 1, len(x)), "x": x, "y": y}

    return Row(name, make, reference, BROADCAST_SIZES, (1, large), ulps, special=special, in_place=("x", "y"),
               any_zero=any_zero)


def size_of(dy):
    return np.abs(dy)


def at_most_ten(x):
    return np.minimum(np.abs(x), 10)


ELEMENTWISE = [
    broadcast("mg_add", np.add),
    broadcast("mg_sub", np.subtract),
    broadcast("mg_mul", np.multiply),
    broadcast("mg_div", np.divide, draw=positive),
    broadcast("mg_maximum", np.maximum, any_zero=True),
    broadcast("mg_minimum", np.minimum, any_zero=True),
    broadcast("mg_pow", np.power, ulps=2, draw=positive, large=20_001),
    unary("mg_neg", np.negative),
    unary("mg_abs", np.abs),
    unary("mg_sign", lambda x: np.nan_to_num(np.sign(x))),
    unary("mg_square", np.square),
    unary("mg_sqrt", np.sqrt, draw=positive),
    unary("mg_rsqrt", lambda x: 1 / np.sqrt(x), ulps=2, draw=positive),
    unary("mg_reciprocal", np.reciprocal, draw=positive),
    unary("mg_exp", np.exp, ulps=2),
    unary("mg_expm1", np.expm1, ulps=4),
    unary("mg_log", np.log, ulps=3, draw=positive),
    unary("mg_log1p", np.log1p, ulps=5, draw=above_minus_one),
    unary("mg_erf", ref.erf, ulps=4),
    unary("mg_relu", lambda x: np.where(x <= 0, 0, x)),
    grad("mg_relu_grad", lambda dy, y, scale: np.where(y <= 0, 0, scale * dy), scale=1.25),
    unary("mg_leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x), slope=0.25),
    grad("mg_leaky_relu_grad", lambda dy, x, slope: np.where(x > 0, dy, slope * dy), slope=0.25),
    unary("mg_elu", ref.elu, ulps=5, pos=1.5, neg=1.25, scale=0.5),
    grad("mg_elu_grad", ref.elu_grad, ulps=5, pos=1.5, neg=1.25, scale=0.5),
    unary("mg_sigmoid", ref.sigmoid, ulps=4),
    grad("mg_sigmoid_grad", lambda dy, y: dy * y * (1 - y), ulps=3, draw=unit, any_zero=True),
    unary("mg_tanh", np.tanh, ulps=5),
    grad("mg_tanh_grad", lambda dy, y: dy * (1 - y**2), ulps=2, draw=unit, magnitude=size_of),
    unary("mg_gelu", lambda x: x * ref.normal_cdf(x), ulps=4, magnitude=at_most_ten),
    grad("mg_gelu_grad", ref.gelu_grad, ulps=6, magnitude=size_of, any_zero=True),
    unary("mg_gelu_tanh", ref.gelu_tanh, ulps=4, magnitude=at_most_ten),
    grad("mg_gelu_tanh_grad", ref.gelu_tanh_grad, ulps=8, magnitude=size_of, any_zero=True),
    unary("mg_silu", lambda x: x * ref.sigmoid(x), ulps=5),
    grad("mg_silu_grad", ref.silu_grad, ulps=6, magnitude=size_of, any_zero=True),
    unary("mg_softplus", ref.softplus, ulps=6, beta=2.0, threshold=20.0),
    grad("mg_softplus_grad", ref.softplus_grad, ulps=6, beta=2.0, threshold=20.0),
    unary("mg_mish", ref.mish, ulps=8),
    grad("mg_mish_grad", ref.mish_grad, ulps=8, magnitude=size_of, any_zero=True),
    unary("mg_hardtanh", lambda x, low, high: np.clip(x, low, high), low=-1.5, high=2.5),
    grad("mg_hardtanh_grad", lambda dy, x, low, high: np.where((x <= low) | (x >= high), 0, dy), low=-1.5, high=2.5),
    unary("mg_hardswish", ref.hardswish, ulps=4, any_zero=True),
    grad("mg_hardswish_grad", ref.hardswish_grad, ulps=4, magnitude=size_of, any_zero=True),
]
