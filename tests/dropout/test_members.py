"""What one member of the family alone promises: counts, blocks, sequences, normals, weights, learned rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.autograd import grad, gradcheck
from minigrad.nn import functional as F

from .tails import chi2_two_sided, normal_cdf, uniform_two_sided

Z = 4.9


def ones(*shape):
    return mg.ones(*shape, dtype=mg.float64)


def rand(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng(seed).normal(size=shape))


# -- normals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_normals_are_normal(dtype):
    """Moments to the fourth, the distribution, the tails, and no correlation between neighbours or twins."""
    n = 2**20
    e = F.gaussian_noise(mg.zeros(n, dtype=dtype), 1.0, seed=1).numpy().astype(np.float64)
    for power, mean, var in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((e**power).mean() - mean) < Z * math.sqrt(var / n)
    edges = np.linspace(-3.5, 3.5, 71)
    expected = np.diff(normal_cdf(edges), prepend=0, append=1) * n
    expected[1:-1] = np.diff(normal_cdf(edges)) * n
    expected[0], expected[-1] = normal_cdf(edges[:1])[0] * n, (1 - normal_cdf(edges[-1:])[0]) * n
    observed = np.histogram(e, np.r_[-np.inf, edges, np.inf])[0]
    assert chi2_two_sided(((observed - expected) ** 2 / expected).sum(), len(expected) - 1) > 1e-6
    assert uniform_two_sided(normal_cdf(e[:100_000])) > 1e-6
    for lag in (1, 2, 8, 16, 32, 64, 512):
        for a, b in ((e[:-lag], e[lag:]), (e[:-lag] ** 2 - 1, e[lag:] ** 2 - 1)):
            assert abs((a * b).mean()) < Z * math.sqrt((a * a).mean() * (b * b).mean() / n)
    assert 4 < np.abs(e).max() < 6.8


def test_gaussian_dropout_after_relu_keeps_its_factor():
    """deepnet's y > 0 would lose it: the gradient is 1 + s e, whatever the sign of y."""
    x = ones(1000).requires_grad_()
    y = F.gaussian_dropout(x.relu(), 0.5, seed=4)
    (dx,) = grad(y.sum(), x)
    np.testing.assert_allclose(dx.numpy(), y.numpy(force=True), rtol=1e-12)
    assert (y.numpy(force=True) < 0).any()


# -- counts, blocks, sequences, paths ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n, p, k", [(10, 0.5, 5), (7, 0.5, 4), (100, 0.3, 70), (3, 0.9, 1), (1, 0.5, 1),
                                     (600, 0.999, 1)])
def test_exact_count(n, p, k):
    y = F.exact_dropout(ones(200, n), p, seed=3).numpy()
    assert ((y != 0).sum(axis=1) == k).all() and set(np.unique(y)) <= {0.0, n / k}
    assert (y.mean(axis=1) == pytest.approx(1)), "each row keeps its sum"


def test_pairs_of_an_exact_count():
    """The covariance of two kept indicators is -q (1 - q) / (n - 1), q = k / n, for every pair."""
    n, rows, q = 6, 200_000, 0.5
    kept = (F.exact_dropout(ones(rows, n), 1 - q, seed=9).numpy() != 0) - q
    products = kept.T @ kept / rows
    expected = np.where(np.eye(n, dtype=bool), q * (1 - q), -q * (1 - q) / (n - 1))
    spread = math.sqrt((q * q * (1 - q) ** 2 - expected[0, 1] ** 2) / rows)
    assert np.abs((products - expected)[~np.eye(n, dtype=bool)]).max() < Z * spread
    assert np.abs(np.diag(products) - q * (1 - q)).max() < 1e-12


@pytest.mark.parametrize("function, spatial, block", [
    (F.drop_block1d, (20,), 3), (F.drop_block2d, (12, 9), 3), (F.drop_block2d, (12, 9), 4),
    (F.drop_block2d, (8, 8), (2, 5)), (F.drop_block2d, (4, 4), 7)])
