"""Other arguments from call to call, and what becomes of results, gradients and weights that the caller keeps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.nn import functional as F

from .changes import AT, CALLS, base, train
from .twins import assert_twins, batches, mlp

# -- arguments ---------------------------------------------------------------------------------------------------------


def given(batch, step=None, **more):
    """A world whose call k gets batch(x, y, k)."""
    def make():
        world = base(step, **more)()
        own = world.batch
        world.batch = lambda k: batch(*own(k), k)
        return world
    return make


ARGUMENTS = {
    "other sizes": lambda x, y, k: (x[:6 - k % 3], y[:6 - k % 3]),
    "last batch": lambda x, y, k: (x[:2], y[:2]) if k % 5 == 4 else (x, y),
    "transposed": lambda x, y, k: (x.T.contiguous().T, y) if k % 2 else (x, y),
    "strided": lambda x, y, k: (minigrad.cat([x, x], 1)[:, ::2], y) if k > AT else (x, y),
    "reversed": lambda x, y, k: (minigrad.from_numpy(x.numpy()[::-1]), y) if k > AT else (x, y),
    "expanded": lambda x, y, k: (x[:1].expand(6, 4), y) if k > AT else (x, y),
    "read-only": lambda x, y, k: (minigrad.from_numpy(np.frombuffer(x.numpy().tobytes(), np.float32).reshape(6, 4)), y),
    "int32 targets": lambda x, y, k: (x, y.to(minigrad.uint8)) if k > AT else (x, y),
    "view of one memory": lambda x, y, k: (minigrad.cat([x, x])[k % 3:k % 3 + 6], y),
}


@pytest.mark.filterwarnings("ignore:The given NumPy array")
@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments(name):
    assert_twins(given(ARGUMENTS[name]), CALLS, runs=CALLS if "targets" in name else 9, may_warn="targets" in name)


def test_other_types():
    def step(w):
        return lambda x: (x * 2 + 1, x.sum())

    types = (minigrad.float32, minigrad.float64, minigrad.int64, minigrad.bool)
    for dtype in types:
        assert_twins(given(lambda x, y, k, dtype=dtype: ((x > 0).to(dtype) if k > AT else x,), step), CALLS,
                     runs=CALLS, may_warn=True)


def test_one_tensor_twice():
    """The same memory in two arguments, then two memories, and the other way round; one of them is written to."""
    def step(w):
        def inner(a, b):
            a.mul_(0.5)
            return a + b, b.sum()
        return inner

    for same in (lambda k: k < AT, lambda k: k >= AT):
        assert_twins(given(lambda x, y, k, same=same: (x, x if same(k) else x.clone()), step), CALLS, runs=CALLS,
                     may_warn=True)
    for overlapping in (lambda k: k < AT, lambda k: k >= AT):
        assert_twins(given(lambda x, y, k, o=overlapping: (x[:4], x[1:5] if o(k) else x[1:5].clone()), step), CALLS,
                     runs=CALLS, may_warn=True)


def test_a_parameter_as_an_argument():
    def step(w):
        def inner(weight, y):
            return (weight.detach() * 2, train(w, minigrad.ones(6, 4), y), weight.detach() * 3)
        return inner

    def make(use):
        def batch():
            world = base(step)()
            own = world.batch
            world.batch = lambda k: (world.model[0].weight.detach() if use(k) else minigrad.full((8, 4), k), own(k)[1])
            return world
        return batch

    for use in (lambda k: k < AT, lambda k: k >= AT, lambda k: True):
        assert_twins(make(use), CALLS, runs=CALLS, may_warn=True)
    needy = minigrad.compile(lambda p: p * 2)
    weight = nn.Parameter(minigrad.ones(3))
    with pytest.warns(UserWarning, match="requires grad"):
        for _ in range(4):
            y = needy(weight)
            y.sum().backward()
    assert weight.grad.tolist() == [8, 8, 8]


@pytest.mark.filterwarnings("ignore:The given NumPy array")
def test_an_argument_written_to():
    def step(w):
        def inner(x, y):
            loss = train(w, x, y)
            x.mul_(2).add_(1)
            return x.sum(), loss
        return inner

    @minigrad.compile(fullgraph=True)
    def double_(x):
        x.mul_(2)

    assert_twins(given(lambda x, y, k: (x, y), step), CALLS)
    strided = given(lambda x, y, k: (x.T.contiguous().T if k > AT else x, y), step)
    assert_twins(strided, CALLS, runs=CALLS, may_warn=True)
    x = minigrad.ones(3)
    for k in range(5):
        double_(x)
        assert x.tolist() == [2.0**(k + 1)] * 3 and x._version == k + 1
    fixed = minigrad.from_numpy(np.frombuffer(np.ones(3, np.float32).tobytes(), np.float32))
    with pytest.raises(RuntimeError, match="read-only"):
        double_(fixed)
    assert fixed.tolist() == [1, 1, 1]


# -- what the user keeps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detach", (False, True))
def test_results_are_kept(detach):
    step, world = None, base(lambda w: lambda x, y: (train(w, x, y), w.model[0].weight.grad.clone() * 1))()
    step = minigrad.compile(world.step, fullgraph=True)
    kept = []
    for k in range(CALLS):
        results = step(*world.batch(k))
        results = [result.detach() for result in results] if detach else results
        kept.append((results, [result.tolist() for result in results]))
    assert all([result.tolist() for result in results] == values for results, values in kept)
    losses = [results[0] for results, _ in kept]
    assert not any(np.shares_memory(a.array, b.array) for a, b in itertools.combinations(losses, 2))


@pytest.mark.parametrize("keep", [lambda p: p.grad, lambda p: p.grad.array, lambda p: p.grad.numpy(),
                                  lambda p: p.grad[0], lambda p: p.grad.detach(), lambda p: p.grad.data,
                                  lambda p: memoryview(p.grad.numpy()), lambda p: p.grad.numpy().ctypes],
                         ids=["tensor", "array", "numpy", "view", "detached", "data", "memoryview", "ctypes"])
@pytest.mark.parametrize("every", (1, 2, 3))
def test_gradients_are_kept(keep, every):
    """A gradient that somebody holds on to does not change under their hands, nor do plain and compiled differ."""
    world = base()()
    step = minigrad.compile(world.step, fullgraph=True)
    weight, kept = world.model[0].weight, []
    for k in range(CALLS):
        step(*world.batch(k))
        if k % every == 0:
            kept.append((keep(weight), weight.grad.tolist(), weight.grad[0].tolist()))
    for held, whole, row in kept:
        if hasattr(held, "data_as"):
            continue  # only keeps memory alive
        assert held.tolist() in (whole, row)


def test_weights_that_were_copied():
    world = base()()
    step = minigrad.compile(world.step, fullgraph=True)
    for k in range(CALLS):
        before = world.model[0].weight.detach().clone()
        view = world.model[0].weight.detach()
        step(*world.batch(k))
        assert before.tolist() != world.model[0].weight.tolist() == view.tolist()


def test_a_loss_cannot_be_differentiated_again():
    world = base()()
    step = minigrad.compile(world.step, fullgraph=True)
    for k in range(5):
        loss = step(*world.batch(k))
        assert loss.requires_grad and loss.grad_fn is not None
        with pytest.raises(RuntimeError, match="a second time"):
            loss.backward()


def test_versions_are_counted():
    """A tensor saved before a replay that changes it cannot be differentiated after it."""
    world = base()()
    step = minigrad.compile(world.step, fullgraph=True)
    for k in range(5):
        x, y = world.batch(k)
        outside = (world.model[0](x) ** 2).sum() + (world.model[0].weight ** 2).sum()
        step(x, y)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            outside.backward()


def test_many_signatures():
    """A bounded number of recordings is kept, and all are right."""
    step = minigrad.compile(lambda x: (x * 2).sum(), fullgraph=True)
    for k in itertools.chain(range(1, 30), range(1, 30)):
        assert [step(minigrad.ones(k)).item() for _ in range(3)] == [2 * k] * 3
    assert len(step._recordings) <= 9


def test_deep_mlp_of_other_world():
    """Two worlds that share a compiled function through an argument."""
    @minigrad.compile
    def step(model, optimizer, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    batch = batches((6, 4), 3)
    minigrad.manual_seed(0)
    models = [mlp(4, 8, 3), mlp(4, 8, 3)]
    minigrad.manual_seed(0)
    twins = [mlp(4, 8, 3), mlp(4, 8, 3)]
    optimizers = [[optim.Adam(m.parameters(), lr=0.05) for m in ms] for ms in (models, twins)]
    for k in range(12):
        want = step._function(twins[k % 2], optimizers[1][k % 2], *batch(k))
        assert step(models[k % 2], optimizers[0][k % 2], *batch(k)).item() == want.item()
