"""Distances and similarities of vectors, as layers."""

from __future__ import annotations

from minigrad.nn import functional as F
from minigrad.nn.function_module import FunctionModule

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(FunctionModule, function=F.cosine_similarity, dim=1, eps=1e-8):
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along dim"""


class PairwiseDistance(FunctionModule, function=F.pairwise_distance, p=2.0, eps=1e-6, keepdim=False):
    """|x1 - x2 + eps|_p along the last dimension"""
