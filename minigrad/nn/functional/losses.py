"""Losses of an input and a target of one shape, element by element, reduced to their mean, their sum or not at all."""

from __future__ import annotations

import math
from typing import Any

from minigrad import dtypes
from minigrad.grad_mode import no_grad
from minigrad.nn.caller import warn
from minigrad.nn.functional.reductions import reduced, reduction_of, warn_shapes
from minigrad.ops.activation import softplus
from minigrad.ops.choice import fill, where
from minigrad.ops.kernel import broadcast, require_tensor
from minigrad.ops.loss import BCE, L1, MSE, BCELogits, Huber
from minigrad.ops.operands import operands
from minigrad.tensor import Tensor

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "gaussian_nll_loss", "hinge_embedding_loss",
           "huber_loss", "kl_div", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss", "soft_margin_loss"]


def _require(input: Any, target: Any, name: str) -> None:
    require_tensor(input, name)
    require_tensor(target, name, "target", 2)


def _loss(op: Any, x: Any, t: Any, how: str, scale: float = 1.0, p: float = 0.0) -> Any:
    """scale * f(x, t; p) by one kernel, reduced. x and t: of one shape and floating-point type."""
    if how == "mean":
        size = x.array.size
        return op.apply(x, t, 0, scale / size if size else math.nan, p)
    return op.apply(x, t, int(how == "none"), scale, p)


# -- of the difference -------------------------------------------------------------------------------------------------


def _of_difference(op: Any, name: str, input: Any, target: Any, how: str, scale: float = 1.0, p: float = 0.0) -> Any:
    """scale * f(input - target; p) with types promoted and shapes broadcast, with a warning."""
    _require(input, target, name)
    if input.array.shape != target.array.shape:
        warn_shapes(input, target, name)
        shape = broadcast(input.array.shape, target.array.shape)[0]
        input, target = input.expand(*shape), target.expand(*shape)
    if input.array.dtype is not target.array.dtype:
        input, target = operands(input, target, name)
    if input.array.dtype.kind != "f":
        raise dtypes.not_implemented(name, input.array.dtype)
    return _loss(op, input, target, how, scale, p)


def _weighted(op: Any, name: str, input: Any, target: Any, weight: Any, p: float = 0.0) -> Any:
    """weight * f(input - target; p), element by element."""
    if weight.array.shape != input.array.shape:
        raise ValueError("Weights and input must have the same size.")
    return _of_difference(op, name, input, target, "none", 1.0, p) * weight


def mse_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
             weight: Any = None) -> Tensor:
    """(x - t)^2; with weights w, w (x - t)^2, and the mean divides by their sum"""
    how = reduction_of(reduction, size_average, reduce)
    if weight is None:
        return _of_difference(MSE, "mse_loss", input, target, how)
    loss = _weighted(MSE, "mse_loss", input, target, weight)
    return loss.sum() / weight.sum() if how == "mean" else reduced(loss, how)


def l1_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
            weight: Any = None) -> Tensor:
    """|x - t|; with weights w, w |x - t|, and the mean divides by their sum"""
    how = reduction_of(reduction, size_average, reduce)
    if weight is not None:
        loss = _weighted(L1, "l1_loss", input, target, weight)
        return loss.sum() / weight.sum() if how == "mean" else reduced(loss, how)
    _require(input, target, "l1_loss")
    if input.array.dtype.kind != "f" and target.array.dtype.kind != "f":  # PyTorch has this one loss of integers
        warn_shapes(input, target, "l1_loss")
        return reduced((input - target).abs(), how)
    return _of_difference(L1, "l1_loss", input, target, how)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Tensor:
    """d^2 / 2 where d = |x - t| < delta, else delta (d - delta / 2); times the weights. The mean divides by the number
    of elements, unlike mse_loss: as in PyTorch."""
    how = reduction_of(reduction)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is not None:
        return reduced(_weighted(Huber, "huber_loss", input, target, weight, float(delta)), how)
    return _of_difference(Huber, "huber_loss", input, target, how, 1.0, float(delta))


def smooth_l1_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
                   beta: float = 1.0) -> Tensor:
    """d^2 / (2 beta) where d = |x - t| < beta, else d - beta / 2; |x - t| for beta = 0"""
    how = reduction_of(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return _of_difference(L1, "smooth_l1_loss", input, target, how)
    return _of_difference(Huber, "smooth_l1_loss", input, target, how, 1.0 / beta, float(beta))


# -- of probabilities --------------------------------------------------------------------------------------------------


def _times(loss: Any, weight: Any) -> Any:
    """loss * weight, of the loss's shape and type."""
    product = loss * weight
    if product.array.shape != loss.array.shape:
        raise RuntimeError(f"output with shape {list(loss.array.shape)} doesn't match the broadcast shape "
                           f"{list(product.array.shape)}")
    return product.to(loss.array.dtype)


def _check_unit(x: Any, what: str) -> None:
    array = x.array
    if array.size and not (array.min() >= 0 and array.max() <= 1):
        raise RuntimeError(f"all elements of {what} should be between 0 and 1")


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
                         reduction: str = "mean") -> Tensor:
    """-(t log x + (1 - t) log(1 - x)), the logs no less than -100"""
    how = reduction_of(reduction, size_average, reduce)
    _require(input, target, "binary_cross_entropy")
    if input.array.shape != target.array.shape:
        raise ValueError(f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is "
                         "deprecated. Please ensure they have the same size.")
    if input.array.dtype.kind != "f":
        raise dtypes.not_implemented("binary_cross_entropy", input.array.dtype)
    if input.array.dtype is not target.array.dtype:
        raise RuntimeError(f"Found dtype {dtypes.title(target.array.dtype)} but expected "
                           f"{dtypes.title(input.array.dtype)}")
    _check_unit(input, "input")
    _check_unit(target, "target")
    if weight is None:
        return _loss(BCE, input, target, how)
    return reduced(_times(_loss(BCE, input, target, "none"), weight), how)


