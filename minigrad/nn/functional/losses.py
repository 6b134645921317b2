"""The losses: input first, target second, reduced to their mean, their sum or not at all."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import TensorBase, make
from minigrad.native import FLOATS
from minigrad.ops import softmax as softmax_ops
from minigrad.ops.activation import softplus
from minigrad.ops.kernel import require_tensor
from minigrad.ops.loss import BinaryCrossEntropy
from minigrad.ops.operands import operands

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "huber_loss", "kl_div",
           "l1_loss", "mse_loss", "nll_loss", "smooth_l1_loss"]

_TYPE_NAMES = {"float32": "Float", "float64": "Double", "bool": "Bool"}


def _reduction(reduction: str, size_average: Any = None, reduce: Any = None) -> str:
    """The reduction's name, checked; the two old flags are translated as in PyTorch."""
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _reduce(loss: Any, reduction: str) -> Any:
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def _warn_shapes(input: Any, target: Any, name: str) -> None:
    """Broadcasting a loss is nearly always a mistake: say so, at the caller's line."""
    if input.array.shape == target.array.shape:
        return
    frame, level, module = sys._getframe(2), 3, None
    while frame and "/minigrad/" in frame.f_code.co_filename.replace("\\\\", "/"):
        owner = frame.f_locals.get("self")
        module = module or (owner if type(owner).__name__.endswith("Loss") else None)
        frame, level = frame.f_back, level + 1
    warnings.warn(f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) in "
                  f"{module or name}. This will likely lead to incorrect results due to broadcasting. Please ensure "
                  "they have the same size.", stacklevel=level)


def _elementwise_loss(name: str, input: Any, target: Any, reduction: str, loss: Any, weight: Any = None) -> Any:
    require_tensor(input, name)
    require_tensor(target, name, "target", 2)
    _warn_shapes(input, target, name)
    value = loss(input, target)
    if weight is None:
        return _reduce(value, reduction)
    if weight.array.shape != input.array.shape:
        raise ValueError("Weights and input must have the same size.")
    value = value * weight
    return value.sum() / weight.sum() if reduction == "mean" else _reduce(value, reduction)


def mse_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
             weight: Any = None) -> Any:
    """(x - t)^2, averaged"""
    how = _reduction(reduction, size_average, reduce)
    return _elementwise_loss("mse_loss", input, target, how, lambda x, t: (x - t).square(), weight)


def l1_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
            weight: Any = None) -> Any:
    """|x - t|, averaged"""
    how = _reduction(reduction, size_average, reduce)
    return _elementwise_loss("l1_loss", input, target, how, lambda x, t: (x - t).abs(), weight)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    """d^2 / 2 where d = |x - t| < delta, else delta (d - delta / 2)"""
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")

    def loss(x: Any, t: Any) -> Any:
        d = (x - t).abs()
        near = d.minimum(delta)  # d^2/2 near, delta d - delta^2/2 far: one formula in min(d, delta)
        return near * (d - near * 0.5)

    if weight is None:
        return _elementwise_loss("huber_loss", input, target, _reduction(reduction), loss)
    value = _elementwise_loss("huber_loss", input, target, "none", loss) * weight
    return _reduce(value, _reduction(reduction))  # not divided by the weights, unlike mse_loss: as in PyTorch


