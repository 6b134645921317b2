"""Rows of what layers are made of: normalisations, convolutions, pooling, padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .row import Row, call, normal, positive, split

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


def row(name: str, reference: Callable, covers: str, *samples: Any, **options: Any) -> Row:
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

LAYERS = [*NORMS]
