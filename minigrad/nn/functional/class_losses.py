"""Losses of scores or log-probabilities of classes (N, C, ...) and the classes (N, ...)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import TensorBase, make
from minigrad.native import FLOATS
from minigrad.nn.functional.reductions import reduced, reduction_of
from minigrad.ops import softmax as softmax_ops
from minigrad.ops.activation import relu, softplus
from minigrad.ops.kernel import require_tensor
from minigrad.ops.soft_cross_entropy import SoftCrossEntropy
from minigrad.tensor import Tensor

__all__ = ["cross_entropy", "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "nll_loss"]


# -- one class each ----------------------------------------------------------------------------------------------------


def nll_loss(input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
             reduce: Any = None, reduction: str = "mean") -> Tensor:
    """-w_t x_t of log-probabilities x (N, C) or (C) and classes t; the mean is weighted by w. (N, C, d...) works too"""
    how = reduction_of(reduction, size_average, reduce)
    x, t, shape = _as_rows(input, target, "nll_loss")
    picked = -softmax_ops.pick(x, t, ignore_index)
    if weight is None:
        if how == "mean":
            return picked.sum() / float((t.array != ignore_index).sum())
        return picked.reshape(shape) if how == "none" else picked.sum()
    w = _class_weights(weight, t, ignore_index, x)
    loss = picked * w
    return loss.reshape(shape) if how == "none" else loss.sum() if how == "sum" else loss.sum() / w.sum()


def _check_weights(weight: Any, x: Any, classes: int, name: str = "") -> None:
    if weight.array.shape != (classes,):
        raise RuntimeError(f"{name}weight tensor should be defined either for all {classes} classes or no classes but "
                           f"got weight tensor of shape: {list(weight.array.shape)}")
    if weight.array.dtype is not x.array.dtype:
        raise RuntimeError(f"expected scalar type {dtypes.title(x.array.dtype)} but found "
                           f"{dtypes.title(weight.array.dtype)}")


def _class_weights(weight: Any, t: Any, ignore_index: int, x: Any) -> Any:
    """The weight of each row's class, 0 where it is ignored."""
    _check_weights(weight, x, x.array.shape[1])
    ignored = t.array == ignore_index
    return make(np.where(ignored, 0, weight.array[np.where(ignored, 0, t.array)]).astype(weight.array.dtype))


def _as_rows(input: Any, target: Any, name: str) -> tuple[Any, Any, tuple[int, ...]]:
    """Input as (rows, classes), target as int64 (rows), and the shape of a loss each. Checks what C relies on."""
    require_tensor(input, name)
    require_tensor(target, name, "target", 2)
    xs, ts = input.array.shape, target.array.shape
    if target.array.dtype.num not in _CLASSES or not xs or ts != ((xs[0], *xs[2:]) if len(xs) > 1 else ()):
        if len(xs) != 1 or ts != (1,) or target.array.dtype.num not in _CLASSES:
            raise _misfit(xs, target, name)
        ts = ()
    if input.array.dtype.num not in FLOATS:
        raise dtypes.not_implemented(name, input.array.dtype, ": it needs floating-point input")
    if len(xs) == 1:
        input = input.reshape(1, -1)
    elif len(xs) > 2:
        input = input.movedim(1, -1).reshape(-1, xs[1])
    if target.array.dtype is not dtypes.int64.dtype or target.array.ndim != 1:
        target = make(np.ascontiguousarray(target.array.reshape(-1).astype(np.int64)))
    return input, target, ts


_CLASSES = frozenset((dtypes.int64.dtype.num, dtypes.uint8.dtype.num))


