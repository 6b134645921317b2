"""step.epoch(loader) does what a loop over the loader does, in the same order, with the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.utils.data import DataLoader, TensorDataset

from .twins import World, bits, state_of

RNG = np.random.default_rng(4)
X, Y = RNG.normal(size=(70, 4)).astype(np.float32), RNG.integers(0, 3, 70)


def world_of(result=lambda w, x, y, loss: loss, before=lambda w, x, y: (x, y), **options):
    minigrad.manual_seed(2)
    w = World(model=nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)),
              x=minigrad.tensor(X), y=minigrad.tensor(Y))
    w.optimizer = optim.Adam(w.model.parameters(), lr=0.01)
    w.loader = DataLoader(TensorDataset(w.x, w.y), **{"batch_size": 6, "shuffle": True, **options})

    def step(x, y):
        x, y = before(w, x, y)
        w.optimizer.zero_grad()
        loss = F.cross_entropy(w.model(x), y)
        loss.backward()
        w.optimizer.step()
        return result(w, x, y, loss)

    w.step = step
    return w


def epochs(make, compiled, between, count=5):
    w = make()
    step = minigrad.compile(w.step) if compiled else w.step
    for k in range(count):
        between(w, k)
        try:
            results = step.epoch(w.loader) if compiled else [step(x, y) for x, y in w.loader]
        except IndexError as error:
            results = [str(error)]
        yield repr([bits(r) if not isinstance(r, dict) else {n: bits(v) for n, v in r.items()} for r in results])
        yield state_of(w)


def check(make, between=lambda w, k: None):
    compiled, plain = list(epochs(make, True, between)), list(epochs(make, False, between))
    for k, (got, want) in enumerate(zip(compiled, plain)):
        if isinstance(want, dict):
            assert [name for name in want if want[name] != got[name]] == [], f"after epoch {k // 2}"
        else:
            assert got == want, f"results of epoch {k // 2}"


@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"drop_last": True}, {"batch_size": 1, "drop_last": True},
                                     {"batch_size": 100}, {"batch_size": 35}], ids=str)
def test_loaders(options):
    if options.get("batch_size") == 1:
        check(lambda: world_of(before=lambda w, x, y: (x.expand(3, 4) + 0, y.expand(3) + 0), **options))
    else:
        check(lambda: world_of(**options))


def test_collation():
    check(lambda: world_of(collate_fn=lambda rows: (minigrad.stack([x for x, _ in rows]) * 2,
                                                    minigrad.stack([y for _, y in rows]))))


RESULTS = {
    "dict": lambda w, x, y, loss: {"loss": loss, "x": x, "y": y},
    "parameter": lambda w, x, y, loss: w.model[0].bias.detach().clone(),
    "number": lambda w, x, y, loss: 3,
    "view": lambda w, x, y, loss: (x * 2)[1:, ::2],
    "not recorded": lambda w, x, y, loss: loss.item(),
    "none": lambda w, x, y, loss: None,
}


@pytest.mark.filterwarnings("ignore:minigrad.compile")
@pytest.mark.parametrize("name", RESULTS)
def test_results(name):
    check(lambda: world_of(RESULTS[name]))


CHANGES = {
    "rate": lambda w: w.optimizer.param_groups[0].update(lr=0.3),
    "eval": lambda w: w.model.eval(),
    "data in place": lambda w: w.x.mul_(2),
    "dropout": lambda w: setattr(w.model[3], "p", 0.8),
    "module": lambda w: w.model.__setitem__(2, nn.Tanh()),
    "frozen": lambda w: w.model[0].requires_grad_(False),
    "seed": lambda w: minigrad.manual_seed(77),
    "class out of range": lambda w: w.y.__setitem__(40, 9),
    "another loader": lambda w: setattr(w, "loader", DataLoader(TensorDataset(w.x + 1, w.y), batch_size=7)),
}


@pytest.mark.filterwarnings("ignore:minigrad.compile")
@pytest.mark.parametrize("name", CHANGES)
def test_changes_between_epochs(name):
    check(world_of, lambda w, k: CHANGES[name](w) if k == 3 else None)


def double_(w, x, y):
    x.mul_(2)
    return x, y


@pytest.mark.filterwarnings("ignore:minigrad.compile")
def test_a_batch_written_to():
    check(lambda: world_of(before=double_))
