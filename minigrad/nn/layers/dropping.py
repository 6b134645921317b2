"""Dropout layers."""

from __future__ import annotations

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.module import Module
from minigrad.ops.dropout import check_probability
from minigrad.random import Generator
from minigrad.tensor import Tensor

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class Draws(Module):
    """What all layers with random numbers share: where these come from.

    generator    where to draw from, in place of the default generator
    seed         the module owns the stream of this seed: calls differ, and two modules with one seed repeat each other.
                 The position in the stream is in the state_dict ("_extra_state"), and in copies and pickles
    """

    def __init__(self, generator: Generator | None = None, seed: int | None = None) -> None:
        super().__init__()
        if generator is not None and seed is not None:
            raise ValueError(f"{type(self).__name__} takes generator= or seed=, not both")
        self.seed = seed
        self.generator = Generator().manual_seed(seed) if seed is not None else generator

    def _has_extra_state(self) -> bool:
        return self.seed is not None

    def get_extra_state(self) -> Tensor:
        """The position in its own stream: 16 bytes."""
        return self.generator.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        self.generator.set_state(state)

    def same_for_all_rows(self) -> bool:
        """Whether one call's noise is the same for all samples of a batch."""
        return False

    def extra_repr(self) -> str:
        return self._shown()

    def _shown(self, **settings: Any) -> str:
        """The settings for repr, and the seed if there is one."""
        seed = {} if self.seed is None else {"seed": self.seed}
        return ", ".join(f"{name}={value}" for name, value in {**settings, **seed}.items())


class Drops(Draws):
    """What all dropouts share: p, inplace, and where to draw from.

    p            probability of dropping; ValueError unless in [0, 1]. May be changed later: checked at every call
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Generator | None = None,
                 seed: int | None = None) -> None:
        super().__init__(generator, seed)
        check_probability(p)
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return self._shown(p=self.p, inplace=self.inplace)


class Dropout(Drops):
    """In training, y_i = x_i / (1 - p) with probability 1 - p, else 0; in evaluation y = x (Srivastava et al., 2014).

    noise_shape  shape of the mask, 1 where it is shared along a dimension, None for the input's own size
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Generator | None = None,
                 seed: int | None = None, noise_shape: Any = None) -> None:
        super().__init__(p, inplace, generator=generator, seed=seed)
        self.noise_shape = noise_shape

    def forward(self, input: Tensor) -> Tensor:
        if self.generator is None and self.noise_shape is None:
            return F.dropout(input, self.p, self.training, self.inplace)
        return F.dropout(input, self.p, self.training, self.inplace, generator=self.generator,
                         noise_shape=self.noise_shape)

    def same_for_all_rows(self) -> bool:
        return self.noise_shape is not None and self.noise_shape[0] is not None

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.noise_shape is None else f", noise_shape={self.noise_shape}")


class OfFunction(Drops):
    """y = function(x, p, training, inplace, generator=generator)"""

    _function: Any

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, self.p, self.training, self.inplace, generator=self.generator)


class Dropout1d(OfFunction):
    """In training, each channel of x (N, C, L) or (C, L) is 0 with probability p, else it is divided by 1 - p."""

    _function = staticmethod(F.dropout1d)


class Dropout2d(OfFunction):
    """In training, each channel of x (N, C, H, W) is 0 with probability p, else it is divided by 1 - p."""

    _function = staticmethod(F.dropout2d)


class Dropout3d(OfFunction):
    """In training, each channel of x (N, C, D, H, W) or (C, D, H, W) is 0 with probability p, else divided by 1 - p."""

    _function = staticmethod(F.dropout3d)


class AlphaDropout(OfFunction):
    """In training, y_i = a x_i + A a p with probability 1 - p, else -A a (1 - p).

    A = 1.758, a = ((A^2 p + 1) (1 - p))^-1/2. For SELU, whose limit is -A: mean 0 and variance 1 stay (Klambauer et
    al., 2017).
    """

    _function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(OfFunction):
    """AlphaDropout of whole channels of x (N, C, ...)."""

    _function = staticmethod(F.feature_alpha_dropout)
