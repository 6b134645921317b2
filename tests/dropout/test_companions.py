"""What goes with dropout: the paper's form and its exact twin, max-norm, schedules, Monte-Carlo passes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.nn import utils

# -- the paper's form --------------------------------------------------------------------------------------------------


def train(keep: float, classic: bool, dtype, steps: int = 60):
    """A network of two layers with dropout, in the paper's form or in the inverted one with what that converts to."""
    mg.manual_seed(0)
    if classic:
        drops = [nn.ClassicDropout(keep, seed=5), nn.ClassicDropout(keep, seed=6)]
    else:
        drops = [nn.Dropout(1 - keep, seed=5), nn.Dropout(1 - keep, seed=6)]
    model = nn.Sequential(drops[0], nn.Linear(12, 16, dtype=dtype), nn.ReLU(), drops[1], nn.Linear(16, 4, dtype=dtype))
    factor = 1.0 if classic else keep
    layers = [model[1], model[4]]
    with mg.no_grad():
        for layer in layers:
            layer.weight.mul_(factor)
    optimizer = optim.SGD([{"params": [layer.weight for layer in layers], "lr": 0.5 * factor**2},
                           {"params": [layer.bias for layer in layers], "lr": 0.5}], lr=1.0, momentum=0.9)
    utils.MaxNorm([layer.weight for layer in layers], 0.75 * factor).follow(optimizer)
    x = mg.from_numpy(np.random.default_rng(1).normal(size=(32, 12))).to(dtype)
    t = mg.from_numpy(np.random.default_rng(2).integers(0, 4, 32))
    path = []
    for _ in range(steps):
        loss = F.cross_entropy(model(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        path.append([loss.item(), *(p.detach().numpy().copy() for p in model.parameters())])
    return path, [layer.weight.detach().norm(dim=1).numpy() for layer in layers]


@pytest.mark.parametrize("keep, dtype, tolerance", [
    (0.5, mg.float32, 0), (0.5, mg.float64, 0), (0.25, mg.float32, 0), (0.25, mg.float64, 0), (0.75, mg.float64, 1e-9),
    (0.8, mg.float64, 1e-3)])
def test_the_paper_s_form_and_the_inverted_one_are_one_algorithm(keep, dtype, tolerance):
    """V = p W at every step, if V starts as p W, learns with p^2 the rate and has p times the bound; biases the same.

    Bit for bit where p is a power of two; otherwise but for rounding, which training amplifies, and for .8 but for its
    being 52429/65536.
    """
    (classic, norms), (inverted, _) = train(keep, True, dtype), train(keep, False, dtype)
    assert all((norm > 0.74).any() for norm in norms), "the bound on the norm was at work"
    for step, (a, b) in enumerate(zip(classic, inverted)):
        for own, other, factor in zip(a, b, (1, keep, 1, keep, 1)):
            np.testing.assert_allclose(other, own * np.asarray(own).dtype.type(factor), tolerance, tolerance,
                                       err_msg=f"step {step}")


def test_fold():
    model = nn.Sequential(nn.ClassicDropout(0.5), nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.ReLU()),
                          nn.ClassicDropout(0.25), nn.Linear(5, 2)).eval()
    x = mg.randn(7, 2, 3)
    before, bias = model(x).numpy(force=True), model[3].bias.tolist()
    assert utils.fold_dropout_(model) is model
    assert (model(x).numpy(force=True) == before).all(), "powers of two: bit for bit"
    assert model[3].bias.tolist() == bias
    assert not [m for m in model.modules() if isinstance(m, nn.ClassicDropout)]
    assert (model.train()(x).numpy(force=True) == before).all()
    twice = nn.Sequential(nn.ClassicDropout(0.8), nn.ClassicDropout(0.5), nn.Linear(3, 2)).eval()
    x = mg.randn(5, 3)
    expected = twice(x).numpy(force=True)
    np.testing.assert_allclose(utils.fold_dropout_(twice)(x).numpy(force=True), expected, rtol=1e-5, atol=1e-6)


def test_what_can_t_be_folded():
    drop, linear = nn.ClassicDropout(0.5), nn.Linear(3, 3)
    for layers in ([drop], [drop, nn.Sigmoid(), linear], [drop, nn.BatchNorm1d(3), linear], [linear, drop],
                   [drop, linear, nn.ReLU(), linear]):
        model = nn.Sequential(*layers)
        kept = linear.weight.tolist()
        with pytest.raises(ValueError, match="fold_dropout_"):
            utils.fold_dropout_(model)
        assert linear.weight.tolist() == kept

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.ClassicDropout(0.5)

    with pytest.raises(ValueError, match="chain"):
        utils.fold_dropout_(Own())


def test_a_dropped_infinity_is_zero():
    y = F.classic_dropout(mg.full((200,), math.inf), 0.5, seed=1).numpy()
    assert set(np.unique(y)) == {0.0, math.inf}


# -- max-norm ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape, dim", [((5, 7), 0), ((5, 7), 1), ((5, 7), -1), ((4, 3, 2, 2), 0), ((4, 3, 2, 2), 1),
                                        ((6,), 0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_max_norm(shape, dim, dtype):
    w = np.random.default_rng(0).normal(size=shape).astype(dtype)
    p = nn.Parameter(mg.from_numpy(w.copy()))
    axes = tuple(a for a in range(len(shape)) if a != dim % len(shape))
    norm = np.sqrt((w.astype(np.float64) ** 2).sum(axis=axes, keepdims=True))
    c = float(np.median(norm))
    assert utils.max_norm_(p, c, dim) is None
    once = p.detach().numpy().copy()
    np.testing.assert_allclose(once, np.where(norm > c, w * (c / norm), w), rtol=4 * np.finfo(dtype).eps)
    assert (once == w)[np.broadcast_to(norm <= c, shape)].all(), "untouched below c"
    assert np.sqrt((once.astype(np.float64) ** 2).sum(axis=axes)).max() <= c * (1 + 1e-6)
    utils.max_norm_(p, c, dim)
    assert (p.detach().numpy() == once).all(), "idempotent"


def test_max_norm_of_extremes_and_views():
    huge = mg.tensor([[1e200, 1e200], [0.0, 0.0], [3.0, 4.0]], dtype=mg.float64)
    utils.max_norm_(huge, 1.0)
    np.testing.assert_allclose(huge.numpy(), [[math.sqrt(0.5)] * 2, [0, 0], [0.6, 0.8]])
    across = mg.tensor([[3.0, 0.0], [4.0, 1.0]]).T
    utils.max_norm_(across, 1.0)
    np.testing.assert_allclose(across.numpy(), [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)
    nan = mg.tensor([[math.nan, 1.0], [0.0, 9.0]])
    utils.max_norm_(nan, 1.0)
    assert np.isnan(nan[0, 0].item()) and nan[0, 1].item() == 1.0 and nan[1, 1].item() == 1.0
    utils.max_norm_(zero := mg.ones(2, 2), 0.0)
    assert (zero == 0).all()
    for bad in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="has to be finite and not negative"):
            utils.max_norm_(zero, bad)
        with pytest.raises(ValueError, match="has to be finite and not negative"):
            utils.MaxNorm(zero, bad)
    with pytest.raises(IndexError, match="Dimension out of range"):
        utils.max_norm_(zero, 1.0, 2)
    with pytest.raises(RuntimeError, match="expected floats"):
        utils.max_norm_(zero.long(), 1.0)
    with pytest.raises(RuntimeError, match="read-only"):
        utils.max_norm_(mg.ones(1, 2).expand(3, 2), 1.0)


def test_max_norm_follows_an_optimizer():
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    optimizer = optim.SGD(model.parameters(), lr=10.0)
    handle = utils.MaxNorm(model, 0.3).follow(optimizer)
    for _ in range(3):
        model(mg.ones(5, 4)).square().sum().backward()
        optimizer.step()
        assert all(model[i].weight.detach().norm(dim=1).max().item() <= 0.3 * (1 + 1e-6) for i in (0, 2))
    handle.remove()
    bias = model[2].bias.detach().abs().max().item()
    model(mg.ones(5, 4)).square().sum().backward()
    optimizer.step()
    assert model[2].weight.detach().norm(dim=1).max().item() > 0.3 and bias > 0.3, "biases are left alone"


def test_a_changed_weight_is_noticed():
    w = nn.Parameter(mg.ones(2, 2) * 5)
    y = (w * w).sum()
    utils.max_norm_(w, 1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


# -- schedules ---------------------------------------------------------------------------------------------------------

SCHEDULES = [
    (utils.early_dropout(0.4, 10), {0: 0.4, 9: 0.4, 10: 0.0, 99: 0.0}),
    (utils.early_dropout(0.4, 10, decay=True), {0: 0.4, 5: 0.2, 10: 0.0}),
    (utils.late_dropout(0.4, 10), {0: 0.0, 9: 0.0, 10: 0.4, 99: 0.4}),
    (utils.linear_dropout(0.5, 0.1, 8), {0: 0.5, 4: 0.3, 8: 0.1, 99: 0.1}),
    (utils.curriculum_dropout(0.5, 1000), {0: 0.0, 100: 0.5 * (1 - math.exp(-1)), 1000: 0.5 * (1 - math.exp(-10))}),
]


@pytest.mark.parametrize("schedule, rates", SCHEDULES)
def test_schedules(schedule, rates):
    for step, rate in rates.items():
        assert schedule(step) == pytest.approx(rate, abs=1e-15)


def test_scheduler():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.9, seed=1), nn.GaussianDropout(0.9))
    scheduler = utils.DropoutScheduler(model, utils.late_dropout(0.5, 2))
    seen, positions = [], []
    for _ in range(4):
        seen.append((model[1].p, model[2].p))
        model(mg.ones(3, 2))
        positions.append(int(model[1].generator.state[1]))
        scheduler.step()
    assert seen == [(0.0, 0.0)] * 2 + [(0.5, 0.5)] * 2
    assert positions == [0, 0, 1, 2], "at rate 0 nothing is drawn"
    other = utils.DropoutScheduler([model[1]], utils.linear_dropout(0.0, 0.8, 8))
    other.load_state_dict(scheduler.state_dict())
    assert other.get_last_rate() == pytest.approx(0.4)
    with pytest.raises(ValueError, match="expected dropout layers"):
        utils.DropoutScheduler(nn.Linear(1, 1), utils.late_dropout(0.5, 2))
    with pytest.raises(ValueError, match="between 0 and 1"):
        utils.DropoutScheduler(model, lambda step: 2.0)
    for bad in (0, -3, 1.5, True):
        with pytest.raises(ValueError, match="positive int"):
            utils.late_dropout(0.5, bad)


# -- Monte-Carlo passes ------------------------------------------------------------------------------------------------


def network(*, batch_norm=True, dtype=mg.float64):
    mg.manual_seed(4)
    layers = [nn.Linear(3, 8, dtype=dtype), nn.BatchNorm1d(8, dtype=dtype) if batch_norm else nn.Identity(), nn.ReLU(),
              nn.Dropout(0.5), nn.Linear(8, 4, dtype=dtype)]
    return nn.Sequential(*layers)


def one_by_one(model, x, samples, seed):
    """Each sample by a call of its own."""
    model.eval()
    model[3].train()
    model[3].generator = mg.Generator().manual_seed(seed)
    with mg.no_grad():
        z = np.array([model(x).numpy() for _ in range(samples)])
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    mean = p.mean(0)
    entropy = -(mean * np.log(mean)).sum(-1)
    return mean, p.std(0, ddof=1), entropy, entropy + (p * np.log(p)).sum(-1).mean(0)


def test_monte_carlo_agrees_with_single_calls():
    model, x, n = network(), mg.randn(6, 3, dtype=mg.float64), 4000
    model.train()(mg.randn(50, 3, dtype=mg.float64))
    result = mg.mc_dropout(model, x, n, seed=1)
    mean, std, entropy, information = one_by_one(network_like(model), x, n, 2)
    room = 4.9 * std * math.sqrt(2 / n)
    assert (np.abs(result.mean.numpy() - mean) < room).all()
    np.testing.assert_allclose(result.std.numpy(), std, rtol=0.15)
    np.testing.assert_allclose(result.entropy.numpy(), entropy, rtol=0.05)
    np.testing.assert_allclose(result.mutual_information.numpy(), information, rtol=0.15)
    assert (result.mutual_information.numpy() >= 0).all()
    assert (result.mutual_information.numpy() <= result.entropy.numpy()).all()


def network_like(model):
    other = network()
    other.load_state_dict(model.state_dict())
    return other


def test_a_chunk_of_one_sample_is_a_single_call():
    """With max_rows = N, sample by sample: the same masks as calls one after another, so the same numbers."""
    model, x = network(), mg.randn(6, 3, dtype=mg.float64)
    result = mg.mc_dropout(model, x, 7, seed=3, max_rows=6)
    for got, want in zip(result, one_by_one(network_like(model), x, 7, 3)):
        np.testing.assert_allclose(got.numpy(), want, rtol=1e-10, atol=1e-14)


def test_monte_carlo_puts_everything_back():
    model = network().train()
    model[0].eval()
    own = model[3].generator = mg.Generator().manual_seed(9)
    statistics = model[1].running_mean.tolist()
    before, state = mg.get_rng_state().tolist(), own.get_state().tolist()
    x = mg.randn(6, 3, dtype=mg.float64, generator=mg.Generator())
    first, second = (mg.mc_dropout(model, x, 20, seed=1) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second)), "a seed says everything"
    assert [m.training for m in model] == [False, True, True, True, True] and model.training
    assert model[3].generator is own and own.get_state().tolist() == state and mg.get_rng_state().tolist() == before
    assert model[1].running_mean.tolist() == statistics, "batch normalisation is in evaluation"
    mg.mc_dropout(model, x, 20)
    assert own.get_state().tolist() != state, "without a seed, layers draw from their own streams"
    with pytest.raises(RuntimeError):
        mg.mc_dropout(model, mg.randn(6, 5), 20)
    assert [m.training for m in model] == [False, True, True, True, True]
    assert first.mean.dtype is mg.float64 and not first.mean.requires_grad


