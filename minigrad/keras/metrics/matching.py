"""How often predictions are right: 1 or 0 for each sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import dtype_of
from minigrad.keras.losses.pairs import same_rank
from minigrad.keras.metrics.metric import FunctionMetric
from minigrad.keras.tensors import as_array
from minigrad.ops.extremes import argmax

__all__ = ["Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy",
           "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy", "accuracy", "binary_accuracy",
           "categorical_accuracy", "sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy",
           "top_k_categorical_accuracy"]


def _best(x: Any) -> np.ndarray:
    """The class that is largest."""
    return argmax(make(as_array(x)), -1).array


def _matches(x: Any, y: Any) -> np.ndarray:
    return (x == y).astype(dtype_of())


def accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """Where they are equal."""
    y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
    return _matches(y_true.astype(y_pred.dtype), y_pred)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> np.ndarray:
    """Where y_pred > threshold is 1, or else 0, as y_true is."""
    y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
    return _matches(y_true, y_pred > y_pred.dtype.type(threshold))


def categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """Where both are largest for the same class."""
    return _matches(_best(y_true), _best(y_pred))


def _classes(y_true: Any, y_pred: np.ndarray) -> np.ndarray:
    """Numbers of classes, without a last axis of length 1 in the place of y_pred's classes."""
    y_true = as_array(y_true)
    return y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """Where y_pred is largest for the class y_true."""
    y_pred = as_array(y_pred)
    matches = _matches(_classes(y_true, y_pred), _best(y_pred))
    return matches[..., 0] if matches.ndim > 1 and matches.shape[-1] == 1 else matches


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5,
                                      from_sorted_ids: bool = False) -> np.ndarray:
    """Where fewer than k classes have more than the class y_true; or where it is among the first k of y_pred, which
    holds numbers of classes, best first."""
    y_pred = as_array(y_pred)
    y_true = _classes(y_true, y_pred)[..., None]
    if from_sorted_ids:
        return (y_pred[..., :k] == y_true).any(-1).astype(dtype_of())
    own = np.take_along_axis(y_pred, y_true.astype(np.int64), -1)
    return ((y_pred > own).sum(-1) < k).astype(dtype_of())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> np.ndarray:
    """Where y_true's largest class is among the k largest of y_pred."""
    return sparse_top_k_categorical_accuracy(_best(y_true), y_pred, k)


class Accuracy(FunctionMetric, function=accuracy, name="accuracy", dtype=None):
    pass


class BinaryAccuracy(FunctionMetric, function=binary_accuracy, name="binary_accuracy", dtype=None, threshold=0.5):
    pass


class CategoricalAccuracy(FunctionMetric, function=categorical_accuracy, name="categorical_accuracy", dtype=None):
    pass


class SparseCategoricalAccuracy(FunctionMetric, function=sparse_categorical_accuracy,
                                name="sparse_categorical_accuracy", dtype=None):
    pass


class TopKCategoricalAccuracy(FunctionMetric, function=top_k_categorical_accuracy, k=5,
                              name="top_k_categorical_accuracy", dtype=None):
    pass


class SparseTopKCategoricalAccuracy(FunctionMetric, function=sparse_top_k_categorical_accuracy, k=5,
                                    name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
    pass
