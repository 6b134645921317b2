"""The gradients that Functions of a user's own return: fitted where PyTorch fits them, refused where it refuses."""

from __future__ import annotations

import pytest

from .face import same_as_torch


def leaf(t, *values):
    return t.tensor(values or (1.0, 2.0), dtype=t.float64, requires_grad=True)


@pytest.mark.parametrize("wrong", [
    ("too few", lambda t, dy: (dy,), RuntimeError, "incorrect number of gradients"),
    ("too many", lambda t, dy: (dy, dy, dy), RuntimeError, "incorrect number of gradients"),
    ("wrong shape", lambda t, dy: (t.ones(3, dtype=t.float64), None), RuntimeError, "invalid gradient"),
    ("too few elements", lambda t, dy: (t.ones(1, dtype=t.float64), None), RuntimeError, "invalid gradient"),
], ids=lambda wrong: wrong[0])
def test_wrong_gradients_are_refused(wrong):
    _, make, error, text = wrong

    @same_as_torch
    def scenario(t):
        class Wrong(t.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x * 1.0 + y * 1.0

            @staticmethod
            def backward(ctx, dy):
                return make(t, dy)

        with pytest.raises(error, match=text):
            Wrong.apply(leaf(t), leaf(t)).sum().backward()

    scenario(False)


@same_as_torch
def test_gradients_are_fitted(t):
    """A gradient of a larger shape is summed, one of another type converted; None means 0, extra None are ignored."""
    class Stretch(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x.double() + y

        @staticmethod
        def backward(ctx, dz):
            return dz, None, None

    x, y = t.ones(1, 2, requires_grad=True), t.ones(3, 2, dtype=t.float64, requires_grad=True)
    Stretch.apply(x, y).sum().backward()
    assert y.grad is None
    return x.grad


@same_as_torch
def test_broadcasting_user_gradients(t):
    class Product(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x * y

        @staticmethod
        def backward(ctx, dz):
            x, y = ctx.saved_tensors
            return (dz * y).sum(0), dz * x

    x, y = t.ones(2, requires_grad=True), t.ones(3, 2, requires_grad=True)
    found = t.autograd.grad((Product.apply(x, y) ** 2).sum(), (x, y), create_graph=True)
    return [found, t.autograd.grad(found[0].sum() + found[1].sum(), (x, y))]
