"""Reverse-mode automatic differentiation, second half: the walk from outputs to leaves.

Nodes are visited youngest first. A node is older than all that use its outputs, so when its turn comes every gradient
that flows into it has arrived and been added up, and one vector-Jacobian product sends them on. Nothing recurses.
"""

from __future__ import annotations

from heapq import heappop, heappush
from sys import getrefcount
from typing import Any

import numpy as np

from minigrad.engine import Function, TensorBase, make, view_needs_grad, zeros
from minigrad.grad_mode import mode
from minigrad.memory import owns_memory
from minigrad.node import run_node_hooks

__all__ = ["differentiable_inputs", "run_backward"]


def run_backward(outputs: list, dys: Any, keep_graph: bool, create_graph: bool, inputs: list | None = None,
                 accumulate: bool = True) -> list:
    """Send dys (one per output) back through the graph, and return the gradients that reach `inputs` (or None).

    With accumulate, they are added to .grad instead: that of `inputs`, or of every leaf reached if inputs is None.
    """
    keys = [(x.node, x.index) if x.node else x for x in inputs or ()]
    plan = None if inputs is None else _plan([o.node for o in outputs if o.node], set(keys))
    walk = Walk(plan, set(keys))
    before = mode.enabled
    mode.enabled = create_graph
    try:
        walk.send(None, [(o.node or o, o.index, o.array.shape, o.array.dtype) for o in outputs], dys)
        walk.run(keep_graph)
        dys = None  # so that only the walk's dicts refer to gradients
        if inputs is None:
            for leaf in list(walk.leaves):
                if leaf._hooks is None:
                    accumulate_grad(leaf, walk.leaves, leaf)
                else:
                    run_leaf_hooks(leaf, walk.leaves)
                    accumulate_then_hooks(leaf, walk.leaves, leaf)
            return []
        for leaf in list(walk.leaves):
            if leaf._hooks is not None:
                run_leaf_hooks(leaf, walk.leaves)
        found = {**walk.leaves, **walk.found}
        walk.leaves.clear()
        walk.found.clear()
        if not accumulate:
            last = {key: i for i, key in enumerate(keys)}  # an input may be named twice
            return [take(found, key, last[key] != i) if key in found else None for i, key in enumerate(keys)]
        for x, key in zip(inputs, keys):
            if key in found:
                accumulate_then_hooks(x, found, key)
        return []
    finally:
        mode.enabled = before


def differentiable_inputs(inputs: Any, caller: str) -> list:
    """The tensors to differentiate by, as a list: one tensor, several, or a dict's values. RuntimeError for others."""
    xs = [inputs] if isinstance(inputs, TensorBase) else list(inputs.values() if isinstance(inputs, dict) else inputs)
    if not xs:
        raise RuntimeError(f"`inputs` argument to `{caller}()` cannot be empty.")
    for x in xs:
        if not isinstance(x, TensorBase):
            raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type(x).__name__}")
        if not (x.needs_grad if x._base is None else view_needs_grad(x)):
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    return xs


class Walk:
    """One backward pass: the gradients on their way, and those that have arrived."""

    def __init__(self, plan: dict | None, wanted: set) -> None:
        self.plan = plan                          # node -> its edges to follow; None follows all
        self.wanted = wanted                      # (node, output index) or leaf: gradients that were asked for
        self.found: dict[Any, Any] = {}
        self.leaves: dict[Any, Any] = {}
        self.pending: dict[Function, list] = {}   # gradients of each output of a node; empties as the walk goes
        self.heap: list[tuple[int, Function]] = []

    def run(self, keep_graph: bool) -> None:
        """Visit the nodes that gradients are waiting for, youngest first, until none are left."""
        heap, pending, plan, wanted = self.heap, self.pending, self.plan, self.wanted
        while heap:
            node = heappop(heap)[1]
            dys: Any = pending.pop(node)
            if wanted or node._watched:
                self._watch(node, dys)
            edges = node._edges if plan is None else plan.get(node)
            if edges is None:
                continue
            dxs = _call_backward(node, dys, edges)
            if not keep_graph and node._saved:
                node._saved = None
            dys = None  # a gradient passed on as it is has one owner fewer
            self.send(node, edges, dxs)

    def send(self, node: Any, edges: Any, dxs: Any) -> None:
        """Add each of dxs to what has arrived where its edge leads: at an output of a node, or at a leaf."""
        pending, leaves = self.pending, self.leaves
        for edge, dx in zip(edges, dxs):
            if edge is None or dx is None:
                continue
            target, index, shape, dtype = edge
            try:
                array = dx.array
            except AttributeError:
                raise RuntimeError(f"function {node.name()} returned a gradient of the wrong type: expected Variable "
                                   f"or None (got {type(dx).__name__})") from None
            if array.shape != shape or array.dtype is not dtype:
                dx = _fit(node, dx, shape, dtype)
            if isinstance(target, Function):
                arrived = pending.get(target)
                if arrived is None:
                    arrived = pending[target] = [None] * (len(target._outputs) if target._outputs else 1)
                    heappush(self.heap, (-target._seq, target))
                old = arrived[index]
                arrived[index] = dx if old is None else old + dx
            else:
                old = leaves.get(target)
                leaves[target] = dx if old is None else old + dx

    def _watch(self, node: Function, dys: list) -> None:
        """Hooks on a node and its outputs' gradients, .grad of retained outputs, gradients that were asked for."""
        for index, dy in enumerate(dys):
            if dy is None:
                continue
            if node._hooks and index in node._hooks:
                dy = dys[index] = run_hooks(node._hooks[index], dy)
            if node._retained and index in node._retained:
                tensor = node._retained[index]()
                if tensor is not None:
                    accumulate_grad(tensor, {0: dy}, 0)
            if (node, index) in self.wanted:
                self.found[node, index] = dy
        if node._prehooks:
            dys[:] = run_node_hooks(node._prehooks, tuple(dys))


