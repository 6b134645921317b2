"""What backward computes and what it does not: no gradient that nobody needs, nothing kept longer than needed."""

from __future__ import annotations

import gc
import weakref
from collections import Counter

import numpy as np
import pytest

from minigrad import autograd, backward, functions
from minigrad.creation import from_numpy, ones
from minigrad.grad_mode import no_grad
from minigrad.nn import functional as F
from minigrad.ops import linear, matmul


def leaf(*shape, seed=0):
    return from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(np.float32)).requires_grad_()


@pytest.fixture
def products(monkeypatch):
    """The shapes (m, k, n) of all matrix products that run, in order."""
    class Watched:
        def __init__(self, lib):
            self.lib, self.shapes = lib, []

        def __getattr__(self, name):
            return getattr(self.lib, name)

        def mg_matmul(self, dtype, c, a, b, bias, m, n, k, *strides):
            self.shapes.append((m, k, n))
            return self.lib.mg_matmul(dtype, c, a, b, bias, m, n, k, *strides)

        def mg_linear(self, dtype, y, x, w, b, draw, rows, out, size, *rest):
            self.shapes.append((rows, size, out))
            return self.lib.mg_linear(dtype, y, x, w, b, draw, rows, out, size, *rest)

        def mg_linear_grad(self, dtype, dx, dw, db, dy, x, w, rows, out, size, *strides):
            self.shapes += [(rows, out, size)] * (dx != linear.NULL) + [(out, rows, size)] * (dw != linear.NULL)
            return self.lib.mg_linear_grad(dtype, dx, dw, db, dy, x, w, rows, out, size, *strides)

    watched = Watched(matmul.lib)
    monkeypatch.setattr(matmul, "lib", watched)
    monkeypatch.setattr(linear, "lib", watched)
    return watched.shapes


@pytest.fixture
def visited(monkeypatch):
    """How often the backward of each Function runs."""
    count, call = Counter(), backward._call_backward

    def counted(node, *args):
        count[type(node).__name__] += 1
        return call(node, *args)

    monkeypatch.setattr(backward, "_call_backward", counted)
    return count


def mlp(x, w1, w2):
    return F.cross_entropy(F.linear(F.relu(F.linear(x, w1)), w2), ones(len(x)).long())


def test_the_gradient_of_the_data_is_not_computed(products):
    """5 products for two layers, not 6: the first layer's dx = dy w1 is left out."""
    x, w1, w2 = ones(5, 3), leaf(7, 3), leaf(2, 7)
    mlp(x, w1, w2).backward()
    assert sorted(products) == sorted([(5, 3, 7), (5, 7, 2), (2, 5, 7), (5, 2, 7), (7, 5, 3)])
    products.clear()
    mlp(x.requires_grad_(), w1, w2).backward()
    assert len(products) == 6 and (5, 7, 3) in products


@pytest.mark.parametrize(("needs", "count"), [
    ((True, True), 3), ((True, False), 2), ((False, True), 2), ((False, False), 1)])
@pytest.mark.parametrize("product", [
    lambda x, w: x @ w, lambda x, w: F.linear(x, w.T), lambda x, w: functions.bmm(x.unsqueeze(0), w.unsqueeze(0)),
], ids=["matmul", "linear", "bmm"])
def test_a_product_computes_what_is_needed(product, needs, count, products):
    x, w = (leaf(3, 3).detach().requires_grad_(need) for need in needs)
    y = product(x, w).sum()
    if True in needs:
        y.backward()
    assert len(products) == count


def test_only_what_is_on_the_way(products, visited):
    """With inputs named, neither branches that lead elsewhere nor gradients for others are computed."""
    x, w1, w2 = leaf(5, 3), leaf(7, 3), leaf(2, 7)
    side = leaf(3, 3)
    loss = mlp(x @ side, w1, w2) + (x.exp() * side.sum()).sum()
    products.clear()
    autograd.grad(loss, w2, retain_graph=True)
    assert products == [(2, 5, 7)]
    assert visited["Exp"] == 0 and visited["ReLU"] == 0
    products.clear()
    visited.clear()
    loss.backward(inputs=[w1], retain_graph=True)
    assert sorted(products) == [(5, 2, 7), (7, 5, 3)] and visited["MatMul"] == 0
    products.clear()
    autograd.grad(loss, [w1, w2, x, side])
    assert len(products) == 6


