"""grad and backward: the two ways to start a backward pass."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

from minigrad.backward import differentiable_inputs, run_backward
from minigrad.creation import zeros_like
from minigrad.tensor import Tensor

__all__ = ["backward", "grad"]

Tensors: TypeAlias = "Tensor | Sequence[Tensor]"
Gradients: TypeAlias = "Tensor | Sequence[Tensor | None] | None"


def _tuple(values: Any) -> tuple:
    return (values,) if isinstance(values, Tensor) else tuple(values)


def _first_gradients(outputs: tuple, given: Gradients) -> list:
    """What to multiply each output's derivative by: as given, or 1 for a scalar."""
    dys = _tuple(given) if given is not None else (None,) * len(outputs)
    if len(dys) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(dys)} gradients")
    for position, output in enumerate(outputs):
        if not isinstance(output, Tensor):
            raise TypeError(f"expected Tensors to differentiate, but got {type(output).__name__}")
        if not output.requires_grad:
            raise RuntimeError(f"element {position} of tensors does not require grad and does not have a grad_fn")
    return [output._first_gradient(dy, position) for position, (output, dy) in enumerate(zip(outputs, dys))]


def backward(tensors: Tensors, grad_tensors: Gradients = None, retain_graph: bool | None = None,
             create_graph: bool = False, grad_variables: Gradients = None,
             inputs: Tensors | dict[Any, Tensor] | None = None) -> None:
    """Add the gradients of the sum of the tensors (each times its grad_tensor) to .grad of their leaves."""
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError("`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                               "`backward()`. Please only use `grad_tensors`.")
        grad_tensors = grad_variables
    outputs = _tuple(tensors)
    dys = _first_gradients(outputs, grad_tensors)
    keep = create_graph if retain_graph is None else bool(retain_graph)
    run_backward(list(outputs), dys, keep, create_graph,
                 None if inputs is None else differentiable_inputs(inputs, "backward"))


def grad(outputs: Tensors, inputs: Tensors | dict[Any, Tensor], grad_outputs: Gradients = None,
         retain_graph: bool | None = None, create_graph: bool = False, only_inputs: bool = True,
         allow_unused: bool | None = None, is_grads_batched: bool = False, materialize_grads: bool = False) -> Any:
    """The gradients of the sum of the outputs (each times its grad_output) with respect to each input, as a tuple; as a
    dict for a dict of inputs.

    No .grad changes. An input that the outputs do not depend on is an error, unless allow_unused (then None) or
    materialize_grads (then zeros). With create_graph the result can be differentiated again.
    """
    if is_grads_batched:
        raise NotImplementedError("is_grads_batched is not offered; call grad once per row of grad_outputs")
    if not only_inputs:
        warnings.warn("only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate "
                      "gradient for other parts of the graph, please use autograd.backward.", FutureWarning,
                      stacklevel=2)
    if allow_unused is False and materialize_grads:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
                         "allow_unused=False.")
    outs, xs = _tuple(outputs), differentiable_inputs(inputs, "grad")
    keep = create_graph if retain_graph is None else bool(retain_graph)
    found = run_backward(list(outs), _first_gradients(outs, grad_outputs), keep, create_graph, xs, accumulate=False)
    if materialize_grads:
        found = [zeros_like(x, requires_grad=create_graph) if dx is None else dx for x, dx in zip(xs, found)]
    elif not allow_unused and any(dx is None for dx in found):
        position = [dx is None for dx in found].index(True)
        raise RuntimeError(f"The differentiated Tensor at index {position} appears to not have been used in the graph. "
                           "Set allow_unused=True if this is the desired behavior.")
    return dict(zip(inputs, found)) if isinstance(inputs, dict) else tuple(found)
