"""The Kullback-Leibler divergence of two distributions of one family."""

from __future__ import annotations

from typing import Any

from minigrad.distributions.distribution import Distribution, Independent
from minigrad.distributions.families import Bernoulli, Categorical, Normal
from minigrad.functions import where
from minigrad.ops.activation import softplus
from minigrad.tensor import Tensor

__all__ = ["kl_divergence"]


def _normal(p: Any, q: Any) -> Tensor:
    """(s^2 + ((m_p - m_q) / s_q)^2 - 1 - log s^2) / 2, s = s_p / s_q"""
    ratio = (p.scale / q.scale).square()
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).square() - 1 - ratio.log())


def _bernoulli(p: Any, q: Any) -> Tensor:
    """cross-entropy - entropy"""
    return softplus(q.logits) - p.probs * q.logits - p.entropy()


def _categorical(p: Any, q: Any) -> Tensor:
    """sum_i p_i (log p_i - log q_i); infinite where q_i = 0 < p_i"""
    each = p.probs * (p.logits - q.logits)
    each = where(q.probs == 0, float("inf"), each)
    return where(p.probs == 0, 0.0, each).sum(-1)


_FORMULAS = {Normal: _normal, Bernoulli: _bernoulli, Categorical: _categorical}


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p || q) = E_p[log p(x) - log q(x)], for each element of the batch."""
    if isinstance(p, Independent) and isinstance(q, Independent):
        return p.summed(kl_divergence(p.base_dist, q.base_dist))
    for family, formula in _FORMULAS.items():
        if isinstance(p, family) and isinstance(q, family):
            return formula(p, q)
    raise NotImplementedError(f"No KL(p || q) is implemented for p type {type(p).__name__} and q type "
                              f"{type(q).__name__}")
