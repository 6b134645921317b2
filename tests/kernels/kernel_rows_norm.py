"""Rows of the normalisations: layer norm over rows, batch norm over channels, and their gradients."""

from __future__ import annotations

import numpy as np
from kernel_row import UP_TO_67, Row

EPS = 0.5  # large, so that a row of equal numbers does not make rounding errors large


def layer_input(rng, rows, cols, form=0):
    """form: bit 0 leaves out w, bit 1 leaves out b, bit 2 does not centre."""
    return {"x": rng.normal(1, 2, (rows, cols)), "w": None if form & 1 else rng.normal(0, 1, cols),
            "b": None if form & 2 else rng.normal(0, 1, cols), "rows": rows, "cols": cols, "eps": EPS,
            "centred": 0 if form & 4 else 1}


def row_stats(x, centred):
    if not x.shape[1]:
        return np.tile([0, EPS**-0.5], (len(x), 1))
    mean = x.mean(1) * centred
    return np.stack([mean, (((x - mean[:, None]) ** 2).mean(1) + EPS) ** -0.5], axis=1)


def layer_norm(v):
    stats = row_stats(v.x, v.centred)
    y = (v.x - stats[:, :1]) * stats[:, 1:] * (1 if v.w is None else v.w) + (0 if v.b is None else v.b)
    return {"y": y, "stats": stats}


def layer_grad_input(rng, rows, cols, form=0):
    """form: as above; bit 1 leaves out db, bit 3 dx, bit 4 dw."""
    values = layer_input(rng, rows, cols, form)
    absent = {name: None for name, bit in (("db", 2), ("dx", 8), ("dw", 16)) if form & bit}
    return {**values, "dy": rng.normal(0, 1, (rows, cols)), "stats": row_stats(values["x"], values["centred"]),
            **absent}


def present(v, **gradients):
    return {name: None if name in vars(v) else gradients[name] for name in gradients}


def layer_norm_grad(v):
    r = v.stats[:, 1:]
    xh = (v.x - v.stats[:, :1]) * r
    g = v.dy * (1 if v.w is None else v.w)
    mean = (lambda t: t.mean(1, keepdims=True)) if v.cols else (lambda t: 0)
    return present(v, dx=r * (g - v.centred * mean(g) - xh * mean(g * xh)), dw=(v.dy * xh).sum(0), db=v.dy.sum(0))


def batch_input(rng, outer, channels, inner, form=0):
    """form: bit 0 leaves out w, bit 1 b, bit 2 the running statistics, bit 3 is evaluation."""
    running = {"running_mean": rng.normal(1, 1, channels), "running_var": rng.uniform(0.5, 2, channels)}
    return {"x": rng.normal(1, 2, (outer, channels, inner)), "w": None if form & 1 else rng.normal(0, 1, channels),
            "b": None if form & 2 else rng.normal(0, 1, channels), "outer": outer, "channels": channels, "inner": inner,
            "hyper": np.array([EPS, 0.25, 0.0 if form & 8 else 1.0]),
            **(running if form & 8 or not form & 4 else dict.fromkeys(running))}


def channel_stats(x):
    mean, var = x.mean((0, 2)), x.var((0, 2))
    return mean, var, np.stack([mean, (var + EPS) ** -0.5])


def wide(vector, otherwise):
    return otherwise if vector is None else vector[:, None]


def batch_norm(v):
    mean, var, stats = channel_stats(v.x) if v.hyper[2] else (
        v.running_mean, v.running_var, np.stack([v.running_mean, (v.running_var + EPS) ** -0.5]))
    y = (v.x - stats[0][:, None]) * stats[1][:, None] * wide(v.w, 1) + wide(v.b, 0)
    moved = {"running_mean": v.running_mean, "running_var": v.running_var}
    if v.hyper[2] and v.running_mean is not None:
        n = v.outer * v.inner
        moved = {"running_mean": 0.75 * v.running_mean + 0.25 * mean,
                 "running_var": 0.75 * v.running_var + 0.25 * var * n / (n - 1)}
    return {"y": y, "stats": stats, **moved}


def batch_grad_input(rng, outer, channels, inner, form=0):
    """form: bit 0 leaves out w, bit 1 db, bit 2 dw, bit 3 is evaluation, bit 4 leaves out dx."""
    values = batch_input(rng, outer, channels, inner, form & 1)
    absent = {name: None for name, bit in (("db", 2), ("dw", 4), ("dx", 16)) if form & bit}
    return {**values, "dy": rng.normal(0, 1, (outer, channels, inner)), "stats": channel_stats(values["x"])[2],
            "training": 0 if form & 8 else 1, **absent}


def batch_norm_grad(v):
    r = v.stats[1][:, None]
    xh = (v.x - v.stats[0][:, None]) * r
    inside = v.dy if not v.training else (
        v.dy - v.dy.mean((0, 2))[:, None] - xh * (v.dy * xh).mean((0, 2))[:, None])
    return present(v, dx=inside * r * wide(v.w, 1), dw=(v.dy * xh).sum((0, 2)), db=v.dy.sum((0, 2)))


ROWS_AND_COLS = [(n % 5, n, n % 8) for n in UP_TO_67] + [
    (3, 130, 0), (2, 1025, 1), (1, 4200, 2), (5, 8200, 3), (257, 5, 0), (513, 70, 0), (2, 129, 5)]
GRADIENTS = [(rows, cols, form | cols % 3 // 2 * 8 | cols % 5 // 4 * 16) for rows, cols, form in ROWS_AND_COLS]
CHANNELS = [(n % 4 + 2, n, 1, n % 16) for n in UP_TO_67] + [(n % 3 + 1, n % 5, n + 2, n % 16) for n in UP_TO_67] + [
    (257, 5, 1, 0), (300, 130, 1, 1), (700, 65, 1, 8), (3, 2, 1025, 0), (2, 1, 4200, 4), (1, 1, 8200, 9)]


def length(v):
    """How far sums of this many terms may be off, if each is about 1."""
    return 4 + v.x.size / 4 / max(v.x.shape[1], 1) if v.x.ndim == 3 else 4 + max(v.x.shape) / 4


NORMS = [
    Row("mg_layer_norm", layer_input, layer_norm, ROWS_AND_COLS, (300, 1701), ulps=16, magnitude=lambda v: 4.0),
    Row("mg_layer_norm_grad", layer_grad_input, layer_norm_grad, GRADIENTS, (300, 1701), ulps=16, magnitude=length),
    Row("mg_batch_norm", batch_input, batch_norm, CHANNELS, (300, 1701, 1), ulps=16, magnitude=lambda v: 4.0),
    Row("mg_batch_norm_grad", batch_grad_input, batch_norm_grad, CHANNELS, (90, 41, 170), ulps=16, magnitude=length),
]
