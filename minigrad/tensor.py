"""Tensor: what an array with a history is, how gradients start from it, and how it converts.

Its mathematics is in methods/, a line each, and Python's protocols are in protocols.py.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backward import differentiable_inputs, run_backward
from minigrad.engine import DETACHED, Function, TensorBase, alias, make, register_tensor, view_needs_grad
from minigrad.methods import InPlaceMethods, MathMethods, NewMethods, Operators, SelectMethods, ShapeMethods
from minigrad.native import FLOATS
from minigrad.node import LeafHooks
from minigrad.ops import shape
from minigrad.ops.making import of_type
from minigrad.parts import Device, RemovableHandle, Size
from minigrad.protocols import Protocols
from minigrad.tape import bump, constant, refuse

__all__ = ["Device", "RemovableHandle", "Size", "Tensor"]

_tuple = tuple.__new__  # past Size's checks
_ONES = {dtype: np.ones((), dtype) for dtype in FLOATS.values()}


@register_tensor
class Tensor(Protocols, Operators, ShapeMethods, SelectMethods, MathMethods, InPlaceMethods, NewMethods,
             TensorBase):
    """A multi-dimensional array that remembers how it was made, so that gradients can flow back through it.

        x = minigrad.tensor([1.0, 2.0], requires_grad=True)
        (x * x).sum().backward()
        x.grad                      # tensor([2., 4.])

    Holds one NumPy array (float32, float64, int64, int32, uint8 or bool). Make one with minigrad.tensor, from_numpy,
    zeros, randn and so on.
    """

    __module__ = "minigrad"  # where its users find it
    __array_priority__ = 1000  # a NumPy array on the left leaves the operator to us

    def __init__(self, *data: Any, device: Any = None) -> None:
        """Of a sequence in the default float type; or of sizes, Tensor(2, 3), with elements not set."""
        self.array = of_type(data, dtypes.default_float(), device)

    # -- attributes ----------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        return _tuple(Size, self.array.shape)

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.of(self.array.dtype)

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def device(self) -> Any:
        return Device("cpu")

    def _current(self) -> Tensor:
        """self; a view whose base was changed in place takes the base's new history first."""
        if self._base is not None:
            view_needs_grad(self)
        return self

    @property
    def requires_grad(self) -> bool:
        return self._current().needs_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def grad(self) -> Tensor | None:
        """What backward() has added up for this leaf; None before. RuntimeError for one of another shape or type."""
        return self._grad  # type: ignore[return-value]

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type "
                                f"{type(value).__name__}")
            if value.array.shape != self.array.shape:
                raise RuntimeError(f"assigned grad has data of a different size: expected {list(self.array.shape)}, "
                                   f"but got {list(value.array.shape)}")
            if value.array.dtype != self.array.dtype:
                raise RuntimeError(f"assigned grad has data of a different type: expected {self.dtype}, but got "
                                   f"{value.dtype}")
        self._grad = value

    @property
    def grad_fn(self) -> Function | None:
        """The operation that made it; None for a leaf."""
        return self._current().node

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it."""
        return self._current().node is None

    @property
    def data(self) -> Tensor:
        """Its elements without history: changes of them are not recorded, nor noticed by what has saved them."""
        t = make(self.array)
        t._pointer = self._pointer
        return t

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"data must be a Tensor, but got {type(value).__name__}")
        if value.array.dtype.kind != self.array.dtype.kind and self.needs_grad:
            raise RuntimeError("data set to a tensor that requires gradients must be floating point, but got "
                               f"{value.dtype}")
        self.array, self._pointer = value.array, None
        bump()

    @property
    def _version(self) -> int:
        return self.version()

    @property
    def itemsize(self) -> int:
        return self.array.itemsize

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    @property
    def is_cuda(self) -> bool:
        return False

    # -- autograd ------------------------------------------------------------------------------------------------------

    def backward(self, gradient: Tensor | None = None, retain_graph: bool | None = None, create_graph: bool = False,
                 inputs: Any = None) -> None:
        """Add d(self)/d(leaf) to the .grad of every leaf that self depends on.

        gradient: what to multiply by, of self's shape; 1 for a scalar. The graph is freed unless retain_graph.
        """
        if not self._current().needs_grad:
            raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
        keep = create_graph if retain_graph is None else bool(retain_graph)
        if inputs is not None:
            inputs = differentiable_inputs(inputs, "backward")
        run_backward([self], [self._first_gradient(gradient)], keep, create_graph, inputs)

    def _first_gradient(self, gradient: Any, position: int = 0) -> Tensor:
        """The gradient that a walk starts with: checked, or 1."""
        if gradient is None:
            if self.array.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            one = constant(_ONES[self.array.dtype].copy())
            return make(one.reshape(self.array.shape) if self.array.ndim else one)
        if not isinstance(gradient, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
        if gradient.array.shape != self.array.shape:
            raise RuntimeError(f"Mismatch in shape: grad_output[{position}] has a shape of {gradient.shape} and "
                               f"output[{position}] has a shape of {self.shape}.")
        return gradient if gradient.array.dtype is self.array.dtype else gradient.to(self.array.dtype)

    def detach(self) -> Tensor:
        """The same memory without the history."""
        t = alias(self)
        t._base, t._base_node = self if self._base is None else self._base, DETACHED
        return t

    def detach_(self) -> Tensor:
        self.node, self.index, self.needs_grad = None, 0, False
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Have backward() add up a gradient for this leaf, or no more; returns itself."""
        if requires_grad and self.array.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        if not requires_grad and self.node is not None:
            raise RuntimeError("you can only change requires_grad flags of leaf variables. If you want to use a "
                               "computed variable in a subgraph that doesn't require differentiation use var_no_grad "
                               "= var.detach().")
        self.needs_grad = bool(requires_grad)
        bump()
        return self

    def retain_grad(self) -> None:
        """Keep .grad of a tensor that is not a leaf, too."""
        if not self._current().needs_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.node is not None:
            self.node._retained, self.node._watched = self.node._retained or {}, True
            self.node._retained[self.index] = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        return bool(self.node is not None and self.node._retained and self.index in self.node._retained)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call hook(grad) when the gradient of this tensor is known; it may return another one."""
        if not self._current().needs_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.node is None:
            return RemovableHandle(self._leaf_hooks().before, hook)
        self.node._hooks, self.node._watched = self.node._hooks or {}, True
        return RemovableHandle(self.node._hooks.setdefault(self.index, {}), hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call hook(self) when a backward pass has added to .grad; self is a leaf. An optimiser may step there."""
        if not self._current().needs_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.node is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return RemovableHandle(self._leaf_hooks().after, hook)

    def _leaf_hooks(self) -> LeafHooks:
        if self._hooks is None:
            self._hooks = LeafHooks()
        return self._hooks

    # -- conversion ----------------------------------------------------------------------------------------------------

    def item(self) -> float | int | bool:
        if self.array.size != 1:
            raise RuntimeError(f"a Tensor with {self.array.size} elements cannot be converted to Scalar")
        refuse("item()")
        return self.array.item()

    def tolist(self) -> Any:
        refuse("tolist()")
        return self.array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The array itself, not a copy. A tensor that requires grad must be detached first."""
        if self.needs_grad and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        refuse("numpy()")
        return self.array

    def to(self, *args: Any, dtype: Any = None, copy: bool = False, **ignored: Any) -> Tensor:
        """self in another dtype; to("cpu") and to(device) change nothing."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.array.dtype
            elif isinstance(arg, (str, Device)) and not hasattr(np, str(arg)):
                Device(arg)
            elif not isinstance(arg, bool):
                dtype = arg
        if ignored.get("device") is not None:
            Device(ignored["device"])
        if dtype is None or (wanted := dtypes.resolve(dtype)) is self.array.dtype:
            return self.clone() if copy else self
        return shape.Cast.apply(self, wanted)

    def type(self, dtype: Any = None) -> Any:
        """self in another dtype; without one, the name of its own, such as "minigrad.FloatTensor"."""
        return f"torch.{dtypes.title(self.array.dtype)}Tensor" if dtype is None else self.to(dtypes.resolve(dtype))

    def cpu(self) -> Tensor:
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> Tensor:
        Device("cuda")
        return self

    def is_inference(self) -> bool:
        """False: what inference_mode makes are tensors like any other."""
        return False

    def is_floating_point(self) -> bool:
        return self.array.dtype.kind == "f"
