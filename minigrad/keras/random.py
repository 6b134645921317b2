"""Random numbers by Keras's conventions of seeds: an int gives the same numbers at every call, a SeedGenerator new
ones, None those of the global SeedGenerator."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import dtype_of
from minigrad.keras.naming import auto_name
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.random import Generator, manual_seed
from minigrad.tensor import Tensor

__all__ = ["SeedGenerator", "dropout", "generator_of", "make_default_seed", "normal", "randint", "set_random_seed",
           "shuffle", "truncated_normal", "uniform"]


def make_default_seed() -> int:
    """A seed from Python's own generator, so that random.seed, and set_random_seed, make it repeatable."""
    return python_random.randint(1, 10 ** 9)


class SeedGenerator:
    """A stream of draws: each takes the next pair (seed, count).

    generator  the same stream as minigrad's own functions take it
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or auto_name("SeedGenerator")
        self._initial_seed = seed
        if seed is None:
            seed = make_default_seed()
        if not isinstance(seed, (int, np.integer)):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed}")
        self.generator = Generator().manual_seed(int(seed))

    @property
    def state(self) -> Tensor:
        """(seed, number of draws so far), int64"""
        return make(self.generator.state.astype(np.int64))

    def next(self, ordered: bool = True) -> Tensor:
        """The state, which moves on by one draw."""
        return make(self.generator.draw().astype(np.int64))

    def get_config(self) -> dict[str, Any]:
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        return cls(**config)


_global: list[SeedGenerator] = []


def generator_of(seed: Any = None) -> Generator:
    """The stream of a seed: an int's own from its start, a SeedGenerator's, or for None the global one's."""
    if isinstance(seed, SeedGenerator):
        return seed.generator
    if isinstance(seed, (int, np.integer)):
        return Generator().manual_seed(int(seed))
    if seed is None:
        if not _global:
            _global.append(SeedGenerator())
        return _global[0].generator
    raise ValueError("Argument `seed` must be either an integer or an instance of `SeedGenerator`. Received: "
                     f"seed={seed} (of type {type(seed)})")


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and minigrad's generators, and begin Keras's global stream anew."""
    if not isinstance(seed, (int, np.integer)):
        raise ValueError(f"Expected `seed` argument to be an integer. Received: seed={seed} (of type {type(seed)})")
    python_random.seed(seed)
    np.random.seed(seed)
    manual_seed(seed)
    _global.clear()


def _empty(shape: Any, dtype: Any) -> Tensor:
    return make(np.empty(tuple(shape), dtype_of(dtype)))


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Normal with this mean and standard deviation."""
    return init.normal_(_empty(shape, dtype), mean, stddev, generator_of(seed))


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Uniform on [minval, maxval); integers if dtype is an integer type."""
    if dtype_of(dtype).kind in "iu":
        return randint(shape, int(minval), int(maxval), dtype, seed)
    return init.uniform_(_empty(shape, dtype), minval, maxval, generator_of(seed))


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Normal, given that it is within two standard deviations of the mean."""
    return init.trunc_normal_(_empty(shape, dtype), mean, stddev, mean - 2 * stddev, mean + 2 * stddev,
                              generator_of(seed))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Uniform on the integers minval .. maxval - 1."""
    if not np.issubdtype(dtype_of(dtype), np.integer):
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype} ")
    return make(generator_of(seed).integers(minval, maxval, tuple(shape)).astype(dtype_of(dtype)))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """The slices of x along an axis in random order."""
    array = x.array if isinstance(x, Tensor) else np.asarray(x)
    return make(np.take(array, generator_of(seed).permutation(array.shape[axis]), axis))


def dropout(inputs: Tensor, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """x / (1 - rate) with probability 1 - rate, else 0; one draw for all along the axes where noise_shape is 1."""
    return F.dropout(inputs, rate, noise_shape=noise_shape, generator=generator_of(seed))
