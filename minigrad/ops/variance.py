"""How much elements vary: var, std, cov, corrcoef."""

from __future__ import annotations

import math
import warnings
from typing import Any

from minigrad.engine import Function, T
from minigrad.ops.arithmetic import div, mul
from minigrad.ops.choice import clamp, where
from minigrad.ops.kernel import as_float, require_tensor
from minigrad.ops.reduce import Sum, axes_of, dropped, mean, numpy_names, sum

__all__ = ["corrcoef", "cov", "std", "std_mean", "var", "var_mean"]


class Var(Function):
    """y = sum (x - mean)^2 / (n - correction) over axes, which stay with length 1;  dx = 2 dy (x - mean) / (n - c).

    Where n <= c, y is infinite; dx too if the sum is over all axes, which is how PyTorch has it.
    """

    @staticmethod
    def forward(ctx, x, axes, correction):
        ctx.save_for_backward(x)
        n = math.prod(x.array.shape[i] for i in axes)
        ctx.axes, ctx.freedom, ctx.all = axes, n - correction, len(axes) == x.array.ndim
        return Sum.apply(_away(x, axes).square(), axes, _inverse(max(ctx.freedom, 0)))

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        away = _away(x, ctx.axes)
        if ctx.freedom <= 0 and ctx.all:
            return dy * where(away == 0, math.nan, math.inf), None, None
        return dy * (away * (2.0 * _inverse(ctx.freedom))), None, None


def _away(x: Any, axes: tuple[int, ...]) -> Any:
    """x - mean, and the rounding error of that mean taken off again: exactly 0 where all are equal."""
    away = x - Sum.apply(x, axes, _inverse(count := math.prod(x.array.shape[i] for i in axes)))
    return away - Sum.apply(away, axes, _inverse(count))


def _inverse(n: float) -> float:
    return 1.0 / n if n else math.inf


class SafeSqrt(Function):
    """y = sqrt(x);  dx = dy / 2y, and 0 where y = 0: the subgradient of a norm at 0."""

    @staticmethod
    def forward(ctx, x):
        y = x.sqrt()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        zero = y == 0
        return (dy / (y + zero.to(y.dtype)) * 0.5) * (~zero).to(y.dtype)


def _variance(x: Any, name: str, dim: Any, unbiased: Any, keepdim: bool, correction: Any, root: bool) -> tuple:
    """(var or std, mean); the second argument may be unbiased, as PyTorch has it."""
    require_tensor(x, name)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"{name}(): expected unbiased or correction, but got both")
    if x.array.dtype.kind != "f":
        raise RuntimeError(f"{name}: std and var only support floating point and complex dtypes")
    correction = 1 if correction is None and unbiased in (None, True) else correction or 0
    axes = axes_of(dim, x.array.ndim)
    if math.prod(x.array.shape[i] for i in axes) <= correction:
        warnings.warn(f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
                      "factor (input numel divided by output numel).", stacklevel=4)
    y = Var.apply(x, axes, correction)
    return dropped(SafeSqrt.apply(y) if root else y, axes, keepdim), axes


@numpy_names
def var(input: T, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None) -> T:
    """sum (x - mean)^2 / (n - correction); correction is 1 unless given, or unbiased=False."""
    return _variance(input, "var", dim, unbiased, keepdim, correction, False)[0]


@numpy_names
def std(input: T, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None) -> T:
    """sqrt(var); its gradient is 0 where it is 0, as in PyTorch"""
    return _variance(input, "std", dim, unbiased, keepdim, correction, True)[0]


@numpy_names
def var_mean(input: T, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[T, T]:
    """(var, mean)"""
    y, axes = _variance(input, "var_mean", dim, unbiased, keepdim, correction, False)
    return y, mean(input, axes or None, keepdim)


@numpy_names
def std_mean(input: T, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[T, T]:
    """(std, mean)"""
    y, axes = _variance(input, "std_mean", dim, unbiased, keepdim, correction, True)
    return y, mean(input, axes or None, keepdim)


def _weights(w: Any, n: int, name: str, whole: bool) -> None:
    if w.array.ndim > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {w.array.ndim} dimensions "
                           "instead")
    if (w.array.dtype.kind in "iu") != whole:
        raise RuntimeError(f"cov(): expected {name} to have {'integral' if whole else 'floating point'} dtype but got "
                           f"{name} with {w.dtype} dtype")
    if w.array.size != n:
        raise RuntimeError(f"cov(): expected {name} to have the same numel as there are observations in the input but "
                           f"got {w.array.size} != {n}")
    if (w.array < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative")


def cov(input: T, *, correction: int = 1, fweights: T | None = None, aweights: T | None = None) -> T:
    """c_ij = sum_k w_k (x_ik - m_i) (x_jk - m_j) / f: rows are variables, columns observations.

    w is fweights (how often each was seen) times aweights (how much each counts), m the mean with these weights, and
    f = sum w - correction sum (w aweights) / sum w.
    """
    require_tensor(input, "cov")
    x = input
    if x.array.ndim > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got an input with "
                           f"{x.array.ndim} dimensions")
    if x.array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = x.reshape((1, -1)) if x.array.ndim < 2 else x
    n, w = x.array.shape[1], None
    for weights, name, whole in ((fweights, "fweights", True), (aweights, "aweights", False)):
        if weights is not None:
            _weights(weights, n, name, whole)
            w = weights if w is None else w * weights
    if w is not None and not w.array.sum() > 0:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    x = as_float(x, "cov")
    if w is None:
        away = x - mean(x, 1, True)
        return (away @ away.T * _inverse(max(n - correction, 0))).squeeze()
    total: Any = sum(w)
    away = x - sum(mul(x, w), 1, True) / total
    lost: Any = correction if aweights is None else sum(w * aweights) / total * correction
    return div(mul(away, w) @ away.T, clamp(total - lost, min=0)).squeeze()


def corrcoef(input: T) -> T:
    """cov_ij / sqrt(cov_ii cov_jj), kept between -1 and 1"""
    require_tensor(input, "corrcoef")
    if input.array.ndim > 2:
        raise RuntimeError("corrcoef(): expected input to have two or fewer dimensions but got an input with "
                           f"{input.array.ndim} dimensions")
    c = cov(input)
    if not c.array.ndim:
        return c / c
    deviation = c.diag().sqrt()
    return clamp(c / deviation.unsqueeze(1) / deviation.unsqueeze(0), -1.0, 1.0)
