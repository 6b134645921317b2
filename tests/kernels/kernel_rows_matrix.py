"""Rows of the kernels that work on matrices: reductions, products, softmax and cross-entropy."""

from __future__ import annotations

import kernel_references as ref
import numpy as np
from kernel_row import DRAW, UP_TO_67, Row, any_sign, unit

LINES = [(2, n, 1) for n in (*UP_TO_67, 4095, 4096, 4097, 8193)]
STACKS = [(2, n % 7 + 1, n) for n in UP_TO_67] + [
    (0, 3, 2), (1, 255, 5), (1, 256, 5), (1, 257, 513), (2, 259, 511), (1, 3, 512), (1, 2, 1025), (3, 513, 2)]


def reduction_input(rng, outer, n, inner):
    return {"x": rng.normal(0, 1, (outer, n, inner)), "outer": outer, "n": n, "inner": inner}


def scaled_sum_input(rng, *size):
    return {**reduction_input(rng, *size), "scale": 0.25}


def extreme_input(rng, *size):
    """Few different numbers, so that there are ties, and some NaN."""
    values = reduction_input(rng, *size)
    x = np.round(values["x"] * 2) / 2
    return {**values, "x": np.where(rng.random(x.shape) < 0.01, np.nan, x)}


def matmul_input(rng, m, n, k, form=0):
    """form: bit 0 transposes a, bit 1 transposes b, bit 2 makes both blocks of larger matrices."""
    gap = 3 if form & 4 else 0
    a = (1, m + gap) if form & 1 else (k + gap, 1)
    b = (1, k + gap) if form & 2 else (n + gap, 1)
    return {"a": unit(rng, ref.span(m, k, *a)), "b": unit(rng, ref.span(k, n, *b)), "m": m, "n": n, "k": k,
            "a_row": a[0], "a_col": a[1], "b_row": b[0], "b_col": b[1]}


def with_bias(rng, m, n, k, form=0):
    return {**matmul_input(rng, m, n, k, form), "bias": None if form & 8 else any_sign(rng, n)}


def matmul_size(v):
    """What rounding errors are measured by: |a| @ |b| + |bias|."""
    return ref.matmul(v, lambda a, b: np.abs(a) @ np.abs(b)) + (0 if v.bias is None else np.abs(v.bias))


def linear_input(rng, rows, out, size, form=0):
    """form: bit 0 transposes x, bit 1 has ReLU, bit 2 dropout, bit 3 no bias, bit 4 w (in, out)."""
    x = (1, rows) if form & 1 else (size, 1)
    return {"x": unit(rng, rows * size), "w": unit(rng, out * size), "b": None if form & 8 else any_sign(rng, out),
            "rows": rows, "out": out, "in": size, "x_row": x[0], "x_col": x[1], "across": form >> 4,
            "relu": form >> 1 & 1, "draw": DRAW if form & 4 else None, "keep": 52429 if form & 4 else 0}


def weight(v):
    """w, or its transpose where it lies across, as (out, in)."""
    size = vars(v)["in"]
    return v.w.reshape(size, v.out).T if v.across else v.w.reshape(v.out, size)


def linear(v, combine=np.matmul):
    x = ref.strided(v.x, v.rows, vars(v)["in"], v.x_row, v.x_col)
    return combine(x, weight(v).T)


def linear_layer(v):
    y = linear(v) + (0 if v.b is None else v.b)
    y = np.where(y <= 0, 0, y) if v.relu else y
    if v.keep:
        y = np.where(ref.dropout_mask(v.draw, v.rows * v.out, v.keep).reshape(y.shape), y * (65536 / v.keep), 0)
    return {"y": y}


def linear_size(v):
    size = linear(v, lambda a, b: np.abs(a) @ np.abs(b)) + (0 if v.b is None else np.abs(v.b))
    return size * (65536 / v.keep if v.keep else 1)


def linear_grad_input(rng, rows, out, size, form=0):
    """form: bit 0 transposes x; bits 1, 2, 3: without dx, dw, db; bit 4: w and dw (in, out)."""
    x = (1, rows) if form & 1 else (size, 1)
    absent = {name: None for bit, name in enumerate(("dx", "dw", "db")) if form & 2 << bit}
    return {"dy": unit(rng, rows * out), "x": unit(rng, rows * size), "w": unit(rng, out * size), "rows": rows,
            "out": out, "in": size, "x_row": x[0], "x_col": x[1],
            "across": form >> 4, **absent}


