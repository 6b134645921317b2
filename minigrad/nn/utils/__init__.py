"""Gradient clipping, and parameters as one vector."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable
from typing import Any

from minigrad.creation import tensor
from minigrad.engine import make
from minigrad.grad_mode import no_grad
from minigrad.ops.join import cat, stack
from minigrad.tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "vector_to_parameters"]


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients of those parameters that have one."""
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in parameters if p.grad is not None]


def _overwrite(grads: list[Tensor], change: Any) -> None:
    """grad = change(grad) in place, for each once. RuntimeError, before any changes, if NumPy marks one read-only."""
    for grad in grads:
        if not grad.array.flags.writeable:
            raise RuntimeError(f"a gradient of shape {list(grad.shape)} is read-only: clone() it before clipping")
    for grad in {id(grad): grad for grad in grads}.values():
        grad.copy_(change(grad))


@no_grad()
def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:
    """Scale all gradients by max_norm / (norm + 1e-6) where their norm, taken as one vector, is larger than max_norm.

    Returns the norm (0-d). RuntimeError if it is not finite and error_if_nonfinite is set.
    """
    if inspect.isgenerator(parameters):
        parameters = list(parameters)
        if not parameters:
            warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
    grads, norm_type = _gradients(parameters), float(norm_type)
    if not grads:
        return tensor(0.0)
    norms = [grad.norm(norm_type) for grad in grads]
    total = stack([norm.to(norms[0].dtype) for norm in norms]).norm(norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it "
                           "cannot be clipped. To disable this error and scale the gradients by the non-finite norm "
                           "anyway, set `error_if_nonfinite=False`")
    factor = (float(max_norm) / (total + 1e-6)).clamp(max=1.0)
    _overwrite(grads, lambda grad: grad * factor.to(grad.dtype))
    return total


@no_grad()
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of every gradient to [-clip_value, clip_value]."""
    clip_value = float(clip_value)
    _overwrite(_gradients(parameters), lambda grad: grad.clamp(-clip_value, clip_value))


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters as one vector; gradients flow back."""
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the elements of a vector, in order: each becomes a copy of its part.

    RuntimeError unless the vector has as many elements as the parameters.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    parameters = list(parameters)
    wanted = sum(parameter.numel() for parameter in parameters)
    if vec.ndim != 1 or vec.numel() != wanted:
        raise RuntimeError(f"expected a vector of {wanted} elements, as many as the parameters have, but got shape "
                           f"{list(vec.shape)}")
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        part = vec.array[start:end].reshape(parameter.shape)
        parameter.data = make(part.astype(parameter.array.dtype))
        start = end
