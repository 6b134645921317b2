"""Cross-entropies. y_pred holds probabilities, or with from_logits what softmax or sigmoid would make them of.

Probabilities that are the result of activations.softmax or activations.sigmoid are computed from its input, by one
stable kernel. Others are clipped to [epsilon, 1 - epsilon] first, those of classes after division by their sum.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import epsilon
from minigrad.keras.losses.pairs import as_floats, pair, require_shapes
from minigrad.ops.loss import BCE, BCELogits
from minigrad.ops.soft_cross_entropy import SoftCrossEntropy
from minigrad.ops.softmax import cross_entropy, pick
from minigrad.tensor import Tensor

__all__ = ["binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
           "categorical_focal_crossentropy", "categorical_generalized_cross_entropy", "dice",
           "sparse_categorical_crossentropy", "tversky"]

_NO_CLASS = -(1 << 63)  # what no target is


def logits_of(y_pred: Tensor, from_logits: bool, activation: str) -> Tensor | None:
    """y_pred if it is logits, or what this activation made it from, if it did and nothing changed it; else None."""
    if from_logits:
        return y_pred
    kind, x, version = getattr(y_pred, "_keras_logits", (None, None, 0))
    return x if kind == activation and y_pred.version() == 0 and x.version() == version else None


def _clipped(y: Tensor) -> Tensor:
    return y.clamp(epsilon(), 1.0 - epsilon())


def _smoothed(t: Tensor, label_smoothing: float, share: float) -> Tensor:
    """(1 - e) t + e share"""
    return t * (1.0 - label_smoothing) + label_smoothing * share if label_smoothing else t


def _log_probabilities(y: Tensor) -> Tensor:
    return _clipped(y / y.sum(-1, True)).log()


def _check_axis(axis: Any) -> None:
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be of type `int`. Received: axis={axis} of type {type(axis)}")


# -- two classes -------------------------------------------------------------------------------------------------------


def _binary(t: Tensor, y: Tensor, from_logits: bool, each: int, scale: float) -> Tensor:
    """The sum times scale, or each element's loss."""
    require_shapes(t, y)
    logits = logits_of(y, from_logits, "sigmoid")
    if logits is None:
        return BCE.apply(_clipped(y), t, each, scale, 0.0)
    return BCELogits.apply(logits, t, each, scale, 0.0)


def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                        axis: int = -1) -> Tensor:
    """mean -(t ln y + (1 - t) ln(1 - y)); label_smoothing e replaces t by (1 - e) t + e / 2"""
    t, y = pair(y_true, y_pred)
    return _binary(_smoothed(t, label_smoothing, 0.5), y, from_logits, 1, 1.0).mean(axis)


def _binary_mean(y_true: Tensor, y_pred: Tensor, from_logits: bool = False, label_smoothing: float = 0.0,
                 axis: int = -1) -> Tensor:
    t, y = pair(y_true, y_pred)
    size = y.array.size
    return _binary(_smoothed(t, label_smoothing, 0.5), y, from_logits, 0, 1.0 / size if size else math.nan)


binary_crossentropy.batch_mean = _binary_mean


# -- classes as probabilities ------------------------------------------------------------------------------------------


def _classes(y_true: Any, y_pred: Any, label_smoothing: float, axis: int, name: str) -> tuple[Tensor, Tensor]:
    """y_true, smoothed, and y_pred, of one shape; with a warning where there is one class."""
    _check_axis(axis)
    t, y = pair(y_true, y_pred)
    require_shapes(t, y)
    if not y.array.ndim:
        raise ValueError("Arguments `target` and `output` must be at least rank 1. Received: "
                         f"target.shape={tuple(t.shape)}, output.shape={tuple(y.shape)}")
    if y.array.shape[-1] == 1:
        warnings.warn(f"In loss {name}, expected y_pred.shape to be (batch_size, num_classes) with num_classes > 1. "
                      f"Received: y_pred.shape={tuple(y.shape)}. Consider using 'binary_crossentropy' if you only have "
                      "2 classes.", SyntaxWarning, stacklevel=4)
    return _smoothed(t, label_smoothing, 1.0 / max(t.array.shape[-1], 1)), y


def _last(x: Tensor, axis: int) -> Tensor:
    return x if axis in (-1, x.array.ndim - 1) else x.movedim(axis, -1)


def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                             axis: int = -1) -> Tensor:
    """-sum t ln y; label_smoothing e replaces t by (1 - e) t + e / classes"""
    t, y = _classes(y_true, y_pred, label_smoothing, axis, "categorical_crossentropy")
    logits = logits_of(y, from_logits, "softmax")
    t = _last(t, axis)
    if logits is None:
        return -(t * _log_probabilities(_last(y, axis))).sum(-1)
    x = _last(logits, axis)
    columns = x.array.shape[-1]
    return SoftCrossEntropy.apply(x.reshape(-1, columns), t.reshape(-1, columns), False).reshape(x.array.shape[:-1])


