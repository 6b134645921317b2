"""Rows of what layers are made of: normalisations, convolutions, pooling, padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.creation import from_numpy
from minigrad.ops.gather import WeightedRows
from minigrad.ops.pool import FromPlanes

from .row import Row, call, distinct, normal, positive, split, whole

F = "nn.functional."


def normalised(x: np.ndarray, axes: tuple, eps: float, centred: bool = True) -> np.ndarray:
    x = x - x.mean(axes, keepdims=True) if centred else x
    return x / np.sqrt((x * x).mean(axes, keepdims=True) + eps)


def affine(y: np.ndarray, w: Any, b: Any) -> np.ndarray:
    return y * (1.0 if w is None else w) + (0.0 if b is None else b)


def columns(x: np.ndarray, *vectors: Any) -> list:
    """Vectors over the channels of x (N, C, ...), so that they broadcast."""
    return [v if v is None else v.reshape(-1, *[1] * (x.ndim - 2)) for v in vectors]


def batch_norm(x: np.ndarray, mean: Any, var: Any, w: Any = None, b: Any = None, training: bool = False,
               eps: float = 1e-5) -> np.ndarray:
    mean, var, w, b = columns(x, mean, var, w, b)
    if training:
        return affine(normalised(x, (0, *range(2, x.ndim)), eps), w, b)
    return affine((x - mean) / np.sqrt(var + eps), w, b)


def layer_norm(x: np.ndarray, shape: tuple, w: Any = None, b: Any = None, eps: float = 1e-5) -> np.ndarray:
    return affine(normalised(x, tuple(range(-len(shape), 0)), eps), w, b)


def rms_norm(x: np.ndarray, shape: tuple, w: Any = None, eps: float = 1e-5) -> np.ndarray:
    return affine(normalised(x, tuple(range(-len(shape), 0)), eps, False), w, None)


def group_norm(x: np.ndarray, groups: int, w: Any = None, b: Any = None, eps: float = 1e-5) -> np.ndarray:
    rows = x.reshape(len(x), groups, -1)
    return affine(normalised(rows, (2,), eps).reshape(x.shape), *columns(x, w, b))


def instance_norm(x: np.ndarray, mean: Any, var: Any, w: Any = None, b: Any = None, eps: float = 1e-5) -> np.ndarray:
    return affine(normalised(x, tuple(range(2, x.ndim)), eps), *columns(x, w, b))


def row(name: str, reference: Callable | None, covers: str, *samples: Any, **options: Any) -> Row:
    return Row(F + name, reference, samples, split(covers), ulps=512, **options)


NORMS = [
    row("batch_norm", batch_norm, "BatchNorm BatchNormGrad",
        *(call(normal(*s), None, None, normal(s[1]), normal(s[1]), True, eps=0.1) for s in (
            (3, 2), (2, 2, 3), (2, 1, 2, 2), (33, 17), (5, 70), (3, 2, 17))),
        call(normal(3, 2), None, None, None, None, True, eps=0.1),
        call(normal(3, 2), None, None, normal(2), None, True, eps=0.1),
        *(call(normal(*s), normal(s[1], grad=False), positive(s[1], grad=False), normal(s[1]), normal(s[1]))
          for s in ((3, 2), (2, 2, 3), (1, 2), (5, 70)))),
    row("layer_norm", layer_norm, "LayerNorm LayerNormGrad",
        *(call(normal(*s), s[n:], normal(*s[n:]), normal(*s[n:]), eps=0.1) for s, n in (
            ((2, 3), 1), ((2, 2, 3), 1), ((2, 2, 3), 2), ((3,), 0), ((33, 17), 1), ((5, 130), 1))),
        call(normal(2, 3), (3,), eps=0.1), call(normal(2, 3), (3,), normal(3), eps=0.1)),
    row("rms_norm", rms_norm, "LayerNorm LayerNormGrad",
        *(call(normal(*s), s[1:], normal(*s[1:]), eps=0.1) for s in ((2, 3), (2, 2, 3), (33, 17))),
        call(normal(2, 3), (3,), eps=0.1)),
    row("group_norm", group_norm, "LayerNorm BatchNorm",
        call(normal(2, 4), 2, normal(4), normal(4), eps=0.1), call(normal(2, 4, 3), 2, normal(4), normal(4), eps=0.1),
        call(normal(1, 2, 2, 2), 1, eps=0.1), call(normal(3, 6, 5), 3, normal(6), eps=0.1)),
    row("instance_norm", instance_norm, "BatchNorm",
        call(normal(2, 2, 3), None, None, normal(2), normal(2), eps=0.1),
        call(normal(2, 2, 2, 3), None, None, eps=0.1)),
]


# -- windows: of convolutions and of pooling ---------------------------------------------------------------------------


def spread(x: np.ndarray, axes: int, pad: Any) -> np.ndarray:
    """x with zeros around its last axes."""
    return np.pad(x, [(0, 0)] * (x.ndim - axes) + [(p, p) for p in each(pad, axes)])


def each(value: Any, axes: int) -> tuple:
    return value if isinstance(value, tuple) else (value,) * axes


def windows(x: np.ndarray, size: tuple, stride: Any = 1, dilation: Any = 1) -> np.ndarray:
    """(..., positions, elements) for the last axes of x"""
    axes = len(size)
    reach = [d * (k - 1) + 1 for k, d in zip(size, each(dilation, axes))]
    views = np.lib.stride_tricks.sliding_window_view(x, reach, tuple(range(-axes, 0)))
    positions = [slice(None, None, s) for s in each(stride, axes)]
    elements = [slice(None, None, d) for d in each(dilation, axes)]
    return views[(..., *positions, *elements)]


def conv(x: np.ndarray, w: np.ndarray, b: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
         groups: int = 1) -> np.ndarray:
    axes = w.ndim - 2
    seen = windows(spread(x, axes, padding), w.shape[2:], stride, dilation)
    seen = seen.reshape(len(x), groups, w.shape[1], *seen.shape[2:])
    kernels = w.reshape(groups, -1, *w.shape[1:])
    y = np.einsum("ngclk,gock->ngol" if axes == 1 else "ngchwij,gocij->ngohw", seen, kernels)
    return affine(y.reshape(len(x), len(w), *y.shape[3:]), None, None if b is None else b.reshape(-1, *[1] * axes))


def conv_transpose(x: np.ndarray, w: np.ndarray, b: Any = None, stride: int = 1, padding: int = 0) -> np.ndarray:
    """By putting stride - 1 zeros between the elements of x, and a convolution with the kernels turned around."""
    gaps = np.zeros((*x.shape[:2], *[(s - 1) * stride + 1 for s in x.shape[2:]]))
    gaps[(..., *[slice(None, None, stride)] * (x.ndim - 2))] = x
    turned = np.flip(w, tuple(range(2, w.ndim))).swapaxes(0, 1)
    return conv(gaps, turned, b, padding=tuple(k - 1 - padding for k in w.shape[2:]))


def unfold(x: np.ndarray, size: tuple, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> np.ndarray:
    seen = windows(spread(x, 2, padding), size, stride, dilation)  # (n, c, h, w, i, j)
    return seen.transpose(0, 1, 4, 5, 2, 3).reshape(len(x), x.shape[1] * size[0] * size[1], -1)


def max_pool(x: np.ndarray, size: tuple, stride: Any = None) -> np.ndarray:
    return windows(x, size, stride or size).max(tuple(range(-len(size), 0)))


def avg_pool(x: np.ndarray, size: tuple, stride: Any = None, padding: Any = 0) -> np.ndarray:
    return windows(spread(x, len(size), padding), size, stride or size).mean(tuple(range(-len(size), 0)))


def adaptive_avg_pool(x: np.ndarray, out: int) -> np.ndarray:
    length = x.shape[-1]
    return np.stack([x[..., i * length // out:-(-(i + 1) * length // out)].mean(-1) for i in range(out)], -1)


def padded(x: np.ndarray, pad: tuple, mode: str = "constant", value: float = 0.0) -> np.ndarray:
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2]))[::-1]
    names = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    return np.pad(x, pairs, names[mode], **({"constant_values": value} if mode == "constant" else {}))


WINDOWS = [
    row("conv1d", conv, "Conv ConvGradX ConvGradW", call(normal(1, 2, 3), normal(1, 2, 2), normal(1)),
        call(normal(2, 2, 5), normal(2, 1, 3), normal(2), 2, 1, 1, 2),
        call(normal(3, 4, 17), normal(5, 4, 5), None, 3, 2, 2)),
    row("conv2d", conv, "Conv ConvGradX ConvGradW", call(normal(1, 1, 3, 3), normal(2, 1, 2, 2), normal(2)),
        call(normal(1, 2, 3, 4), normal(2, 1, 2, 3), None, (2, 1), (1, 0), 1, 2),
        call(normal(1, 2, 2, 2), normal(3, 2, 1, 1)),
        call(normal(2, 3, 9, 8), normal(4, 3, 3, 2), normal(4), 2, (2, 1), (1, 2)),
        call(normal(0, 1, 3, 3), normal(1, 1, 2, 2))),
    row("conv_transpose1d", conv_transpose, "ConvGradX Conv", call(normal(1, 2, 3), normal(2, 1, 2), normal(1)),
        call(normal(2, 3, 9), normal(3, 4, 3), normal(4), 2, 1)),
    row("conv_transpose2d", conv_transpose, "ConvGradX Conv", call(normal(1, 1, 2, 2), normal(1, 2, 2, 2)),
        call(normal(2, 3, 4, 5), normal(3, 2, 3, 3), normal(2), 2, 1)),
    row("unfold", unfold, "Unfold Fold", call(normal(1, 2, 3, 3), (2, 2)), call(normal(2, 1, 4, 3), (2, 1), 2, 1, 2)),
    row("fold", None, "Unfold Fold", call(normal(1, 4, 4), (3, 3), (2, 2)),
        call(normal(2, 8, 6), (4, 5), (2, 2), 2, 0, 1)),
    row("max_pool1d", max_pool, "MaxPool MaxPoolGrad", call(distinct(1, 1, 5), (2,)),
        call(distinct(2, 3, 17), (3,), 1)),
    row("max_pool2d", max_pool, "MaxPool MaxPoolGrad", call(distinct(1, 1, 3, 4), (2, 2)),
        call(distinct(1, 1, 3, 3), (2, 2), 1), call(distinct(2, 3, 9, 8), (3, 2), (2, 1))),
    Row("elements of planes", lambda x, at: np.take_along_axis(x.reshape(2, 6), at.reshape(2, 2), 1).reshape(2, 1, 2),
        (call(normal(2, 2, 3), whole(6, 2, 1, 2)),), split("FromPlanes MaxPoolGrad"),
        lambda t, x, at: FromPlanes.apply(x, at), torch=False),
    row("avg_pool1d", avg_pool, "AvgPool AvgPoolGrad", call(normal(1, 2, 5), (2,)), call(normal(2, 3, 17), (4,), 3, 2)),
    row("avg_pool2d", avg_pool, "AvgPool AvgPoolGrad", call(normal(1, 1, 3, 4), (2, 2)),
        call(normal(2, 2, 9, 8), (3, 2), (2, 1), 1)),
    row("adaptive_avg_pool1d", adaptive_avg_pool, "AvgPool AvgPoolGrad", call(normal(1, 2, 5), 3),
        call(normal(2, 3, 17), 5)),
    row("pad", padded, "Pad Index", call(normal(2, 3), (1, 2)), call(normal(2, 2), (0, 1, 2, 0), "constant", 1.5),
        call(normal(3), ()), *(call(normal(1, 2, 3), (1, 2), mode) for mode in ("reflect", "replicate", "circular")),
        *(call(normal(1, 1, 3, 4), (2, 1, 0, 2), mode) for mode in ("reflect", "replicate", "circular"))),
]

LOOKUPS = [
    Row("rows whose gradients are weighted", lambda t, w, c: w[t], (call(whole(3, 2), normal(3, 2), np.ones((2, 1))),),
        split("WeightedRows"), lambda t, i, w, c: WeightedRows.apply(w, i, from_numpy(c)), torch=False),
    row("embedding with padding", lambda t, w, pad, **kw: w[t], "", call(whole(3, 2), normal(3, 2), 1),
        call(whole(9, 4, 5), normal(9, 3), 0, scale_grad_by_freq=True), differentiable=False,
        how=lambda t, i, w, pad, **kw: t.nn.functional.embedding(i, w, pad, **kw)),
    row("bilinear", lambda x, y, w, b=0.0: np.einsum("...i,oij,...j->...o", x, w, y) + b, "MatMul",
        call(normal(1, 2), normal(1, 2), normal(1, 2, 2), normal(1)),
        call(normal(2, 3, 4), normal(2, 3, 5), normal(6, 4, 5), normal(6))),
]

LAYERS = [*NORMS, *WINDOWS, *LOOKUPS]
