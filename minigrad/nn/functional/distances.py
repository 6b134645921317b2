"""Distances and similarities of vectors, and the losses made of them. Vectors lie along the last dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.nn.functional.reductions import reduced, reduction_of
from minigrad.ops.choice import where
from minigrad.ops.kernel import broadcast, require_tensor
from minigrad.tensor import Tensor

__all__ = ["cosine_embedding_loss", "cosine_similarity", "margin_ranking_loss", "pairwise_distance",
           "triplet_margin_loss", "triplet_margin_with_distance_loss"]


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Tensor:
    """|x1 - x2 + eps|_p along the last dimension"""
    require_tensor(x1, "pairwise_distance", "x1")
    require_tensor(x2, "pairwise_distance", "x2", 2)
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along dim"""
    require_tensor(x1, "cosine_similarity", "x1")
    require_tensor(x2, "cosine_similarity", "x2", 2)
    shape = broadcast(x1.array.shape, x2.array.shape)[0]
    x1, x2 = x1.expand(*shape), x2.expand(*shape)
    lengths = [x.norm(2.0, dim, True).clamp(min=eps) for x in (x1, x2)]
    return ((x1 / lengths[0]) * (x2 / lengths[1])).sum(dim)


def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None,
                          reduce: Any = None, reduction: str = "mean") -> Tensor:
    """1 - cos(x1, x2) where t = 1, max(0, cos(x1, x2) - margin) where t = -1. x (N, D), t (N); or x (D), t ()"""
    how = reduction_of(reduction, size_average, reduce)
    shapes = [list(x.array.shape) for x in (input1, input2)]
    ndim = target.array.ndim
    if ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if any(len(shape) != ndim + 1 for shape in shapes):
        raise RuntimeError(f"{ndim}D target tensor expects {ndim + 1}D input tensors, but found inputs with sizes "
                           f"{shapes[0]} and {shapes[1]}.")
    tiny = 1e-12
    squares = ((input1 * input1).sum(-1) + tiny) * ((input2 * input2).sum(-1) + tiny)
    cos = (input1 * input2).sum(-1) / squares.sqrt()
    near, far = (make(np.asarray(target.array == sign)) for sign in (1, -1))  # -1 is no number of target's type, maybe
    return reduced(where(near, 1.0 - cos, 0.0) + where(far, (cos - margin).clamp(min=0), 0.0), how)


def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None,
                        reduce: Any = None, reduction: str = "mean") -> Tensor:
    """max(0, margin - t (x1 - x2))"""
    how = reduction_of(reduction, size_average, reduce)
    if not input1.array.ndim == input2.array.ndim == target.array.ndim:
        raise RuntimeError("margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
                           f"{input1.shape}, input2: {input2.shape}, target: {target.shape} ")
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), how)


def triplet_margin_loss(anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
                        swap: bool = False, size_average: Any = None, reduce: Any = None,
                        reduction: str = "mean") -> Tensor:
    """max(0, margin + |a - p| - |a - n|); with swap, the smaller of |a - n| and |p - n|"""
    how = reduction_of(reduction, size_average, reduce)
    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=lambda a, b: pairwise_distance(a, b, p, eps), margin=margin,
        swap=swap, reduction=how)


def triplet_margin_with_distance_loss(anchor: Any, positive: Any, negative: Any, *,
                                      distance_function: Callable | None = None, margin: float = 1.0,
                                      swap: bool = False, reduction: str = "mean") -> Tensor:
    """max(0, margin + distance(a, p) - distance(a, n)); with swap, the smaller of distance(a, n) and distance(p, n)"""
    how = reduction_of(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    dims = [x.array.ndim for x in (anchor, positive, negative)]
    if len(set(dims)) > 1:
        raise RuntimeError("The anchor, positive, and negative tensors are expected to have the same number of "
                           f"dimensions, but got: anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D "
                           "inputs")
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), how)
