"""Rows of the other kernels: random numbers and dropout, rows by index."""

from __future__ import annotations

import kernel_references as ref
import numpy as np
from kernel_row import DRAW, LENGTHS, MANY, UP_TO_67, Row, any_sign

KEEPS = (1, 13107, 32768, 49152, 52429, 52480, 65535)


def dropout_input(rng, n, keep):
    return {"x": any_sign(rng, n), "draw": DRAW, "n": n, "keep": keep}


def mask_scale_input(rng, n):
    return {"x": any_sign(rng, n), "mask": rng.integers(0, 2, n), "n": n, "scale": 1.25}


def special_dropout(numbers):
    x = np.tile(numbers, 16)
    return {"x": x, "draw": DRAW, "n": len(x), "keep": 32768}


def special_mask_scale(numbers):
    x = np.repeat(numbers, 2)
    return {"x": x, "mask": np.arange(len(x)) % 2, "n": len(x), "scale": 1.25}


def gather_input(rng, n, row_bytes, form=0):
    """form 1 has indices out of range."""
    index = rng.integers(0, 9, n)
    if form:
        index[n // 2::3] = rng.choice([-1, 9, -2**63, 2**63 - 1])
    x = rng.integers(0, 255, (9, row_bytes), np.uint8)
    return {"x": x, "index": index, "n": n, "row_bytes": row_bytes, "x_rows": 9}


def gather(v):
    x_and_zeros = np.concatenate([v.x, np.zeros_like(v.x[:1])])
    return {"y": x_and_zeros[np.where((v.index < 0) | (v.index > 8), 9, v.index)],
            "bad": ref.first_bad(v.index, v.x_rows)}


def scatter_input(rng, n, cols, form=0):
    """Whole numbers, so that sums are exact."""
    values = gather_input(rng, n, 1, form)
    return {"x": rng.integers(-50, 50, (n, cols)), "y": rng.integers(-50, 50, (9, cols)), "index": values["index"],
            "n": n, "cols": cols, "y_rows": 9}


def scatter(v):
    y, fits = v.y.copy(), (v.index >= 0) & (v.index < 9)
    np.add.at(y, v.index[fits], v.x[fits])
    return {"y": y, "bad": ref.first_bad(v.index, v.y_rows)}


def noise_input(*more):
    """x and a draw, and the rest of the parameters with their values."""
    return lambda rng, n: {"x": any_sign(rng, n), "draw": DRAW, "n": n, **dict(more)}


def exact_input(rng, rows, n, k=None):
    return {"x": any_sign(rng, rows * n), "draw": DRAW, "rows": rows, "n": n, "k": n // 2 if k is None else k}


def exact_dropout(v):
    mask = ref.exact_mask(v.draw, v.rows, v.n, v.k).ravel()
    return {"y": np.where(mask, v.x * (v.n / max(v.k, 1)), 0)}


def max_norm_input(rng, outer, units, inner):
    """Norms between half of c and four times c; one unit is 0, and another's squares overflow."""
    w = rng.normal(0, 1, (outer, units, inner))
    w *= rng.uniform(1, 8, units)[:, None] / np.sqrt((w**2).sum(axis=(0, 2), keepdims=True).clip(1e-30))
    w[:, units // 2:units // 2 + 1] = 0
    w[:, :1] *= 1e37
    return {"w": w, "outer": outer, "units": units, "inner": inner, "c": 2.0}


def order_input(rng, n, most):
    """Random numbers, as they should be; small ones, which all crowd together; and equal ones."""
    return {"keys": rng.integers(0, most, n, np.uint64, endpoint=True), "n": n}


def order(v):
    buckets = (v.keys >> np.uint64(32)) * np.uint64(v.n) >> np.uint64(32)
    return {"order": np.argsort(v.keys, kind="stable"),
            "first": np.searchsorted(np.sort(buckets), np.arange(v.n + 1), "right")}


MAX_NORM_SIZES = [(1, 3, n) for n in (0, 1, 2, 15, 16, 17, 50)] + [(n, 5, 1) for n in (1, 2, 30)] + [
    (1, 70, 4), (9, 131, 1), (3, 4, 20), (0, 3, 2), (2, 0, 2)]
NORMAL_LENGTHS = [(n,) for n in (*UP_TO_67, 255, 256, 257, 511, 512, 513, 1100)]
INDEXED = [(n, n // 2, n % 2) for n in UP_TO_67] + [(5, n, n % 2) for n in UP_TO_67] + [(1, 3, 1)]

OTHERS = [
    Row("mg_draw", lambda rng: {"state": DRAW},
        lambda v: {"draw": v.state, "state": v.state + np.array([0, 1], np.uint64)}, [()], None),
    Row("mg_philox", lambda rng, first, blocks: {"draw": DRAW, "first": first, "blocks": blocks},
        lambda v: {"words": ref.philox_words(v.draw, v.first, v.blocks).ravel()},
        [(first, n) for n in (*UP_TO_67, 127, 128, 129, 300) for first in (0, 2**32 - 3, 2**64 - 2)], None),
    Row("mg_dropout_mask", lambda rng, n, keep: {"draw": DRAW, "n": n, "keep": keep},
        lambda v: {"mask": ref.dropout_mask(v.draw, v.n, v.keep)},
        [(n, KEEPS[n % 5]) for n in (*UP_TO_67, 1023, 1024, 1025, 2049)], (MANY, 32768)),
    Row("mg_dropout", dropout_input,
        lambda v: {"y": np.where(ref.dropout_mask(v.draw, v.n, v.keep), v.x * (65536 / v.keep), 0)},
        [(n, KEEPS[n % 5]) for n in (*UP_TO_67, 1023, 1024, 1025, 2049)], (MANY, 13107), ulps=1.01,
        special=special_dropout, in_place=("x",)),
    Row("mg_classic_dropout", dropout_input,
        lambda v: {"y": np.where(ref.dropout_mask(v.draw, v.n, v.keep), v.x, 0)},
        [(n, KEEPS[n % 7]) for n in (*UP_TO_67, 1023, 1024, 1025, 2049)], (MANY, 13107), special=special_dropout,
        in_place=("x",)),
    Row("mg_mask_scale", mask_scale_input, lambda v: {"y": np.where(v.mask, v.x * v.scale, 0)}, LENGTHS, None,
        special=special_mask_scale, in_place=("x",)),
    Row("mg_uniform", lambda rng, n: {"draw": DRAW, "n": n, "low": -0.5, "high": 1.25},
        lambda v: {"y": v.low + (v.high - v.low) * ref.unit_uniform(v.draw, v.n, v.dtype)}, LENGTHS, (MANY,), ulps=1.01,
        magnitude=lambda v: 1.75),
    Row("mg_normal_mul", noise_input(("mean", 1.0), ("std", 0.75)),
        lambda v: {"y": v.x * (v.mean + v.std * ref.normals(v.draw, v.n, v.dtype))}, NORMAL_LENGTHS, (MANY,), ulps=4,
        magnitude=lambda v: np.abs(v.x) * 4, in_place=("x",)),
    Row("mg_normal_add", noise_input(("std", 0.75)),
        lambda v: {"y": v.x + v.std * ref.normals(v.draw, v.n, v.dtype)}, NORMAL_LENGTHS, (MANY,), ulps=4,
        magnitude=lambda v: np.abs(v.x) + 1, in_place=("x",)),
    Row("mg_exact_dropout", exact_input, exact_dropout,
        [(rows, n, k) for rows in (0, 1, 3) for n in (0, 1, 5, 8, 511, 512, 513) for k in {0, n // 3, n}],
        (200, 1500, 700), ulps=1.01, in_place=("x",)),
    Row("mg_max_norm", max_norm_input, lambda v: {"w": ref.max_norm(v.w, v.c)}, MAX_NORM_SIZES, (1, 2000, 300),
        ulps=4),
    Row("mg_gather_rows", gather_input, gather, INDEXED, (20_000, 100)),
    Row("mg_scatter_rows_acc", scatter_input, scatter, INDEXED, None),
    Row("mg_order", order_input, order, [(n, most) for n in (*UP_TO_67, 1000) for most in (2**64 - 1, 2**40, 3)], None),
]
