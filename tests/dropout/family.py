"""The family of dropouts as a table: how each is called, and the mean and the variance that it must have."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import nn
from minigrad.nn import functional as F


@dataclass(frozen=True)
class Member:
    """One dropout, whose input x has any numbers and shape (n, ...).

    call      call(x, rate, **options): its function; options are training, generator, seed
    layer     layer(rate, **options): its module; None if there is none with these arguments
    mean      E y as a function of (x, rate), by NumPy
    var       Var y likewise
    rates     those at which its moments are tested
    shape     of one sample of x
    at_one    what x becomes at rate 1; None where the rate does not end there
    eval      what x becomes in evaluation, as a function of (x, rate)
    slack     by which share of it the variance may be off, beyond chance: 1e-4 for p in 1/65536ths
    """

    name: str
    call: Callable[..., Any]
    layer: Callable[..., Any] | None
    mean: Callable[[np.ndarray, float], np.ndarray] = lambda x, r: x
    var: Callable[[np.ndarray, float], np.ndarray] = lambda x, r: r / (1 - r) * x**2
    rates: tuple[float, ...] = (0.1, 0.5, 0.7)
    shape: tuple[int, ...] = (6,)
    at_one: float | None = 0.0
    eval: Callable[[np.ndarray, float], np.ndarray] = lambda x, r: x
    slack: float = 1e-4

    def __repr__(self) -> str:
        return self.name


def _exact(r: float, n: int = 6) -> float:
    return max(math.floor((1 - r) * n + 0.5), 1) / n


def _alpha(x: np.ndarray, r: float) -> tuple[np.ndarray, np.ndarray]:
    limit = -1.7580993408473766  # by the formula of DROPOUT's paper on SELU, keep probability q
    q = 1 - r
    a = (q + limit**2 * q * r) ** -0.5
    b = -a * limit * r
    kept, dropped = a * x + b, a * limit + b
    return q * kept + r * dropped, q * r * (kept - dropped) ** 2


SIZED = {"at_one": None, "rates": (0.1, 0.5, 3.0)}

# A block's scale is the share that was kept, which varies: at rate 1/2 that is all that moves the variance.
FAMILY = [
    Member("classic", lambda x, r, **o: F.classic_dropout(x, 1 - r, **o), lambda r, **o: nn.ClassicDropout(1 - r, **o),
           lambda x, r: (1 - r) * x, lambda x, r: r * (1 - r) * x**2, eval=lambda x, r: x * x.dtype.type(1 - r)),
    Member("inverted", F.dropout, nn.Dropout),
    Member("shared", lambda x, r, **o: F.dropout(x, r, noise_shape=(None, 1), **o),
           lambda r, **o: nn.Dropout(r, noise_shape=(None, 1), **o)),
    Member("channels 1d", F.dropout1d, nn.Dropout1d, shape=(3, 2)),
    Member("channels 2d", F.dropout2d, nn.Dropout2d, shape=(3, 2, 2)),
    Member("channels 3d", F.dropout3d, nn.Dropout3d, shape=(3, 2, 1, 2)),
    Member("gaussian", F.gaussian_dropout, nn.GaussianDropout),
    Member("gaussian noise", F.gaussian_noise, nn.GaussianNoise, var=lambda x, s: s**2 + 0 * x, **SIZED),
    Member("uniform noise", F.uniform_noise, nn.UniformNoise, var=lambda x, s: s**2 / 3 + 0 * x, **SIZED),
    Member("alpha", lambda x, r, training=True, **o: F.alpha_dropout(x, r, training, **o), nn.AlphaDropout,
           lambda x, r: _alpha(x, r)[0], lambda x, r: _alpha(x, r)[1]),
    Member("feature alpha", lambda x, r, training=True, **o: F.feature_alpha_dropout(x, r, training, **o),
           nn.FeatureAlphaDropout, lambda x, r: _alpha(x, r)[0], lambda x, r: _alpha(x, r)[1], shape=(3, 2)),
    Member("exact count", F.exact_dropout, nn.ExactDropout,
           var=lambda x, r: (1 / _exact(r) - 1) * x**2),
    Member("path", F.drop_path, nn.DropPath, shape=(2, 3)),
    Member("locked", lambda x, r, **o: F.locked_dropout(x, r, batch_first=True, **o),
           lambda r, **o: nn.LockedDropout(r, batch_first=True, **o), shape=(3, 2)),
    Member("block 1d of size 1", lambda x, r, **o: F.drop_block1d(x, r, 1, **o),
           lambda r, **o: nn.DropBlock1d(r, 1, **o), shape=(2, 3), slack=0.01),
    Member("block 2d of size 1", lambda x, r, **o: F.drop_block2d(x, r, 1, **o),
           lambda r, **o: nn.DropBlock2d(r, 1, **o), shape=(2, 3, 2), slack=0.01),
]
