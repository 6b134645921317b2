"""Layers whose weights, or sums, are noisy: DropConnect, fast dropout, variational dropout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.creation import full
from minigrad.grad_mode import no_grad
from minigrad.nn import functional as F
from minigrad.nn.functional.noises import check_count
from minigrad.nn.layers.basic import Linear
from minigrad.nn.layers.dropping import Draws, Drops
from minigrad.nn.parameter import Parameter
from minigrad.ops.dropout import check_probability
from minigrad.random import Generator
from minigrad.tensor import Tensor

__all__ = ["DropConnect", "FastDropout", "VariationalDropout", "VariationalLinear"]


class _OverLinear(Drops):
    """A layer over a Linear, which it holds as .linear."""

    def __init__(self, linear: Linear, p: float, generator: Generator | None, seed: int | None) -> None:
        super().__init__(p, generator=generator, seed=seed)
        if not isinstance(linear, Linear):
            raise TypeError(f"{type(self).__name__}: expected an nn.Linear, but got {type(linear).__name__}")
        self.linear = linear

    def extra_repr(self) -> str:
        return self._shown(p=self.p)


class DropConnect(_OverLinear):
    """f(x ((m W) / (1 - p))^T + b) in training, each weight of a Linear dropped with probability p (Wan et al., 2013).

    activation  f, a function of tensors, or None
    inference   "mean": f(x W^T + b). "sample", the paper's: the mean of f(u) over `samples` draws of u, normal with the
                mean and the variance that the masks give; always the same draws, so that evaluation is deterministic
    """

    def __init__(self, linear: Linear, p: float = 0.5, activation: Callable[[Tensor], Tensor] | None = None, *,
                 inference: str = "mean", samples: int = 100, generator: Generator | None = None,
                 seed: int | None = None) -> None:
        super().__init__(linear, p, generator, seed)
        if inference not in ("mean", "sample"):
            raise ValueError(f"DropConnect: inference must be 'mean' or 'sample', but got {inference!r}")
        self.activation, self.inference = activation, inference
        self.samples = check_count(samples, "DropConnect: samples")

    def forward(self, input: Tensor) -> Tensor:
        f = self.activation or (lambda z: z)
        weight, bias = self.linear.weight, self.linear.bias
        p = check_probability(self.p)
        if self.training or self.inference == "mean" or p in (0.0, 1.0):
            return f(F.drop_connect(input, weight, bias, p, self.training, generator=self.generator))
        moments = F.dropout_moments(input, weight, bias, p)
        stream = Generator().manual_seed(0)
        total = f(F.sample_normal(*moments, generator=stream))
        for _ in range(self.samples - 1):
            total = total + f(F.sample_normal(*moments, generator=stream))
        return total / self.samples

    def same_for_all_rows(self) -> bool:
        return True


class FastDropout(_OverLinear):
    """f(z), z normal with the moments that dropout of the inputs of a Linear gives (Wang, Manning, 2013).

    activation  f: None, "relu" or "sigmoid"
    sampled     draw z in training; False: E f(z) in closed form, and no random numbers
    In evaluation f(x W^T + b).
    """

    def __init__(self, linear: Linear, p: float = 0.5, activation: str | None = None, *, sampled: bool = True,
                 generator: Generator | None = None, seed: int | None = None) -> None:
        super().__init__(linear, p, generator, seed)
        self.activation, self.sampled = activation, sampled

    def forward(self, input: Tensor) -> Tensor:
        return F.fast_dropout(input, self.linear.weight, self.linear.bias, self.p, self.activation, self.training,
                              sampled=self.sampled, generator=self.generator)


# -- the rate is learned -----------------------------------------------------------------------------------------------


def _log_alpha(p: float, shape: tuple[int, ...], dtype: Any) -> Parameter:
    """The logarithm of alpha = p / (1 - p), for 0 < p <= 1/2."""
    p = check_probability(p)
    if not 0.0 < p <= 0.5:
        raise ValueError(f"variational dropout starts at a rate p with 0 < p <= 0.5, so that alpha <= 1, but got {p}")
    return Parameter(full(shape, math.log(p / (1.0 - p)), dtype=dtype))


def _bounded_alpha(log_alpha: Parameter) -> Tensor:
    """alpha = e^log_alpha; a step that went beyond alpha = 1 is taken back first."""
    with no_grad():
        if (log_alpha > 0.0).any():
            log_alpha.clamp_(max=0.0)
    return log_alpha.exp()


class VariationalDropout(Draws):
    """y = x (1 + sqrt(alpha) e), with alpha <= 1 learned: form A of Kingma, Salimans, Welling, 2015.

    features  how many alphas: 1, or one per feature of the last dimension
    p         the rate to start with, alpha = p / (1 - p)
    Add kl(weights) to the loss, divided by the size of the data set.
    """

    def __init__(self, features: int = 1, p: float = 0.5, *, generator: Generator | None = None,
                 seed: int | None = None, dtype: Any = None) -> None:
        super().__init__(generator, seed)
        self.features = features
        self.log_alpha = _log_alpha(p, (features,), dtype)

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return input
        return F.variational_dropout(input, _bounded_alpha(self.log_alpha), generator=self.generator)

    def kl(self, weights: int = 1) -> Tensor:
        """The KL divergence, up to a constant, where each alpha governs so many weights of the layer that follows."""
        return F.variational_kl(_bounded_alpha(self.log_alpha)).sum() * float(weights)

    def extra_repr(self) -> str:
        return self._shown(features=self.features)


class VariationalLinear(Draws):
    """y ~ N(x W^T + b, (x^2) (alpha W^2)^T), with alpha <= 1 learned: form B of Kingma et al., 2015.

    p    the rate to start with, alpha = p / (1 - p)
    per  what has an alpha of its own: the "layer", each "input", or each "weight"
    Add kl() to the loss, divided by the size of the data set.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, p: float = 0.5, per: str = "layer", *,
                 generator: Generator | None = None, seed: int | None = None, dtype: Any = None) -> None:
        super().__init__(generator, seed)
        shapes = {"layer": (1,), "input": (in_features,), "weight": (out_features, in_features)}
        if per not in shapes:
            raise ValueError(f"VariationalLinear: per must be 'layer', 'input' or 'weight', but got {per!r}")
        self.per, self.linear = per, Linear(in_features, out_features, bias, dtype=dtype)
        self.log_alpha = _log_alpha(p, shapes[per], dtype)

    def forward(self, input: Tensor) -> Tensor:
        weight, bias = self.linear.weight, self.linear.bias
        if not self.training:
            return F.linear(input, weight, bias)
        return F.variational_linear(input, weight, bias, _bounded_alpha(self.log_alpha), generator=self.generator)

    def kl(self) -> Tensor:
        """The KL divergence of all weights, up to a constant."""
        share = self.linear.weight.numel() / max(self.log_alpha.numel(), 1)
        return F.variational_kl(_bounded_alpha(self.log_alpha)).sum() * share

    def extra_repr(self) -> str:
        return self._shown(per=self.per)
