"""Compiled steps have the same bits as plain ones: weights, optimiser state, random numbers, gradients, outputs."""

from __future__ import annotations

from functools import partial

import pytest

import minigrad
from minigrad import nn, optim
from minigrad.nn import functional as F

from .twins import World, assert_twins, batches, classifier, mlp


def dropouts(*probabilities):
    return iter([nn.Dropout(p) for p in probabilities])


# -- the networks of DESIGN.md -----------------------------------------------------------------------------------------

sgd, adam = partial(optim.SGD, lr=0.1), partial(optim.Adam, lr=1e-3)
momentum = partial(optim.SGD, lr=0.05, momentum=0.9)
NETWORKS = {
    "tiny": (lambda: mlp(2, 16, 16, 2), sgd, (100, 2), 2, 400),
    "seed": (lambda: mlp(784, 128, 64, 10, between=lambda: [nn.Dropout(0.5)]), adam, (32, 784), 10, 150),
    "paper": (lambda: nn.Sequential(nn.Dropout(0.2), *mlp(784, 1024, 1024, 1024, 10, between=lambda: [
        nn.Dropout(0.5)])), momentum, (128, 784), 10, 5),
    "wide": (lambda: mlp(784, 4096, 4096, 10, between=lambda: [nn.Dropout(0.5)]), adam, (128, 784), 10, 4),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    model, optimizer, sizes, classes, calls = NETWORKS[name]
    assert_twins(lambda: classifier(model(), optimizer, sizes, classes), calls, every=10, fullgraph=True)


# -- optimisers --------------------------------------------------------------------------------------------------------

OPTIMIZERS = {
    "SGD": sgd, "momentum": momentum, "Adam": adam,
    "nesterov": partial(optim.SGD, lr=0.1, momentum=0.9, nesterov=True),
    "dampening": partial(optim.SGD, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01),
    "SGD maximize": partial(optim.SGD, lr=1e-3, maximize=True),
    "amsgrad": partial(optim.Adam, lr=1e-2, amsgrad=True),
    "Adam weight_decay": partial(optim.Adam, lr=1e-2, weight_decay=0.1),
    "Adam maximize": partial(optim.Adam, lr=1e-4, maximize=True),
    "AdamW": partial(optim.AdamW, lr=1e-2), "Adamax": optim.Adamax, "NAdam": optim.NAdam, "RAdam": optim.RAdam,
    "RMSprop": optim.RMSprop, "centered": partial(optim.RMSprop, centered=True, momentum=0.5), "Rprop": optim.Rprop,
    "Adagrad": partial(optim.Adagrad, lr_decay=0.1), "Adadelta": optim.Adadelta,
    "ASGD": partial(optim.ASGD, t0=5, lambd=0.01),
}


def test_every_optimizer_has_a_row():
    rows = {getattr(row, "func", row).__name__ for row in OPTIMIZERS.values()} | {"LBFGS"}
    assert rows == {name for name in dir(optim) if isinstance(getattr(optim, name), type) and name != "Optimizer"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    assert_twins(lambda: classifier(mlp(4, 8, 3), OPTIMIZERS[name], (6, 4)), 40, fullgraph=True)


def test_lbfgs_is_not_recorded():
    def make():
        world = World(model=mlp(4, 8, 3), batch=batches((6, 4), 3))
        world.optimizer = optim.LBFGS(world.model.parameters(), max_iter=3)

        def step(x, y):
            def closure():
                world.optimizer.zero_grad()
                loss = F.cross_entropy(world.model(x), y)
                loss.backward()
                return loss
            return world.optimizer.step(closure)

        world.step = step
        return world

    assert_twins(make, 8, runs=None, warns=True)


# -- clipping and schedules --------------------------------------------------------------------------------------------


CLIPS = {
    "norm": lambda params: nn.utils.clip_grad_norm_(params, 0.1),
    "large": lambda params: nn.utils.clip_grad_norm_(params, 1e6),
    "value": lambda params: nn.utils.clip_grad_value_(params, 0.01),
    "L1": lambda params: nn.utils.clip_grad_norm_(params, 0.1, 1.0),
    "inf": lambda params: nn.utils.clip_grad_norm_(params, 0.1, float("inf")),
    "finite": lambda params: nn.utils.clip_grad_norm_(params, 0.1, error_if_nonfinite=True),
}


@pytest.mark.parametrize("name", CLIPS)
def test_clipping(name):
    recorded = name != "finite"
    assert_twins(lambda: classifier(mlp(4, 8, 3), adam, (6, 4), after=lambda world: CLIPS[name](
        world.model.parameters())), 40, runs=3 if recorded else None, warns=not recorded)


S = optim.lr_scheduler
SCHEDULERS = [
    lambda o: S.StepLR(o, 3, 0.5), lambda o: S.ExponentialLR(o, 0.9), lambda o: S.CosineAnnealingLR(o, 10),
    lambda o: S.OneCycleLR(o, 0.1, 40), lambda o: S.CyclicLR(o, 0.01, 0.1, 4, cycle_momentum=False),
    lambda o: S.LambdaLR(o, lambda k: 1 / (1 + k)),
    lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1, 5), S.ExponentialLR(o, 0.9)], [5])]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("optimizer", (momentum, adam), ids=["momentum", "adam"])