def _misfit(xs: tuple, target: Any, name: str) -> Exception:
    """What is wrong with the classes: their type, or their shape for an input of shape xs."""
    ts, title = target.array.shape, dtypes.title(target.array.dtype)
    if xs == ts and name == "cross_entropy":
        return RuntimeError(f"Expected floating point type for target with class probabilities, got {title}")
    if not xs:
        return ValueError("Expected 1 or more dimensions (got 0)")
    if len(xs) == 1 and target.array.size != 1:
        return ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target.array.size}")
    if len(xs) > 1 and xs[0] != (ts[0] if ts else 0):
        return ValueError(f"Expected input batch_size ({xs[0]}) to match target batch_size ({ts[0] if ts else 0}).")
    if len(ts) > 1 and len(xs) < 3:
        return RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if len(xs) == 4 and len(ts) != 3:
        return RuntimeError("only batches of spatial targets supported (3D tensors) but got targets of dimension: "
                            f"{len(ts)}")
    if ts != (xs[0], *xs[2:]) and len(xs) > 1:
        if len(xs) == 4:
            return RuntimeError(f"size mismatch (got input: {list(xs)} , target: {list(ts)}")
        return RuntimeError(f"Expected target size {[xs[0], *xs[2:]]}, got {list(ts)}")
    return RuntimeError(f"expected target dtype to be Long or Byte, but got {title}")


def cross_entropy(input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
                  reduce: Any = None, reduction: str = "mean", label_smoothing: float = 0.0) -> Tensor:
    """-log softmax(x)_t of logits x (N, C), (C) or (N, C, d...) and classes t; or -sum_c t_c log softmax(x)_c of
    probabilities t in x's shape. label_smoothing e replaces t by (1 - e) t + e / C."""
    if (reduction == "mean" and weight is None and label_smoothing == 0.0 and size_average is None and reduce is None
            and softmax_ops.fits(input, target)):  # the usual case: nothing else to check
        return softmax_ops.CrossEntropy.apply(input, target, ignore_index, True)
    how = reduction_of(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if isinstance(target, TensorBase) and target.array.dtype.kind == "f" and isinstance(input, TensorBase) and (
            target.array.shape == input.array.shape):
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _soft_cross_entropy(input, target, weight, how, label_smoothing)
    if weight is None and not label_smoothing:
        x, t, shape = _as_rows(input, target, "cross_entropy")
        loss = softmax_ops.cross_entropy(x, t, ignore_index, how == "mean")
        return loss if how == "mean" else loss.sum() if how == "sum" else loss.reshape(shape)
    x, t, shape = _as_rows(input, target, "cross_entropy")
    log_p = softmax_ops.log_softmax(x, 1)
    if label_smoothing:
        return _smoothed(log_p, t, weight, ignore_index, how, label_smoothing, shape)
    loss = nll_loss(log_p, t, weight, ignore_index=ignore_index, reduction=how)
    return loss.reshape(shape) if how == "none" else loss


def _smoothed(x: Any, t: Any, weight: Any, ignore_index: int, how: str, e: float, shape: tuple) -> Any:
    """(1 - e) nll + e / C sum_c -w_c x_c of log-probabilities x, the mean over the rows' weights"""
    classes = x.array.shape[1]
    kept = make((t.array != ignore_index).astype(x.array.dtype))
    w = kept if weight is None else _class_weights(weight, t, ignore_index, x)
    nll = -softmax_ops.pick(x, t, ignore_index) * w
    smooth = -(x if weight is None else x * weight).sum(1) * kept
    loss = nll * (1.0 - e) + smooth * (e / classes)
    return loss.reshape(shape) if how == "none" else loss.sum() if how == "sum" else loss.sum() / w.sum()


def _soft_cross_entropy(input: Any, target: Any, weight: Any, how: str, e: float) -> Any:
    """Of probabilities; the mean is over the rows, whatever their weights."""
    axis = 1 if input.array.ndim > 1 else 0
    if weight is None and not e and input.array.ndim == 2 and input.array.dtype is target.array.dtype:
        loss = SoftCrossEntropy.apply(input, target, how == "mean")
        return loss.sum() if how == "sum" else loss
    log_p = softmax_ops.log_softmax(input, axis)
    classes = input.array.shape[axis] if input.array.ndim else 1
    if e:
        target = target * (1.0 - e) + e / classes
    terms = -(target * log_p)
    if weight is not None:
        _check_weights(weight, log_p, classes, "cross_entropy: ")
        terms = terms * weight.reshape(*[classes if i == axis else 1 for i in range(input.array.ndim)])
    loss = terms.sum(axis)
    if how != "mean":
        return loss if how == "none" else loss.sum()
    return loss.sum() / float(loss.array.size) if loss.array.size else loss.mean()


# -- margins between classes -------------------------------------------------------------------------------------------


def _matrix(input: Any, name: str) -> Any:
    """Scores (N, C), (C) or () as (N, C)."""
    require_tensor(input, name)
    shape = input.array.shape
    if len(shape) > 2 or 0 in shape[-1:]:
        raise RuntimeError(f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
                           f"{list(shape)}")
    if input.array.dtype.num not in FLOATS:
        raise dtypes.not_implemented(name, input.array.dtype)
    return input if len(shape) == 2 else input.reshape(1, -1)


def _check_long(target: Any, name: str) -> None:
    require_tensor(target, name, "target", 2)
    if target.array.dtype is not dtypes.int64.dtype:
        raise RuntimeError(f"expected scalar type Long but found {dtypes.title(target.array.dtype)}")


def multi_margin_loss(input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None,
                      size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Tensor:
    """w_t / C sum_(c != t) max(0, margin - x_t + x_c)^p of scores x (N, C) or (C) and classes t (N) or ()"""
    how = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.array.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    x = _matrix(input, "multi_margin_loss")
    _check_long(target, "multi_margin_loss")
    rows, classes = x.array.shape
    if target.array.ndim > 1 or target.array.size != rows:
        raise RuntimeError("multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
                           f"samples (batch size). Expected target size [{rows}], but got "
                           f"{list(target.array.shape)}. Input has shape {list(input.array.shape)}.")
    if weight is not None and weight.array.size != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight.array.shape)}")
    t = np.ascontiguousarray(target.array.reshape(-1))
    if ((t < 0) | (t >= classes)).any():
        raise RuntimeError("target out of range")
    others = make((np.arange(classes) != t[:, None]).astype(x.array.dtype))
    gap = relu(x - softmax_ops.pick(x, make(t), -1).unsqueeze(1) + margin) * others
    loss = (gap if p == 1 else gap.square()).sum(1) / classes
    if weight is not None:
        loss = loss * make(weight.array[t].astype(x.array.dtype))
    return reduced(loss.reshape(target.array.shape) if input.array.ndim < 2 else loss, how)


