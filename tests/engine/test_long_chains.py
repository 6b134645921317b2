"""Graphs of a hundred thousand nodes and more: forward, backward and release without recursion or leaks."""

from __future__ import annotations

import copy
import gc
import sys
import tracemalloc
import weakref

import numpy as np
import pytest

from minigrad import autograd
from minigrad.creation import ones
from minigrad.functions import cat, stack

LONG = 100_000


@pytest.fixture(autouse=True)
def shallow_stack():
    """A recursion over the graph, in Python or in C, would be far deeper than this."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    gc.disable()
    yield
    gc.enable()
    sys.setrecursionlimit(limit)


def chain(x, length):
    y = x
    for _ in range(length):
        y = y + 1.0
    return y


@pytest.mark.parametrize("length", [LONG, 3 * LONG])
def test_a_chain(length):
    x = ones(1, requires_grad=True)
    y = chain(x, length)
    first = weakref.ref(x)
    node = weakref.ref(y.node)
    y.backward()
    assert x.grad.item() == 1.0
    del y
    assert node() is None
    del x
    assert first() is None


def test_a_chain_that_nobody_walks():
    y = chain(ones(1, requires_grad=True), LONG)
    node = weakref.ref(y.node)
    del y
    assert node() is None


def test_a_chain_that_saves():
    """Each node holds tensors, which hold nodes: the release alternates between both."""
    x = ones(1, requires_grad=True)
    y = x
    for _ in range(LONG // 2):
        y = y * x
    node = weakref.ref(y.node)
    (dx,) = autograd.grad(y, x, retain_graph=True)
    assert dx.item() == LONG // 2 + 1
    del y, dx
    assert node() is None


def test_a_chain_of_second_order():
    x = ones(1, requires_grad=True)
    y = x
    for _ in range(LONG // 20):
        y = y * 1.0 + x * x * 1e-4
    (dx,) = autograd.grad(y, x, create_graph=True)
    dx.backward()
    assert abs(x.grad.item() - 2e-4 * (LONG // 20)) < 1e-3


def test_a_chain_of_views_and_changes():
    x = ones(2, 3, requires_grad=True)
    y = x * 1.0
    for _ in range(LONG // 20):
        y = y.T.reshape(6).view(2, 3)
        y = y + 0.0
        y.mul_(1.0)
    y.sum().backward()
    assert x.grad.tolist() == [[1.0] * 3] * 2


def test_a_wide_graph():
    """A thousand branches that meet again, twice."""
    x = ones(1, requires_grad=True)
    parts = [x * float(i) for i in range(1000)]
    total = cat(parts).sum() + stack(parts).sum() + sum(parts[1:], parts[0])
    total.sum().backward()
    assert x.grad.item() == 3 * 499_500.0


def test_the_walk_to_chosen_inputs_does_not_recurse():
    x, w = ones(1, requires_grad=True), ones(1, requires_grad=True)
    y = chain(x * w, LONG // 2)
    assert autograd.grad(y, w)[0].item() == 1.0


def test_training_does_not_grow():
    """Memory after many steps is that after a few, with the collector off."""
    w = ones(20, 20, requires_grad=True)
    x = ones(8, 20)

    def steps(count):
        for _ in range(count):
            loss = ((x @ w).tanh() ** 2).mean()
            loss.backward()
            w.data.sub_(w.grad * 0.01)
            w.grad = None

    steps(20)
    tracemalloc.start()
    steps(20)
    before = tracemalloc.get_traced_memory()[0]
    steps(200)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 20_000  # a single leaked array per step would be 320,000


def test_accumulation_does_not_grow():
    x = ones(1000, requires_grad=True)
    for _ in range(5):
        (x * 2.0).sum().backward()
    tracemalloc.start()
    for _ in range(200):
        (x * 2.0).sum().backward()
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 20_000


def test_leaves_can_be_copied_after_all_this():
    x = ones(3, requires_grad=True)
    chain(x, 1000).sum().backward()
    assert copy.deepcopy(x).grad.tolist() == [1.0] * 3
    np.testing.assert_array_equal(x.grad.numpy(), 1.0)
