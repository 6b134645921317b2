"""What the functions of keras.ops take, as tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import dtype_of
from minigrad.tensor import Tensor

__all__ = ["each_of_many", "of_one", "of_two", "tensor_of"]


def tensor_of(x: Any, like: Any = None) -> Any:
    """x as a tensor; numbers of the type of another tensor, if there is one."""
    if isinstance(x, Tensor):
        return x
    array = np.asarray(x)
    kind = like.array.dtype if isinstance(like, Tensor) and (array.ndim == 0 or array.dtype.kind == "f") else None
    if kind is None or (kind.kind != "f" and array.dtype.kind == "f"):
        kind = dtype_of() if array.dtype.kind == "f" else array.dtype
    return make(np.array(array, kind))


def of_one(function: Callable) -> Callable:
    """The function, its first argument made a tensor."""
    return lambda x, *args, **kwargs: function(tensor_of(x), *args, **kwargs)


def of_two(function: Callable) -> Callable:
    """The function of two, a number taken for what the other is."""
    def call(x1: Any, x2: Any) -> Any:
        a = tensor_of(x1, x2)
        return function(a, tensor_of(x2, a))

    return call


def each_of_many(function: Callable) -> Callable:
    """The function of a list, its items made tensors."""
    return lambda xs, *args, **kwargs: function([tensor_of(x) for x in xs], *args, **kwargs)
