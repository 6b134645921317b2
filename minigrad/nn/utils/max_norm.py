"""The bound on the norm of each unit's weights that goes with dropout (Srebro, Shraibman, 2005; Srivastava, 2014)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.native import FLOATS, lib, writable_pointer
from minigrad.nn.functional.noises import check_size
from minigrad.nn.module import Module
from minigrad.parts import RemovableHandle
from minigrad.tensor import Tensor

__all__ = ["MaxNorm", "max_norm_"]


def max_norm_(parameters: Module | Tensor | Iterable[Tensor], max_norm: float, dim: int = 0) -> None:
    """w_u = w_u min(1, c / |w_u|) in place, for each unit u along `dim`; at a norm of at most c every bit stays.

    parameters  a module, of which all parameters with two or more dimensions are meant; or a tensor, or several
    max_norm    c
    dim         what numbers the units: 0 for the weights of nn.Linear (out, in), so that a row, which is what comes
                into a unit, has a norm of at most c; 1 for its columns

    One call of C for each tensor. Norms within 2^-21 of c (2^-32 in float64) count as c, so a second call changes
    nothing. No gradient flows through it: call it after optimizer.step(), or let MaxNorm do so.
    """
    c = check_size(max_norm, "max_norm_: max_norm")
    for parameter in _tensors(parameters):
        _limit(parameter, c, dim)


def _tensors(parameters: Module | Tensor | Iterable[Tensor]) -> list[Tensor]:
    if isinstance(parameters, Module):
        return [parameter for parameter in parameters.parameters() if parameter.ndim > 1]
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def _limit(parameter: Tensor, c: float, dim: int) -> None:
    array = parameter.array
    if array.dtype.num not in FLOATS or not array.ndim:
        raise RuntimeError(f"max_norm_: expected floats with at least one dimension, but got {parameter.dtype} of "
                           f"shape {list(array.shape)}")
    if not -array.ndim <= dim < array.ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-array.ndim}, {array.ndim - 1}], but "
                         f"got {dim})")
    if not array.flags.writeable:
        raise RuntimeError(f"max_norm_: a parameter of shape {list(array.shape)} is read-only: clone() it first")
    dim %= array.ndim
    work = np.ascontiguousarray(array)
    outer, units, inner = math.prod(array.shape[:dim]), array.shape[dim], math.prod(array.shape[dim + 1:])
    lib.mg_max_norm(array.dtype.num, writable_pointer(work), outer, units, inner, c)
    if work is not array:
        np.copyto(array, work)
    parameter.count_change()


class MaxNorm:
    """max_norm_ as a constraint that an optimiser keeps:

        MaxNorm(model, 3.0).follow(optimizer)    # from now on after each optimizer.step()

    Calling it applies it once.
    """

    def __init__(self, parameters: Module | Tensor | Iterable[Tensor], max_norm: float, dim: int = 0) -> None:
        self.parameters, self.max_norm, self.dim = _tensors(parameters), max_norm, dim
        check_size(max_norm, "MaxNorm: max_norm")

    def __call__(self) -> None:
        max_norm_(self.parameters, self.max_norm, self.dim)

    def follow(self, optimizer: Any) -> RemovableHandle:
        """Apply it now, and after each step of this optimiser; returns a handle whose remove() ends that."""
        self()
        return optimizer.register_step_post_hook(lambda *_: self())
