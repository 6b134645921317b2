"""Derivatives of a function as a whole: products with its Jacobian and Hessian, and those matrices themselves.

J is (outputs, inputs); v^T J (vjp) is one backward pass. J v (jvp) comes from it by a second: u -> u^T J is linear, and
its own vjp with v is J v. The rows of J are vjps with unit vectors. The Hessian is the Jacobian of the gradient, and
v^T H, which is H v since H is symmetric, the gradient of the gradient's product with v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from minigrad.autograd.grad import grad
from minigrad.creation import zeros_like
from minigrad.engine import make
from minigrad.grad_mode import enable_grad
from minigrad.ops.join import stack
from minigrad.tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors: TypeAlias = "Tensor | tuple[Tensor, ...]"


class _Call:
    """func(*inputs), recorded: xs, copies of the inputs that require grad, and ys, the outputs; both tuples."""

    def __init__(self, func: Callable, inputs: Any, caller: str, create_graph: bool, strict: bool) -> None:
        inputs = _tensors(inputs, "inputs", caller)
        self.create_graph, self.strict = create_graph, strict
        self.xs = tuple(_copy(x, create_graph).requires_grad_() if not (create_graph and x.requires_grad)
                        else _copy(x, create_graph) for x in inputs)
        with enable_grad():
            returned = func(*self.xs)
        self.several = isinstance(returned, tuple)
        self.ys = _tensors(returned, "outputs of the user-provided function", caller)
        for i, y in enumerate(self.ys):
            if strict and not y.requires_grad:
                raise RuntimeError(
                    f"Output {i} of the user-provided function does not require gradients. The outputs must be "
                    "computed in a differentiable manner from the input when running in strict mode.")

    def one_number(self, caller: str) -> Tensor:
        """The output, of a function to a single number."""
        if self.several:
            raise RuntimeError(f"The function given to {caller} should return a single Tensor")
        if self.ys[0].numel() != 1:
            raise RuntimeError(f"The Tensor returned by the function given to {caller} should contain a single element")
        return self.ys[0]

    def vector(self, v: Any, like: tuple[Tensor, ...], several: bool, what: str) -> tuple[Tensor, ...]:
        """v, checked to be of the shapes of `like`; if it is None, 1 for a single number."""
        if v is None:
            if len(like) != 1 or like[0].numel() != 1:
                raise RuntimeError(f"The vector v can only be None if {what} a single Tensor with a single element.")
            return (make(np.ones(like[0].shape, like[0].array.dtype)),)
        vs = tuple(_copy(t, self.create_graph) for t in _tensors(v, "v", what))
        if len(vs) != len(like):
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vs)}." if several
                               else "The given v should contain a single Tensor.")
        for i, (t, x) in enumerate(zip(vs, like)):
            if t.shape != x.shape:
                raise RuntimeError(f"{f'Entry {i} in ' if several else ''}v has invalid size: should be {x.shape} but "
                                   f"got {t.shape}.")
        return vs

    def grad(self, ys: Any, xs: tuple[Tensor, ...], dys: Any, create_graph: bool, complaint: str,
             keep: bool | None = None) -> tuple[Tensor, ...]:
        """grad, with zeros where ys do not depend on an x; if strict, that is an error instead, with {i} for the x."""
        pairs = [(y, dy) for y, dy in zip(ys, dys or (None,) * len(ys)) if y.requires_grad]
        found: tuple = (None,) * len(xs)
        if pairs:
            found = grad([y for y, _ in pairs], xs, [dy for _, dy in pairs], keep, create_graph, allow_unused=True)
        for i, dx in enumerate(found):
            if self.strict and (dx is None or (create_graph and not dx.requires_grad)):
                raise RuntimeError(f"{complaint.format(i=i)} This is not allowed in strict mode"
                                   f"{'.' if dx is None else ' when create_graph=True.'}")
        return tuple(zeros_like(x) if dx is None else dx for x, dx in zip(xs, found))

    def finish(self, tensors: tuple[Tensor, ...], several: bool) -> Any:
        """Results as the caller gets them: without history unless create_graph, and alone unless there are several."""
        kept = tuple(t if self.create_graph else t.detach() for t in tensors)
        return kept if several else kept[0]


def _tensors(values: Any, what: str, caller: str) -> tuple[Tensor, ...]:
    several = isinstance(values, tuple)
    for i, value in enumerate(values if several else (values,)):
        if not isinstance(value, Tensor):
            which = f"value at index {i}" if several else f"given {what}"
            raise TypeError(f"The {what} given to {caller} must be either a Tensor or a tuple of Tensors but the "
                            f"{which} has type {type(value)}.")
    return values if several else (values,)


def _copy(x: Tensor, connected: bool) -> Tensor:
    """Another tensor, so that the function's argument is not confused with x caught in its closure."""
    return x.view_as(x) if connected and x.requires_grad else x.detach()