def multilabel_margin_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None,
                           reduction: str = "mean") -> Tensor:
    """1 / C sum_(j in T) sum_(i not in T) max(0, 1 - (x_j - x_i)) of scores x (N, C) or (C); T: the classes of a row of
    the target, of x's shape, up to its first -1"""
    how = reduction_of(reduction, size_average, reduce)
    x = _matrix(input, "multilabel_margin_loss")
    if target.array.shape != input.array.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.array.shape)} for input of size: "
                           f"{list(input.array.shape)}")
    _check_long(target, "multilabel_margin_loss")
    rows, classes = x.array.shape
    t = target.array.reshape(rows, classes)
    if t.size and (t.min() < -1 or t.max() >= classes):
        raise RuntimeError("argument #2 'target' is out of range")
    listed = np.logical_and.accumulate(t >= 0, axis=1)
    count = np.zeros((rows, classes), x.array.dtype)  # how often each class is listed
    np.add.at(count, (np.nonzero(listed)[0], t[listed]), 1)
    pairs = make(count[:, :, None] * (count == 0)[:, None, :])  # (N, j, i)
    loss = (relu(1.0 - (x.unsqueeze(2) - x.unsqueeze(1))) * pairs).sum((1, 2)) / classes
    return reduced(loss if input.array.ndim == 2 else loss.reshape(()), how)


def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None, size_average: Any = None,
                                reduce: Any = None, reduction: str = "mean") -> Tensor:
    """-1 / C sum_c w_c (t_c log s_c + (1 - t_c) log(1 - s_c)), s = sigmoid(x)"""
    if size_average is not None or reduce is not None:
        reduction = reduction_of(reduction, size_average, reduce)
    require_tensor(input, "multilabel_soft_margin_loss")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    loss = target * softplus(-input, threshold=float("inf")) + (1 - target) * softplus(input, threshold=float("inf"))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / input.array.shape[-1], reduction)
