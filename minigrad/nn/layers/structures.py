"""Layers that drop what belongs together: blocks of a map, samples on a path, one mask for a sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.functional.structures import batch_scale, check_mode
from minigrad.nn.layers.dropping import Drops, OfFunction
from minigrad.nn.module import Module
from minigrad.ops.dropout import check_probability
from minigrad.random import Generator
from minigrad.tensor import Tensor

__all__ = ["DropBlock1d", "DropBlock2d", "DropPath", "LockedDropout", "StochasticDepth"]


class _DropBlock(Drops):
    _function: Any

    def __init__(self, p: float = 0.1, block_size: Any = 7, inplace: bool = False, *,
                 generator: Generator | None = None, seed: int | None = None) -> None:
        super().__init__(p, inplace, generator=generator, seed=seed)
        self.block_size = block_size

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, self.p, self.block_size, self.training, self.inplace, generator=self.generator)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, block_size={self.block_size}"


class DropBlock1d(_DropBlock):
    """DropBlock2d for x (N, C, L) or (C, L): blocks of each row."""

    _function = staticmethod(F.drop_block1d)


class DropBlock2d(_DropBlock):
    """In training, y = x m count / kept: m is 0 in blocks of each map of x (N, C, H, W) or (C, H, W), else 1.

    The blocks, block_size wide, cover a share of about p (Ghiasi, Lin, Le: DropBlock, NeurIPS 2018).
    """

    _function = staticmethod(F.drop_block2d)


class DropPath(OfFunction):
    """In training, each sample x[n] is 0 with probability p, else x[n] / (1 - p)."""

    _function = staticmethod(F.drop_path)


class StochasticDepth(Drops):
    """y = x + B f(x) / (1 - p) in training, with B = 0 with probability p, else 1; y = x + f(x) in evaluation.

    module  f, a residual branch
    mode    "row": a B for each sample. "batch": one for all; where it is 0, f is not computed at all

    (Huang et al.: Deep networks with stochastic depth, 2016.) F.stochastic_depth_rates gives its linear rule.
    """

    def __init__(self, module: Module, p: float = 0.5, mode: str = "row", *, generator: Generator | None = None,
                 seed: int | None = None) -> None:
        super().__init__(p, generator=generator, seed=seed)
        self.module, self.mode = module, check_mode(mode)

    def forward(self, input: Tensor) -> Tensor:
        p = check_probability(self.p)
        if not self.training or p == 0.0:
            return input + self.module(input)
        if self.mode == "row":
            return input + F.drop_path(self.module(input), p, generator=self.generator)
        scale = batch_scale(p, self.generator)
        return input + self.module(input) * scale if scale else input

    def same_for_all_rows(self) -> bool:
        return self.mode == "batch"

    def extra_repr(self) -> str:
        return self._shown(p=self.p, mode=self.mode)


class LockedDropout(Drops):
    """In training, y_t = x_t m / (1 - p): one mask m for all times t of x (T, N, C), or (N, T, C) with batch_first.

    (Gal, Ghahramani: A theoretically grounded application of dropout in recurrent neural networks, 2016.)
    hold() gives the same for the steps of a recurrence: a function that drops with one mask as often as it is called.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, batch_first: bool = False,
                 generator: Generator | None = None, seed: int | None = None) -> None:
        super().__init__(p, inplace, generator=generator, seed=seed)
        self.batch_first = batch_first

    def forward(self, input: Tensor) -> Tensor:
        return F.locked_dropout(input, self.p, self.training, self.inplace, batch_first=self.batch_first,
                                generator=self.generator)

    def hold(self) -> Callable[[Tensor], Tensor]:
        """A function x -> dropout(x) with one mask: see F.hold_dropout."""
        return F.hold_dropout(self.p, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, batch_first={self.batch_first}"