def smooth_l1_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
                   beta: float = 1.0) -> Any:
    """d^2 / (2 beta) where d = |x - t| < beta, else d - beta / 2"""
    how = _reduction(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction=how)
    return huber_loss(input, target, how, beta) / beta


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
                         reduction: str = "mean") -> Any:
    """-(t log x + (1 - t) log(1 - x)), the logs no less than -100"""
    how = _reduction(reduction, size_average, reduce)
    if input.array.shape != target.array.shape:
        raise ValueError(f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is "
                         "deprecated. Please ensure they have the same size.")
    if input.array.size and not ((input.array >= 0) & (input.array <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")
    loss = BinaryCrossEntropy.apply(*operands(input, target, "binary_cross_entropy"))
    return _reduce(loss if weight is None else loss * weight, how)


def binary_cross_entropy_with_logits(input: Any, target: Any, weight: Any = None, size_average: Any = None,
                                     reduce: Any = None, reduction: str = "mean", pos_weight: Any = None) -> Any:
    """(1 - t) x + (1 + (pos_weight - 1) t) log(1 + e^-x): binary cross-entropy of sigmoid(x), without overflow"""
    how = _reduction(reduction, size_average, reduce)
    if input.array.shape != target.array.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    soft = softplus(-input, threshold=float("inf"))
    if pos_weight is not None:
        soft = soft * ((pos_weight - 1.0) * target + 1.0)
    loss = (1.0 - target) * input + soft
    return _reduce(loss if weight is None else loss * weight, how)


def kl_div(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
           log_target: bool = False) -> Any:
    """t (log t - x), 0 where t = 0; with log_target e^t (t - x). reduction "batchmean" divides the sum by the batch"""
    if reduction == "mean":
        warnings.warn("reduction: 'mean' divides the total loss by both the batch size and the support size."
                      "'batchmean' divides only by the batch size, and aligns with the KL math definition.",
                      stacklevel=2)
    batchmean = reduction == "batchmean"
    how = "sum" if batchmean else _reduction(reduction, size_average, reduce)
    if log_target:
        loss = target.exp() * (target - input)
    else:
        positive = (target > 0).to(target.dtype)
        safe = target * positive + (1.0 - positive)  # 1 where t = 0, so that t log t is 0
        loss = target * (safe.log() - input)
    return _reduce(loss, how) / input.array.shape[0] if batchmean and input.array.ndim else _reduce(loss, how)


def nll_loss(input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
             reduce: Any = None, reduction: str = "mean") -> Any:
    """-w_t x_t of log-probabilities x (N, C) or (C) and classes t; the mean is weighted by w. (N, C, d...) works too"""
    how = _reduction(reduction, size_average, reduce)
    x, t, shape = _as_rows(input, target, "nll_loss")
    picked = -softmax_ops.pick(x, t, ignore_index)
    if weight is None:
        kept = (t.array != ignore_index).sum()
        total = picked.sum() if how != "none" else None
        return picked.reshape(shape) if how == "none" else total if how == "sum" else total / float(kept)
    w = _class_weights(weight, t, ignore_index, x.array.shape[1])
    if how == "none":
        return (picked * w).reshape(shape)
    return (picked * w).sum() if how == "sum" else (picked * w).sum() / w.sum()


def _class_weights(weight: Any, t: Any, ignore_index: int, classes: int) -> Any:
    """The weight of each row's class, 0 where it is ignored."""
    if weight.array.shape != (classes,):
        raise RuntimeError(f"weight tensor should be defined either for all {classes} classes or no classes but got "
                           f"weight tensor of shape: {list(weight.array.shape)}")
    ignored = t.array == ignore_index
    return make(np.where(ignored, 0, weight.array[np.where(ignored, 0, t.array)]).astype(weight.array.dtype))


def _as_rows(input: Any, target: Any, name: str) -> tuple[Any, Any, tuple[int, ...]]:
    """Input as (rows, classes), target as int64 (rows), and the target's shape. Checks what C relies on."""
    require_tensor(input, name)
    require_tensor(target, name, "target", 2)
    xs, ts = input.array.shape, target.array.shape
    if input.array.dtype.num not in FLOATS:
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}: it needs floating-point input')
    if target.array.dtype.kind not in "iu":
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {_TYPE_NAMES[target.array.dtype.name]}")
    if not xs or ts != ((xs[0], *xs[2:]) if len(xs) > 1 else ()):
        if xs and ts and len(xs) > 1 and ts[0] != xs[0]:
            raise ValueError(f"Expected input batch_size ({xs[0]}) to match target batch_size ({ts[0]}).")
        raise RuntimeError(f"{name}: input of shape {list(xs)} wants classes of shape "
                           f"{[xs[0], *xs[2:]] if len(xs) > 1 else []}, but the target has {list(ts)}")
    if len(xs) == 1:
        input = input.reshape(1, -1)
    elif len(xs) > 2:
        input = input.movedim(1, -1).reshape(-1, xs[1])
    if target.array.dtype is not dtypes.int64.dtype or target.array.ndim != 1:
        target = make(np.ascontiguousarray(target.array.reshape(-1).astype(np.int64)))
    return input, target, ts


def cross_entropy(input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
                  reduce: Any = None, reduction: str = "mean", label_smoothing: float = 0.0) -> Any:
    """-log softmax(x)_t of logits x (N, C), (C) or (N, C, d...) and classes t; or -sum_c t_c log softmax(x)_c of
    probabilities t in x's shape. label_smoothing e replaces t by (1 - e) t + e / C."""
    if (reduction == "mean" and weight is None and label_smoothing == 0.0 and size_average is None and reduce is None
            and softmax_ops.fits(input, target)):  # the usual case: nothing else to check
        return softmax_ops.CrossEntropy.apply(input, target, ignore_index, True)
    how = _reduction(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if isinstance(target, TensorBase) and target.array.dtype.kind == "f" and target.array.shape == input.array.shape:
        return _soft_cross_entropy(input, target, weight, how, label_smoothing)
    if weight is None and not label_smoothing:
        x, t, shape = _as_rows(input, target, "cross_entropy")
        loss = softmax_ops.cross_entropy(x, t, ignore_index, how == "mean")
        return loss if how == "mean" else loss.sum() if how == "sum" else loss.reshape(shape)
    axis = 1 if input.array.ndim > 1 else 0
    log_p = softmax_ops.log_softmax(input, axis)
    if not label_smoothing:
        return nll_loss(log_p, target, weight, ignore_index=ignore_index, reduction=how)
    return _smoothed(log_p, target, weight, ignore_index, how, label_smoothing)


def _smoothed(log_p: Any, target: Any, weight: Any, ignore_index: int, how: str, e: float) -> Any:
    """(1 - e) nll + e / C sum_c -w_c log p_c, the mean over the rows' weights"""
    x, t, shape = _as_rows(log_p, target, "cross_entropy")
    classes = x.array.shape[1]
    kept = (t.array != ignore_index).astype(x.array.dtype)
    w = make(kept) if weight is None else _class_weights(weight, t, ignore_index, classes)
    nll = -softmax_ops.pick(x, t, ignore_index) * w
    smooth = -(x if weight is None else x * weight).sum(1) * make(kept)
    loss = nll * (1.0 - e) + smooth * (e / classes)
    return loss.reshape(shape) if how == "none" else loss.sum() if how == "sum" else loss.sum() / w.sum()


def _soft_cross_entropy(input: Any, target: Any, weight: Any, how: str, e: float) -> Any:
    axis = 1 if input.array.ndim > 1 else 0
    classes = input.array.shape[axis]
    if e:
        target = target * (1.0 - e) + e / classes
    terms = -(target * softmax_ops.log_softmax(input, axis))
    if weight is not None:
        terms = terms * weight.reshape(*[classes if i == axis else 1 for i in range(input.array.ndim)])
    loss = terms.sum(axis)
    return loss if how == "none" else loss.sum() if how == "sum" else loss.sum() / float(max(loss.array.size, 1))
