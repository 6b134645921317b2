"""Losses of numbers: the mean over the last axis of a function of y_true and y_pred. The formulas call them t and y."""

from __future__ import annotations

import math
from typing import Any

from minigrad.keras.config import epsilon
from minigrad.keras.losses.pairs import pair, same_shape
from minigrad.ops.activation import softplus
from minigrad.ops.loss import L1, MSE
from minigrad.ops.loss import Huber as HuberOp
from minigrad.tensor import Tensor

__all__ = ["categorical_hinge", "cosine_similarity", "hinge", "huber", "kl_divergence", "log_cosh",
           "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
           "mean_squared_logarithmic_error", "poisson", "squared_hinge"]


# -- with a kernel -----------------------------------------------------------------------------------------------------


def _mean_of(op: Any, y_true: Tensor, y_pred: Tensor, p: float) -> Tensor:
    """The mean of op over all elements, in one kernel."""
    y_true, y_pred = same_shape(y_true, y_pred)
    size = y_pred.array.size
    return op.apply(y_pred, y_true, 0, 1.0 / size if size else math.nan, p)


def _each(op: Any, y_true: Any, y_pred: Any, p: float = 0.0) -> Tensor:
    """op, element by element."""
    y_true, y_pred = same_shape(y_true, y_pred)
    return op.apply(y_pred, y_true, 1, 1.0, p)


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean (t - y)^2"""
    return _each(MSE, y_true, y_pred).mean(-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean |t - y|"""
    return _each(L1, y_true, y_pred).mean(-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """mean of d^2 / 2 where d = |t - y| <= delta, else delta (d - delta / 2)"""
    return _each(HuberOp, y_true, y_pred, float(delta)).mean(-1)


mean_squared_error.batch_mean = lambda y_true, y_pred: _mean_of(MSE, y_true, y_pred, 0.0)
mean_absolute_error.batch_mean = lambda y_true, y_pred: _mean_of(L1, y_true, y_pred, 0.0)
huber.batch_mean = (
    lambda y_true, y_pred, delta=1.0: _mean_of(HuberOp, y_true, y_pred, float(delta)))


# -- of the difference, or the ratio -----------------------------------------------------------------------------------


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 mean |t - y| / |t|, with |t| no less than epsilon"""
    t, y = same_shape(y_true, y_pred)
    return ((t - y) / t.abs().clamp(min=epsilon())).abs().mean(-1) * 100.0


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean (ln(1 + t) - ln(1 + y))^2, with t and y no less than epsilon"""
    t, y = same_shape(y_true, y_pred)
    return ((y.clamp(min=epsilon()) + 1.0).log() - (t.clamp(min=epsilon()) + 1.0).log()).square().mean(-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """mean ln cosh(y - t) = d + ln(1 + e^-2d) - ln 2, d = y - t"""
    t, y = same_shape(y_true, y_pred)
    d = y - t
    return (d + softplus(d * -2.0) - math.log(2.0)).mean(-1)


# -- of probabilities and rates ----------------------------------------------------------------------------------------


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """sum t ln(t / y), with t and y in [epsilon, 1]"""
    t, y = (x.clamp(epsilon(), 1.0) for x in pair(y_true, y_pred))
    return (t * (t / y).log()).sum(-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """mean y - t ln(y + epsilon)"""
    t, y = pair(y_true, y_pred)
    return (y - t * (y + epsilon()).log()).mean(-1)


# -- of directions -----------------------------------------------------------------------------------------------------


def _unit(x: Tensor, axis: int) -> Tensor:
    """x with norm 1 along the axis; a norm below epsilon counts as epsilon."""
    return x * x.square().sum(axis, True).clamp(min=epsilon() ** 2).rsqrt()


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """-cos of the angle between t and y: -1 where they point the same way"""
    t, y = same_shape(y_true, y_pred)
    return -(_unit(t, axis) * _unit(y, axis)).sum(axis)


# -- margins -----------------------------------------------------------------------------------------------------------


def _signs(t: Tensor) -> Tensor:
    """Labels 0 and 1 as -1 and 1; others stay."""
    return t * 2.0 - 1.0 if ((t.array == 0) | (t.array == 1)).all() else t


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean max(1 - t y, 0), with t -1 or 1 (0 or 1 are taken as those)"""
    t, y = pair(y_true, y_pred)
    return (1.0 - _signs(t) * y).clamp(min=0.0).mean(-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean max(1 - t y, 0)^2, with t as hinge has it"""
    t, y = pair(y_true, y_pred)
    return (1.0 - _signs(t) * y).clamp(min=0.0).square().mean(-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(n - p + 1, 0), p = sum t y and n = max (1 - t) y, with t 0 or 1"""
    t, y = pair(y_true, y_pred)
    return (((1.0 - t) * y).amax(-1) - (t * y).sum(-1) + 1.0).clamp(min=0.0)
