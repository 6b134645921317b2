"""Reverse-mode automatic differentiation, first half: recording. It knows no operation.

An operation is a subclass of `Function`. Calling `apply` runs its forward pass and makes its context the node of a
graph: the node keeps what backward needs, and an edge per input to whatever made that input. The second half,
backward.py, walks that graph from the outputs to the leaves.

    x (leaf) --edge--- Mul (node 1) --edge--- Sum (node 2) --- y
                dx  <--  backward  <--  dz  <-- backward <-- dy = 1
"""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

import numpy as np

from minigrad import tape
from minigrad.grad_mode import mode
from minigrad.node import LeafHooks, Node

__all__ = ["DETACHED", "Edge", "Function", "T", "TensorBase", "alias", "make", "view_needs_grad", "zeros"]

_sequence = itertools.count(1)  # numbers the nodes in the order of their making


class TensorBase:
    """An array and its place in the graph. `tensor.Tensor` gives it methods; operations make it with `make`."""

    array: np.ndarray
    needs_grad = False              # gradients flow through it: a leaf that asked for one, or the result of a node
    node: Function | None = None    # what made it; None for a leaf
    index = 0                       # which of the node's outputs it is
    _grad: TensorBase | None = None
    _counter: list[int] | None = None  # [number of in-place changes], shared by all that share the memory; None is [0]
    _base: TensorBase | None = None    # the tensor whose memory it shares
    _base_node: Any = None             # of a view: what had made _base when the view was made; or DETACHED
    _pointer = None                 # cffi pointer to the array, cached by ops.kernel.ptr
    _hooks: LeafHooks | None = None  # of a leaf; those of other tensors are kept by their node

    def version(self) -> int:
        return self._counter[0] if self._counter else 0

    def counter(self) -> list[int]:
        if self._counter is None:
            self._counter = [0]
        return self._counter

    def count_change(self) -> None:
        """The elements were changed in place: what was saved of them before is stale."""
        self.counter()[0] += 1
        for tensor in (self, self._base):
            if tensor is not None and tensor.node is not None:
                tensor.node._outputs_changed = True
        if tape.active is not None:
            tape.active.changed(self.array)


T = TypeVar("T", bound=TensorBase)  # what an operation is given, it gives

DETACHED = object()  # the _base_node of a tensor that shares memory, but not history

_new = object.__new__
_tensor_class: type = TensorBase


def register_tensor(cls: type) -> type:
    """tensor.py calls this, so that results are of the class with the methods."""
    global _tensor_class
    _tensor_class = cls
    return cls


def make(array: np.ndarray) -> Any:
    """A tensor that holds this array, with no history."""
    tensor = _new(_tensor_class)
    tensor.array = array
    return tensor