def test_each_sample_has_masks_of_its_own():
    """Also where a layer's noise is the same for all rows of a call."""
    x, linear = mg.ones(2, 30, dtype=mg.float64), nn.Linear(30, 30, dtype=mg.float64)
    for layer in (nn.Dropout(0.5), nn.Dropout(0.5, noise_shape=(1, None)), nn.DropConnect(linear), nn.DropPath(0.5),
                  nn.StochasticDepth(linear, 0.5, "batch"), nn.GaussianNoise(1.0)):
        result = mg.mc_dropout(nn.Sequential(layer), x, 50, outputs="values", seed=2)
        assert (result.std.numpy() > 0).all(), type(layer).__name__


def test_regression():
    drop = nn.Sequential(nn.Identity(), nn.Dropout(0.5))
    x = mg.full((3, 2), 2.0, dtype=mg.float64)
    result = mg.mc_dropout(drop, x, 5000, outputs="values", precision=4.0, seed=1)
    assert result.entropy is None and result.mutual_information is None
    assert np.abs(result.mean.numpy() - 2).max() < 4.9 * 2 / math.sqrt(5000)
    np.testing.assert_allclose(result.std.numpy(), math.sqrt(4 + 0.25), rtol=0.01)
    assert mg.mc_dropout(drop, x, 1, outputs="values").std.tolist() == [[0.0] * 2] * 3
    assert mg.mc_dropout(drop, mg.zeros(0, 2), 5, outputs="values").mean.shape == (0, 2)


