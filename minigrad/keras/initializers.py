"""How weights begin: objects that make a tensor of a shape, initializer(shape, dtype=None).

A random one with an int as seed makes the same numbers at every call; without a seed it picks one when it is made; with
a SeedGenerator each call makes new ones. Shapes of weights are Keras's, (..., inputs, outputs).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras import random
from minigrad.keras.config import dtype_of
from minigrad.keras.random import SeedGenerator
from minigrad.keras.registry import Registry
from minigrad.nn import init
from minigrad.tensor import Tensor

__all__ = ["Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer",
           "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer", "RandomNormal",
           "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros", "constant", "deserialize", "get",
           "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform",
           "ones", "orthogonal", "random_normal", "random_uniform", "serialize", "truncated_normal",
           "variance_scaling", "zeros"]

# The standard deviation of a standard normal within (-2, 2): sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
_TRUNCATED_STD = 0.8796256610342398


class Initializer:
    """The base: subclasses define __call__(shape, dtype=None), and get_config."""

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)

    def clone(self) -> Any:
        return self.__class__.from_config(self.get_config())


# -- constants ---------------------------------------------------------------------------------------------------------


class Constant(Initializer):
    """value everywhere; an array is broadcast to the shape."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        return make(np.array(np.broadcast_to(np.asarray(self.value, dtype_of(dtype)), tuple(shape))))

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


class Zeros(Initializer):
    """0 everywhere."""

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        return make(np.zeros(tuple(shape), dtype_of(dtype)))


class Ones(Initializer):
    """1 everywhere."""

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        return make(np.ones(tuple(shape), dtype_of(dtype)))


class Identity(Initializer):
    """gain on the diagonal of a matrix, 0 elsewhere."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        if len(shape) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices. Received: "
                             f"shape={shape} of rank {len(shape)}.")
        return make((self.gain * np.eye(*shape)).astype(dtype_of(dtype)))

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}


# -- random numbers ----------------------------------------------------------------------------------------------------


class _Random(Initializer):
    """An initializer with a seed. _options names the attributes that are its other arguments."""

    _options: tuple[str, ...] = ()

    def __init__(self, seed: Any = None) -> None:
        self._init_seed = seed
        if isinstance(seed, dict):
            seed = SeedGenerator.from_config(seed["config"])
        elif seed is not None and not isinstance(seed, (int, np.integer, SeedGenerator)):
            raise ValueError("`seed` argument should be an instance of `keras.random.SeedGenerator()` or an integer. "
                             f"Received: seed={seed}")
        self.seed = random.make_default_seed() if seed is None else seed

    def get_config(self) -> dict[str, Any]:
        seed = self._init_seed
        if isinstance(seed, SeedGenerator):
            seed = {"module": "keras.random", "class_name": "SeedGenerator", "config": seed.get_config(),
                    "registered_name": None}
        return {**{name: getattr(self, name) for name in self._options}, "seed": seed}


class RandomNormal(_Random):
    """Normal with this mean and standard deviation."""

    _options = ("mean", "stddev")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)


class TruncatedNormal(RandomNormal):
    """Normal, given that it is within two standard deviations of the mean."""

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class RandomUniform(_Random):
    """Uniform on [minval, maxval)."""

    _options = ("minval", "maxval")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval, self.maxval = minval, maxval
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)


class Orthogonal(_Random):
    """gain * a matrix (all but the last axis, the last) with orthonormal columns, or rows if it is wide."""

    _options = ("gain",)

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        if len(shape) < 2:
            raise ValueError("The tensor to initialize must be at least two-dimensional. Received: "
                             f"shape={shape} of rank {len(shape)}.")
        matrix = make(np.empty((math.prod(shape[:-1]), shape[-1]), dtype_of(dtype)))
        return init.orthogonal_(matrix, self.gain, random.generator_of(self.seed)).reshape(tuple(shape))


def compute_fans(shape: Any, input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    """How many inputs reach an output, and how many outputs an input reaches: of a weight (..., inputs, outputs), or
    the products of the sizes of the axes that are named."""
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        fan = shape[0] if shape else 1
        return fan, fan
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class VarianceScaling(_Random):
    """Mean 0 and variance scale / fan, where fan is the number of inputs, of outputs, or their mean  (He et al., 2015).

    mode          "fan_in", "fan_out" or "fan_avg"
    distribution  "truncated_normal" (or "normal"), "untruncated_normal" or "uniform"
    input_axes, output_axes   of a weight whose inputs and outputs are not its last axes
    """

    _options: tuple[str, ...] = ("scale", "mode", "distribution", "input_axes", "output_axes")

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal",
                 seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        modes, distributions = ("fan_in", "fan_out", "fan_avg"), ("uniform", "truncated_normal", "untruncated_normal")
        if scale <= 0.0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale}")
        if mode not in modes:
            raise ValueError(f"Invalid `mode` argument: {mode}. Please use one of {modes}")
        distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        if distribution not in distributions:
            raise ValueError(f"Invalid `distribution` argument: {distribution}. Please use one of {distributions}")
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        std = math.sqrt(self.scale / max(1.0, fan))
        if self.distribution == "uniform":
            return random.uniform(shape, -math.sqrt(3.0) * std, math.sqrt(3.0) * std, dtype, self.seed)
        if self.distribution == "truncated_normal":
            return random.truncated_normal(shape, 0.0, std / _TRUNCATED_STD, dtype, self.seed)
        return random.normal(shape, 0.0, std, dtype, self.seed)


def _scaled(name: str, scale: float, mode: str, distribution: str) -> Any:
    """A VarianceScaling whose first argument is the seed."""

    class Scaled(VarianceScaling):
        _options = ("input_axes", "output_axes")

        def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
            super().__init__(scale, mode, distribution, seed, input_axes, output_axes)

    Scaled.__name__ = Scaled.__qualname__ = name
    Scaled.__doc__ = f"VarianceScaling({scale}, {mode!r}, {distribution!r}): variance {scale:g} / fan."
    return Scaled


GlorotUniform = _scaled("GlorotUniform", 1.0, "fan_avg", "uniform")
GlorotNormal = _scaled("GlorotNormal", 1.0, "fan_avg", "truncated_normal")
LecunNormal = _scaled("LecunNormal", 1.0, "fan_in", "truncated_normal")
LecunUniform = _scaled("LecunUniform", 1.0, "fan_in", "uniform")
HeNormal = _scaled("HeNormal", 2.0, "fan_in", "truncated_normal")
HeUniform = _scaled("HeUniform", 2.0, "fan_in", "uniform")

# Keras has each class under a second name, too, by which a string finds it.
constant, zeros, ones, identity, orthogonal = Constant, Zeros, Ones, Identity, Orthogonal
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling, glorot_normal, glorot_uniform = VarianceScaling, GlorotNormal, GlorotUniform
lecun_normal, lecun_uniform, he_normal, he_uniform = LecunNormal, LecunUniform, HeNormal, HeUniform
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal

registry = Registry("initializer", "keras.initializers", {
    name: value for name, value in list(globals().items())
    if isinstance(value, type) and issubclass(value, Initializer) and value not in (Initializer, _Random)}
    | {"uniform": RandomUniform, "normal": RandomNormal, "one": Ones, "zero": Zeros})
get, serialize, deserialize = registry.get, registry.serialize, registry.deserialize