def linear_grad(v, f=lambda a: a):
    n = vars(v)["in"]
    dy, x, w = v.dy.reshape(v.rows, v.out), ref.strided(v.x, v.rows, n, v.x_row, v.x_col), weight(v)
    dw = f(dy).T @ f(x)
    found = {"dx": f(dy) @ f(w), "dw": dw.T if v.across else dw, "db": f(dy).sum(axis=0)}
    return {name: d for name, d in found.items() if not hasattr(v, name)}


LAYERS = [(m, n, k, form) for form, (m, n, k) in enumerate(
    [(3, 5, 7), (13, 33, 20), (32, 128, 70), (32, 10, 64), (1, 1, 1), (0, 4, 3), (4, 0, 3), (4, 5, 0), (25, 64, 385),
     (49, 31, 12), (2, 513, 9), (100, 16, 2), (7, 3, 0), (16, 16, 16), (12, 32, 384), (33, 50, 769)] * 2)]


# Around the tile (up to 12 rows, 3 vectors of 16 columns) and the blocks (384 steps, 504 to 512 columns).
TILE_SIZES = [(m, n, (m * n) % 19, (m * 7 + n) % 16) for m in range(0, 15) for n in UP_TO_67]
BLOCK_SIZES = [(m, n, k, form) for form, (m, n, k) in enumerate(
    [(1, 513, 385), (2, 505, 383), (49, 31, 384), (48, 32, 769), (50, 33, 385), (3, 1025, 384), (25, 511, 386),
     (49, 48, 1), (13, 512, 385), (5, 64, 769), (33, 504, 20), (97, 16, 385), (100, 1, 400), (1, 1, 1000),
     (60, 515, 387), (17, 1030, 10)])]


def softmax_input(rng, rows, cols):
    return {"x": rng.normal(0, 4, (rows, cols)), "rows": rows, "cols": cols}


def softmax_grad_input(rng, rows, cols):
    y = ref.softmax(softmax_input(rng, rows, cols)["x"])
    return {"dy": rng.normal(0, 1, (rows, cols)), "y": y, "rows": rows, "cols": cols}


def log_softmax_grad_input(rng, rows, cols):
    values = softmax_grad_input(rng, rows, cols)
    return {**values, "y": np.log(values["y"])}


def target_input(rng, rows, cols, form=0):
    """form 0: targets in range; 1: some to be ignored; 2: some out of range, too."""
    target = rng.integers(0, max(cols, 1), rows)
    if form >= 1:
        target[rng.random(rows) < 0.3] = -100
    if form >= 2:
        wrong = rng.random(rows) < 0.3
        target[wrong] = rng.choice([-1, cols, cols + 5, -2**63, 2**63 - 1], rows)[wrong]
    return {"target": target, "rows": rows, "cols": cols, "ignore": -100}


def cross_entropy_input(rng, rows, cols, form=0):
    return {"x": rng.normal(0, 4, (rows, cols)), **target_input(rng, rows, cols, form)}


def cross_entropy_grad_input(rng, rows, cols, form=0):
    """Odd numbers of columns have the gradient of the mean, even ones a gradient for each row."""
    values = cross_entropy_input(rng, rows, cols, form)
    mean = cols % 2 == 1
    return {**values, "lse": ref.row_sums(values["x"]), "dy": rng.normal(0, 1, 1 if mean else rows),
            "count": np.array([7.0]) if mean else None, "dy_row": 0 if mean else 1}


def soft_input(rng, rows, cols):
    """Weights that need not sum to 1, some of them 0."""
    return {**softmax_input(rng, rows, cols), "t": np.maximum(rng.uniform(-1, 1, (rows, cols)), 0)}


def soft_grad_input(rng, rows, cols):
    """Odd numbers of columns have the gradient of the mean, even ones a gradient for each row."""
    values, mean = soft_input(rng, rows, cols), cols % 2 == 1
    return {**values, "lse": ref.row_sums(values["x"]), "dy": rng.normal(0, 1, 1 if mean else rows),
            "dy_row": 0 if mean else 1}


def pick_grad_input(rng, rows, cols, form=0):
    return {"dy": rng.normal(0, 1, rows), **target_input(rng, rows, cols, form)}


MATRICES = [(n % 5, n) for n in UP_TO_67] + [(2, 1000), (67, 3), (1, 4099)]
TARGETS = [(rows, cols, cols % 3) for rows, cols in ((n % 7, n) for n in UP_TO_67)] + [
    (3, 0, 0), (200, 10, 1), (200, 10, 2), (200, 70, 2)]


def depth(x):
    """How far each element lies below its row's maximum; the rounding of that difference is what exp makes larger."""
    return np.abs(x - x.max(axis=1, keepdims=True, initial=-np.inf))