def test_blocks(function, spatial, block):
    """What is dropped is a union of whole blocks; the sum of a constant stays; about p is dropped, not more."""
    p, maps = 0.1, 3000
    y = function(ones(maps, 1, *spatial), p, block, seed=5).numpy()[:, 0]
    sizes = [min(b, s) for b, s in zip(block if isinstance(block, tuple) else (block,) * len(spatial), spatial)]
    assert y.sum() == pytest.approx(y.size)
    gone = y == 0
    windows = np.lib.stride_tricks.sliding_window_view(gone, sizes, tuple(range(1, gone.ndim)))
    whole = windows.all(axis=tuple(range(-len(sizes), 0)))
    cover = np.zeros_like(gone)
    for at in np.argwhere(whole):
        cover[(at[0], *(slice(a, a + s) for a, s in zip(at[1:], sizes)))] = True
    assert (cover == gone).all()
    gamma = p * math.prod(f / (b * (f - b + 1)) for f, b in zip(spatial, sizes))
    count = whole[0].size
    clear = (~gone).reshape(maps, -1).all(axis=1).mean()  # no seed at all
    expected = (1 - gamma) ** count
    assert abs(clear - expected) < Z * math.sqrt(expected * (1 - expected) / maps) + 1e-12
    assert gone.mean() < p + Z * math.sqrt(p * math.prod(sizes) / gone.size)
    assert gone.mean() > 0.8 * p


def test_block_sizes_that_are_none():
    for bad in (0, -1, 1.5, True, (2, 2, 2), "3"):
        with pytest.raises(ValueError, match="block_size must be"):
            F.drop_block2d(ones(1, 4, 4), 0.5, bad)
    with pytest.raises(RuntimeError, match="Expected 3D or 4D input"):
        F.drop_block2d(ones(4, 4), 0.5, 2)


@pytest.mark.parametrize("batch_first", [False, True])
def test_locked(batch_first):
    y = F.locked_dropout(ones(300, 200, 4), 0.3, seed=2, batch_first=batch_first).numpy() != 0
    y = y.swapaxes(0, 1) if batch_first else y
    assert (y == y[:1]).all(), "constant along time"
    share = y[0].mean()
    assert abs(share - 0.7) < Z * math.sqrt(0.21 / y[0].size), "one mask for each of the batch"


