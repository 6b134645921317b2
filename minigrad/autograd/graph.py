"""torch.autograd.graph's face: Node, and hooks on what operations save for backward.

While a saved_tensors_hooks is on, the engine's `_keep_saved` is replaced by one that packs what was saved, and the node
becomes one of a subclass that unpacks it. Without one, nothing of this exists.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from minigrad.engine import Function, alias, make
from minigrad.grad_mode import mode
from minigrad.node import Node
from minigrad.tensor import Tensor

__all__ = ["Node", "save_on_cpu", "saved_tensors_hooks"]

_keep_saved = Function._keep_saved
_lock = threading.Lock()
_entered = [0]  # how many contexts are on, in all threads together


class _Active(threading.local):
    def __init__(self) -> None:
        self.hooks: list[saved_tensors_hooks] = []  # the innermost last


_active = _Active()


class saved_tensors_hooks:
    """A context in which operations keep pack_hook(x) instead of a tensor x that they save, and backward gets
    unpack_hook of that: to recompute, compress or store elsewhere what is saved.

        with saved_tensors_hooks(lambda x: x.numpy().astype(np.float16), lambda p: tensor(p, dtype=torch.float32)):
            y = model(x)

    x has no history; it must not be changed. The result must be a Tensor of x's shape and dtype; its history is x's.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        _active.hooks.append(self)
        with _lock:
            _entered[0] += 1
            Function._keep_saved = _keep_packed  # type: ignore[assignment]

    def __exit__(self, *exc: Any) -> None:
        _active.hooks.pop()
        with _lock:
            _entered[0] -= 1
            if not _entered[0]:
                Function._keep_saved = _keep_saved


class save_on_cpu(saved_tensors_hooks):
    """Keep saved tensors on the CPU, where they are: changes nothing."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda x: x, lambda x: x)


def _keep_packed(node: Any) -> None:
    """Pack what the node has saved."""
    _keep_saved(node)
    if not _active.hooks:
        return
    own = dict(node._own_outputs)
    node._saved = tuple([None if s is None else _Packed(s, _active.hooks[-1], own.get(position))
                         for position, s in enumerate(node._saved)])
    node.__class__ = _unpacking(node.__class__)


class _Packed:
    """A saved tensor as pack_hook left it, and its place in the graph. index: of which of the node's own outputs."""

    def __init__(self, saved: Any, hooks: saved_tensors_hooks, index: int | None) -> None:
        self.index, self.edge = index, None
        if index is None and saved.needs_grad:
            self.edge = (saved.node or saved, saved.index, saved.array.shape, saved.array.dtype)
        self.shape, self.dtype, self.unpack_hook = saved.array.shape, saved.array.dtype, hooks.unpack_hook
        self.packed = hooks.pack_hook(alias(saved))

    def unpack(self, node: Function) -> Any:
        tensor = self.unpack_hook(self.packed)
        if not isinstance(tensor, Tensor):
            raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                            f"{type(tensor).__name__}")
        if (tensor.array.shape, tensor.array.dtype) != (self.shape, self.dtype):
            raise RuntimeError(f"unpack_hook returned a Tensor of {tensor.dtype} {list(tensor.shape)}, where "
                               f"{self.dtype} {list(self.shape)} was packed")
        tensor = make(tensor.array)
        if mode.enabled and self.index is not None:
            tensor.node, tensor.index, tensor.needs_grad = node, self.index, True
        elif mode.enabled and self.edge is not None:
            Unpacked()._record([self.edge], (), tensor)
        return tensor


class Unpacked(Function):
    """y = x, an unpacked tensor put where it was in the graph;  dx = dy."""

    @staticmethod
    def backward(ctx, dy):
        return dy


class Unpacking:
    """The part of a node whose saved tensors are packed."""

    @property
    def saved_tensors(self: Any) -> tuple:
        if self._saved is None:
            return super().saved_tensors  # type: ignore[misc]  # says that they are freed
        return tuple([None if packed is None else packed.unpack(self) for packed in self._saved])


@functools.lru_cache(maxsize=1024)
def _unpacking(operation: type[Function]) -> type[Function]:
    """The same operation, whose saved tensors are packed."""
    return type(operation.__name__, (Unpacking, operation), {"__module__": operation.__module__})
