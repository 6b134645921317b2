"""Functions that draw from a generator."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import make
from minigrad.ops.dropout import check_probability
from minigrad.ops.dropout import dropout as drop
from minigrad.random import default_generator

__all__ = ["bernoulli", "dropout", "multinomial"]


def dropout(input: Any, p: float, train: builtins.bool) -> Any:
    """PyTorch's low-level form of nn.functional.dropout"""
    return drop(input, p) if train and check_probability(p) else input


def multinomial(input: Any, num_samples: int, replacement: builtins.bool = False, *, generator: Any = None) -> Any:
    """num_samples indices drawn with the weights in input (n) or each row of (m, n)."""
    if input.array.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if input.array.dtype.kind != "f":
        raise RuntimeError("multinomial only supports floating-point dtypes for input, got: "
                           f"{dtypes.title(input.array.dtype)}")
    if num_samples <= 0:
        raise RuntimeError(f"cannot sample n_sample <= 0 samples, but got {num_samples}")
    if not replacement and num_samples > input.array.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    weights = np.asarray(input.array, np.float64)
    if (weights < 0).any() or not np.isfinite(weights).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (weights.sum(-1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if not replacement and ((weights > 0).sum(-1) < num_samples).any():
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    source = generator or default_generator
    if replacement:  # by inverting the cumulative distribution
        u = source.uniform((*weights.shape[:-1], num_samples, 1), np.dtype(np.float64))
        edges = np.cumsum(weights, -1)
        picked = (u * edges[..., None, -1:] >= edges[..., None, :]).sum(-1)
    else:  # the largest keys u^(1/w) (Efraimidis and Spirakis, 2006)
        u = source.uniform(weights.shape, np.dtype(np.float64))
        with np.errstate(divide="ignore"):
            keys = np.where(weights > 0, np.log(1.0 - u) / weights, -np.inf)
        picked = np.argsort(-keys, -1, kind="stable")[..., :num_samples]
    return make(picked.astype(np.int64))


def bernoulli(input: Any, *, generator: Any = None) -> Any:
    """1 with the probability that each element gives, else 0."""
    return input.detach().clone().bernoulli_(input, generator=generator)