def binary_cross_entropy_with_logits(input: Any, target: Any, weight: Any = None, size_average: Any = None,
                                     reduce: Any = None, reduction: str = "mean", pos_weight: Any = None) -> Tensor:
    """(1 - t) x + (1 + (pos_weight - 1) t) log(1 + e^-x): binary cross-entropy of sigmoid(x), without overflow"""
    how = reduction_of(reduction, size_average, reduce)
    _require(input, target, "binary_cross_entropy_with_logits")
    if input.array.shape != target.array.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    for x, name in ((input, "input"), (target, "target")):
        if x.array.dtype.kind != "f":
            raise RuntimeError(f"result type Float can't be cast to the desired output type "
                               f"{dtypes.title(x.array.dtype)}: {name} must be floating-point, call .float() on it")
    if input.array.dtype is not target.array.dtype:
        input, target = operands(input, target, "binary_cross_entropy_with_logits")
    if pos_weight is None:
        if weight is None:
            return _loss(BCELogits, input, target, how)
        loss = _loss(BCELogits, input, target, "none")
    else:
        soft = softplus(-input, threshold=math.inf)
        loss = (1.0 - target) * input + _times(soft, (pos_weight - 1) * target + 1.0)
    return reduced(loss if weight is None else _times(loss, weight), how)


def kl_div(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
           log_target: bool = False) -> Tensor:
    """t (log t - x), 0 where t = 0; with log_target e^t (t - x). reduction "batchmean" divides the sum by the batch"""
    old = size_average is not None or reduce is not None
    if reduction == "mean" and not old:
        warn("reduction: 'mean' divides the total loss by both the batch size and the support size."
             "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
             "'mean' will be changed to behave the same as 'batchmean' in the next major release.")
    batchmean = reduction == "batchmean" and not old
    how = "sum" if batchmean else reduction_of(reduction, size_average, reduce)
    _require(input, target, "kl_div")
    if input.array.dtype.kind != "f" or target.array.dtype.kind != "f":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        loss = target.exp() * (target - input)
    else:
        loss = where(target == 0, 0.0, target * target.log()) - target * input
    loss = reduced(loss, how)
    return loss / input.array.shape[0] if batchmean and input.array.ndim else loss


# -- of distributions and margins --------------------------------------------------------------------------------------


def poisson_nll_loss(input: Any, target: Any, log_input: bool = True, full: bool = False, size_average: Any = None,
                     eps: float = 1e-08, reduce: Any = None, reduction: str = "mean") -> Tensor:
    """e^x - t x of the log of a rate; x - t log(x + eps) of a rate. full adds Stirling's t log t - t + log(2 pi t) / 2
    where t > 1"""
    how = reduction_of(reduction, size_average, reduce)
    _require(input, target, "poisson_nll_loss")
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        many = target > 1
        t = where(many, target, 1.0)
        loss = loss + where(many, t * t.log() - t + (t * (2 * math.pi)).log() * 0.5, 0.0)
    return reduced(loss, how)


def gaussian_nll_loss(input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-06,
                      reduction: str = "mean") -> Tensor:
    """(log v + (x - t)^2 / v) / 2, v = max(var, eps), whose gradient is var's; full adds log(2 pi) / 2. var: a float,
    or of x's shape, or without its last dimension, or with one of 1"""
    _require(input, target, "gaussian_nll_loss")
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = fill(input.detach(), var)
    require_tensor(var, "gaussian_nll_loss", "var", 3)
    if (var.array < 0).any():
        raise ValueError("var has negative entry/entries")
    shape, own = input.array.shape, var.array.shape
    if own != shape:
        if own == shape[:-1]:
            var = var.unsqueeze(-1)
        elif len(own) != len(shape) or [b for a, b in zip(shape, own) if a != b] != [1]:
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    v = var.clone()
    with no_grad():
        v.clamp_(min=eps)  # not differentiated
    loss = (v.log() + (input - target).square() / v) * 0.5
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def soft_margin_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None,
                     reduction: str = "mean") -> Tensor:
    """log(1 + e^(-t x)), without overflow (PyTorch's is infinite from 89 on)"""
    how = reduction_of(reduction, size_average, reduce)
    _require(input, target, "soft_margin_loss")
    return reduced(softplus(-(target * input), threshold=math.inf), how)


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, size_average: Any = None, reduce: Any = None,
                         reduction: str = "mean") -> Tensor:
    """x where t = 1, max(0, margin - x) where t = -1; their sum where t is neither"""
    how = reduction_of(reduction, size_average, reduce)
    _require(input, target, "hinge_embedding_loss")
    far = where(target != 1, (margin - input).clamp(min=0), 0.0)
    return reduced(far + where(target != -1, input, 0.0), how)
