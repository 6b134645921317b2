"""Dropout's relatives that give each element its own random number: a formula each.

All take generator= and seed= as dropout does. A rate, or a size, of 0 gives the input itself and draws nothing, as
evaluation does; a rate of 1 gives zeros.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from minigrad.methods import become
from minigrad.ops.dropout import check_probability, dropout, kept_of, require_floats
from minigrad.ops.kernel import require_tensor
from minigrad.ops.noise import ClassicDropout, ExactDropout, NormalAdd, NormalMul, UniformAdd
from minigrad.random import Generator, stream

__all__ = ["classic_dropout", "exact_dropout", "gaussian_dropout", "gaussian_noise", "uniform_noise"]


def check_size(value: Any, name: str) -> float:
    """A size of noise as a float: ValueError unless it is finite and not negative."""
    if not isinstance(value, (Real, np.bool_)):
        raise TypeError(f"{name} must be a number, but got {type(value).__name__}")
    if not 0.0 <= value < math.inf:
        raise ValueError(f"{name} has to be finite and not negative, but got {value}")
    return float(value)


def check_count(value: Any, name: str) -> int:
    """A number of steps, samples or layers: ValueError unless it is a positive int."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} has to be a positive int, but got {value!r}")
    return value


def _noisy(name: str, input: Any, rate: float, training: bool, inplace: bool, generator: Generator | None,
           seed: int | None, operator: Any, *constants: Any) -> Any:
    """operator(input, draw, *constants), a new draw each time; input itself in evaluation, and at a rate of 0."""
    require_tensor(input, name)
    if not training or rate == 0.0:
        return input
    require_floats(input)
    y = operator.apply(input, stream(generator, seed).draw(), *constants)
    return become(input, y) if inplace else y


def _dropped(name: str, input: Any, p: float, training: bool, inplace: bool, generator: Generator | None,
             seed: int | None, operator: Any, *constants: Any) -> Any:
    """_noisy, with zeros at p = 1, for which nothing is drawn."""
    if p < 1.0 or not training:
        return _noisy(name, input, p, training, inplace, generator, seed, operator, *constants)
    y = dropout(input, 1.0)
    return become(input, y) if inplace else y


def classic_dropout(input: Any, keep_prob: float = 0.5, training: bool = True, inplace: bool = False, *,
                    generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, y_i = x_i with probability keep_prob, else 0; in evaluation y = keep_prob x.

    The form of the paper (Srivastava et al., JMLR 15, 2014), where p is the probability of KEEPING, and nothing is
    scaled in training: E y = keep_prob x, Var y = keep_prob (1 - keep_prob) x^2. The paper multiplies the weights that
    follow at test time, which is the same: nn.utils.fold_dropout_ does it once and for all.
    """
    p = 1.0 - check_probability(keep_prob)
    if not training and p > 0.0:
        require_tensor(input, "classic_dropout")
        y = input * (1.0 - p)
        return become(input, y) if inplace else y
    return _dropped("classic_dropout", input, p, training, inplace, generator, seed, ClassicDropout, kept_of(p))


def gaussian_dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *,
                     generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, y_i = x_i (1 + s e_i), s^2 = p / (1 - p), e_i standard normal (Srivastava et al., 2014, section 10).

    E y = x, Var y = s^2 x^2: the moments of dropout at rate p. dx = dy (1 + s e), also where a ReLU came before.
    """
    p = check_probability(p)
    std = math.sqrt(p / (1.0 - p)) if p < 1.0 else 0.0
    return _dropped("gaussian_dropout", input, p, training, inplace, generator, seed, NormalMul, 1.0, std)


def exact_dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *,
                  generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, exactly k = round((1 - p) n) of the n elements of each row are kept, as x_i n / k; the rest is 0.

    A row is what lies along the last dimension. k is at least 1 for p < 1. E y = x, Var y = (n - k) / k x^2; two kept
    indicators of a row have the covariance -q (1 - q) / (n - 1), q = k / n: they are not independent.
    """
    p = check_probability(p)
    require_tensor(input, "exact_dropout")
    n = input.array.shape[-1] if input.array.ndim else 1
    k = max(math.floor((1.0 - p) * n + 0.5), 1)
    return _dropped("exact_dropout", input, p, training, inplace, generator, seed, ExactDropout, min(k, n))


# -- added noise -------------------------------------------------------------------------------------------------------


def gaussian_noise(input: Any, std: float = 0.1, training: bool = True, inplace: bool = False, *,
                   generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, y_i = x_i + std e_i, e_i standard normal: E y = x, Var y = std^2 (Bishop: Training with noise is
    equivalent to Tikhonov regularization, 1995)."""
    std = check_size(std, "gaussian_noise: std")
    return _noisy("gaussian_noise", input, std, training, inplace, generator, seed, NormalAdd, std)


def uniform_noise(input: Any, bound: float = 0.1, training: bool = True, inplace: bool = False, *,
                  generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, y_i = x_i + u_i, u_i uniform on [-bound, bound): E y = x, Var y = bound^2 / 3."""
    bound = check_size(bound, "uniform_noise: bound")
    return _noisy("uniform_noise", input, bound, training, inplace, generator, seed, UniformAdd, -bound, bound)
