"""What every loss does first: y_true and y_pred as tensors of one type and rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import dtype_of
from minigrad.ops.kernel import broadcast
from minigrad.tensor import Tensor

__all__ = ["as_floats", "as_tensor", "kind_of", "pair", "require_shapes", "same_rank", "same_shape"]


def as_tensor(x: Any, dtype: np.dtype | None = None) -> Tensor:
    """x as a tensor of this dtype; without one a tensor keeps its own, and other things get floatx."""
    if isinstance(x, Tensor):
        return x if dtype is None or x.array.dtype is dtype else x.to(dtype)
    return make(np.array(x, dtype_of() if dtype is None else dtype))


def as_floats(x: Any) -> Tensor:
    """x as a tensor of floating-point numbers, floatx unless they are."""
    x = as_tensor(x)
    return x if x.array.dtype.kind == "f" else x.to(dtype_of())


def same_rank(x: Any, y: Any, expand_vector: bool = True) -> tuple[Any, Any]:
    """x and y of one rank where a last axis of length 1 makes the difference: a vector gets one, else it is dropped."""
    more = x.ndim - y.ndim
    if more == 1 and x.shape[-1] == 1:
        return (x, y[..., None]) if y.ndim == 1 and expand_vector else (x[..., 0], y)
    if more == -1 and y.shape[-1] == 1:
        return (x[..., None], y) if x.ndim == 1 and expand_vector else (x, y[..., 0])
    return x, y


def pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors, y_true in the type of y_pred."""
    y_pred = as_floats(y_pred)
    return as_tensor(y_true, y_pred.array.dtype), y_pred


def same_shape(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of one type and rank, broadcast to one shape."""
    y_true, y_pred = pair(y_true, y_pred)
    if y_true.array.shape != y_pred.array.shape:
        y_true, y_pred = same_rank(y_true, y_pred)
        shape = broadcast(y_true.array.shape, y_pred.array.shape)[0]
        y_true, y_pred = y_true.expand(*shape), y_pred.expand(*shape)
    return y_true, y_pred


def require_shapes(y_true: Any, y_pred: Any) -> None:
    """ValueError unless both have one shape."""
    if y_true.array.shape != y_pred.array.shape:
        raise ValueError("Arguments `target` and `output` must have the same shape. Received: "
                         f"target.shape={tuple(y_true.shape)}, output.shape={tuple(y_pred.shape)}")


def kind_of(true_shape: tuple[int, ...], pred_shape: tuple[int, ...]) -> str:
    """What "accuracy" and "crossentropy" mean for these shapes: "binary", "sparse_categorical" or "categorical"."""
    if pred_shape[-1:] == (1,):
        return "binary"
    if len(true_shape) < len(pred_shape) or true_shape[-1] == 1:
        return "sparse_categorical"
    return "categorical"
