"""Parameter, a tensor that a module trains, and Buffer, one that it only keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.creation import from_numpy
from minigrad.native import empty
from minigrad.tensor import Tensor

__all__ = ["Buffer", "Parameter"]


class Parameter(Tensor):
    """A tensor that a Module finds by itself when it is assigned to an attribute, and that optimisers change.

    Shares the memory of `data`. TypeError if data is no tensor, RuntimeError if integers are to require grad.
    """

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        _share(self, data)
        if requires_grad and not self.is_floating_point():
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        self.requires_grad_(requires_grad)

    def __deepcopy__(self, memo: dict) -> Parameter:
        if id(self) not in memo:  # PyTorch's: without the gradient
            memo[id(self)] = type(self)(self.detach().clone(), self.requires_grad)
        return memo[id(self)]

    def __reduce__(self) -> tuple:
        return _rebuild, (type(self), np.asarray(self.array, order="C"), self.requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that a Module keeps as a buffer when it is assigned to an attribute; in the state_dict if persistent."""

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        _share(self, data)
        self.requires_grad_(data is not None and data.requires_grad)
        self.persistent = persistent


def _rebuild(cls: type[Parameter], array: np.ndarray, requires_grad: bool) -> Parameter:
    return cls(from_numpy(array), requires_grad)


def _share(tensor: Tensor, data: Any) -> None:
    """Give tensor the array of data, and its version counter: a change to one is seen as a change to both."""
    if data is None:
        tensor.array = empty(0, dtypes.default_float())
    elif isinstance(data, Tensor):
        tensor.array, tensor._pointer, tensor._counter = data.array, data._pointer, data.counter()
    else:
        raise TypeError(f"{type(tensor).__name__} data must be a Tensor, but got {type(data).__name__}")
