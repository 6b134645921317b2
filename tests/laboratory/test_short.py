"""The short protocol on MNIST: its bands hold. Every network is trained once, two at a time; minutes."""

import os
from pathlib import Path

import pytest
from paper.linear import relative_difference
from paper.protocol import N7, SHORT
from paper.report import holds
from paper.runner import results_of, run_all

MNIST = Path(os.environ.get("MINIGRAD_DATA", "")) / "mnist"
RUNS = list(dict.fromkeys(run for claim in SHORT for run in claim.runs if run is not N7))
needs_mnist = pytest.mark.skipif(not MNIST.is_dir(), reason="MINIGRAD_DATA does not name a folder with mnist/ in it")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("paper")
    assert run_all(RUNS, out, MNIST.resolve(), jobs=2, every=1e9) == []
    return results_of(RUNS, out)


@needs_mnist
@pytest.mark.parametrize("claim, check", [
    pytest.param(claim, check, id=f"{claim.id} {check.what}") for claim in SHORT if claim.id != "N7"
    for check in claim.checks])
def test_claim(results, claim, check):
    value = check.value(results)
    assert holds(check, value), f"{claim.what}: {check.what} is {value:.4g}, not in {check.low:g} .. {check.high:g}"


@pytest.mark.parametrize("seed", range(3))
def test_linear_regression(seed):
    """N7, which needs no data."""
    assert relative_difference(seed) < .03