def _plan(roots: list[Function], wanted: set) -> dict[Function, tuple]:
    """For every node on a path from the roots to what is wanted: its edges, None for those that lead elsewhere."""
    seen, stack = set(roots), list(roots)
    while stack:
        for edge in stack.pop()._edges:
            if edge is not None and isinstance(edge[0], Function) and edge[0] not in seen:
                seen.add(edge[0])
                stack.append(edge[0])
    plan: dict[Function, tuple] = {}
    for node in sorted(seen, key=lambda node: node._seq):  # oldest first, so the targets are decided before
        edges = tuple(
            edge if edge is not None and (edge[0] in plan or edge[:2] in wanted or edge[0] in wanted) else None
            for edge in node._edges)
        if any(edges):
            plan[node] = edges
    return plan


def _call_backward(node: Function, dys: list, edges: tuple) -> tuple:
    """node.backward(*dys) as a tuple of one gradient per edge, with needs_input_grad saying which are wanted."""
    if node._outputs and node._materialize:
        dys = [zeros(*like) if dy is None and like else dy for dy, like in zip(dys, node._outputs)]
    if edges is node._edges:
        dxs = node.backward(node, *dys)
    else:
        before = node.needs_input_grad
        node.needs_input_grad = tuple([edge is not None for edge in edges])
        try:
            dxs = node.backward(node, *dys)
        finally:
            node.needs_input_grad = before
    if type(dxs) is not tuple:
        dxs = (dxs,)
    if len(dxs) != len(edges) and (len(dxs) < len(edges) or any(dx is not None for dx in dxs[len(edges):])):
        raise RuntimeError(f"function {node.name()} returned an incorrect number of gradients "
                           f"(expected {len(edges)}, got {len(dxs)})")
    return dxs


def _fit(node: Function, dx: Any, want: tuple[int, ...], dtype: np.dtype) -> Any:
    """Undo broadcasting: sum dx over the axes along which the input was stretched. The one place that does it."""
    shape = dx.array.shape
    if shape != want:
        padded = (1,) * (len(shape) - len(want)) + want
        if len(shape) < len(want) or any(w not in (1, s) for w, s in zip(padded, shape)):
            raise RuntimeError(f"Function {node.name()} returned an invalid gradient - got {list(shape)} but expected "
                               f"shape compatible with {list(want)}")
        dx = dx.sum_to_size(want)
    return dx if dx.array.dtype == dtype else dx.to(dtype)


def run_hooks(hooks: dict, dy: Any) -> Any:
    """Pass dy through the hooks in turn; each may return a replacement of the same shape and dtype."""
    for hook in list(hooks.values()):
        changed = hook(dy)
        if changed is not None:
            name = getattr(hook, "__name__", repr(hook))
            if not isinstance(changed, TensorBase):
                raise TypeError(f"expected Variable, but hook returned '{type(changed).__name__}': hook '{name}' "
                                "should return None or a Tensor")
            for what, got, want in (("size", changed.array.shape, dy.array.shape),
                                    ("type", changed.array.dtype, dy.array.dtype)):
                if got != want:
                    raise RuntimeError(f"hook '{name}' has changed the {what} of value: expected {want}, but got {got}")
            dy = changed
    return dy


def run_leaf_hooks(leaf: Any, gradients: dict) -> None:
    """Pass the gradient that is about to reach a leaf through the leaf's hooks."""
    gradients[leaf] = run_hooks(leaf._hooks.before, gradients.pop(leaf))


def accumulate_then_hooks(x: Any, gradients: dict, key: Any) -> None:
    """accumulate_grad, then the hooks that wait for it."""
    accumulate_grad(x, gradients, key)
    for hook in list(x._hooks.after.values()) if x._hooks is not None else ():
        result = hook(x)
        if result is not None:
            raise TypeError(f"expected None from a post accumulate grad hook, but hook returned "
                            f"'{type(result).__name__}'")


# -- who owns a gradient: no two tensors share a gradient's memory -----------------------------------------------------


def accumulate_grad(leaf: Any, gradients: dict, key: Any) -> None:
    """leaf.grad += gradients.pop(key)"""
    old = leaf._grad
    if old is None:
        leaf._grad = take(gradients, key)
    elif mode.enabled or not old.array.flags.writeable:
        leaf._grad = old + gradients.pop(key)
    else:
        old.add_(gradients.pop(key))


def take(gradients: dict, key: Any, keep: bool = False) -> Any:
    """gradients.pop(key), as a copy if anything else refers to it or its memory; with keep, a copy that leaves it."""
    if keep:
        return gradients[key].clone()
    dy = gradients.pop(key)
    array = dy.array
    references = getrefcount(dy) + getrefcount(array) - (dy._pointer is not None)
    return dy if references == _ALONE and owns_memory(array) else dy.clone()


def _count_alone() -> int:
    """The references in take() when only the dict knew the gradient; Python versions differ in how they count."""
    gradients = {0: make(np.empty(1))}
    dy = gradients.pop(0)
    array = dy.array
    return getrefcount(dy) + getrefcount(array) - (dy._pointer is not None)


_ALONE = _count_alone()
