"""Every kind of random number within a compiled step: fresh at each call, and those of the plain run."""

from __future__ import annotations

import pytest

import minigrad
from minigrad import nn, optim
from minigrad.nn import functional as F

from .twins import World, assert_twins, batches

DROPOUTS = {
    "Dropout": (lambda: nn.Dropout(0.5), (6, 8)), "p=.2": (lambda: nn.Dropout(0.2), (6, 8)),
    "p=0": (lambda: nn.Dropout(0.0), (6, 8)), "p=1": (lambda: nn.Dropout(1.0), (6, 8)),
    "inplace": (lambda: nn.Dropout(0.5, inplace=True), (6, 8)),
    "seed": (lambda: nn.Dropout(0.5, seed=7), (6, 8)),
    "generator": (lambda: nn.Dropout(0.5, generator=minigrad.Generator().manual_seed(3)), (6, 8)),
    "noise_shape": (lambda: nn.Dropout(0.5, noise_shape=(6, 1)), (6, 8)),
    "Dropout1d": (lambda: nn.Dropout1d(0.5), (6, 4, 2)), "Dropout2d": (lambda: nn.Dropout2d(0.5), (6, 4, 2, 1)),
    "Dropout3d": (lambda: nn.Dropout3d(0.5), (6, 4, 2, 1, 1)),
    "AlphaDropout": (lambda: nn.AlphaDropout(0.3), (6, 8)),
    "FeatureAlphaDropout": (lambda: nn.FeatureAlphaDropout(0.3), (6, 4, 2)),
    "GaussianDropout": (lambda: nn.GaussianDropout(0.3), (6, 8)),
    "GaussianNoise": (lambda: nn.GaussianNoise(0.3), (6, 8)), "UniformNoise": (lambda: nn.UniformNoise(0.3), (6, 8)),
    "ClassicDropout": (lambda: nn.ClassicDropout(0.5), (6, 8)), "ExactDropout": (lambda: nn.ExactDropout(0.5), (6, 8)),
    "DropBlock1d": (lambda: nn.DropBlock1d(0.3, 2), (6, 2, 4)),
    "DropBlock2d": (lambda: nn.DropBlock2d(0.3, 2), (6, 2, 2, 2)), "DropPath": (lambda: nn.DropPath(0.5), (6, 8)),
    "StochasticDepth": (lambda: nn.StochasticDepth(nn.Identity(), 0.5), (6, 8)),
    "DropConnect": (lambda: nn.DropConnect(nn.Linear(8, 8), 0.5), (6, 8)),
    "LockedDropout": (lambda: nn.LockedDropout(0.5), (6, 4, 2)),
    "VariationalDropout": (lambda: nn.VariationalDropout(8), (6, 8)),
    "VariationalLinear": (lambda: nn.VariationalLinear(8, 8), (6, 8)),
    "FastDropout": (lambda: nn.FastDropout(nn.Linear(8, 8), 0.5), (6, 8)),
    "RReLU": (nn.RReLU, (6, 8)),
}


def test_every_dropout_has_a_row():
    offered = {name for name in dir(nn) if name.endswith(("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "Noise"))}
    assert offered <= DROPOUTS.keys(), offered - DROPOUTS.keys()


def world_with(make, sizes):
    def build():
        middle = make()
        world = World(first=nn.Linear(4, 8), middle=middle, last=nn.Linear(8, 3), batch=batches((6, 4), 3))
        params = [p for module in (world.first, middle, world.last) for p in module.parameters()]
        world.optimizer = optim.SGD(params, lr=0.1, momentum=0.9)

        def step(x, y):
            world.optimizer.zero_grad()
            loss = F.cross_entropy(world.last(world.middle(world.first(x).reshape(sizes)).reshape(6, 8)), y)
            loss.backward()
            world.optimizer.step()
            return loss

        world.step = step
        return world
    return build


RECORDED = {"Dropout", "p=.2", "p=0", "seed", "generator"}


@pytest.mark.parametrize("name", DROPOUTS)
def test_dropouts(name):
    make, sizes = DROPOUTS[name]
    if name in RECORDED:
        assert_twins(world_with(make, sizes), 60, fullgraph=True)
    else:
        assert_twins(world_with(make, sizes), 60, runs=60, may_warn=True)


@pytest.mark.parametrize("name", DROPOUTS)
def test_switched_off_and_on(name):
    make, sizes = DROPOUTS[name]
    assert_twins(world_with(make, sizes), 24, lambda w, k: w.middle.train(k % 12 < 6), runs=24, may_warn=True)


DRAWS = {
    "F.dropout seed": lambda x: F.dropout(x, 0.5, seed=11), "F.dropout": lambda x: F.dropout(x, 0.3),
    "mask": lambda x: F.dropout(x, 0.5, return_mask=True)[0], "rand": lambda x: x + minigrad.rand(6, 4),
    "rand_like": lambda x: x + minigrad.rand_like(x), "randn": lambda x: x + minigrad.randn(6, 4),
    "randn_like": lambda x: x + minigrad.randn_like(x), "bernoulli": lambda x: x * minigrad.bernoulli(x * 0 + 0.5),
    "randint": lambda x: x + minigrad.randint(0, 3, (6, 4)), "randperm": lambda x: x[minigrad.randperm(6)],
    "uniform_": lambda x: x + minigrad.empty(6, 4).uniform_(), "normal_": lambda x: x + minigrad.empty(6, 4).normal_(),
    "bernoulli_": lambda x: x * minigrad.empty(6, 4).bernoulli_(0.3),
    "multinomial": lambda x: x + minigrad.multinomial(x.abs(), 4), "seeded": lambda x: (
        minigrad.manual_seed(5), F.dropout(x, 0.5))[1],
    "fork_rng": lambda x: forked(x), "own": lambda x: F.dropout(x, 0.5, generator=minigrad.Generator().manual_seed(4)),
}


def forked(x):
    with minigrad.random.fork_rng():
        return F.dropout(x, 0.5)


@pytest.mark.parametrize("name", DRAWS)
def test_draws(name):
    def make():
        world = world_with(nn.Identity, (6, 8))()
        step = world.step
        world.step = lambda x, y: (step(DRAWS[name](x), y), DRAWS[name](x))
        return world

    assert_twins(make, 24, runs=24, may_warn=True)
