"""Noise on a layer's weights, or what it does to the layer's sums: DropConnect, fast dropout, variational dropout.

x (..., in), weight (out, in), bias (out) or None. With many inputs a sum of dropped terms is nearly normal, so its mean
and variance say all: z ~ N(x W^T + b, r (x^2) (W^2)^T), r = p / (1 - p).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from minigrad.engine import TensorBase
from minigrad.ops.activation import sigmoid
from minigrad.ops.drop_connect import DropConnect, ExpectedReLU, normal_cdf, normal_density
from minigrad.ops.dropout import check_probability, dropout, kept_of, require_floats
from minigrad.ops.kernel import require_tensor
from minigrad.ops.linear import linear
from minigrad.ops.noise import times_normal
from minigrad.ops.variance import SafeSqrt
from minigrad.random import Generator, stream

__all__ = ["drop_connect", "dropout_moments", "fast_dropout", "gaussian_relu", "gaussian_sigmoid",
           "sample_normal", "variational_dropout", "variational_kl", "variational_linear"]


class Moments(NamedTuple):
    """Of a normal variable, element by element."""

    mean: Any
    var: Any


def _same_floats(name: str, input: Any, weight: Any) -> None:
    for tensor, what in ((input, "input"), (weight, "weight")):
        require_tensor(tensor, name, what)
    require_floats(input)


def drop_connect(input: Any, weight: Any, bias: Any = None, p: float = 0.5, training: bool = True, *,
                 generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, y = x ((m W) / (1 - p))^T + b, each weight dropped (m = 0) with probability p (Wan et al., 2013).

    One mask per call, for all rows of x, so that the product stays a product of matrices. E y = x W^T + b, and over the
    masks Var y = p / (1 - p) (x^2) (W^2)^T. Neither mask nor dropped weights are stored.
    """
    p = check_probability(p)
    if not training or p == 0.0:
        return linear(input, weight, bias)
    _same_floats("drop_connect", input, weight)
    if p == 1.0:
        return linear(input, dropout(weight, 1.0), bias)
    return DropConnect.apply(input, weight, bias, stream(generator, seed).draw(), kept_of(p))


def dropout_moments(input: Any, weight: Any, bias: Any = None, p: float = 0.5) -> Moments:
    """Mean x W^T + b and variance p / (1 - p) (x^2) (W^2)^T of a layer whose inputs, or weights, are dropped (Wang,
    Manning: Fast dropout training, ICML 2013). ValueError for p = 1."""
    p = check_probability(p)
    if p == 1.0:
        raise ValueError("dropout_moments: with p = 1 the variance is infinite")
    return Moments(linear(input, weight, bias), linear(input.square(), weight.square()) * (p / (1.0 - p)))


def sample_normal(mean: Any, var: Any, *, generator: Generator | None = None, seed: int | None = None) -> Any:
    """mean + sqrt(var) e, e standard normal and of var's shape; dmean = dy, dvar = dy e / (2 sqrt(var)), 0 at 0."""
    return mean + times_normal(SafeSqrt.apply(var), stream(generator, seed))


def gaussian_relu(mean: Any, var: Any) -> Moments:
    """Mean m Phi + s phi and variance (m^2 + s^2) Phi + m s phi - mean^2 of max(z, 0), z ~ N(m, s^2 = var).

    Phi and phi are the normal distribution and density at m / s.
    """
    s = SafeSqrt.apply(var)
    first = ExpectedReLU.apply(mean, s)
    z = mean / s.clamp(min=1e-10)
    second = (mean.square() + var) * normal_cdf(z) + mean * s * normal_density(z)
    return Moments(first, (second - first.square()).clamp(min=0.0))


def gaussian_sigmoid(mean: Any, var: Any) -> Any:
    """E sigmoid(z) of z ~ N(mean, var), nearly: sigmoid(mean / sqrt(1 + pi var / 8)) (Wang, Manning, 2013)."""
    return sigmoid(mean / (var * (math.pi / 8) + 1.0).sqrt())


