"""Dropout and its kin: they change something in training alone. Each layer draws from a stream of its own."""

from __future__ import annotations

from typing import Any

from minigrad.keras.layers.input_spec import InputSpec
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.settings import Configured
from minigrad.keras.random import SeedGenerator
from minigrad.nn import functional as F
from minigrad.ops.dropout import dropout
from minigrad.tensor import Tensor

__all__ = ["AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D",
           "SpatialDropout3D"]


class _Drops(Configured, Layer):
    """rate: the probability of dropping. seed: two layers with one seed drop alike; calls of one layer differ."""

    supports_masking = True
    _plain = True
    _settings = ("rate", "seed")
    _size = "rate"

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(f"Invalid value received for argument `{self._size}`. Expected a float value between 0 "
                             f"and 1. Received: {self._size}={rate}")
        setattr(self, self._size, rate)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed) if rate > 0 or seed is not None else None

    def call(self, inputs: Tensor, training: Any = False) -> Tensor:
        if not training or getattr(self, self._size) == 0:
            return inputs
        if self.seed_generator is None:  # the rate was 0 when the layer was made
            self.seed_generator = SeedGenerator(self.seed)
        return self._drop(inputs, getattr(self, self._size), self.seed_generator.generator)

    def _drop(self, x: Tensor, rate: float, generator: Any) -> Tensor:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)


def _checked_noise_shape(noise_shape: Any) -> Any:
    """A tuple of positive integers and None. ValueError for anything else."""
    prefix = "Invalid value received for argument `noise_shape`."
    if noise_shape is None:
        return None
    if isinstance(noise_shape, str) or not hasattr(noise_shape, "__iter__"):
        wanted = "a tuple or list of integers" if isinstance(noise_shape, str) else (
            "an iterable of integers (e.g., a tuple or list)")
        raise ValueError(f"{prefix} Expected {wanted}. Received: noise_shape={noise_shape}")
    for i, size in enumerate(noise_shape):
        if size is not None and (isinstance(size, bool) or not isinstance(size, int)):
            raise ValueError(f"{prefix} Expected all elements to be integers or None. Received element at index {i}: "
                             f"{size} (type: {type(size).__name__})")
        if size is not None and size <= 0:
            raise ValueError(f"{prefix} Expected all dimensions to be positive integers or None. Received "
                             f"non-positive value at index {i}: {size}")
    return tuple(noise_shape)


class Dropout(_Drops):
    """x / (1 - rate) with probability 1 - rate, else 0; noise_shape has 1 where an axis shares its draws."""

    _settings = ("rate", "seed", "noise_shape")

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.noise_shape = _checked_noise_shape(noise_shape)

    def _drop(self, x: Tensor, rate: float, generator: Any) -> Tensor:
        return dropout(x, rate, generator=generator, noise_shape=self.noise_shape)


class _SpatialDropout(_Drops):
    """Dropout of whole channels."""

    _settings = ("rate", "seed")
    _rank = 3

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(rate, seed, name=name, dtype=dtype, **kwargs)
        self.data_format = "channels_last"
        self.input_spec = InputSpec(ndim=self._rank)

    def _drop(self, x: Tensor, rate: float, generator: Any) -> Tensor:
        ones = (1,) * (self._rank - 2)
        batch, *rest = x.array.shape
        shape = (batch, *ones, rest[-1]) if self.data_format == "channels_last" else (batch, rest[0], *ones)
        return dropout(x, rate, generator=generator, noise_shape=shape)


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of x (batch, time, channels)."""


class _SpatialDropoutND(_SpatialDropout):
    _settings = ("rate", "seed", "data_format")

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, name: str | None = None,
                 dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, name, dtype, **kwargs)
        if data_format not in (None, "channels_last", "channels_first"):
            raise ValueError('`data_format` must be "channels_last" or "channels_first". Received: '
                             f"data_format={data_format}.")
        self.data_format = data_format or "channels_last"


class SpatialDropout2D(_SpatialDropoutND):
    """Dropout of whole channels of x (batch, rows, columns, channels), or with the channels first."""

    _rank = 4


class SpatialDropout3D(_SpatialDropoutND):
    """Dropout of whole channels of x (batch, ..., channels) of three spatial axes, or with the channels first."""

    _rank = 5


class GaussianDropout(_Drops):
    """x times a normal number of mean 1 and variance rate / (1 - rate)  (Srivastava et al., 2014)."""

    def _drop(self, x: Tensor, rate: float, generator: Any) -> Tensor:
        if rate == 1:
            raise ZeroDivisionError("GaussianDropout: the variance rate / (1 - rate) has no value at rate 1")
        return F.gaussian_dropout(x, rate, generator=generator)


class AlphaDropout(_Drops):
    """Dropout for selu: what is dropped gets selu's lower limit; mean and variance stay  (Klambauer et al., 2017)."""

    _settings = ("rate", "seed", "noise_shape")

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        if noise_shape is not None:
            raise NotImplementedError("AlphaDropout with a noise_shape is not offered")
        self.noise_shape = noise_shape

    def _drop(self, x: Tensor, rate: float, generator: Any) -> Tensor:
        if rate == 1:
            raise ZeroDivisionError("AlphaDropout: its scale 1 / sqrt(1 - rate) has no value at rate 1")
        return F.alpha_dropout(x, rate, True, generator=generator)


class GaussianNoise(_Drops):
    """x plus normal numbers of mean 0 and this standard deviation."""

    _settings = ("stddev", "seed")
    _size = "stddev"

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(stddev, seed, **kwargs)

    def _drop(self, x: Tensor, stddev: float, generator: Any) -> Tensor:
        return F.gaussian_noise(x, stddev, generator=generator)