_JACOBIAN = "The jacobian of the user-provided function is independent of input {i}."
_HESSIAN = "The hessian of the user-provided function is independent of input {i}."
_TRICK = ("The gradient with respect to the input is independent of entry {i} in the grad_outputs when using the "
          "double backward trick to compute forward mode gradients.")
_INPUT = "The output of the user-provided function is independent of input {i}."


def vjp(func: Callable, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """func(*inputs) and v^T J, with v of the outputs' shapes."""
    call = _Call(func, inputs, "vjp", create_graph, strict)
    vs = call.vector(v, call.ys, call.several, "the user-provided function returns")
    found = call.grad(call.ys, call.xs, vs, create_graph, _JACOBIAN if create_graph else _INPUT)
    return call.finish(call.ys, call.several), call.finish(found, isinstance(inputs, tuple))


def jvp(func: Callable, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """func(*inputs) and J v, with v of the inputs' shapes: two backward passes."""
    call = _Call(func, inputs, "jvp", create_graph, strict)
    vs = call.vector(v, call.xs, isinstance(inputs, tuple), "the input to the user-provided function is")
    us = tuple(zeros_like(y, requires_grad=True) for y in call.ys)
    with enable_grad():
        products = call.grad(call.ys, call.xs, us, True, _INPUT)
        found = call.grad(products, us, vs, create_graph, _TRICK)
    return call.finish(call.ys, call.several), call.finish(found, call.several)


def jacobian(func: Callable, inputs: Tensors, create_graph: bool = False, strict: bool = False,
             vectorize: bool = False, strategy: str = "reverse-mode") -> Any:
    """d func / d inputs: a tensor of the output's shape followed by the input's; a tuple per output, of a tuple per
    input, where there are tuples of them.

    vectorize and strategy say how PyTorch computes it; here it is one backward pass per element of the outputs.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(f'Expected strategy to be either "forward-mode" or "reverse-mode", but got {strategy!r}')
    for name, other in (("vectorize=True", vectorize), ('strategy="forward-mode"', strategy == "forward-mode")):
        if strict and other:
            raise RuntimeError(f"jacobian: `strict=True` and `{name}` are not supported together.")
    if strategy == "forward-mode" and (create_graph or not vectorize):
        raise NotImplementedError('jacobian: `strategy="forward-mode"` needs `vectorize=True` and no `create_graph`')
    call = _Call(func, inputs, "jacobian", create_graph, strict)
    rows = tuple(call.finish(_rows(call, y), isinstance(inputs, tuple)) for y in call.ys)
    return rows if call.several else rows[0]


def _rows(call: _Call, y: Tensor) -> tuple[Tensor, ...]:
    """dy / dx for every x."""
    rows = []
    with enable_grad():
        for j in range(y.numel()):
            unit = np.zeros(y.shape, y.array.dtype)
            unit.flat[j] = 1
            rows.append(call.grad((y,), call.xs, (make(unit),), call.create_graph,
                                  _JACOBIAN if call.create_graph else _INPUT, keep=True))
        return tuple(stack([row[i] for row in rows]).view(*y.shape, *x.shape) if rows
                     else make(np.zeros((*y.shape, *x.shape), x.array.dtype)) for i, x in enumerate(call.xs))


def hessian(func: Callable, inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
            outer_jacobian_strategy: str = "reverse-mode") -> Any:
    """d^2 func / d inputs^2 of a function to a single number; for several inputs a tuple of tuples."""

    def gradient(*xs: Tensor) -> tuple[Tensor, ...]:
        call = _Call(func, xs, "hessian", True, strict)
        return call.grad((call.one_number("hessian"),), call.xs, None, True, f"In hessian: {_JACOBIAN}")

    found = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if isinstance(inputs, tuple) else found[0]


def vhp(func: Callable, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """func(*inputs) and v^T H, of a function to a single number."""
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


def hvp(func: Callable, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """func(*inputs) and H v: the same numbers as vhp, since H is symmetric."""
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def _hessian_product(caller: str, func: Callable, inputs: Any, v: Any, create_graph: bool, strict: bool) -> tuple:
    call = _Call(func, inputs, caller, create_graph, strict)
    several = isinstance(inputs, tuple)
    vs = call.vector(v, call.xs, several, "the input to the user-provided function is")
    with enable_grad():
        gradient = call.grad((call.one_number(caller),), call.xs, None, True, _JACOBIAN)
        found = call.grad(gradient, call.xs, vs, create_graph, _HESSIAN if create_graph else _JACOBIAN)
    return call.finish(call.ys, call.several), call.finish(found, several)