_EXPECTED = {None: lambda m: m.mean, "relu": lambda m: ExpectedReLU.apply(m.mean, SafeSqrt.apply(m.var)),
             "sigmoid": lambda m: gaussian_sigmoid(*m)}
_ACTIVATED = {None: lambda z: z, "relu": lambda z: z.relu(), "sigmoid": sigmoid}


def fast_dropout(input: Any, weight: Any, bias: Any = None, p: float = 0.5, activation: str | None = None,
                 training: bool = True, *, sampled: bool = True, generator: Generator | None = None,
                 seed: int | None = None) -> Any:
    """f(z), z normal with the mean and variance of dropout_moments, f the activation: None, "relu" or "sigmoid".

    sampled: in training z is drawn, once per unit and row of x; otherwise E f(z) is taken in closed form, and nothing
    is drawn. In evaluation, and for p = 0, f(x W^T + b). (Wang, Manning: Fast dropout training, ICML 2013.)
    """
    p = check_probability(p)
    if activation not in _ACTIVATED:
        raise ValueError(f"fast_dropout: activation must be None, 'relu' or 'sigmoid', but got {activation!r}")
    if not training or p == 0.0:
        return _ACTIVATED[activation](linear(input, weight, bias))
    _same_floats("fast_dropout", input, weight)
    if p == 1.0:
        return _ACTIVATED[activation](linear(dropout(input, 1.0), weight, bias))
    moments = dropout_moments(input, weight, bias, p)
    if not sampled:
        return _EXPECTED[activation](moments)
    return _ACTIVATED[activation](sample_normal(*moments, generator=generator, seed=seed))


# -- variational dropout -----------------------------------------------------------------------------------------------


def variational_dropout(input: Any, alpha: Any, training: bool = True, *, generator: Generator | None = None,
                        seed: int | None = None) -> Any:
    """In training, y = x (1 + sqrt(alpha) e), e standard normal: form A of Kingma, Salimans, Welling: Variational
    dropout and the local reparameterization trick, NeurIPS 2015.

    alpha, a tensor that broadcasts to x, is learned: dalpha = dy x e / (2 sqrt(alpha)). E y = x, Var y = alpha x^2. It
    is dropout of rate p for alpha = p / (1 - p).
    """
    require_tensor(input, "variational_dropout")
    require_tensor(alpha, "variational_dropout", "alpha", 2)
    if not training:
        return input
    require_floats(input)
    return input + SafeSqrt.apply(alpha) * times_normal(input, stream(generator, seed))


def variational_linear(input: Any, weight: Any, bias: Any, alpha: Any, training: bool = True, *,
                       generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, y ~ N(x W^T + b, (x^2) (alpha W^2)^T), drawn by unit and row: form B of Kingma et al., 2015.

    The weights are normal with mean W and variance alpha W^2; their noise is drawn where it is needed, in the sums (the
    local reparameterisation). alpha broadcasts to W (out, in): one number, one per input (in), or one per weight.
    """
    mean = linear(input, weight, bias)
    if not training:
        return mean
    _same_floats("variational_linear", input, weight)
    require_tensor(alpha, "variational_linear", "alpha", 4)
    return sample_normal(mean, linear(input.square(), alpha * weight.square()), generator=generator, seed=seed)


def variational_kl(alpha: TensorBase) -> Any:
    """KL(q | p) of a weight with this alpha, for the log-uniform prior, up to a constant; element by element:

        -KL = .5 log a + 1.16145124 a - 1.50204118 a^2 + .58629921 a^3 + constant     (Kingma et al., 2015, equation 14)

    The fit holds for 0 < alpha <= 1.
    """
    require_tensor(alpha, "variational_kl", "alpha")
    return -(alpha.log() * 0.5 + alpha * (1.16145124 + alpha * (alpha * 0.58629921 - 1.50204118)))
