"""Layers that give each element its own random number: dropout's relatives, and added noise."""

from __future__ import annotations

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.functional.noises import check_size
from minigrad.nn.layers.dropping import Draws, OfFunction
from minigrad.ops.dropout import check_probability
from minigrad.random import Generator
from minigrad.tensor import Tensor

__all__ = ["ClassicDropout", "ExactDropout", "GaussianDropout", "GaussianNoise", "UniformNoise"]


class ClassicDropout(Draws):
    """The paper's form: in training y_i = x_i with probability keep_prob, else 0; in evaluation y = keep_prob x.

    keep_prob is the paper's p, the probability of keeping (Srivastava et al., 2014); Dropout's p drops. It learns what
    Dropout(1 - keep_prob) learns if, for the weights W that follow, V = keep_prob W starts so, V's learning rate is
    keep_prob^2 times W's and V's max-norm keep_prob times W's; biases have the same learning rate.
    nn.utils.fold_dropout_(model) turns a trained W into V.
    """

    def __init__(self, keep_prob: float = 0.5, inplace: bool = False, *, generator: Generator | None = None,
                 seed: int | None = None) -> None:
        super().__init__(generator, seed)
        check_probability(keep_prob)
        self.keep_prob, self.inplace = keep_prob, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.classic_dropout(input, self.keep_prob, self.training, self.inplace, generator=self.generator)

    def extra_repr(self) -> str:
        return self._shown(keep_prob=self.keep_prob, inplace=self.inplace)


class GaussianDropout(OfFunction):
    """In training, y_i = x_i (1 + s e_i), s^2 = p / (1 - p), e_i standard normal (Srivastava et al., 2014)."""

    _function = staticmethod(F.gaussian_dropout)


class ExactDropout(OfFunction):
    """In training, y_i = x_i n / k at exactly k = round((1 - p) n) of the n places along the last dimension, else 0."""

    _function = staticmethod(F.exact_dropout)


class _Adds(Draws):
    """Noise of a given size: finite and not negative, or ValueError. May be changed later: checked at every call."""

    _function: Any
    _size = ""

    def __init__(self, size: float, inplace: bool, generator: Generator | None, seed: int | None) -> None:
        super().__init__(generator, seed)
        setattr(self, self._size, size)
        self.inplace = inplace
        check_size(size, f"{type(self).__name__}: {self._size}")

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, getattr(self, self._size), self.training, self.inplace, generator=self.generator)

    def extra_repr(self) -> str:
        return self._shown(**{self._size: getattr(self, self._size), "inplace": self.inplace})


class GaussianNoise(_Adds):
    """In training, y_i = x_i + std e_i, e_i standard normal."""

    _function, _size = staticmethod(F.gaussian_noise), "std"

    def __init__(self, std: float = 0.1, inplace: bool = False, *, generator: Generator | None = None,
                 seed: int | None = None) -> None:
        super().__init__(std, inplace, generator, seed)


class UniformNoise(_Adds):
    """In training, y_i = x_i + u_i, u_i uniform on [-bound, bound)."""

    _function, _size = staticmethod(F.uniform_noise), "bound"

    def __init__(self, bound: float = 0.1, inplace: bool = False, *, generator: Generator | None = None,
                 seed: int | None = None) -> None:
        super().__init__(bound, inplace, generator, seed)
