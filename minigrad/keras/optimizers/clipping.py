"""Gradients made shorter: lists of tensors to lists of new tensors."""

from __future__ import annotations

import math

import numpy as np

from minigrad.engine import make
from minigrad.tensor import Tensor

__all__ = ["by_global_norm", "by_norm", "by_value", "scaled"]


def scaled(grads: list[Tensor], factor: float) -> list[Tensor]:
    """g factor"""
    return [make(g.array * g.array.dtype.type(factor)) for g in grads]


def by_value(grads: list[Tensor], limit: float) -> list[Tensor]:
    """Each element within -limit .. limit"""
    return [make(np.clip(g.array, -limit, limit)) for g in grads]


def _square_sum(g: Tensor) -> float:
    flat = g.array.ravel()
    return float(np.dot(flat, flat))


def by_norm(grads: list[Tensor], limit: float) -> list[Tensor]:
    """g limit / max(norm, limit), for each gradient its own norm"""
    return [scaled([g], limit / max(math.sqrt(_square_sum(g)), limit))[0] for g in grads]


def by_global_norm(grads: list[Tensor], limit: float) -> list[Tensor]:
    """g limit / max(norm, limit), with the norm of all gradients together; an infinite one makes all of them NaN"""
    norm = math.sqrt(sum(map(_square_sum, grads)))
    return scaled(grads, limit / max(norm, limit) if math.isfinite(norm) else math.nan)
