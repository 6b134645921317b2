"""Tail probabilities against closed forms and published tables."""

import math

import numpy as np
import pytest

from . import tails


@pytest.mark.parametrize(("z", "p"), [(0, 1), (1.959963985, 0.05), (2.575829304, 0.01), (4.891638476, 1e-6)])
def test_normal(z, p):
    assert tails.normal_two_sided([z, -z]) == pytest.approx([p, p], rel=1e-8)
    assert tails.normal_cdf([-z, z]) == pytest.approx([p / 2, 1 - p / 2], rel=1e-8)


@pytest.mark.parametrize("df", [2, 4, 10, 64, 256, 1024])
@pytest.mark.parametrize("ratio", [0.7, 0.9, 1, 1.1, 1.4])
def test_chi2_of_even_df_is_a_poisson_sum(df, ratio):
    """P(X >= x) = sum over j < df/2 of e^(-x/2) (x/2)^j / j!, and P(X < x) is the rest of that series."""
    half = df * ratio / 2
    terms = [math.exp(j * math.log(half) - half - math.lgamma(j + 1)) for j in range(3 * df + 50)]
    lower, upper = tails.gamma_tails(df / 2, half)
    assert lower == pytest.approx(math.fsum(terms[df // 2:]), rel=1e-10)
    assert upper == pytest.approx(math.fsum(terms[:df // 2]), rel=1e-10)


@pytest.mark.parametrize(("df", "x", "p"), [  # the usual tables: upper critical values
    (1, 3.841459, 0.05), (1, 6.634897, 0.01), (3, 7.814728, 0.05), (7, 18.475307, 0.01), (255, 293.247835, 0.05),
    (15, 37.697298, 0.001)])
def test_chi2_critical_values(df, x, p):
    assert tails.chi2_upper(x, df) == pytest.approx(p, rel=1e-6)


def test_chi2_255_limit_of_the_byte_test():
    """The critical value 377 of 256 cells at 1e-6."""
    assert tails.chi2_upper(378, 255) < 1e-6 < tails.chi2_upper(375, 255)


def test_chi2_is_two_sided():
    assert tails.chi2_two_sided(0.0, 255) == 0
    assert tails.chi2_two_sided(150.0, 255) < 1e-6
    assert tails.chi2_two_sided(255.0, 255) > 0.9
    assert tails.chi2_two_sided(400.0, 255) < 1e-6


@pytest.mark.parametrize(("t", "p"), [  # upper critical values of Kolmogorov's distribution
    (1.07275, 0.2), (1.22385, 0.1), (1.35810, 0.05), (1.62762, 0.01), (1.94947, 0.001)])
def test_kolmogorov_critical_values(t, p):
    assert tails.kolmogorov_tails(t)[1] == pytest.approx(p, rel=2e-4)


def test_kolmogorov_series_meet():
    below, above = tails.kolmogorov_tails(math.nextafter(1, 0)), tails.kolmogorov_tails(1.0)
    assert below == pytest.approx(above, rel=1e-12)


def test_uniform_rejects_the_uneven_and_the_too_even():
    n = 1000
    assert 1e-3 < tails.uniform_two_sided(np.random.default_rng(1).random(n)) <= 1
    assert tails.uniform_two_sided((np.arange(n) + 0.5) / n) < 1e-6
    assert tails.uniform_two_sided(np.random.default_rng(1).random(n) ** 1.5) < 1e-6
    assert tails.uniform_two_sided(np.full(n, 0.5)) < 1e-6
