"""Node: what a reader of the graph may ask one of its nodes, and hooks on a node. The engine's Function is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.parts import RemovableHandle

__all__ = ["AccumulateGrad", "LeafHooks", "Node", "run_node_hooks"]


class Node:
    """A recorded operation: `y.grad_fn`. Its edges lead to what made its inputs."""

    _edges: Any = ()
    _seq = 0
    _watched = False                # whether backward.py has more to do here than to call backward
    _prehooks: dict | None = None
    _posthooks: dict | None = None

    def name(self) -> str:
        """The name of the operation and Backward; as in PyTorch with a 0 if it is built in."""
        cls = type(self)
        return cls.__name__ + ("Backward0" if cls.__module__.startswith("minigrad.") else "Backward")

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """((node, output number), ...) per input: an AccumulateGrad for a leaf, (None, 0) where no gradient flows."""
        return tuple((None, 0) if edge is None else (edge[0], edge[1]) if isinstance(edge[0], Node)
                     else (AccumulateGrad(edge[0]), 0) for edge in self._edges)

    def _sequence_nr(self) -> int:
        return self._seq

    def register_prehook(self, hook: Callable[[tuple], tuple | None]) -> RemovableHandle:
        """Call hook(grad_outputs) before backward; what it returns, unless None, replaces them."""
        if self._prehooks is None:
            self._prehooks, self._watched = {}, True
        return RemovableHandle(self._prehooks, hook)

    def register_hook(self, hook: Callable[[tuple, tuple], tuple | None]) -> RemovableHandle:
        """Call hook(grad_inputs, grad_outputs) after backward; what it returns, unless None, replaces grad_inputs."""
        if self._posthooks is None:
            self._posthooks = {}
            self.backward: Any = _backward_then_hooks  # of this node alone: others have nothing to check
        return RemovableHandle(self._posthooks, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


def _backward_then_hooks(node: Any, *dys: Any) -> tuple:
    dxs = type(node).backward(node, *dys)
    return run_node_hooks(node._posthooks, dxs if type(dxs) is tuple else (dxs,), dys)


def run_node_hooks(hooks: dict, gradients: tuple, *more: tuple) -> tuple:
    """Pass a tuple of gradients through hooks in turn; each may return a replacement of the same length."""
    for hook in list(hooks.values()):
        changed = hook(gradients, *more)
        if changed is not None:
            changed = changed if isinstance(changed, (tuple, list)) else (changed,)
            if len(changed) != len(gradients):
                raise RuntimeError(f"hook {hook!r} has returned an incorrect number of values (got {len(changed)}, but "
                                   f"expected {len(gradients)})")
            gradients = tuple(changed)
    return gradients


class AccumulateGrad(Node):
    """Where the gradient of a leaf arrives, for those who read the graph. Two of one leaf are equal."""

    def __init__(self, variable: Any) -> None:
        self.variable = variable

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def register_prehook(self, hook: Any) -> RemovableHandle:
        raise NotImplementedError("an AccumulateGrad takes no hooks here: use tensor.register_hook on the leaf")

    def register_hook(self, hook: Any) -> RemovableHandle:
        raise NotImplementedError("an AccumulateGrad takes no hooks here: use register_post_accumulate_grad_hook on "
                                  "the leaf")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and self.variable is other.variable

    def __hash__(self) -> int:
        return hash(("AccumulateGrad", id(self.variable)))


class LeafHooks:
    """Hooks of a leaf, by number: those that its gradient passes through, and those that wait until .grad has it."""

    def __init__(self) -> None:
        self.before: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[Any], None]] = {}