def zeros(shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """A tensor of zeros."""
    return make(tape.constant(np.zeros(shape, dtype)))


def alias(tensor: Any) -> Any:
    """A tensor without history that shares the array and the version counter."""
    other = _new(_tensor_class)
    other.array = tensor.array
    other._pointer = tensor._pointer
    other._counter = tensor.counter()
    return other


# An edge says where the gradient of one input goes, and what it must look like there:
#     (target, index, shape, dtype): a Function and which of its outputs, or a leaf and 0
Edge = tuple[Any, int, tuple[int, ...], np.dtype]


class Function(Node):
    """A differentiable operation. Subclass it with two static methods, as in PyTorch:

        forward(ctx, *args)  -> result(s)          ctx.save_for_backward(tensors) keeps what backward needs
        backward(ctx, *dys)  -> gradient(s)        one per argument of forward, None where there is none

    and call it as `Op.apply(*args)`. The instance is the context, and the node of the graph. backward works on tensors
    with differentiable operations, so gradients have gradients.
    """

    needs_input_grad: tuple[bool, ...] = ()
    # The rest starts with _, so that a ctx may have any other attribute.
    _edges: Any = ()                       # an Edge per argument of forward, None where no gradient flows
    _outputs: tuple | None = None          # (shape, dtype) of each, where there are several
    _materialize = True                    # backward gets zeros, not None, for unused outputs
    _marked = False                        # forward marked something: the next two say what
    _dirty: tuple = ()
    _non_differentiable: tuple = ()
    _saved: Any = ()                       # a tuple; None once freed
    _versions: Any = ()                    # of saved, when it was saved
    _own_outputs: tuple[tuple[int, int], ...] = ()  # (position in saved, index) of saved tensors that it made
    _outputs_changed = False               # an output was changed in place
    _hooks: dict | None = None             # output index -> {id: hook on that output's gradient}
    _retained: dict | None = None          # output index -> the tensor whose .grad is wanted

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    setup_context: Any = None  # static setup_context(ctx, inputs, output): then forward takes no ctx

    @staticmethod
    def backward(ctx: Any, *dys: Any) -> Any:
        vjp = getattr(ctx, "vjp", None)  # PyTorch's other name of it
        if vjp is None:
            raise NotImplementedError("You must implement either the backward or vjp method for your custom "
                                      "autograd.Function to use it with backward mode AD.")
        return vjp(ctx, *dys)

    def __call__(self, *args: Any) -> Any:
        raise RuntimeError("Legacy autograd function with non-static forward method is deprecated. Please use "
                           "new-style autograd function with static forward method, and call it as "
                           f"{type(self).__name__}.apply(...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """forward(ctx, *args), recorded if an argument requires grad."""
        node = cls()
        if not mode.enabled:
            node.needs_input_grad = (False,) * len(args)
            out = cls.forward(node, *args) if cls.setup_context is None else node._forward_then_setup(args)
            if node._marked:
                node._count_changes()
            return out
        edges = [(a.node or a, a.index, a.array.shape, a.array.dtype)
                 if isinstance(a, TensorBase) and (a.needs_grad if a._base is None else view_needs_grad(a)) else None
                 for a in args]
        node.needs_input_grad = tuple([edge is not None for edge in edges])
        mode.enabled = False
        try:
            out = cls.forward(node, *args) if cls.setup_context is None else node._forward_then_setup(args)
        finally:
            mode.enabled = True
        if node._marked:
            node._count_changes()
        return node._record(edges, args, out) if any(edges) else out

    def _forward_then_setup(self, args: tuple) -> Any:
        out = self.forward(*args)
        self.setup_context(self, args, out)
        return out

    def _record(self, edges: list, args: tuple, out: Any) -> Any:
        """Make this context a node of the graph: edges to the inputs, and outputs that point back to it."""
        self._seq = next(_sequence)
        self._edges = edges
        if type(out) is not tuple:
            out = self._own(out, 0, args)
            if self._saved:
                self._keep_saved()
            return out
        out = tuple([self._own(o, index, args) for index, o in enumerate(out)])
        self._outputs = tuple([(o.array.shape, o.array.dtype) if isinstance(o, TensorBase) else None for o in out])
        if self._saved:
            self._keep_saved()
        return out

    def _own(self, o: Any, index: int, args: tuple) -> Any:
        """Output o as ours: it points back to this node, if it can have a gradient at all."""
        if not isinstance(o, TensorBase) or o.array.dtype.kind != "f" or (
                self._marked and _contains(self._non_differentiable, o)):
            return o
        for a in args:
            if a is o and not _contains(self._dirty, o):
                o = alias(o)  # forward returned an input as it is: the input keeps its own history
        o.node, o.index, o.needs_grad = self, index, True
        return o

    def _keep_saved(self) -> None:
        """Note the versions. Of our own outputs keep a twin: output and node would own each other."""
        versions = []
        try:
            for s in self._saved:
                versions.append(0 if s is None or s._counter is None else s._counter[0])
                if s is not None and s.node is self:
                    self._keep_twin(s, len(versions) - 1)
        except AttributeError:
            raise TypeError(f"save_for_backward can only save variables, but argument {len(versions)} is of type "
                            f"{type(s).__name__}") from None
        self._versions = versions

    def _keep_twin(self, s: Any, position: int) -> None:
        twin = make(s.array)
        twin._pointer, twin.needs_grad = s._pointer, True
        self._saved = (*self._saved[:position], twin, *self._saved[position + 1:])
        self._own_outputs += ((position, s.index),)

    def _count_changes(self) -> None:
        """A new version of what forward changed in place."""
        for tensor in self._dirty:
            if mode.enabled and tensor.needs_grad and tensor.node is None:
                raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
            tensor.count_change()

    # -- what forward may call -----------------------------------------------------------------------------------------

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (or None) for backward, which finds them in ctx.saved_tensors."""
        self._saved = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """For PyTorch's forward mode, which minigrad does not have: nothing is kept."""

    def mark_dirty(self, *tensors: Any) -> None:
        """Say that forward changed these inputs in place, and returns them."""
        self._dirty, self._marked = tensors, True

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say that these outputs have no gradient."""
        self._non_differentiable, self._marked = tensors, True

    def set_materialize_grads(self, value: bool) -> None:
        """With False, backward gets None, not zeros, for an output that was not used."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple:
        """What save_for_backward kept. RuntimeError if it was freed, or changed in place since."""
        saved = self._saved
        if saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
                "if you need to access saved tensors after calling backward.")
        for s, version in zip(saved, self._versions):
            if s is not None and s._counter is not None and s._counter[0] != version:
                self._refuse_stale(s, f"is at version {s._counter[0]}; expected version {version} instead")
        if self._own_outputs:
            if self._outputs_changed:
                self._refuse_stale(saved[self._own_outputs[0][0]], "is its own output, and has been changed since")
            if mode.enabled:
                saved = list(saved)
                for position, index in self._own_outputs:
                    twin = saved[position] = alias(saved[position])
                    twin.node, twin.index, twin.needs_grad = self, index, True
                saved = tuple(saved)
        return saved

    def _refuse_stale(self, tensor: Any, what: str) -> None:
        raise RuntimeError("one of the variables needed for gradient computation has been modified by an inplace "
                           f"operation: [{tensor.array.dtype} {list(tensor.array.shape)}], which {self.name()} saved, "
                           f"{what}.")


def view_needs_grad(view: Any) -> bool:
    """Whether gradients flow through a view. If its base was changed in place, it takes the base's new history."""
    if view._base_node is not view._base.node and view._base_node is not DETACHED:
        view.follow_base()
    return view.needs_grad


def _contains(tensors: tuple, tensor: Any) -> bool:
    """Whether this very tensor is among them (== on tensors compares elements)."""
    return any(t is tensor for t in tensors)
