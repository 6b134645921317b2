"""Dropout layers."""

from __future__ import annotations

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.module import Module
from minigrad.ops.dropout import check_probability
from minigrad.random import Generator
from minigrad.tensor import Tensor

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, y_i = x_i / (1 - p) with probability 1 - p, else 0; in evaluation y = x (Srivastava et al., 2014).

    p            probability of dropping; ValueError unless in [0, 1]. May be changed later: checked at every call
    generator    where to draw from, in place of the default generator
    seed         the module owns the stream of this seed: calls differ, and two modules with one seed repeat each other.
                 The position in the stream is in the state_dict ("_extra_state"), and in copies and pickles
    noise_shape  shape of the mask, 1 where it is shared along a dimension, None for the input's own size
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Generator | None = None,
                 seed: int | None = None, noise_shape: Any = None) -> None:
        super().__init__()
        if generator is not None and seed is not None:
            raise ValueError("Dropout takes generator= or seed=, not both")
        check_probability(p)
        self.p, self.inplace, self.noise_shape, self.seed = p, inplace, noise_shape, seed
        self.generator = Generator().manual_seed(seed) if seed is not None else generator

    def forward(self, input: Tensor) -> Tensor:
        if self.generator is None and self.noise_shape is None:
            return F.dropout(input, self.p, self.training, self.inplace)
        return F.dropout(input, self.p, self.training, self.inplace, generator=self.generator,
                         noise_shape=self.noise_shape)

    def _has_extra_state(self) -> bool:
        return self.seed is not None

    def get_extra_state(self) -> Tensor:
        """The position in its own stream: 16 bytes."""
        return self.generator.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        self.generator.set_state(state)

    def extra_repr(self) -> str:
        own = {"seed": self.seed, "noise_shape": self.noise_shape}
        return "".join((f"p={self.p}, inplace={self.inplace}",
                        *(f", {name}={value}" for name, value in own.items() if value is not None)))