def _categorical_mean(y_true: Tensor, y_pred: Tensor, from_logits: bool = False, label_smoothing: float = 0.0,
                      axis: int = -1) -> Tensor | None:
    x = logits_of(y_pred, from_logits, "softmax")
    if x is None or x.array.ndim != 2 or axis not in (-1, 1):
        return None
    t, _ = _classes(y_true, y_pred, label_smoothing, axis, "categorical_crossentropy")
    return SoftCrossEntropy.apply(x, t, True)


categorical_crossentropy.batch_mean = _categorical_mean


# -- classes as numbers ------------------------------------------------------------------------------------------------


def _numbers(y_true: Any, y_pred: Tensor, axis: int) -> Tensor:
    """Classes as int64, without an axis of length 1 in the place of y_pred's classes."""
    array = y_true.array if isinstance(y_true, Tensor) else np.asarray(y_true)
    if array.ndim == y_pred.array.ndim and array.shape[axis] == 1:
        array = array.squeeze(axis)
    shape = y_pred.array.shape
    rest = shape[:axis] + shape[axis:][1:]
    if array.shape != rest:
        raise ValueError("Arguments `target` and `output` must have the same shape up until the last dimension: "
                         f"target.shape={array.shape}, output.shape={shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise IndexError(f"Target {array[~np.isfinite(array)][0]} is out of bounds.")
    return make(np.ascontiguousarray(array, np.int64))


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False,
                                    ignore_class: int | None = None, axis: int = -1) -> Tensor:
    """-ln y_t of the class t; 0 where t is ignore_class, which a mean over the batch does not count.

    IndexError for a class that is not there, where Keras's loss is silently 0.
    """
    y = as_floats(y_pred)
    logits = logits_of(y, from_logits, "softmax")
    t = _numbers(y_true, y, axis)
    ignore = _NO_CLASS if ignore_class is None else int(ignore_class)
    x = _last(y if logits is None else logits, axis)
    rows, each = x.reshape(-1, x.array.shape[-1]), t.reshape(-1)
    loss = -pick(_log_probabilities(rows), each, ignore) if logits is None else cross_entropy(rows, each, ignore, False)
    loss = loss.reshape(t.array.shape)
    if ignore_class is not None:
        loss._keras_mask = t.array != ignore
    return loss


def _sparse_mean(y_true: Tensor, y_pred: Tensor, from_logits: bool = False, ignore_class: int | None = None,
                 axis: int = -1) -> Tensor | None:
    x = logits_of(y_pred, from_logits, "softmax")
    if x is None or x.array.ndim != 2 or axis not in (-1, 1) or ignore_class is not None or not x.array.size:
        return None
    return cross_entropy(x, _numbers(y_true, x, -1), _NO_CLASS, True)


sparse_categorical_crossentropy.batch_mean = _sparse_mean
sparse_categorical_crossentropy.takes_classes = True


# -- less weight for what is easy, and overlaps ------------------------------------------------------------------------


def binary_focal_crossentropy(y_true: Any, y_pred: Any, apply_class_balancing: bool = False, alpha: float = 0.25,
                              gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
                              axis: int = -1) -> Tensor:
    """mean (1 - p)^gamma times the binary cross-entropy, p = t y + (1 - t) (1 - y); class balancing multiplies by
    t alpha + (1 - t) (1 - alpha)  (Lin et al., 2018)"""
    t, y = pair(y_true, y_pred)
    t = _smoothed(t, label_smoothing, 0.5)
    y = y.sigmoid() if from_logits else y
    loss = (1.0 - (t * y + (1.0 - t) * (1.0 - y))) ** gamma * _binary(t, y, False, 1, 1.0)
    return (loss * (t * alpha + (1.0 - t) * (1.0 - alpha)) if apply_class_balancing else loss).mean(axis)


def categorical_focal_crossentropy(y_true: Any, y_pred: Any, alpha: float = 0.25, gamma: float = 2.0,
                                   from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Tensor:
    """-sum alpha (1 - y)^gamma t ln y"""
    t, y = _classes(y_true, y_pred, label_smoothing, axis, "categorical_focal_crossentropy")
    y = y.softmax(axis) if from_logits else y
    y = _clipped(y / y.sum(axis, True))
    return -((1.0 - y) ** gamma * alpha * t * y.log()).sum(axis)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """(1 - y_t^q) / q of the class t  (Zhang and Sabuncu, 2018)"""
    y = as_floats(y_pred)
    t = _numbers(y_true, y, -1)
    p = pick(y.reshape(-1, y.array.shape[-1]), t.reshape(-1), _NO_CLASS).reshape(t.array.shape)
    return (1.0 - p ** q) / q


categorical_generalized_cross_entropy.takes_classes = True


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """1 - 2 sum t y / (sum t + sum y + epsilon)  (Sudre et al., 2017)"""
    t, y = pair(y_true, y_pred)
    return 1.0 - (t * y).sum(axis) * 2.0 / (t.sum(axis) + y.sum(axis) + epsilon())


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Tensor:
    """1 - o / (o + alpha sum t (1 - y) + beta sum (1 - t) y + epsilon), o = sum t y  (Salehi et al., 2017)"""
    t, y = pair(y_true, y_pred)
    o = (t * y).sum(axis)
    return 1.0 - o / (o + ((1.0 - y) * t).sum(axis) * alpha + (y * (1.0 - t)).sum(axis) * beta + epsilon())
