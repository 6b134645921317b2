"""keras.ops: functions by Keras's names, of tensors, Variables and arrays; and of KerasTensors, which makes each call a
layer of the model."""

from typing import Any

import numpy as np

from minigrad.keras.ops.functions import PUBLIC
from minigrad.keras.symbolic import KerasTensor
from minigrad.keras.tensors import as_array
from minigrad.names import package_getattr
from minigrad.tensor import Tensor


def shape(x: Any) -> tuple:
    """The sizes of the axes; None for those of a KerasTensor that are not known."""
    return tuple(x.shape)


def ndim(x: Any) -> int:
    return len(x.shape)


def dtype(x: Any) -> str:
    """The name of the element type."""
    return x.dtype if isinstance(x, KerasTensor) else as_array(x).dtype.name


def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    """true_fn() or false_fn()"""
    return true_fn() if bool(as_array(pred)) else false_fn()


def size(x: Any) -> int:
    return as_array(x).size


def is_tensor(x: Any) -> bool:
    return isinstance(x, (Tensor, KerasTensor))


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values, as an array."""
    return np.array(as_array(x))


globals().update(PUBLIC)

__all__ = [*PUBLIC, "cond", "convert_to_numpy", "dtype", "is_tensor", "ndim", "shape", "size"]

_ABSENT = dict.fromkeys(("conv", "einsum", "fori_loop", "map", "scan", "segment_sum", "sort", "top_k", "vectorized_map",
                         "while_loop"), "use minigrad's own functions, which are PyTorch's")

__getattr__ = package_getattr("minigrad.keras.ops", _ABSENT)
