"""Classes and rows by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.ops.gather import rows

__all__ = ["embedding", "one_hot"]


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """int64 (..., C): 1 at each class, 0 elsewhere"""
    classes = tensor.array
    if classes.dtype.kind not in "iu":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if classes.size and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        if not classes.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(classes.max()) + 1
    elif classes.size and classes.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return make((classes[..., None] == np.arange(num_classes)).astype(np.int64))


def embedding(input: Any, weight: Any) -> Any:
    """weight[t] for integers t of any shape"""
    y = rows(weight, input.reshape(-1))
    return y.reshape(*input.array.shape, *weight.array.shape[1:])
