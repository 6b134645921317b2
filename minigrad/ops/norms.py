"""Lengths and distances: norm, dist, cdist, renorm."""

from __future__ import annotations

import math
from typing import Any

from minigrad import dtypes
from minigrad.engine import Function, T
from minigrad.ops.choice import where
from minigrad.ops.elementwise import by_numpy, elementwise, flat
from minigrad.ops.extremes import amax, amin
from minigrad.ops.kernel import broadcast, require_tensor
from minigrad.ops.reduce import axes_of, dropped, sum
from minigrad.ops.shape import Cast, axis_of

__all__ = ["cdist", "dist", "norm", "renorm"]

NotZero = elementwise("NotZero", by_numpy(lambda x: x != 0), "y = 1 where x is not 0, else 0;  dx = 0", "x", flat)


class PNorm(Function):
    """y = (sum |x|^p)^(1/p) over axes, which stay with length 1;  dx = dy sign(x) (|x| / y)^(p-1), 0 where y = 0."""

    @staticmethod
    def forward(ctx, x, p, axes):
        ctx.p = p
        total = sum(x.square() if p == 2 else x.abs() if p == 1 else x.abs() ** p, axes, True) if axes else x.abs() ** p
        y = total.sqrt() if p == 2 else total ** (1.0 / p)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, y = ctx.saved_tensors
        p = ctx.p
        if p == 1:
            return dy * x.sign(), None, None
        if p < 1:
            return where(x == 0, 0.0, x.sign() * x.abs() ** (p - 1)) * (dy * y ** (1 - p)), None, None
        share = where(y == 0, 0.0, dy / where(y == 0, 1.0, y) ** (p - 1))
        power = x if p == 2 else x * x.abs() ** (p - 2) if p > 2 else x.sign() * x.abs() ** (p - 1)
        return power * share, None, None


def norm(input: T, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> T:
    """(sum |x|^p)^(1/p) over dim; p may be "fro" (2), inf, -inf or 0 (the number of nonzeros)."""
    require_tensor(input, "norm")
    x = input if dtype is None else Cast.apply(input, dtypes.resolve(dtype))
    if x.array.dtype.kind != "f":
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype}")
    if isinstance(p, str) and p != "fro":
        if p == "nuc":
            raise NotImplementedError("norm: p='nuc' needs singular values, which are not offered; use "
                                      "numpy.linalg.norm(x.detach(), 'nuc') for a number without a gradient")
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    p = 2.0 if p in ("fro", None) else float(p)
    axes = axes_of(dim, x.array.ndim)
    if math.isinf(p):
        return (amax if p > 0 else amin)(x.abs(), axes, keepdim) if x.array.size or p < 0 else sum(x, axes, keepdim)
    if p == 0:
        return sum(NotZero.apply(x), axes, keepdim)
    return dropped(PNorm.apply(x, p, axes), axes, keepdim)


def dist(input: T, other: T, p: float = 2) -> T:
    """The p-norm of input - other, of all elements."""
    require_tensor(input, "dist")
    require_tensor(other, "dist", "other", 2)
    return norm(input - other, p)


def cdist(x1: T, x2: T, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> T:
    """y_ij = the p-norm of row i of x1 (..., n, m) less row j of x2 (..., k, m). Needs n k m numbers of memory."""
    for x, name in ((x1, "X1"), (x2, "X2")):
        require_tensor(x, "cdist", name.lower())
        if x.array.dtype.kind != "f":
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {x.dtype}")
        if x.array.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.array.ndim}D")
    if x1.array.shape[-1] != x2.array.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.array.shape[-1]} X2: "
                           f"{x2.array.shape[-1]}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    broadcast(x1.array.shape[:-2], x2.array.shape[:-2])
    return norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


def renorm(input: T, p: float, dim: int, maxnorm: float) -> T:
    """input, its slices along dim scaled down to the p-norm maxnorm where theirs is larger."""
    require_tensor(input, "renorm")
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"renorm: expected a floating-point tensor, but got {input.dtype}")
    if input.array.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.array.ndim} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    axis = axis_of(dim, input.array.ndim)
    lengths: Any = norm(input, p, tuple(i for i in range(input.array.ndim) if i != axis), True)
    return input * where(lengths > maxnorm, maxnorm / (lengths + 1e-7), 1.0)