def test_kinds_of_outputs():
    model, x = network(batch_norm=False), mg.randn(4, 3, dtype=mg.float64)
    logits = mg.mc_dropout(model, x, 30, seed=1)
    probabilities = mg.mc_dropout(nn.Sequential(*model, nn.Softmax(-1)), x, 30, outputs="probabilities", seed=1)
    logs = mg.mc_dropout(nn.Sequential(*model, nn.LogSoftmax(-1)), x, 30, outputs="log_probabilities", seed=1)
    for a, b, c in zip(logits, probabilities, logs):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(a.numpy(), c.numpy(), rtol=1e-9, atol=1e-12)


def test_without_dropout_all_samples_would_agree():
    sure = mg.mc_dropout(nn.Sequential(nn.Dropout(0.0), nn.Linear(3, 2)), mg.randn(4, 3), 10)
    assert (sure.std.numpy() < 1e-7).all() and (sure.mutual_information.numpy() < 1e-7).all()
    with pytest.raises(ValueError, match="no dropout layer"):
        mg.mc_dropout(nn.Linear(3, 2), mg.randn(4, 3))

    class Own(nn.Module):
        def forward(self, x):
            return F.dropout(x, 0.5, self.training)

    assert (mg.mc_dropout(Own(), mg.ones(4, 30), layers=(Own,), outputs="values").std.numpy() > 0).all()
    for wrong in ({"samples": 0}, {"outputs": "odds"}, {"precision": 0.0}):
        with pytest.raises(ValueError, match="mc_dropout"):
            mg.mc_dropout(network(), mg.randn(4, 3), **wrong)
