"""The methods of Tensor that make other tensors of its type: new_zeros and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.creation import empty, full, ones, tensor, zeros

__all__ = ["NewMethods"]


def _new(create: Any) -> Any:
    """The method that calls a creation function with the tensor's own dtype for default."""
    def method(self: Any, *args: Any, dtype: Any = None, **kwargs: Any) -> Any:
        return create(*args, dtype=self.array.dtype if dtype is None else dtype, **kwargs)

    method.__name__ = method.__qualname__ = f"new_{create.__name__}"
    method.__doc__ = f"{create.__name__}(...), of this tensor's dtype unless told."
    return method


class NewMethods:
    """Tensors of this one's type."""

    new_zeros, new_ones, new_empty, new_full, new_tensor = map(_new, (zeros, ones, empty, full, tensor))

    def new(self, *args: Any) -> Any:
        """The old form of new_empty(*sizes) and of new_tensor(sequence)."""
        if len(args) == 1 and not isinstance(args[0], int):
            return tensor(args[0], dtype=self.array.dtype)
        return empty(args or (0,), dtype=self.array.dtype)

    def apply_(self, callable: Any) -> Any:
        """Each element replaced by callable(element), in place; slow, and without gradients."""
        return self.map_(None, callable)

    def map_(self, other: Any, callable: Any) -> Any:
        """Each element replaced by callable(element, other's element), in place; slow, and without gradients."""
        if self.requires_grad or (other is not None and other.requires_grad):
            raise RuntimeError("Can't call apply_() or map_() on Variable that requires grad. Use var.detach() first.")
        arrays = (self.array,) if other is None else (self.array, np.broadcast_to(other.array, self.array.shape))
        values = [callable(*(v.item() for v in values)) for values in zip(*(a.reshape(-1) for a in arrays))]
        self[...] = tensor(values, dtype=self.array.dtype).reshape(self.array.shape)
        return self
