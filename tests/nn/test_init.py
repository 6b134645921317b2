"""Initialisers: bounds and variances from their formulas, distributions, texts as in PyTorch."""

import statistics

import numpy as np
import pytest
from faces import assert_same

from minigrad import nn
from minigrad.creation import empty, zeros
from minigrad.nn import init
from minigrad.ops.normal import normal_cdf, normal_quantile
from minigrad.random import Generator

SHAPE = (300, 200)  # fan_in 200, fan_out 300
VARIANCES = {
    "uniform_": (lambda t, g: init.uniform_(t, -1.0, 3.0, g), 16 / 12, 1.0),
    "normal_": (lambda t, g: init.normal_(t, 2.0, 3.0, g), 9.0, 2.0),
    "xavier_uniform_": (lambda t, g: init.xavier_uniform_(t, 2.0, g), 4 * 2 / 500, 0.0),
    "xavier_normal_": (lambda t, g: init.xavier_normal_(t, 2.0, g), 4 * 2 / 500, 0.0),
    "kaiming_uniform_": (lambda t, g: init.kaiming_uniform_(t, nonlinearity="relu", generator=g), 2 / 200, 0.0),
    "kaiming_normal_": (lambda t, g: init.kaiming_normal_(t, 0.5, "fan_out", generator=g), 2 / 1.25 / 300, 0.0),
    "trunc_normal_": (lambda t, g: init.trunc_normal_(t, generator=g), 0.7737413, 0.0),
    "orthogonal_": (lambda t, g: init.orthogonal_(t, 2.0, g), 4 / 300, 0.0),
}


@pytest.mark.parametrize("fill, variance, mean", VARIANCES.values(), ids=VARIANCES.keys())
def test_mean_and_variance(fill, variance, mean):
    t = empty(*SHAPE)
    assert fill(t, Generator().manual_seed(1)) is t
    values = t.numpy().astype(np.float64)
    again = fill(empty(*SHAPE), Generator().manual_seed(1)).numpy()
    assert (values == again).all(), "the generator decides"
    np.testing.assert_allclose(values.var(), variance, rtol=0.03)
    assert abs(values.mean() - mean) < 5 * np.sqrt(variance / values.size)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 4), (3, 2, 5)])
def test_orthogonal(shape):
    t = init.orthogonal_(empty(*shape, dtype="float64")).numpy().reshape(shape[0], -1)
    rows, cols = t.shape
    np.testing.assert_allclose(t @ t.T if rows <= cols else t.T @ t, np.eye(min(rows, cols)), atol=1e-12)


def test_orthogonal_is_uniform():
    """The sign of any element is as often + as -; without the correction QR would prefer one."""
    g = Generator().manual_seed(0)
    signs = np.mean([np.sign(init.orthogonal_(empty(3, 3), generator=g).numpy()) for _ in range(400)], axis=0)
    assert np.abs(signs).max() < 0.25


@pytest.mark.parametrize("mean, std, a, b", [(0, 1, -2, 2), (0, 1, 1, 5), (0, 1, -7, -6), (0, 1, 6, 7), (3, 0.5, 2, 9),
                                             (0, 1, -1e9, 1e9)])
@pytest.mark.filterwarnings("ignore:mean is more")
def test_trunc_normal_follows_its_distribution(mean, std, a, b):
    """Kolmogorov and Smirnov: the largest distance of the distribution functions, at 1 in 10^6."""
    x = np.sort(init.trunc_normal_(empty(20000, dtype="float64"), mean, std, a, b, Generator().manual_seed(2)).numpy())
    assert a <= x[0] and x[-1] <= b
    sign = -1 if a > mean else 1
    low, high, at = (np.vectorize(normal_cdf)(sign * (v - mean) / std) for v in (a, b, x))
    expected = (at - low) / (high - low)
    distance = np.abs(expected - (np.arange(len(x)) + 0.5) / len(x)).max()
    assert distance < 2.7 / np.sqrt(len(x))


def test_trunc_normal_of_an_interval_far_away_stays_inside():
    with pytest.warns(UserWarning, match="more than 2 std") as caught:
        t = init.trunc_normal_(empty(100), 0.0, 1.0, 100.0, 101.0)
    assert caught[0].filename == __file__ and t.numpy().min() >= 100.0 and t.numpy().max() <= 101.0


def test_normal_quantile():
    p = np.concatenate([np.logspace(-300, -1, 200), np.linspace(0.01, 0.99, 99), 1 - np.logspace(-15, -1, 50)])
    expected = [statistics.NormalDist().inv_cdf(float(v)) for v in p]
    np.testing.assert_allclose(normal_quantile(p), expected, rtol=1e-13)
    assert normal_quantile(np.array([0.0, 1.0, 0.5])).tolist() == [-np.inf, np.inf, 0.0]


