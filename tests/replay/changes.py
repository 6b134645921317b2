"""A world in which one thing is changed between calls."""

from __future__ import annotations

from minigrad import nn, optim
from minigrad.nn import functional as F

from .twins import World, assert_twins, batches

CALLS, AT = 14, 6  # calls in all, and before which something changes


def base(step=None, optimizer=None, **more):
    def make():
        model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.BatchNorm1d(8), nn.Linear(8, 3))
        world = World(model=model, batch=batches((6, 4), 3), **{name: value() for name, value in more.items()})
        world.optimizer = (optimizer or (lambda params: optim.SGD(params, lr=0.1)))(model.parameters())
        world.step = (lambda x, y: train(world, x, y)) if step is None else step(world)
        return world
    return make


def train(w, x, y, scale=1.0):
    w.optimizer.zero_grad()
    loss = F.cross_entropy(w.model(x), y) * scale
    loss.backward()
    w.optimizer.step()
    return loss


def changed(change, *args, runs=9, may_warn=False, **kwargs):
    """change(world) comes before call AT; the step must not be recorded again at every call."""
    assert_twins(base(*args, **kwargs), CALLS, lambda w, k: change(w) if k == AT else None, runs=runs,
                 may_warn=may_warn)


def option(name, value):
    """A change of an option of the optimiser."""
    return lambda w: w.optimizer.param_groups[0].update({name: value})
