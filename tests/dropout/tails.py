"""Tail probabilities of the normal, chi-square and Kolmogorov distributions, from math.erfc and math.lgamma alone."""

from __future__ import annotations

import math

import numpy as np

_erfc = np.vectorize(math.erfc, otypes=[float])


def normal_cdf(z):
    """P(Z <= z)."""
    return _erfc(-np.asarray(z) / math.sqrt(2)) / 2


def normal_two_sided(z):
    """P(|Z| >= |z|)."""
    return _erfc(np.abs(z) / math.sqrt(2))


def gamma_tails(a: float, x: float) -> tuple[float, float]:
    """The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x).

    Below a + 1 the series of P, above it the continued fraction of Q (Abramowitz and Stegun 6.5.29, 6.5.31), so that
    the smaller of the two never comes from a subtraction.
    """
    if x <= 0:
        return 0.0, 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        k = 1
        while term > total * 1e-17:
            term *= x / (a + k)
            total += term
            k += 1
        return front * total, 1 - front * total
    upper = front * _fraction(a, x)
    return 1 - upper, upper


def _fraction(a: float, x: float) -> float:
    """1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / ...)), by Lentz's method as modified by Thompson."""
    b = x + 1 - a
    c, d = math.inf, 1 / b
    value, factor, k = d, 0.0, 1
    while abs(factor - 1) > 1e-15:
        numerator, b = k * (a - k), b + 2
        d = 1 / (b + numerator * d)
        c = b + numerator / c
        factor = c * d
        value *= factor
        k += 1
    return value


def chi2_upper(x: float, df: int) -> float:
    """P(X >= x), X chi-square with df degrees of freedom."""
    return gamma_tails(df / 2, x / 2)[1]


def chi2_two_sided(x: float, df: int) -> float:
    """Twice the smaller tail: small when x is too large, and also when it is too small to be chance."""
    return min(1.0, 2 * min(gamma_tails(df / 2, x / 2)))


def kolmogorov_tails(t: float) -> tuple[float, float]:
    """P(K <= t) and P(K > t) of Kolmogorov's distribution: each series is used where it converges at once."""
    if t <= 0:
        return 0.0, 1.0
    if t < 1:
        odd = (math.exp(-((2 * k - 1) * math.pi / t) ** 2 / 8) for k in range(1, 6))
        lower = math.sqrt(2 * math.pi) / t * sum(odd)
        return lower, 1 - lower
    upper = 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * t) ** 2) for k in range(1, 8))
    return 1 - upper, upper


def uniform_two_sided(values) -> float:
    """Kolmogorov-Smirnov test that values are uniform on [0, 1]: twice the smaller tail of D.

    D is brought to the limit distribution with Stephens' factor (JRSS B 32, 1970, page 118).
    """
    values = np.sort(values)
    n = len(values)
    distance = max(np.max(np.arange(1, n + 1) / n - values), np.max(values - np.arange(n) / n))
    return min(1.0, 2 * min(kolmogorov_tails(distance * (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)))))
