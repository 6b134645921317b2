"""Rows of copies between types and layouts, of counting, and of clipping by the norm."""

from __future__ import annotations

import itertools

import numpy as np
from kernel_row import MANY, UP_TO_67, Row

TYPES = tuple(map(np.dtype, ("bool", "uint8", "int32", "int64", "float32", "float64")))


def source(rng, n: int, dtype: np.dtype) -> np.ndarray:
    """n elements, some of which other types cannot hold."""
    if dtype.kind == "b":
        return rng.integers(0, 2, n).astype(dtype)
    if dtype.kind in "iu":
        large = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, n)
        return np.where(rng.integers(0, 4, n), rng.integers(0, 300, n), large).astype(dtype)
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 0.99, -0.99, 255.5, 256, -1, 2.0**31, 2.0**31 - 1, -2.0**31,
                    -2.0**31 - 1, 2.0**63, -2.0**63, 1e300, -1e300, 1e-320])
    with np.errstate(over="ignore"):
        return np.where(rng.integers(0, 2, n), rng.choice(odd, n), rng.normal(0, 100, n)).astype(dtype)


def layout_of(form: str, n: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]:
    """Shape, strides of y and of x, and how many elements y has, for those that lie between it among them."""
    return {"flat": ((n,), (1,), (1,), n),
            "transposed": ((n, 3), (3, 1), (1, n), 3 * n),
            "repeated": ((2, n, 3), (3 * n, 3, 1), (0, 1, 0), 6 * n),
            "gaps": ((n, 2, 3), (14, 7, 2), (6, 3, 1), 14 * n),
            "one": ((), (), (), 1)}[form]


def copy_input(rng, n, form, to, start):
    shape, y_strides, x_strides, room = layout_of(form, n)
    x = source(rng, {"one": 1, "flat": n, "transposed": 3 * n, "repeated": n, "gaps": 6 * n}[form], start)
    return {"y": np.full(room, 7, to), "x": x, "layout": np.array([*shape, *y_strides, *x_strides], np.int64),
            "ndim": len(shape), "to": to.num, "from": start.num}


def converted(value, to: np.dtype):
    """One element as minigrad.h says."""
    if to.kind in "bf" or not isinstance(value, float):
        with np.errstate(over="ignore"):
            return np.asarray(value).astype(to)
    bits = 31 if to == np.int32 else 63
    fits = np.isfinite(value) and -2**bits <= int(value) < 2**bits
    return np.asarray(int(value) if fits else -2**bits).astype(to)


def copy(v):
    values, y = vars(v), v.y.copy()
    ndim, layout, to = v.ndim, [int(n) for n in v.layout], TYPES[[t.num for t in TYPES].index(v.to)]
    if to.kind == "f":
        y = y.astype(to)
    x = v.x if values["from"] > 10 else v.x.tolist()
    shape, y_strides, x_strides = layout[:ndim], layout[ndim:2 * ndim], layout[2 * ndim:]
    for at in itertools.product(*map(range, shape)):
        value = x[sum(i * stride for i, stride in zip(at, x_strides))]
        y[sum(i * stride for i, stride in zip(at, y_strides))] = converted(
            float(value) if values["from"] > 10 else value, to)
    return {"y": y}


COPY_SIZES = [(n, form, to, start) for to in TYPES for start in TYPES for n, form in (
    (0, "flat"), (1, "flat"), (37, "flat"), (0, "gaps"), (5, "gaps"), (19, "transposed"), (4, "repeated"), (1, "one"))]


def count_input(rng, n, by):
    return {"x": np.append(rng.integers(-9, 9, n), 2**63 - 1)[:n], "n": n, "by": by}


def gradients(rng, *sizes):
    return {"grad": [rng.normal(0, 2, n) for n in sizes], "sizes": np.array(sizes, np.int64), "count": len(sizes)}


def clip_input(norm):
    return lambda rng, *sizes: {**gradients(rng, *sizes), "norm": np.array([norm]), "max_norm": 1.5}


def clipped(v):
    factor = v.dtype(v.max_norm) / (v.dtype(v.norm[0]) + v.dtype(1e-6))
    return {"grad": [grad if factor >= 1 else grad * np.float64(factor) for grad in v.grad]}


GRADIENTS = [(), (0,), (1,), *((n, 3, 0, n + 1) for n in UP_TO_67), (1000, 50)]
COPIES = [
    Row("mg_copy", copy_input, copy, COPY_SIZES, (40_000, "transposed", TYPES[5], TYPES[4])),
    Row("mg_count", count_input, lambda v: {"x": (v.x.astype(np.uint64) + np.uint64(v.by % 2**64)).astype(np.int64)},
        [(n, by) for n in (0, 1, 9) for by in (1, -3)], None),
    Row("mg_total_norm", gradients,
        lambda v: {"norm": np.array([np.sqrt(sum(float((g.astype(np.longdouble)**2).sum()) for g in v.grad))])},
        GRADIENTS, None, ulps=1.01),
    Row("mg_clip", clip_input(7.25), clipped, GRADIENTS, (MANY, 5), ulps=1.01),
]
