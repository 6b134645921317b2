"""How a method that ends in _ changes its tensor: it takes the elements and the history of a result."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import DETACHED, TensorBase, alias, view_needs_grad
from minigrad.grad_mode import mode
from minigrad.memory import owns_memory
from minigrad.names import named
from minigrad.ops import indexing, views
from minigrad.ops.kernel import copied, copy_elements

__all__ = ["assign", "become", "in_place", "reshape_in_place"]


def _refuse_leaf(x: Any) -> None:
    if mode.enabled and x.needs_grad and x.node is None:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")


def _refuse_read_only(x: Any) -> None:
    if not x.array.flags.writeable:
        raise RuntimeError("this tensor's array is read-only (it is expanded, or NumPy marks it so): clone() it first")


def _apart(array: np.ndarray, result: Any) -> np.ndarray:
    """The result's elements, in other memory than this array's."""
    alone = owns_memory(array) and owns_memory(result.array)
    return result.array if alone or not np.may_share_memory(array, result.array) else copied(result).array


def become(x: Any, result: Any) -> Any:
    """Give x the elements and the history of result, in x's own memory: how every in-place method ends."""
    _refuse_leaf(x)
    if result.array.shape != x.array.shape:
        raise RuntimeError(f"output with shape {list(x.array.shape)} doesn't match the broadcast shape "
                           f"{list(result.array.shape)}")
    kinds = result.array.dtype.kind + x.array.dtype.kind
    if kinds != "iu" and not np.can_cast(result.array.dtype, x.array.dtype, "same_kind"):  # NumPy has "iu" as unsafe
        raise RuntimeError(f"result type {dtypes.of(result.array.dtype)} can't be cast to the desired output type "
                           f"{x.dtype}")
    _refuse_read_only(x)
    recorded = mode.enabled and (result.needs_grad or x.needs_grad)
    through = x._base if recorded and x._base_node is not DETACHED else None  # x is a view: its base gets the history
    changed = result if through is None else views.put_view(x, result)
    copy_elements(x.array, _apart(x.array, result))
    x.count_change()
    if recorded:
        owner = x if through is None else through
        owner.node, owner.index, owner.needs_grad = changed.node, changed.index, changed.needs_grad
        if through is not None:
            views.follow_base(x)
    return x


def in_place(function: Any) -> Any:
    """The method x.f_(...) that gives x the result of f(x, ...)."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        x = self
        if x._base is not None:
            view_needs_grad(x)  # lets it follow its base first
        if mode.enabled and (x.needs_grad or any(isinstance(a, TensorBase) and a.needs_grad for a in args)):
            x = alias(self)  # f may save x, whose memory is about to change: let it save a copy
            x.array, x._pointer, x._counter = self.array.copy(), None, None
            x.node, x.index, x.needs_grad = self.node, self.index, self.needs_grad
        return become(self, function(x, *args, **kwargs))

    return named(method, function.__name__ + "_", f"In place: {function.__doc__ or function.__name__}")


def assign(x: Any, key: Any, value: Any) -> None:
    """x[key] = value: straight into the memory where no gradient is recorded."""
    for tensor in (x, value):
        if isinstance(tensor, TensorBase) and tensor._base is not None:
            view_needs_grad(tensor)  # lets it follow its base first
    if mode.enabled and (x.needs_grad or (isinstance(value, TensorBase) and value.needs_grad)):
        become(x, indexing.put(x, key, value))
        return
    _refuse_read_only(x)
    indexing.write(x, key, value)
    x.count_change()


def reshape_in_place(function: Any) -> Any:
    """The method x.f_(...) that makes x the view f(x, ...) of itself."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        x = self
        if x._base is not None:
            view_needs_grad(x)
        _refuse_leaf(x)
        before = alias(x)
        before.node, before.index, before.needs_grad = x.node, x.index, x.needs_grad
        y = function(before, *args, **kwargs)
        x.array, x._pointer = y.array, None
        x.node, x.index, x.needs_grad = y.node, y.index, y.needs_grad
        x.count_change()
        return x

    return named(method, function.__name__ + "_", f"In place: {function.__doc__}")
