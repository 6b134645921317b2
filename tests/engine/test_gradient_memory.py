"""Gradients own their memory: none shares it with another, with the caller's gradient, with a value or a view."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from minigrad import autograd
from minigrad.creation import from_numpy, ones, tensor, zeros
from minigrad.functions import cat, stack, where
from minigrad.nn import functional as F


def leaf(*shape, seed=0):
    return from_numpy(np.random.default_rng(seed).standard_normal(shape)).requires_grad_()


# z from x and y, through the backward passes that hand on dz as it is, or a view of it.
JOINS = {
    "x + y": lambda x, y: x + y,
    "x - y": lambda x, y: x - y,
    "x + y + x": lambda x, y: x + y + x,
    "expand": lambda x, y: x.expand(2, 3) + y,
    "expand by a dimension": lambda x, y: x.expand(2, 2, 3).sum(0) + y,
    "reshape": lambda x, y: x.reshape(3, 2).reshape(2, 3) + y,
    "view": lambda x, y: (x.view(6) + y.view(6)).view(2, 3),
    "transposes": lambda x, y: (x.T + y.T).T,
    "clone": lambda x, y: x.clone() + y,
    "slices": lambda x, y: x[:] + y[0:2],
    "cat": lambda x, y: cat([x, y], 1)[:, 2:5],
    "stack": lambda x, y: stack([x, y]).sum(0),
    "sum": lambda x, y: (x.sum() + y.sum()).expand(2, 3),
    "where": lambda x, y: where(tensor([True, False, True]), x, y),
    "leaves themselves": lambda x, y: x,
    "cast": lambda x, y: x.to(x.dtype) + y.double(),
    "unsqueeze": lambda x, y: x.unsqueeze(0).squeeze(0) + y,
    "dropout of nothing": lambda x, y: F.dropout(x, 0.0) + F.dropout(y, 0.5, training=False),
    "an identity": lambda x, y: Identity.apply(x) + Identity.apply(y),
    "two identities": lambda x, y: sum(Twins.apply(x)) + y,
}


class Identity(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, dy):
        return dy


class Twins(autograd.Function):
    """The same gradient object for two arguments, and a view of it elsewhere."""

    @staticmethod
    def forward(ctx, x):
        return x * 1.0, x * 2.0

    @staticmethod
    def backward(ctx, dy, dz):
        return (dy + dz).view(-1).view(dy.shape)


def assert_disjoint(**named):
    arrays = {name: t.numpy() for name, t in named.items() if t is not None}
    for (a, x), (b, y) in itertools.combinations(arrays.items(), 2):
        assert not np.shares_memory(x, y), f"{a} shares memory with {b}"


@pytest.mark.parametrize("contiguous", [True, False], ids=["", "dz expanded"])
@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
def test_leaves_and_the_callers_gradient(join, contiguous):
    x, y = leaf(2, 3), leaf(2, 3, seed=1)
    dz = leaf(2, 3, seed=2).detach() if contiguous else ones(1, dtype=float).expand(2, 3)
    before = dz.numpy().copy()
    for _ in range(3):  # the first time .grad is made, later it is added to
        join(x, y).backward(dz)
        assert_disjoint(dz=dz, x_grad=x.grad, y_grad=y.grad, x=x.detach(), y=y.detach())
    x.grad.mul_(0.0)  # nobody else sees it
    np.testing.assert_array_equal(dz.numpy(), before)
    if y.grad is not None:
        assert np.abs(y.grad.numpy()).max() > 0


def test_results_of_grad():
    for join in JOINS.values():
        x, y, dz = leaf(2, 3), leaf(2, 3, seed=1), leaf(2, 3, seed=2).detach()
        dx, dy = autograd.grad(join(x, y), (x, y), dz, allow_unused=True)
        assert_disjoint(dz=dz, dx=dx, dy=dy, x=x.detach(), y=y.detach())


def test_an_input_named_twice():
    x = leaf(3)
    first, second = autograd.grad((x * x).sum(), (x, x))
    assert_disjoint(first=first, second=second)


def test_a_gradient_that_a_hook_or_a_function_kept():
    kept = []

    class Keeps(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, dy):
            kept.append(dy)
            return dy

    x = leaf(3)
    x.register_hook(lambda dx: kept.append(dx))
    y = Keeps.apply(x)
    y.retain_grad()
    (y * 2.0).sum().backward()
    assert len(kept) == 2
    for other in kept:
        assert_disjoint(kept=other, x_grad=x.grad)
        assert_disjoint(kept=other, y_grad=y.grad)
    assert_disjoint(x_grad=x.grad, y_grad=y.grad)


def test_a_gradient_that_a_function_returns_twice():
    """backward may return what it saved, or one tensor for two inputs."""
    class Greedy(autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x)
            return x + y

        @staticmethod
        def backward(ctx, dz):
            (x,) = ctx.saved_tensors
            return x, x

    x, y = leaf(3), leaf(3, seed=1)
    value = x.detach().clone()
    Greedy.apply(x, y).sum().backward()
    assert_disjoint(x=x.detach(), x_grad=x.grad, y_grad=y.grad)
    x.grad.zero_()
    assert x.tolist() == value.tolist()


def test_chosen_inputs():
    x, y, dz = leaf(3), leaf(3, seed=1), ones(3, dtype=float)
    z = x + y
    z.backward(dz, inputs=[x, y, z])
    assert_disjoint(dz=dz, x_grad=x.grad, y_grad=y.grad, z_grad=z.grad)


def test_retained_gradients():
    x, dz = leaf(3), ones(3, dtype=float)
    y = x * 2.0
    z = y.view(3)
    for tensor_ in (y, z):
        tensor_.retain_grad()
    (z + 0.0).backward(dz)
    assert_disjoint(dz=dz, x_grad=x.grad, y_grad=y.grad, z_grad=z.grad)


def test_create_graph_keeps_memory_apart():
    x, y, dz = leaf(3), leaf(3, seed=1), leaf(3, seed=2)
    (x + y).backward(dz, create_graph=True)
    assert_disjoint(dz=dz.detach(), x_grad=x.grad.detach(), y_grad=y.grad.detach())


def test_accumulation_adds_in_place_where_it_may():
    """PyTorch's semantics: a gradient that the caller holds keeps growing; with a history, it does not."""
    x = leaf(3)
    (x * 2.0).sum().backward()
    held = x.grad
    (x * 2.0).sum().backward()
    assert x.grad is held and held.tolist() == [4.0] * 3
    (x * x).sum().backward(create_graph=True)
    assert held.tolist() == [4.0] * 3 and x.grad is not held


