"""Gradient clipping, by norm and by value."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable

from minigrad.creation import tensor
from minigrad.grad_mode import no_grad
from minigrad.ops.activation import hardtanh
from minigrad.ops.clipping import clip_together, norm_together, of_one_kind
from minigrad.ops.join import stack
from minigrad.tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients of those parameters that have one."""
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in parameters if p.grad is not None]


def _each_once(grads: list[Tensor]) -> list[Tensor]:
    """The gradients, to be changed in place. RuntimeError, before any changes, if NumPy marks one read-only."""
    for grad in grads:
        if not grad.array.flags.writeable:
            raise RuntimeError(f"a gradient of shape {list(grad.shape)} is read-only: clone() it before clipping")
    return list({id(grad): grad for grad in grads}.values())


@no_grad()
def get_total_norm(tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """The norm (0-d) of all tensors taken as one vector; norm_type may be inf.

    RuntimeError if it is not finite and error_if_nonfinite is set.
    """
    tensors, norm_type = [tensors] if isinstance(tensors, Tensor) else list(tensors), float(norm_type)
    if not tensors:
        return tensor(0.0)
    if norm_type == 2 and of_one_kind(tensors):
        total = norm_together(tensors)
    else:
        norms = [t.norm(norm_type) for t in tensors]
        total = stack([norm.to(norms[0].dtype) for norm in norms]).norm(norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it "
                           "cannot be clipped. To disable this error and scale the gradients by the non-finite norm "
                           "anyway, set `error_if_nonfinite=False`")
    return total


@no_grad()
def clip_grads_with_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor,
                          foreach: bool | None = None) -> None:
    """Multiply all gradients by max_norm / (total_norm + 1e-6), if that is less than 1."""
    grads, max_norm = _each_once(_gradients(parameters)), float(max_norm)
    if total_norm.numel() == 1 and of_one_kind(grads, total_norm):
        clip_together(grads, total_norm, max_norm)
    else:
        factor = (max_norm / (total_norm + 1e-6)).clamp(max=1.0)
        for grad in grads:
            grad.mul_(factor.to(grad.dtype))


def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:
    """Scale all gradients by max_norm / (norm + 1e-6) where their norm, taken as one vector, is larger than max_norm.

    Returns the norm (0-d). RuntimeError if it is not finite and error_if_nonfinite is set.
    """
    if not isinstance(parameters, Tensor):
        empty = inspect.isgenerator(parameters)
        parameters = list(parameters)
        if empty and not parameters:
            warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


@no_grad()
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of every gradient to [-clip_value, clip_value]."""
    clip_value = float(clip_value)
    for grad in _each_once(_gradients(parameters)):
        grad.copy_(hardtanh(grad, -clip_value, clip_value) if clip_value >= 0 else grad.clamp(-clip_value, clip_value))
