"""Dropout of whole channels, and dropout for SELU: masks, values, gradients, and what PyTorch says of bad input."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from engine.face import assert_same, needs_torch, ours, outcome, theirs

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

CHANNELS = [("dropout1d", (6, 40, 7), 2), ("dropout1d", (40, 7), 1), ("dropout2d", (6, 40, 3, 4), 2),
            ("dropout3d", (6, 40, 3, 2, 2), 2), ("dropout3d", (40, 3, 2, 2), 1)]


@pytest.mark.parametrize("name, shape, lead", CHANNELS)
@pytest.mark.parametrize("p", [0.5, 0.3, 0.25])
def test_a_channel_is_kept_or_dropped_as_a_whole(name, shape, lead, p):
    x = mg.from_numpy(np.random.default_rng(0).normal(size=shape)).requires_grad_()
    y = getattr(F, name)(x, p, generator=mg.Generator().manual_seed(3))
    kept = (y.detach().numpy() != 0).reshape(*shape[:lead], -1)
    assert (kept == kept[..., :1]).all()
    share, n = kept[..., 0].mean(), kept[..., 0].size
    assert abs(share - (1 - p)) < 5 * math.sqrt(p * (1 - p) / n)
    expected = np.where(kept, x.detach().numpy().reshape(*shape[:lead], -1) / (1 - p), 0).reshape(shape)
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-4)
    (dx,) = mg.autograd.grad(y.sum(), x)
    np.testing.assert_allclose(dx.numpy(), np.where(kept, 1 / (1 - p), 0).reshape(shape)
                               if lead + 1 == len(shape) else np.broadcast_to(
        np.where(kept[..., 0], 1 / (1 - p), 0).reshape(*shape[:lead], *[1] * (len(shape) - lead)), shape), rtol=1e-4)


def selu_numbers(p):
    limit = 1.7580993408473766
    a = ((limit**2 * p + 1) * (1 - p)) ** -0.5
    return a, limit * a * p, -limit * a * (1 - p)


@pytest.mark.parametrize("p", [0.5, 0.3, 0.05])
@pytest.mark.parametrize("name", ["alpha_dropout", "feature_alpha_dropout"])
def test_values_for_selu(name, p):
    x = np.random.default_rng(1).normal(size=(200, 50, 2))
    y = getattr(F, name)(mg.from_numpy(x), p, True, seed=5).numpy()
    a, shift, dropped = selu_numbers(p)
    gone = np.isclose(y, dropped, 1e-12, 0)
    np.testing.assert_allclose(y[~gone], (a * x + shift)[~gone], rtol=1e-4, atol=1e-4)
    assert abs(gone.mean() - p) < 0.03
    assert abs(y.mean()) < 0.05 and abs(y.var() - 1) < 0.05
    if name.startswith("feature"):
        assert (gone[:, :, 0] == gone[:, :, 1]).all()


def test_the_numbers_of_pytorch_and_keras():
    y = F.alpha_dropout(mg.full((1000,), 2.0), 0.3, True, seed=1).numpy()
    np.testing.assert_allclose(np.unique(y.round(6)), [-1.05954815, 2.17599730], rtol=1e-5)


def test_what_is_dropped_forgets_infinities():
    x = mg.full((4, 8, 3), float("inf"))
    assert set(np.unique(F.dropout1d(x, 0.5, seed=2).numpy())) == {0.0, np.inf}
    y = F.alpha_dropout(x, 0.5, True, seed=2).numpy()
    assert np.isfinite(y).any() and not np.isnan(y).any()


@pytest.mark.parametrize("name", ["dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"])
def test_options(name):
    function = getattr(F, name)
    x = mg.randn(4, 6, 5, 2, 3) if name == "dropout3d" else mg.randn(4, 6, 5, 2) if name == "dropout2d" else (
        mg.randn(4, 6, 5))
    first = function(x, 0.5, True, seed=7)
    assert mg.equal(first, function(x, 0.5, True, seed=7)) and not mg.equal(first, function(x, 0.5, True, seed=8))
    y, mask = function(x, 0.5, True, seed=7, return_mask=True)
    assert mg.equal(y, first) and mask.dtype is mg.bool and mask.shape == x.shape
    assert mg.allclose(function(x, 0.5, True, mask=mask), first)
    z = x.clone()
    assert function(z, 0.5, True, True, seed=7) is z and mg.equal(z, first)
    for same in (function(x, 0.5, False), function(x, 0.0, True)):
        assert same is x
    assert not function(x, 1.0, True).numpy().any()
    with pytest.raises(TypeError, match="nonsense"):
        function(x, 0.5, True, nonsense=1)


def test_the_mask_is_not_stored_and_comes_again_in_backward():
    x = mg.randn(30, 20, 50).requires_grad_()
    y = F.dropout1d(x, 0.5, seed=3)
    assert not y.grad_fn._saved
    (dx,) = mg.autograd.grad(y.sum(), x)
    assert ((dx != 0) == (y != 0)).all()


MODULES = [("Dropout1d", (4, 6, 5)), ("Dropout2d", (4, 6, 5, 2)), ("Dropout3d", (4, 6, 5, 2, 2)),
           ("AlphaDropout", (40, 6)), ("FeatureAlphaDropout", (4, 6, 5))]


@pytest.mark.parametrize("name, shape", MODULES)
def test_modules(name, shape):
    make = getattr(nn, name)
    module, x = make(0.5, seed=3), mg.randn(*shape)
    twin = copy.deepcopy(module)
    first, second = module(x), module(x)
    assert not mg.equal(first, second)
    assert mg.equal(twin(x), first)
    state = module.state_dict()
    third = module(x)
    other = make(0.5, seed=9)
    other.load_state_dict(state)
    assert mg.equal(other(x), third)
    assert module.eval()(x) is x
    z = x.clone()
    assert make(0.5, inplace=True)(z) is z
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 1\.5"):
        make(1.5)


@needs_torch
@pytest.mark.parametrize("name", [name for name, _ in MODULES])
def test_repr(name):
    assert repr(getattr(nn, name)(0.25, True)) == repr(getattr(theirs().nn, name)(0.25, True))
    assert repr(getattr(nn, name)()) == repr(getattr(theirs().nn, name)())


BAD = {
    "dropout1d of 4-D": lambda t: t.nn.functional.dropout1d(t.ones(2, 3, 4, 5)),
    "p": lambda t: t.nn.functional.dropout2d(t.ones(2, 3, 4, 5), -0.1),
    "p of alpha": lambda t: t.nn.functional.alpha_dropout(t.ones(2, 3), 2.0),
    "one dimension": lambda t: t.nn.functional.dropout2d(t.ones(3)),
    "one dimension, feature alpha": lambda t: t.nn.functional.feature_alpha_dropout(t.ones(3), training=True),
    "integers": lambda t: t.nn.functional.alpha_dropout(t.ones(3).long(), training=True),
    "integers pass in evaluation": lambda t: t.nn.functional.alpha_dropout(t.ones(3).long()),
    "five dimensions": lambda t: t.nn.functional.dropout2d(t.ones(2, 3, 1, 1, 1), 0.0),
    "empty": lambda t: t.nn.functional.dropout2d(t.ones(2, 0, 4, 5)),
    "certain": lambda t: t.nn.functional.feature_alpha_dropout(t.ones(2, 3), 1.0, True),
}


@needs_torch
@pytest.mark.parametrize("scenario", BAD.values(), ids=BAD)
def test_as_pytorch(scenario):
    assert_same(outcome(scenario, ours), outcome(scenario, theirs()))


@pytest.mark.parametrize("call, text", [
    (lambda: F.dropout2d(mg.ones(2, 3, 4)), "3D input to dropout2d"),
    (lambda: F.dropout2d(mg.ones(2, 3)), "2-D input to dropout2d"),
    (lambda: nn.Dropout3d()(mg.ones(2, 3, 4)), "3-D input to dropout3d")])
def test_warnings_name_the_callers_line(call, text):
    with pytest.warns(UserWarning, match=text) as caught:
        call()
    assert caught[0].filename == __file__
