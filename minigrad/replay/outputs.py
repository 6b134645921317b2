"""What a recorded function returns: where each tensor of it comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine import DETACHED, Function, TensorBase, make
from minigrad.native import ffi
from minigrad.ops.kernel import new
from minigrad.replay.reachable import Reachable
from minigrad.replay.recorder import NotRecordable, address_of
from minigrad.replay.regions import Region, Regions

__all__ = ["Outputs", "Spent", "leaves_of", "rebuilt"]


class Spent(Function):
    """What made an output whose graph the step's own backward has freed."""

    _saved = None

    @staticmethod
    def backward(ctx: Any, *dys: Any) -> Any:
        return ctx.saved_tensors  # which says that it was freed


_spent = Spent()


def leaves_of(value: Any) -> list[Any]:
    """The tensors and other values in nested lists, tuples and dicts, in order."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves_of(item)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves_of(item)]
    return [value]


def rebuilt(value: Any, leaves: Any) -> Any:
    """The same lists, tuples and dicts, with other leaves, taken from an iterator."""
    if isinstance(value, dict):
        items = {key: rebuilt(item, leaves) for key, item in value.items()}
        return items if type(value) is dict else type(value)(items)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[rebuilt(item, leaves) for item in value])
    if isinstance(value, (list, tuple)):
        return type(value)([rebuilt(item, leaves) for item in value])
    return next(leaves)


class Outputs:
    """How to give back what the function returned, after each replay."""

    def __init__(self, result: Any, memory: Regions, reached: Reachable, inputs: list[Any],
                 proxies: list[Any], written: set[Region]) -> None:
        self.structure = result
        self.regions: set[Region] = set()
        self.slots: list[Region] = []
        self._known = {id(tensor) for _, tensor in reached.tensors.values()}
        self._grads = {id(tensor._grad): tensor for _, tensor in reached.tensors.values() if tensor._grad is not None}
        self._inputs, self._proxies, self._first, self._written = inputs, proxies, len(inputs), written
        self._specs: list[Any] = []  # (number of the slot, shape, dtype, offset, strides); (a plain value,); None
        self._makers = []
        for leaf in leaves_of(result):
            self._specs.append(None if isinstance(leaf, TensorBase) else (leaf,))
            self._makers.append(self._maker(leaf, memory))
        self.structure = rebuilt(result, iter([None] * len(self._makers)))  # holds no tensor
        self._one = self._makers[0] if not isinstance(result, (list, tuple, dict)) else None
        del self._proxies, self._inputs, self._written

    def _maker(self, leaf: Any, memory: Regions) -> Callable[[list[Any], Any], Any]:
        """A function of (fresh memory of each slot, inputs) that gives the value to return."""
        for slot, proxy in enumerate(self._proxies):
            if leaf is proxy:
                return lambda fresh, tensors: tensors[slot]
        if not isinstance(leaf, TensorBase):
            if isinstance(leaf, np.ndarray):
                raise NotRecordable("a NumPy array as a result: return the tensor")
            return lambda fresh, tensors: leaf
        if id(leaf) in self._known:
            return lambda fresh, tensors: leaf
        if id(leaf) in self._grads:
            param = self._grads[id(leaf)]
            return lambda fresh, tensors: param._grad
        spent = leaf.needs_grad
        if spent:
            _require_spent(leaf)
            leaf.node, leaf.index = _spent, 0
        return self._maker_of_result(leaf, memory, spent)

    def _maker_of_result(self, leaf: Any, memory: Regions, spent: bool) -> Callable[[list[Any], Any], Any]:
        array = leaf.array
        if leaf._base_node is DETACHED:
            leaf._base = None  # which has the graph that this one was detached from
        ref = memory.find(address_of(array))
        if ref is None or ref.region.kind == "input":
            raise NotRecordable("a result that is a view of an argument, or that no kernel made")
        region, offset = ref.region, ref.offset
        if region.kind == "held":
            if array.base is None or not np.may_share_memory(array, region.keep):
                raise NotRecordable("a result that no kernel made")
            return lambda fresh, tensors: _marked(make(array), spent)
        if region.kind == "constant" and region not in self._written:
            content = np.array(array)
            return lambda fresh, tensors: _marked(make(content.copy()), spent)
        if region not in self.regions:
            self.regions.add(region)
            region.slot = self._first + len(self.slots)
            self.slots.append(region)
        number = region.slot - self._first
        shape, strides, dtype = array.shape, array.strides, array.dtype
        self._specs[-1] = number, shape, dtype, offset, strides
        place = address_of(array) - address_of(region.keep)
        leaf.array, leaf._pointer = np.ndarray(shape, dtype, region.keep, place, strides), None
        whole = shape == region.shape and dtype == region.dtype and not offset and array.flags.c_contiguous

        def view(fresh: list[Any], tensors: Any) -> Any:
            return _marked(make(np.ndarray(shape, dtype, fresh[number].array, offset, strides)), spent)

        def itself(fresh: list[Any], tensors: Any) -> Any:
            return _marked(fresh[number], spent)

        return itself if whole else view

    @property
    def stackable(self) -> bool:
        """Whether all that is returned is memory that each step fills anew."""
        return all(spec is not None for spec in self._specs)

    def allocate_many(self, slots: Any, at: int, steps: int) -> list[Any]:
        """As allocate, for so many steps."""
        fresh = []
        for region in self.slots:
            y = new((steps, *region.shape), region.dtype)
            slots[at], slots[at + 1] = y._pointer, ffi.cast("void *", region.size)
            at += 2
            fresh.append(y)
        return fresh

    def stacked(self, fresh: list[Any], steps: int) -> Any:
        """What the steps return, each tensor in it one of all steps."""
        leaves = []
        for spec in self._specs:
            if len(spec) == 1:
                leaves.append(spec[0])
                continue
            number, shape, dtype, offset, strides = spec
            each = self.slots[number].size
            leaves.append(make(np.ndarray((steps, *shape), dtype, fresh[number].array, offset, (each, *strides))))
        return rebuilt(self.structure, iter(leaves))

    def allocate(self, slots: Any, at: int) -> list[Any]:
        """Memory for this call's results, whose addresses go to slots[at], slots[at + 2] ..."""
        fresh = []
        for region in self.slots:
            y = new(region.shape, region.dtype)
            slots[at] = y._pointer
            at += 2
            fresh.append(y)
        return fresh

    def result(self, fresh: list[Any], tensors: Any) -> Any:
        """What to return."""
        if self._one is not None:
            return self._one(fresh, tensors)
        return rebuilt(self.structure, iter([maker(fresh, tensors) for maker in self._makers]))


def _marked(tensor: Any, spent: bool) -> Any:
    """As the function's own result: with a graph that was freed, if it had one."""
    if spent:
        tensor.node, tensor.needs_grad = _spent, True
    return tensor


def _require_spent(leaf: Any) -> None:
    """NotRecordable if the result could still be differentiated."""
    stack, seen, freed = [leaf.node], set(), False
    while stack:
        node = stack.pop()
        if id(node) in seen or not isinstance(node, Function):
            continue
        seen.add(id(node))
        freed = freed or node._saved is None
        if node._saved:
            freed = False
            break
        stack += [edge[0] for edge in node._edges if edge is not None]
    if not freed:
        raise NotRecordable("a result that requires grad: record the whole step, with backward() and the optimizer's "
                            "step, or call it under no_grad, or detach() the result")
