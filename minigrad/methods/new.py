"""The methods of Tensor that make other tensors of its type: new_zeros and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine import TensorBase
from minigrad.names import named
from minigrad.native import empty as allocate
from minigrad.ops.making import allocating, dtype_of, finish, made_of_numbers, size_of
from minigrad.ops.nested import array_of
from minigrad.ops.operands import scalar

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["NewMethods"]


def _new(name: str, make_array: Any) -> Any:
    """The method x.name(*size), of x's own dtype unless told."""
    def method(self: Any, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False,
               layout: Any = None, **keywords: Any) -> Any:
        array = make_array(size_of(size, keywords, name), dtype_of(dtype, self.array.dtype))
        return finish(array, requires_grad, None, device)

    return allocating(named(method, name, f"{name[4:]}(*size), of this tensor's dtype unless told."))


class NewMethods(TensorBase):
    """Tensors of this one's type."""

    new_zeros, new_ones = _new("new_zeros", made_of_numbers(np.zeros)), _new("new_ones", made_of_numbers(np.ones))
    new_empty = _new("new_empty", allocate)

    def new_full(self, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
                 requires_grad: bool = False, layout: Any = None, pin_memory: bool = False) -> Self:
        """full(size, fill_value), of this tensor's dtype unless told."""
        wanted = dtype_of(dtype, self.array.dtype)
        return self.new_empty(size, dtype=wanted, device=device).fill_(
            finish(scalar(fill_value, wanted, "new_full"))).requires_grad_(requires_grad)

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Self:
        """tensor(data), of this tensor's dtype unless told."""
        array = np.array(array_of(data, dtype_of(dtype, self.array.dtype)), order="C")
        return finish(array, requires_grad, None, device)

    def new(self, *args: Any) -> Self:
        """The old form of new_empty(*sizes) and of new_tensor(sequence)."""
        if len(args) == 1 and not isinstance(args[0], int):
            return self.new_tensor(args[0])
        return self.new_empty(args or 0)

    def apply_(self, callable: Any) -> Self:
        """Each element replaced by callable(element), in place; slow, and without gradients."""
        return self.map_(None, callable)

    def map_(self, other: Any, callable: Any) -> Self:
        """Each element replaced by callable(element, other's element), in place; slow, and without gradients."""
        if self.requires_grad or (other is not None and other.requires_grad):
            raise RuntimeError("Can't call apply_() or map_() on Variable that requires grad. Use var.detach() first.")
        arrays = (self.array,) if other is None else (self.array, np.broadcast_to(other.array, self.array.shape))
        values = [callable(*(v.item() for v in values)) for values in zip(*(a.reshape(-1) for a in arrays))]
        self[...] = self.new_tensor(values).reshape(self.array.shape)
        return self