def test_each_node_is_visited_once(visited):
    x = leaf(3)
    y = x.exp()
    z = y
    for _ in range(10):
        z = z * z + y
    z.sum().backward()
    assert visited["Exp"] == 1 and visited["Mul"] == visited["Add"] == 10


def test_frozen_layers_are_not_visited(visited):
    x, w1, w2 = ones(5, 3), leaf(7, 3).detach(), leaf(2, 7)
    mlp(x, w1, w2).backward()
    assert visited["ReLU"] == 0 and visited["Linear"] == 1


def test_nothing_is_recorded_where_nothing_requires_grad():
    x = ones(3)
    assert (x * 2.0 + x).node is None
    with no_grad():
        assert (leaf(3) * 2.0).node is None


# -- memory ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_collector():
    """Without the cycle collector: what must die has to die by itself."""
    gc.disable()
    yield
    gc.enable()


def watch(*tensors):
    """Weak references to the tensors and to their arrays."""
    return [weakref.ref(item) for t in tensors for item in (t, t.array)]


def dead(refs):
    return all(ref() is None for ref in refs)


OPERATIONS = [
    lambda x: x.exp(), lambda x: F.relu(x), lambda x: x.sigmoid() * x, lambda x: x.softmax(-1), lambda x: x / x,
    lambda x: F.gelu(x), lambda x: F.dropout(x, 0.5), lambda x: x @ x.T, lambda x: x.max(1)[0], lambda x: x[0] + x[1:],
    lambda x: functions.cat([x, x]), lambda x: x.reshape(-1).expand(2, 9), lambda x: x.norm(), lambda x: x.std(),
    lambda x: F.linear(x, x), lambda x: x.amax(0), lambda x: F.cross_entropy(x, ones(3).long()),
    lambda x: (x * 2.0).mul_(x).add_(1.0), lambda x: (x * 1.0).exp_(), lambda x: x.to(float),
    lambda x: x.clone().fill_(1.0),
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("how", ["dropped", "backward", "retained", "grad of grad", "hooked"])
def test_no_cycles(operation, how, no_collector):
    """Graph, gradients and results die as soon as nobody holds them."""
    x = leaf(3, 3)
    x0 = x * 1.0
    y = operation(x0)
    loss = (y * y).sum()
    refs = watch(x0, y, loss) + [weakref.ref(node) for node in (x0.node, y.node, loss.node)]
    if how == "backward":
        loss.backward()
    elif how == "retained":
        y.retain_grad()
        loss.backward(retain_graph=True)
        refs += watch(y.grad)
    elif how == "grad of grad":
        (dx,) = autograd.grad(loss, x, create_graph=True)
        refs += watch(dx)
        if dx.requires_grad:
            (dx * dx).sum().backward()
        del dx
    elif how == "hooked":
        seen = []
        y.register_hook(lambda dy: seen.append(dy.shape))
        loss.backward()
        assert len(seen) == 1
    del x0, y, loss
    assert dead(refs)


def test_memory_is_freed_as_backward_goes(no_collector):
    """When the walk comes to a node, the results of those behind it are gone, although the loss is still held."""
    alive, refs = [], []

    class Probe(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, dy):
            alive.append(sum(ref() is not None for ref in refs))
            return dy

    x = y = leaf(10)
    for _ in range(6):
        z = Probe.apply(y)
        y = z.exp()          # saves its own result
        refs.append(weakref.ref(y.array))
    loss = y.sum()
    del y, z
    loss.backward()
    assert alive == [5, 4, 3, 2, 1, 0]
    assert loss.grad_fn is not None and x.grad is not None


def test_gradients_in_between_are_freed(no_collector):
    """At any time only a few of a chain's gradients exist."""
    refs, most = [], []

    class Probe(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, dy):
            refs.append(weakref.ref(dy))
            most.append(sum(ref() is not None for ref in refs))
            return dy * 1.0

    y = leaf(10)
    for _ in range(50):
        y = Probe.apply(y) * 2.0
    y.sum().backward()
    assert max(most) <= 3


def test_a_failed_backward_frees_its_gradients(no_collector):
    class Fails(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, dy):
            refs.append(weakref.ref(dy))
            raise ArithmeticError

    refs, x = [], leaf(3)
    with pytest.raises(ArithmeticError):
        (Fails.apply(x) * 2.0).sum().backward()
    assert dead(refs) and x.grad is None