def growth(v):
    """How the error of a sum of positive numbers in one lane grows: with the root of its length."""
    return 1 + v.cols**0.5 / 4


def cross_entropy_grad_size(v):
    distance, hot = v.x - v.lse.sum(axis=1, keepdims=True), ref.onehot(v.target, v.cols)
    return np.abs(v.dy).max(initial=0) * (np.exp(distance) * np.abs(distance) + hot)


def total(x):
    return np.abs(x).sum(axis=1, keepdims=True)


MATRIX = [
    Row("mg_sum", scaled_sum_input, lambda v: {"y": v.x.sum(axis=1) * v.scale},
        [*LINES, *STACKS, (2, 0, 1), (2, 0, 3), (3, 4, 0)], (3, 400_003, 1), ulps=3,
        magnitude=lambda v: np.abs(v.x).sum(axis=1) * v.scale),
    Row("mg_max", extreme_input, lambda v: ref.extreme(v, np.argmax), [size for size in LINES + STACKS if size[1]],
        (200, 31, 40)),
    Row("mg_min", extreme_input, lambda v: ref.extreme(v, np.argmin), [size for size in LINES + STACKS if size[1]],
        (200, 1300, 1)),
    Row("mg_matmul", with_bias,
        lambda v: {"c": ref.matmul(v) + (0 if v.bias is None else v.bias)}, TILE_SIZES + BLOCK_SIZES, (70, 601, 400),
        ulps=6, magnitude=matmul_size),
    Row("mg_linear", linear_input, linear_layer, LAYERS, (70, 601, 400, 6), ulps=6, magnitude=linear_size,
        any_zero=True),
    Row("mg_linear_grad", linear_grad_input, linear_grad, LAYERS, (601, 70, 400), ulps=6,
        magnitude=lambda v: float(max(v.rows, v.out))),
    Row("mg_softmax", softmax_input, lambda v: {"y": ref.softmax(v.x)}, MATRICES, (300, 701), ulps=8,
        magnitude=lambda v: ref.softmax(v.x) * (depth(v.x) + growth(v))),
    Row("mg_softmax_grad", softmax_grad_input,
        lambda v: {"dx": v.y * (v.dy - (v.dy * v.y).sum(axis=1, keepdims=True))}, MATRICES, (300, 1701), ulps=8,
        magnitude=lambda v: v.y * (np.abs(v.dy) + total(v.dy * v.y) * growth(v))),
    Row("mg_log_softmax", softmax_input, lambda v: {"y": ref.log_softmax(v.x)}, MATRICES, (300, 701), ulps=4,
        magnitude=growth),
    Row("mg_log_softmax_grad", log_softmax_grad_input,
        lambda v: {"dx": v.dy - np.exp(v.y) * v.dy.sum(axis=1, keepdims=True)}, MATRICES, (300, 701), ulps=8,
        magnitude=lambda v: np.abs(v.dy) + np.exp(v.y) * total(v.dy)),
    Row("mg_cross_entropy", cross_entropy_input, ref.cross_entropy, TARGETS, (300, 701, 1), ulps=4,
        magnitude=lambda v: 4 + growth(v)),
    Row("mg_cross_entropy_grad", cross_entropy_grad_input, lambda v: {"dx": ref.cross_entropy_grad(v)}, TARGETS,
        (300, 701, 1), ulps=8, magnitude=cross_entropy_grad_size),
    Row("mg_soft_cross_entropy", soft_input, ref.soft_cross_entropy, MATRICES, (300, 701), ulps=4,
        magnitude=lambda v: 4 + growth(v) + (v.t.sum(axis=1) * (4 + depth(v.x).max(axis=1, initial=0))).max(initial=0)),
    Row("mg_soft_cross_entropy_grad", soft_grad_input, lambda v: {"dx": ref.soft_cross_entropy_grad(v)}, MATRICES,
        (300, 701), ulps=8, magnitude=lambda v: np.abs(v.dy).max(initial=0) * (
            total(v.t) * np.exp(v.x - v.lse.sum(axis=1, keepdims=True)) * (growth(v) + depth(v.x)) + v.t)),
    Row("mg_pick", cross_entropy_input,
        lambda v: {"y": ref.pick(v.x, v.target), "bad": ref.first_bad(v.target, v.cols, v.ignore)}, TARGETS, None),
    Row("mg_pick_grad", pick_grad_input, lambda v: {"dx": v.dy[:, None] * ref.onehot(v.target, v.cols)}, TARGETS, None),
]
