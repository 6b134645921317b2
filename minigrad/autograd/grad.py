"""grad and backward: the two ways to start a backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backward import run_backward
from minigrad.engine import make
from minigrad.tensor import Tensor

__all__ = ["backward", "grad"]


def _tuple(values: Any) -> tuple:
    return (values,) if isinstance(values, Tensor) or values is None else tuple(values)


def _first_gradients(outputs: tuple, given: Any) -> list:
    """What to multiply each output's derivative by: as given, or 1 for a scalar."""
    dys = _tuple(given) if given is not None else (None,) * len(outputs)
    if not outputs:
        raise RuntimeError("expected at least one tensor to differentiate, but got none")
    if len(dys) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(dys)} gradients")
    for position, output in enumerate(outputs):
        if not isinstance(output, Tensor):
            raise TypeError(f"expected Tensors to differentiate, but got {type(output).__name__}")
        if not output.requires_grad:
            raise RuntimeError(f"element {position} of tensors does not require grad and does not have a grad_fn")
    return [output._first_gradient(dy) for output, dy in zip(outputs, dys)]


def backward(tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
             grad_variables: Any = None, inputs: Any = None) -> None:
    """Add the gradients of the sum of the tensors (each times its grad_tensor) to .grad of their leaves."""
    outputs = _tuple(tensors)
    dys = _first_gradients(outputs, grad_tensors if grad_tensors is not None else grad_variables)
    keep = create_graph if retain_graph is None else bool(retain_graph)
    if inputs is not None and not (inputs := _tuple(inputs)):
        raise RuntimeError("'inputs' argument to backward() cannot be empty.")
    run_backward(list(outputs), dys, keep, create_graph, None if inputs is None else list(inputs))


def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None,
         create_graph: bool = False, only_inputs: bool = True, allow_unused: bool | None = None,
         is_grads_batched: bool = False, materialize_grads: bool = False) -> tuple:
    """The gradients of the sum of the outputs (each times its grad_output) with respect to each input.

    No .grad changes. An input that the outputs do not depend on is an error, unless allow_unused (then None) or
    materialize_grads (then zeros). With create_graph the result can be differentiated again.
    """
    if is_grads_batched:
        raise NotImplementedError("is_grads_batched is not offered; call grad once per row of grad_outputs")
    if allow_unused is False and materialize_grads:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
                         "allow_unused=False.")
    outs, ins = _tuple(outputs), _tuple(inputs)
    if not ins:
        raise RuntimeError("grad requires non-empty inputs.")
    dys = _first_gradients(outs, grad_outputs)
    for x in ins:
        if not isinstance(x, Tensor):
            raise TypeError(f"grad expects Tensors as inputs, but got {type(x).__name__}")
        if not x.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    keep = create_graph if retain_graph is None else bool(retain_graph)
    found = run_backward(list(outs), dys, keep, create_graph, list(ins), accumulate=False)
    if materialize_grads:
        return tuple(make(np.zeros_like(x.array)) if dx is None else dx for x, dx in zip(ins, found))
    if not allow_unused and any(dx is None for dx in found):
        raise RuntimeError("One of the differentiated Tensors appears to not have been used in the graph. Set "
                           "allow_unused=True if this is the desired behavior.")
    return tuple(found)
