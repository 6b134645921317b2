"""Linear, ReLU and Dropout that follow one another in a Sequential are computed by one operation, with the same bits.

Nobody can see the tensors between them. Where somebody could, because a module has hooks or a forward of its own, or
where the operation does not cover the case, they are called one by one.
"""

from __future__ import annotations

from typing import Any

from minigrad.nn.activations import ReLU
from minigrad.nn.layers import Dropout, Linear
from minigrad.nn.module import Module
from minigrad.ops.dropout import kept_of
from minigrad.ops.linear import LinearReLU, fits
from minigrad.random import default_generator

__all__ = ["Group", "grouped"]


class Group:
    """A Linear, its ReLU, and the Dropout behind it or None."""

    def __init__(self, linear: Linear, relu: ReLU, dropout: Dropout | None) -> None:
        self.linear, self.relu, self.dropout = linear, relu, dropout
        self.modules: tuple[Module, ...] = (linear, relu) if dropout is None else (linear, relu, dropout)

    def __call__(self, x: Any) -> Any:
        """What the modules give for x."""
        for module in self.modules:
            if module._hooks is not None or "forward" in module.__dict__:
                return self._one_by_one(x)
        parameters, dropout = self.linear._parameters, self.dropout
        if "weight" not in parameters or "bias" not in parameters:  # they are computed, or plain tensors
            return self._one_by_one(x)
        w, b = parameters["weight"], parameters["bias"]
        if not fits(x, w, b):
            return self._one_by_one(x)
        if dropout is None or not dropout.training or dropout.p == 0.0:
            return LinearReLU.apply(x, w, b)
        if dropout.p.__class__ is not float or not 0.0 < dropout.p < 1.0 or dropout.noise_shape is not None:
            return self._one_by_one(x)
        return LinearReLU.apply(x, w, b, (dropout.generator or default_generator).draw(), kept_of(dropout.p))

    def _one_by_one(self, x: Any) -> Any:
        for module in self.modules:
            x = module(x)
        return x


def grouped(modules: tuple[Module, ...]) -> list[Any]:
    """The modules, each Linear with the ReLU and Dropout that follow it as one Group. Subclasses are left alone."""
    steps: list[Any] = []
    kinds = [type(module) for module in modules]
    at = 0
    while at < len(modules):
        if kinds[at:at + 2] == [Linear, ReLU]:
            dropout = modules[at + 2] if kinds[at + 2:at + 3] == [Dropout] else None
            steps.append(Group(modules[at], modules[at + 1], dropout))
            at += 2 + (dropout is not None)
        else:
            steps.append(modules[at])
            at += 1
    return steps