def test_one_mask_held_through_a_recurrence():
    layer, h = nn.LockedDropout(0.5, seed=1), ones(40, 6).requires_grad_()
    first, second = layer.hold(), layer.hold()
    masks = [drop(h).numpy(force=True) for drop in (first, first, second)]
    assert (masks[0] == masks[1]).all() and (masks[0] != masks[2]).any() and set(np.unique(masks)) == {0.0, 2.0}
    assert gradcheck(lambda h: (drop := F.hold_dropout(0.5, seed=3))(drop(h).tanh()), rand(3, 4).requires_grad_())
    with pytest.raises(RuntimeError, match="hold another one"):
        first(ones(3, 6))
    assert layer.eval().hold()(h) is h


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_stochastic_depth(mode):
    calls = []

    class Branch(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 3

    block, x, p = nn.StochasticDepth(Branch(), 0.25, mode, seed=1), ones(6, 2), 0.25
    ys = np.array([block(x).numpy() for _ in range(3000)])
    rows = ys[:, 0, 0] if mode == "batch" else ys[:, :, 0].ravel()
    assert np.abs(np.unique(ys) - [1.0, 5.0]).max() < 1e-12
    assert abs(rows.mean() - 4) < Z * math.sqrt(3 / len(rows) * 4)
    if mode == "batch":
        assert len(calls) == (rows > 1).sum(), "the branch is not computed where it is dropped"
    assert (block.eval()(x).numpy() == 4).all()
    assert F.stochastic_depth_rates(4, 0.5) == [0.125, 0.25, 0.375, 0.5] and p == block.p
    y = F.stochastic_depth(ones(500, 2), 0.5, mode, seed=3).numpy()
    assert len(np.unique(y)) == (1 if mode == "batch" else 2)
    with pytest.raises(ValueError, match="either 'batch' or 'row'"):
        nn.StochasticDepth(Branch(), 0.5, "rows")


# -- weights -----------------------------------------------------------------------------------------------------------


def layer_case():
    linear = nn.Linear(5, 3, dtype=mg.float64)
    return linear, rand(2, 5, seed=1), [p.detach() for p in (linear.weight, linear.bias)]


def rows_of(layer, x, n=20_000):
    """n samples of layer(x) in one call, for a layer whose noise is independent over rows."""
    return layer(x.repeat(n, 1)).numpy(force=True).reshape(n, len(x), -1)


def near_moments(samples, mean, var):
    n = len(samples)
    assert np.abs((samples.mean(axis=0) - mean) / np.sqrt(var / n)).max() < Z
    squares = (samples - mean) ** 2
    assert np.abs((squares.mean(axis=0) - var) / (squares.std(axis=0) / math.sqrt(n) + 1e-4 * var)).max() < Z


@pytest.mark.parametrize("p", [0.25, 0.5])
def test_moments_of_noisy_layers(p):
    linear, x, (w, b) = layer_case()
    mean = (x @ w.T + b).numpy()
    var = p / (1 - p) * ((x * x) @ (w * w).T).numpy()
    moments = F.dropout_moments(x, w, b, p)
    np.testing.assert_allclose(moments.mean.numpy(), mean, rtol=1e-12)
    np.testing.assert_allclose(moments.var.numpy(), var, rtol=1e-12)
    connect, fast = nn.DropConnect(linear, p, seed=1), nn.FastDropout(linear, p, seed=2)
    near_moments(np.array([connect(x).numpy(force=True) for _ in range(5000)]), mean, var)
    near_moments(rows_of(fast, x), mean, var)
    for layer in (connect, fast):
        np.testing.assert_allclose(layer.eval()(x).numpy(force=True), mean, rtol=1e-12)
    variational = nn.VariationalLinear(5, 3, p=p, seed=3, dtype=mg.float64)
    variational.linear = linear
    near_moments(rows_of(variational, x), mean, var)
    a = nn.VariationalDropout(5, p, seed=4, dtype=mg.float64)
    near_moments(rows_of(a, x), x.numpy(), p / (1 - p) * x.numpy() ** 2)
    assert a.eval()(x) is x


@pytest.mark.parametrize("activation", [None, "relu", "sigmoid"])
def test_closed_forms(activation):
    """E f(z) against the mean of f(z) over samples; the sigmoid's is an approximation, good to 0.01."""
    linear, x, _ = layer_case()
    closed = nn.FastDropout(linear, 0.5, activation, sampled=False)(x).numpy(force=True)
    sampled = nn.FastDropout(linear, 0.5, activation, seed=5)
    ys = rows_of(sampled, x)
    room = Z * ys.std(axis=0) / math.sqrt(len(ys))
    assert (np.abs(ys.mean(axis=0) - closed) < room + 0.01 * (activation == "sigmoid")).all()


def test_moments_without_variance():
    """s = 0: the ReLU's mean is max(m, 0), and the gradients are finite: 1, 0, and 1/2 at the kink."""
    m = mg.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    v = mg.zeros(3, requires_grad=True)
    mean, var = F.gaussian_relu(m, v)
    assert mean.tolist() == [0.0, 0.0, 3.0] and var.tolist() == [0.0, 0.0, 0.0]
    dm, dv = grad(mean.sum(), (m, v))
    assert dm.tolist() == [0.0, 0.5, 1.0] and dv.tolist() == [0.0, 0.0, 0.0]


def test_drop_connect_by_sampling():
    """The paper's inference: the mean of f over normal sums; always the same draws."""
    linear, x, (w, b) = layer_case()
    layer = nn.DropConnect(linear, 0.5, mg.relu, inference="sample", samples=2000).eval()
    before = mg.get_rng_state().tolist()
    y = layer(x).numpy(force=True)
    assert (y == layer(x).numpy(force=True)).all() and mg.get_rng_state().tolist() == before
    expected = F.gaussian_relu(*F.dropout_moments(x, w, b, 0.5))
    assert np.abs((y - expected.mean.numpy()) / np.sqrt(expected.var.numpy() / 2000)).max() < Z
    for wrong in ({"inference": "mode"}, {"samples": 0}):
        with pytest.raises(ValueError, match="DropConnect"):
            nn.DropConnect(linear, 0.5, **wrong)
    with pytest.raises(TypeError, match=r"expected an nn\.Linear"):
        nn.DropConnect(nn.ReLU())


def test_drop_connect_has_one_mask_of_the_weights():
    w = ones(4, 30)
    y = F.drop_connect(mg.eye(30, dtype=mg.float64), w, None, 0.5, seed=6).numpy().T
    mask = F.dropout(w, 0.5, seed=6).numpy()
    assert (y == mask).all()
    assert (F.drop_connect(ones(2, 30), w, None, 1.0).numpy() == 0).all()
    assert F.drop_connect(ones(2, 30), w, None, 0.0).tolist() == [[30.0] * 4] * 2


def test_variational_rates_are_learned_and_bounded():
    layer = nn.VariationalDropout(3, 0.5, dtype=mg.float64)
    with mg.no_grad():
        layer.log_alpha.copy_(mg.tensor([0.7, -1.0, 0.0]))
    y = layer(rand(8, 3)).square().sum() + layer.kl(10)
    y.backward()
    assert layer.log_alpha.max().item() == 0.0, "a step beyond alpha = 1 is taken back"
    assert (layer.log_alpha.grad != 0).all()
    kl = layer.kl().item()
    alpha = np.exp([0.0, -1.0, 0.0])
    assert kl == pytest.approx(-(0.5 * np.log(alpha) + 1.16145124 * alpha - 1.50204118 * alpha**2
                                 + 0.58629921 * alpha**3).sum())
    assert nn.VariationalLinear(4, 2, p=0.3).kl().item() == pytest.approx(
        8 * nn.VariationalDropout(1, 0.3).kl().item(), rel=1e-5)
    for per, size in (("layer", 1), ("input", 4), ("weight", 8)):
        assert nn.VariationalLinear(4, 2, per=per).log_alpha.numel() == size
    for p in (0.0, 0.6, float("nan")):
        with pytest.raises(ValueError, match=r"has to be between|starts at a rate"):
            nn.VariationalDropout(p=p)


# -- R-Drop ------------------------------------------------------------------------------------------------------------


def test_r_drop():
    a, b, t = rand(6, 4, seed=1).requires_grad_(), rand(6, 4, seed=2).requires_grad_(), mg.tensor([0, 1, 2, 3, 0, 1])
    loss = nn.RDropLoss(alpha=1.0)
    assert loss(a, b, t).item() == pytest.approx(loss(b, a, t).item()), "symmetric"
    assert loss(a, a, t).item() == pytest.approx(2 * F.cross_entropy(a, t).item()), "0 where the passes agree"
    apart = (loss(a, b, t) - nn.RDropLoss(alpha=0.0)(a, b, t)).item()
    assert apart > 0
    p, q = (np.exp(z.numpy(force=True)) / np.exp(z.numpy(force=True)).sum(1, keepdims=True) for z in (a, b))
    kl = (p * np.log(p / q)).sum(1, keepdims=True)
    assert apart == pytest.approx(0.5 * (kl[:, 0] + (q * np.log(q / p)).sum(1)).mean())
    (da,) = grad((loss(a, b, t) - nn.RDropLoss(alpha=0.0)(a, b, t)) * 6, a)
    np.testing.assert_allclose(da.numpy(), 0.5 * (p * (np.log(p / q) - kl) + p - q), rtol=1e-6, atol=1e-12)
    with pytest.raises(RuntimeError, match="two inputs of one shape"):
        loss(a, b[:3], t)
    with pytest.raises(ValueError, match="alpha has to be"):
        F.r_drop_loss(a, b, t, alpha=-1.0)
