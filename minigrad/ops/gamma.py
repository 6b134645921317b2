"""The gamma function's relatives, and erfc, of float64 arrays. No gradients here: special.py has those.

The errors given are relative, except near a zero of the function, where they are absolute.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["digamma", "erfc", "hurwitz_zeta", "lgamma", "polygamma"]

# B_2k / (2k)!, from the Bernoulli numbers B_2 .. B_24
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
              854513 / 138, -236364091 / 2730)
_TERMS = 12  # added one by one before the asymptotic series takes over

erfc = np.vectorize(math.erfc, otypes=[np.float64])


def _lgamma(x: float) -> float:
    return math.inf if (x <= 0 and x % 1 == 0) or x > 2.5e305 else math.lgamma(x)  # math raises there


lgamma = np.vectorize(_lgamma, otypes=[np.float64])  # ln |gamma(x)|, by libm


def digamma(x: np.ndarray) -> np.ndarray:
    """d/dx ln gamma(x), to 1e-14: psi(x) = psi(x + n) - sum 1 / (x + k), and the asymptotic series
    ln x - 1 / 2x - sum B_2k / (2k x^2k) (Abramowitz and Stegun: 6.3.6, 6.3.18). NaN at negative whole numbers."""
    reflected = x < 0
    pole = reflected & (x == np.floor(x))
    z = np.where(reflected, 1.0 - x, x)
    low = z < _TERMS
    shifts = np.where(low, z, 1.0)[..., None] + np.arange(_TERMS)
    y = np.where(low, z + _TERMS, z)
    series = sum(b / (2 * k) * y ** (-2.0 * k) for k, b in enumerate(_BERNOULLI, 1))
    psi = np.log(y) - 0.5 / y - series - np.where(low, (1.0 / shifts).sum(-1), 0.0)
    psi = np.where(np.isposinf(y), np.inf, psi)
    psi = np.where(x == 0, -np.copysign(np.inf, x), psi)
    fraction = x - np.rint(np.where(np.isfinite(x), x, 0.0))  # tan has the period pi
    return np.where(pole | np.isneginf(x), np.nan, np.where(reflected, psi - math.pi / np.tan(math.pi * fraction), psi))


def hurwitz_zeta(s: int, q: np.ndarray) -> np.ndarray:
    """sum over k >= 0 of (q + k)^-s for whole s > 1, to 1e-14: Euler and Maclaurin's summation
    (Abramowitz and Stegun: 23.1.30). For q < 0 the terms below 0 are the difference of two such sums."""
    below = np.ceil(np.maximum(-q, 0.0))  # how many terms have a negative base
    rest = q + below
    sign = -1.0 if s % 2 else 1.0
    negative = np.where(below > 0, _zeta_positive(s, -q - (below - 1.0)) - _zeta_positive(s, 1.0 - q), 0.0)
    zeta = _zeta_positive(s, np.where(rest > 0, rest, 1.0)) + sign * negative
    return np.where((q <= 0) & (q % 1 == 0), np.inf, np.where(np.isnan(q) | np.isneginf(q), np.nan, zeta))


def _zeta_positive(s: int, q: np.ndarray) -> np.ndarray:
    base = q[..., None] + np.arange(_TERMS)
    y = q + _TERMS
    total = (base ** -float(s)).sum(-1) + y ** (1.0 - s) / (s - 1) + 0.5 * y ** -float(s)
    rising = float(s)  # s (s + 1) .. (s + 2k - 2) / (2k)!
    for k, b in enumerate(_BERNOULLI, 1):
        rising = rising if k == 1 else rising * (s + 2 * k - 3) * (s + 2 * k - 2)
        total = total + b / math.factorial(2 * k) * rising * y ** (1.0 - s - 2 * k)
    return np.where(np.isposinf(q), 0.0, total)


def polygamma(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of digamma: (-1)^(n+1) n! zeta(n + 1, x)."""
    return digamma(x) if n == 0 else (-1.0) ** (n + 1) * math.factorial(n) * hurwitz_zeta(n + 1, x)
