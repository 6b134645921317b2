"""In-place changes and views. A view shares memory with its base, so a change of one is a change of the other, and
their histories must agree: a change through a view is recorded as a change of its base, and a view whose base has
changed takes the base's new history when it is next used. Both by the view's positions in the base's memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.grad_mode import enable_grad
from minigrad.ops.indexing import Index, Put
from minigrad.ops.shape import Reshape

__all__ = ["follow_base", "put_view"]


def positions(view: Any) -> np.ndarray:
    """Where each element of a view lies in its base, flattened."""
    base, array = view._base.array, view.array
    if not base.flags.c_contiguous:
        raise RuntimeError("in-place operations on a view of a tensor that is not contiguous are not recorded: call "
                           ".contiguous() before making the view")
    size = array.itemsize
    first, start = (a.__array_interface__["data"][0] for a in (array, base))
    numbers = np.arange(base.size)
    return np.ndarray(array.shape, numbers.dtype, numbers, (first - start) // size * numbers.itemsize,
                      [stride // size * numbers.itemsize for stride in array.strides])


def put_view(view: Any, value: Any) -> Any:
    """The base of a view, with the view's elements replaced by value's."""
    base = view._base
    if base.needs_grad and base.node is None:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    flat = Put.apply(Reshape.apply(base, (-1,)), positions(view), value)
    return Reshape.apply(flat, base.array.shape)


def follow_base(view: Any) -> None:
    """Give a view the history of its base as it is now."""
    base = view._base
    with enable_grad():
        now = Index.apply(Reshape.apply(base, (-1,)), positions(view))
    view.node, view.index, view.needs_grad = now.node, now.index, now.needs_grad
    view._base_node = base.node
