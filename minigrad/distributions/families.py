"""The distributions: Normal, Uniform, Bernoulli, Categorical. Their formulas are in PyTorch's documentation, too."""

from __future__ import annotations

import functools
import math
from typing import Any, ClassVar

from minigrad import dtypes
from minigrad.creation import rand, randn
from minigrad.distributions.distribution import REAL, Constraint, Distribution, together
from minigrad.functions import bernoulli, broadcast_tensors, multinomial
from minigrad.ops.activation import softplus
from minigrad.parts import Size
from minigrad.tensor import Tensor

__all__ = ["Bernoulli", "Categorical", "Normal", "Uniform"]

_POSITIVE = Constraint("GreaterThan(lower_bound=0.0)", lambda x: x > 0)
_UNIT = Constraint("Interval(lower_bound=0.0, upper_bound=1.0)", lambda x: (x >= 0) & (x <= 1))
_SIMPLEX = Constraint("Simplex()", lambda p: (p >= 0).all(-1) & ((p.sum(-1) - 1).abs() < 1e-6))
_EVENT = Constraint("IndependentConstraint(Real(), 1)", REAL.holds)


class Normal(Distribution):
    """p(x) = exp(-(x - loc)^2 / (2 scale^2)) / (scale sqrt(2 pi))"""

    has_rsample = True
    arg_constraints: ClassVar = {"loc": REAL, "scale": _POSITIVE}

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = together(loc, scale)
        super().__init__(self.loc.shape, (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Tensor:
        return self.scale.square()

    @property
    def stddev(self) -> Tensor:
        return self.scale

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.loc + randn(self._extended(sample_shape), dtype=self.loc.dtype) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        return -((value - self.loc) / self.scale).square() / 2 - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value: Tensor) -> Tensor:
        return 0.5 * (1 + ((value - self.loc) / self.scale / math.sqrt(2)).erf())

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Tensor:
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


class Uniform(Distribution):
    """p(x) = 1 / (high - low) for low <= x < high"""

    has_rsample = True
    arg_constraints: ClassVar = {"low": REAL, "high": REAL}

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = together(low, high)
        super().__init__(self.low.shape, (), validate_args)
        if self._validate_args and not bool((self.low < self.high).all()):
            raise ValueError(f"Uniform is not defined when low >= high: low={self.low}, high={self.high}")

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low).square() / 12

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.low + rand(self._extended(sample_shape), dtype=self.low.dtype) * (self.high - self.low)

    @property
    def support(self) -> Constraint:
        return Constraint(f"Interval(lower_bound={self.low}, upper_bound={self.high})",
                          lambda x: (x >= self.low) & (x <= self.high))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        inside = (self.low <= value) & (value < self.high)
        return inside.to(self.low.dtype).log() - (self.high - self.low).log()

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()


class _OfProbabilities(Distribution):
    """Given by probs or by logits; the other is computed when it is asked for."""

    def _given(self, probs: Any, logits: Any) -> Tensor:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        (value,) = together(logits if probs is None else probs)
        self.__dict__["logits" if probs is None else "probs"] = value
        return value

    def _kept(self) -> Tensor:
        """probs away from 0 and 1, so that their logarithms are finite."""
        eps = dtypes.finfo(self.probs.dtype).eps
        return self.probs.clamp(eps, 1 - eps)

    probs: Any
    logits: Any


class Bernoulli(_OfProbabilities):
    """P(1) = probs = sigmoid(logits), P(0) = 1 - probs"""

    arg_constraints: ClassVar = {"probs": _UNIT, "logits": REAL}
    support = Constraint("Boolean()", lambda x: (x == 0) | (x == 1))

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(self._given(probs, logits).shape, (), validate_args)

    @functools.cached_property
    def probs(self) -> Tensor:
        return self.logits.sigmoid()

    @functools.cached_property
    def logits(self) -> Tensor:
        kept = self._kept()
        return kept.log() - (-kept).log1p()

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return bernoulli(self.probs.detach().expand(self._extended(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        return value * self.logits - softplus(self.logits)

    def entropy(self) -> Tensor:
        return softplus(self.logits) - self.probs * self.logits


class Categorical(_OfProbabilities):
    """P(i) = probs_i / sum probs, or softmax(logits)_i, along the last dimension."""

    arg_constraints: ClassVar = {"probs": _SIMPLEX, "logits": _EVENT}

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        value = self._given(probs, logits)
        if not value.ndim:
            raise ValueError(f"`{'probs' if logits is None else 'logits'}` parameter must be at least one-dimensional.")
        if logits is None:
            self.probs = value / value.sum(-1, keepdim=True)
        else:
            self.logits = value - value.logsumexp(-1, keepdim=True)
        self._num_events = value.shape[-1]
        super().__init__(value.shape[:-1], (), validate_args)

    @functools.cached_property
    def probs(self) -> Tensor:
        return self.logits.softmax(-1)

    @functools.cached_property
    def logits(self) -> Tensor:
        return self._kept().log()

    @property
    def param_shape(self) -> Any:
        return Size((*self._batch_shape, self._num_events))

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    @property
    def support(self) -> Constraint:
        last = self._num_events - 1
        return Constraint(f"IntegerInterval(lower_bound=0, upper_bound={last})",
                          lambda x: (x % 1 == 0) & (x >= 0) & (x <= last))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        rows = self.probs.detach().reshape(-1, self._num_events)
        drawn = multinomial(rows, math.prod(sample_shape), True)
        return drawn.T.reshape(self._extended(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        index, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        return -(self.logits.clamp(min=dtypes.finfo(self.logits.dtype).min) * self.probs).sum(-1)