def test_plain_ones():
    t = empty(2, 3)
    assert init.constant_(t, 2.5).tolist() == [[2.5] * 3] * 2
    assert init.ones_(t).tolist() == [[1.0] * 3] * 2
    assert init.zeros_(t).tolist() == [[0.0] * 3] * 2
    assert init.eye_(t).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


def test_parameters_are_filled_without_recording():
    weight = nn.Parameter(zeros(2, 2))
    init.normal_(weight)
    assert weight.is_leaf and weight.requires_grad and weight._version == 1


GAINS = [("linear",), ("sigmoid",), ("tanh",), ("relu",), ("leaky_relu",), ("leaky_relu", 0.3), ("leaky_relu", 2),
         ("leaky_relu", True), ("leaky_relu", "x"), ("selu",), ("conv2d",), ("gelu",)]


@pytest.mark.parametrize("arguments", GAINS)
def test_gain_as_in_pytorch(arguments):
    assert_same(lambda f: f.nn.init.calculate_gain(*arguments), pytest.importorskip("torch"))


ERRORS = {
    "xavier of a vector": lambda f: f.nn.init.xavier_normal_(f.ones(3)),
    "kaiming of a vector": lambda f: f.nn.init.kaiming_uniform_(f.ones(3)),
    "kaiming mode": lambda f: f.nn.init.kaiming_normal_(f.ones(3, 3), mode="fan"),
    "kaiming Mode": lambda f: list(f.nn.init.kaiming_normal_(f.ones(3, 3), mode="FAN_IN").shape),
    "eye of a vector": lambda f: f.nn.init.eye_(f.ones(3)),
    "orthogonal of a vector": lambda f: f.nn.init.orthogonal_(f.ones(3)),
    "orthogonal of nothing": lambda f: list(f.nn.init.orthogonal_(f.ones(0, 3)).shape),
}


@pytest.mark.parametrize("code", ERRORS.values(), ids=ERRORS.keys())
def test_errors_as_in_pytorch(code):
    assert_same(code, pytest.importorskip("torch"))


@pytest.mark.parametrize("shape, groups", [((4, 4, 3), 1), ((6, 2, 3, 4), 3), ((2, 5, 1, 2), 2), ((5, 3, 2, 3, 3), 1)])
def test_dirac(shape, groups):
    torch = pytest.importorskip("torch")
    want = torch.nn.init.dirac_(torch.ones(shape), groups).numpy()
    np.testing.assert_array_equal(init.dirac_(empty(*shape), groups).numpy(), want)


def test_sparse():
    """Each column has its own zeros, ceil(sparsity * rows) of them, everywhere equally often; the rest is normal."""
    t = init.sparse_(empty(15, 4000), 0.3, 0.5, Generator().manual_seed(4)).numpy()
    assert ((t == 0).sum(0) == 5).all()
    assert np.abs((t == 0).mean(1) - 5 / 15).max() < 5 * np.sqrt(2 / 9 / 4000)
    np.testing.assert_allclose(t[t != 0].std(), 0.5, rtol=0.02)
    assert (t == init.sparse_(empty(15, 4000), 0.3, 0.5, Generator().manual_seed(4)).numpy()).all()


@pytest.mark.parametrize("call", [
    lambda f: f.nn.init.dirac_(f.zeros(2, 2)), lambda f: f.nn.init.dirac_(f.zeros(3, 2, 1), 2),
    lambda f: f.nn.init.sparse_(f.zeros(2), 0.1), lambda f: f.nn.init.eye_(f.zeros(2)),
    lambda f: f.nn.init.orthogonal_(f.zeros(2)), lambda f: f.nn.init.xavier_normal_(f.zeros(2)),
    lambda f: f.nn.init.kaiming_normal_(f.zeros(2, 2), mode="x"), lambda f: f.nn.init.calculate_gain("x"),
    lambda f: f.nn.init.calculate_gain("leaky_relu", True), lambda f: f.nn.init._calculate_fan_in_and_fan_out(
        f.zeros(3, 4, 5)),
])
def test_errors_are_those_of_torch(call):
    assert_same(call, pytest.importorskip("torch"))


@pytest.mark.parametrize("name", ["uniform", "normal", "constant", "eye", "dirac", "sparse", "orthogonal",
                                  "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"])
def test_old_names_warn(name):
    shape, args = ((2, 2, 3), ()) if name == "dirac" else ((3, 3), {"constant": (0.5,), "sparse": (0.2,)}.get(name, ()))
    with pytest.warns(FutureWarning, match=f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`") as seen:
        getattr(init, name)(zeros(*shape), *args)
    assert seen[0].filename == __file__