@pytest.mark.parametrize("give", [
    lambda a: from_numpy(a),
    lambda a: from_numpy(np.broadcast_to(a[:1], a.shape)),
], ids=["marked read-only", "broadcast"])
def test_read_only_arrays_are_never_written(give):
    array = np.arange(1.0, 4.0)
    array.flags.writeable = False
    x = give(array).requires_grad_()
    before = array.copy()
    (x * x.exp()).sum().backward()
    with pytest.raises(RuntimeError, match="read-only"):
        x.detach().add_(1.0)
    with pytest.raises(RuntimeError, match="read-only"):
        x.detach()[0] = 1.0
    x.grad = give(array)  # a read-only .grad is replaced, not added to
    (x * 1.0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), give(before).numpy() + 1.0)
    y = leaf(3)
    (y * 1.0).backward(give(array))
    (y * 1.0).backward(give(array))
    np.testing.assert_array_equal(array, before)


def test_writes_go_where_numpy_sees_them():
    array = np.zeros(3)
    x = from_numpy(array)
    x[1] = 5.0
    x.add_(1.0)
    assert array.tolist() == [1.0, 6.0, 1.0] and x.numpy() is array
    view = from_numpy(array[::2])
    view.fill_(9.0)
    assert array.tolist() == [9.0, 6.0, 9.0]
    assert np.shares_memory(zeros(3).numpy(), zeros(3).numpy()) is False