def test_schedulers_between_calls(scheduler, optimizer):
    def make():
        world = classifier(mlp(4, 8, 3), optimizer, (6, 4))
        world.scheduler = scheduler(world.optimizer)
        return world

    assert_twins(make, 30, lambda world, k: k and world.scheduler.step(), fullgraph=True)


def test_plateau_between_calls():
    def make():
        world = classifier(mlp(4, 8, 3), sgd, (6, 4))
        world.scheduler = S.ReduceLROnPlateau(world.optimizer, patience=1)
        return world

    assert_twins(make, 30, lambda world, k: k and world.scheduler.step(1.0), fullgraph=True)


@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
@pytest.mark.parametrize("scheduler", (SCHEDULERS[1], lambda o: S.StepLR(o, 7, 0.1)), ids=["each call", "call 7"])
@pytest.mark.parametrize("first", (True, False))
def test_schedulers_within(scheduler, first):
    """They change Python's numbers: not recorded, even where the rate stays as it is for a while; and right."""
    def make():
        world = classifier(mlp(4, 8, 3), sgd, (6, 4), after=lambda world: first and world.scheduler.step())
        world.scheduler = scheduler(world.optimizer)
        inner = world.step
        world.step = lambda x, y: (inner(x, y), None if first else world.scheduler.step())
        return world

    assert_twins(make, 20, runs=None, warns=True)


def test_rate_asked_of_a_scheduler():
    def make():
        world = classifier(mlp(4, 8, 3), sgd, (6, 4))
        world.scheduler = S.StepLR(world.optimizer, 5)
        inner = world.step
        world.step = lambda x, y: (inner(x, y), list(world.scheduler.get_last_lr()))
        return world

    assert_twins(make, 20, lambda world, k: k and world.scheduler.step(), runs=None, warns=True)


# -- layers ------------------------------------------------------------------------------------------------------------


class Lookup(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(3, 5), nn.Linear(5, 3)

    def forward(self, x):
        return self.out(self.table((x[:, 0] > 0).long()))


LAYERS = {
    "BatchNorm1d": (lambda: [nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)], (6, 4)),
    "BatchNorm1d no stats": (lambda: [nn.Linear(4, 8), nn.BatchNorm1d(8, track_running_stats=False), nn.Linear(8, 3)],
                             (6, 4)),
    "LayerNorm": (lambda: [nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3)], (6, 4)),
    "convolutions": (lambda: [nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2),
                              nn.Conv2d(3, 4, 3), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 3)],
                     (5, 1, 8, 8)),
    "Conv1d": (lambda: [nn.Conv1d(2, 3, 3, stride=2), nn.SiLU(), nn.Flatten(), nn.Linear(9, 3)], (5, 2, 7)),
    "activations": (lambda: [nn.Linear(4, 8), nn.LeakyReLU(), nn.ELU(), nn.Softplus(), nn.Sigmoid(), nn.SELU(),
                             nn.Mish(), nn.Hardtanh(), nn.Linear(8, 3)], (6, 4)),
    "Softmax": (lambda: [nn.Linear(4, 8), nn.Softmax(1), nn.Linear(8, 3), nn.LogSoftmax(1)], (6, 4)),
    "GroupNorm": (lambda: [nn.Linear(4, 8), nn.GroupNorm(2, 8), nn.Linear(8, 3)], (6, 4)),
    "RMSNorm": (lambda: [nn.Linear(4, 8), nn.RMSNorm(8), nn.Linear(8, 3)], (6, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dtype", (minigrad.float32, minigrad.float64), ids=["float32", "float64"])
def test_layers(name, dtype):
    layers, sizes = LAYERS[name]
    assert_twins(lambda: classifier(nn.Sequential(*layers()), adam, sizes, dtype=dtype), 30, fullgraph=True)


NOT_RECORDED = {  # yet
    "cumulative BatchNorm": lambda: [nn.Linear(4, 8), nn.BatchNorm1d(8, momentum=None), nn.Linear(8, 3)],
    "Embedding": lambda: [Lookup()],
    "PReLU": lambda: [nn.Linear(4, 8), nn.PReLU(), nn.Linear(8, 3)],
    "weight_norm": lambda: [nn.utils.parametrizations.weight_norm(nn.Linear(4, 8)), nn.ReLU(), nn.Linear(8, 3)],
}


@pytest.mark.parametrize("name", NOT_RECORDED)
def test_layers_not_recorded(name):
    assert_twins(lambda: classifier(nn.Sequential(*NOT_RECORDED[name]()), adam, (6, 4)), 30, runs=None, warns=True)
