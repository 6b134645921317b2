"""Rows of the losses: the formulas, and what they are called with."""

from __future__ import annotations

import numpy as np
from kernel_row import MANY, UP_TO_67, Row, any_sign

LENGTHS = [(n, n % 3 == 0) for n in (*UP_TO_67, 127, 128, 129, 513, 1023, 1024, 2049, 4097)]


def loss_input(rng, n, each=0):
    return {"x": any_sign(rng, n), "t": rng.uniform(0, 1, n), "n": n, "each": each, "scale": 0.25, "p": 1.5}


def probabilities(rng, n, each=0):
    """With some 0 and 1 among them, and some next to 1."""
    x = rng.choice([0, 1, 1 - 2.0**-20], n) if n % 2 else rng.uniform(0, 1, n)
    return {**loss_input(rng, n, each), "x": x}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def huber(d, p):
    return np.where(np.abs(d) < p, d * d / 2, p * (np.abs(d) - p / 2))


def bce(x, t, p):
    with np.errstate(divide="ignore"):
        return -(t * np.maximum(np.log(x), -100) + (1 - t) * np.maximum(np.log1p(-x), -100))


# name: (f(x, t, p), df/dx)
LOSSES = {
    "mg_mse": (lambda x, t, p: (x - t) ** 2, lambda x, t, p: 2 * (x - t)),
    "mg_l1": (lambda x, t, p: np.abs(x - t), lambda x, t, p: np.sign(x - t)),
    "mg_huber": (lambda x, t, p: huber(x - t, p), lambda x, t, p: np.clip(x - t, -p, p)),
    "mg_bce_logits": (lambda x, t, p: np.logaddexp(0, -x) + (1 - t) * x, lambda x, t, p: sigmoid(x) - t),
    "mg_bce": (bce, lambda x, t, p: (x - t) / np.maximum(x * (1 - x), 1e-12), probabilities),
}


def loss_rows(name, value, slope, make=loss_input):
    def y(v):
        terms = v.scale * value(v.x, v.t, v.p)
        return {"y": terms if v.each else terms.sum()}

    def grad_input(rng, n, each=0):
        return {**make(rng, n, each), "dy": any_sign(rng, n if each else ())}

    def dx(v):
        return {"dx": v.dy * v.scale * slope(v.x, v.t, v.p)}

    return [Row(name, make, y, LENGTHS, (MANY,), ulps=40, magnitude=lambda v: 1.0),
            Row(f"{name}_grad", grad_input, dx, LENGTHS, (MANY,), ulps=8, magnitude=lambda v: np.abs(v.dy))]


LOSS_ROWS = [row for name, formulas in LOSSES.items() for row in loss_rows(name, *formulas)]
