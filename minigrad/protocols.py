"""Python's own protocols on a tensor: printing, copying, pickling, truth, iteration, NumPy's array and DLPack."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Number
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import TensorBase, alias, make
from minigrad.printing import format_tensor
from minigrad.tape import refuse

__all__ = ["Protocols"]


class Protocols(TensorBase):
    """What makes a tensor at home in Python."""

    def __copy__(self) -> Any:
        return self.detach().requires_grad_(self.needs_grad) if self.node is None else alias(self)

    def __deepcopy__(self, memo: dict) -> Any:
        if self.node is not None:
            raise RuntimeError("Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                               "protocol at the moment. Use .detach() or .clone().")
        copy = memo[id(self)] = object.__new__(type(self))
        copy.__dict__.update({k: v for k, v in self.__dict__.items() if not k.startswith("_")})
        copy.array = self.array.copy()
        if self._grad is not None:
            copy._grad = self._grad.detach().clone()
        return copy

    def __reduce__(self) -> tuple:
        if self.node is not None:
            raise RuntimeError("only leaf tensors can be pickled; use .detach()")
        return _rebuild, (type(self), np.array(self.array, order="C"), self.needs_grad)

    # -- Python's protocols --------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        refuse("a tensor as text")
        return format_tensor(self)

    def __format__(self, spec: str) -> str:
        """A number's for a tensor without dimensions; object's, which takes no spec, for others and for a Parameter."""
        plain = self.array.ndim == 0 and type(self).__name__ == "Tensor"
        return self.item().__format__(spec) if plain else object.__format__(self, spec)

    def __bool__(self) -> Any:
        if self.array.size != 1:
            raise RuntimeError("Boolean value of Tensor with " + (
                "no values" if not self.array.size else "more than one value") + " is ambiguous")
        refuse("bool(tensor), or a branch on it")
        return self.array.item() != 0

    def __float__(self) -> Any:
        return float(self._single())

    def __int__(self) -> Any:
        return int(self._single())

    def _single(self) -> Any:
        if self.array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        refuse("a tensor as a Python number")
        return self.array.item()

    def __index__(self) -> Any:
        if self.array.dtype.kind not in "iub" or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self) -> Any:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.array.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.array.shape[0]))

    def __contains__(self, value: Any) -> Any:
        refuse("`in` with a tensor")
        if not isinstance(value, (TensorBase, Number)):
            raise RuntimeError("Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                               f"{type(value)}.")
        return bool((self.array == (value.array if isinstance(value, TensorBase) else value)).any())

    __hash__ = object.__hash__

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        array = self.numpy()
        return array.astype(dtype) if dtype is not None and array.dtype != dtype else array.copy() if copy else array

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        """What NumPy made of this tensor, as a tensor."""
        return make(dtypes.canonical(np.asarray(array)))

    def __reversed__(self) -> Any:
        return self.flip(0) if self.array.ndim else self

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.needs_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self.array.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple:
        return self.array.__dlpack_device__()


def _rebuild(cls: type, array: np.ndarray, needs_grad: bool) -> Any:
    tensor = object.__new__(cls)
    tensor.array, tensor.needs_grad = dtypes.canonical(array), needs_grad
    return tensor
