"""What every distribution has, and Independent, which reads the last dimensions of another as one event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from minigrad.creation import tensor
from minigrad.functions import broadcast_tensors
from minigrad.grad_mode import no_grad
from minigrad.parts import Size
from minigrad.tensor import Tensor

__all__ = ["Constraint", "Distribution", "Independent", "together"]


class Constraint(NamedTuple):
    """What a parameter or a value must satisfy: how PyTorch writes it, and which elements of a tensor do."""

    text: str
    holds: Callable[[Any], Any]


REAL = Constraint("Real()", lambda x: x == x)


def together(*values: Any) -> list[Tensor]:
    """Numbers and tensors as tensors of one shape."""
    like = next((v for v in values if isinstance(v, Tensor)), None)
    dtype = None if like is None else like.dtype
    return list(broadcast_tensors(*(v if isinstance(v, Tensor) else tensor(float(v), dtype=dtype) for v in values)))


class Distribution:
    """Of batch_shape independent draws, each of event_shape.

    The parameters, tensors named in arg_constraints, are checked unless validate_args is False: ValueError.
    """

    has_rsample = False
    support: Any = REAL
    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        self._validate_args = validate_args is not False
        for name, constraint in self.arg_constraints.items() if self._validate_args else ():
            value = self.__dict__.get(name)
            if value is not None and not bool(constraint.holds(value).all()):
                raise ValueError(f"Expected parameter {name} (Tensor of shape {tuple(value.shape)}) of distribution "
                                 f"{self!r} to satisfy the constraint {constraint.text}, but found invalid values:\n"
                                 f"{value}")

    @property
    def batch_shape(self) -> Size:
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        return self._event_shape

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape sample_shape + batch_shape + event_shape, without a gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws with gradients for the parameters, where there are any."""
        raise NotImplementedError(f"{type(self).__name__} has no rsample: draws have no gradient; use sample")

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, of a value."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        return self.variance.sqrt()

    @property
    def variance(self) -> Tensor:
        raise NotImplementedError

    def entropy(self) -> Tensor:
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        return self.entropy().exp()

    def _extended(self, sample_shape: Any) -> tuple[int, ...]:
        return (*sample_shape, *self._batch_shape, *self._event_shape)

    def _check(self, value: Any) -> None:
        """Refuse a value outside of the support."""
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        if self._validate_args and not bool(self.support.holds(value).all()):
            raise ValueError(f"Expected value argument (Tensor of shape {tuple(value.shape)}) to be within the support "
                             f"({self.support.text}) of the distribution {self!r}, but found invalid values:\n{value}")

    def __repr__(self) -> str:
        shown = ((name, self.__dict__[name]) for name in self.arg_constraints if name in self.__dict__)
        values = (f"{name}: {value if value.numel() == 1 else value.shape}" for name, value in shown)
        return f"{type(self).__name__}({', '.join(values)})"


class Independent(Distribution):
    """base_distribution with its last dimensions of the batch as part of the event: log_prob and entropy are summed."""

    def __init__(self, base_distribution: Distribution, reinterpreted_batch_ndims: int,
                 validate_args: bool | None = None) -> None:
        shape, n = base_distribution.batch_shape, reinterpreted_batch_ndims
        if n > len(shape):
            raise ValueError(f"Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual {n} vs "
                             f"{len(shape)}")
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, n
        self.has_rsample = base_distribution.has_rsample
        batch = len(shape) - n
        super().__init__(shape[:batch], (*shape[batch:], *base_distribution.event_shape), validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        return self.summed(self.base_dist.log_prob(value))

    def entropy(self) -> Tensor:
        return self.summed(self.base_dist.entropy())

    def summed(self, each: Tensor) -> Tensor:
        """The sum over the dimensions that count as the event."""
        n = self.reinterpreted_batch_ndims
        return each.sum(tuple(range(-n, 0))) if n else each

    @property
    def mean(self) -> Tensor:
        return self.base_dist.mean  # type: ignore[attr-defined]

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"
