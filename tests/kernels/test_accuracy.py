"""The error bounds that csrc/vmath.h states, in units in the last place (ulp) of the true result: float against float64
NumPy on some 10^6 points, double against mpmath with 50 digits on some thousands.

Run `python -m pytest -s test_accuracy.py` to see the worst error of each function."""

from __future__ import annotations

import re
from functools import cache

import kernel_references as ref
import numpy as np
import pytest
from kernel_harness import CSRC, THIN

from minigrad.native import lib, pointer

REFERENCES = {"exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "erf": ref.erf, "tanh": np.tanh,
              "sigmoid": ref.sigmoid}
# Where the results are neither 0 nor 1 nor infinite, in double; float's ranges lie inside.
INTERESTING = {"exp": (-708, 709.7), "expm1": (-40, 709.7), "log": (0, 10), "log1p": (-1, 10), "erf": (-6, 6),
               "tanh": (-22, 22), "sigmoid": (-708, 40)}


def stated_bounds() -> dict[str, float]:
    """From the comment at the top of vmath.h: the one place where the bounds are."""
    line = re.search(r"^ \*     (exp .*)$", (CSRC / "vmath.h").read_text(encoding="utf-8"), flags=re.MULTILINE).group(1)
    return {name: float(bound) for name, bound in re.findall(r"(\w+) ([\d.]+)", line)}


BOUNDS = stated_bounds()


def points(name: str, dtype, count: int) -> np.ndarray:
    """`count` points of each kind: over the interesting range, near 0, of every exponent; and the special ones."""
    rng, info = np.random.default_rng(11), np.finfo(dtype)
    low, high = INTERESTING[name]
    limit = float(np.log(info.max)) * 1.02 if dtype == np.float32 else np.inf
    exponents = rng.uniform(np.log2(info.smallest_subnormal) + 1, np.log2(info.max), count)
    x = np.concatenate([
        rng.uniform(max(low, -limit), min(high, limit), count),
        rng.uniform(-2, 2, count),
        rng.normal(0, 1e-3, count),
        np.exp2(exponents) * rng.choice([-1, 1], count),
        1 + rng.normal(0, 1e-4, count),
        [info.max, -info.max, info.tiny, -info.tiny, info.smallest_subnormal, 0.0, -0.0, 1.0, -1.0, low, high]])
    x = np.abs(x) if name == "log" else x[x >= -1] if name == "log1p" else x
    return x.astype(dtype)


def errors(got: np.ndarray, want: np.ndarray, rest=0.0) -> np.ndarray:
    """|got - (want + rest)| in ulp of the true result. 0 where the true result is subnormal, as long as got is below
    the normal numbers, too; infinite where only one of the two is NaN or infinite."""
    info = np.finfo(got.dtype)
    nearest = want.astype(got.dtype)
    ulp = np.spacing(np.abs(nearest)).astype(np.float64)
    error = np.abs(got.astype(np.float64) - want - rest) / ulp
    error[(np.abs(want) < info.tiny) & (np.abs(got) <= info.tiny)] = 0
    same = (got == nearest) | (np.isnan(got) & np.isnan(nearest))
    error[~np.isfinite(nearest) | ~np.isfinite(got)] = np.inf
    error[same & ~np.isfinite(nearest)] = 0
    return error


def worst_error(name: str, x: np.ndarray, want: np.ndarray, rest=0.0) -> float:
    got = np.empty_like(x)
    getattr(lib, f"mg_{name}")(x.dtype.num, pointer(got), pointer(x), x.size)
    error = errors(got, want, rest)
    at = int(error.argmax())
    print(f"{name} {x.dtype}: {error[at]:.3f} ulp at {x[at]!r}")
    return float(error[at])


def test_bounds_are_stated():
    assert set(BOUNDS) == set(REFERENCES)
    assert all(1 <= bound <= 6 for bound in BOUNDS.values())


@cache
def float_case(name):
    x = points(name, np.float32, 20_000 if THIN else 250_000)
    with np.errstate(all="ignore"):
        return x, REFERENCES[name](x.astype(np.float64))


@pytest.mark.parametrize("name", REFERENCES)
def test_float(name, isa):
    assert worst_error(name, *float_case(name)) <= BOUNDS[name]


@cache
def double_case(name):
    """Points, and the true results as the sum of two doubles."""
    mpmath = pytest.importorskip("mpmath")
    function = (lambda v: 1 / (1 + mpmath.exp(-v))) if name == "sigmoid" else getattr(mpmath, name)
    x = points(name, np.float64, 100 if THIN else 1500)

    def true_result(v):
        if (name, v) in (("log", 0), ("log1p", -1)):
            return -np.inf, 0.0
        with mpmath.workdps(50 + max(0, -int(mpmath.log10(abs(v)))) if v else 50):  # so that 1 + v is exact
            exact = function(mpmath.mpf(v))
            high = float(exact)
            return high, float(exact - high) if np.isfinite(high) else 0.0

    return x, *np.array([true_result(v) for v in x.tolist()]).T


@pytest.mark.parametrize("name", REFERENCES)
def test_double(name, isa):
    assert worst_error(name, *double_case(name)) <= BOUNDS[name]
