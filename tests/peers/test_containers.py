"""What HIPS autograd's tests do: numerical gradients of ordinary Python functions, gradients of gradients, nested
containers as arguments, functions with branches and loops, and gradients of what does not depend on an input."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad.autograd import Function, gradcheck, gradgradcheck
from minigrad.func import grad, grad_and_value, hessian, jacrev, jvp, vjp

float64 = torch.float64


def at(*shape, seed=0, low=-2.0, high=2.0):
    return torch.from_numpy(np.random.default_rng(seed).uniform(low, high, shape))


def leaf(*shape, **more):
    return at(*shape, **more).requires_grad_()


FUNCTIONS = {  # name: (function, the shapes of its arguments)
    "inputs in a list": (lambda x, y: torch.cat([x * y, x + y]).exp(), [(3,), (3,)]),
    "grad of sums": (lambda x, y: (x.sum() * y).tanh(), [(2, 3), (3,)]),
    "indexing with a variable": (lambda x: sum(x[i] * x[(i + 1) % 4] for i in range(4)), [(4,)]),
    "slices": (lambda x: x[1:] * x[:-1], [(5, 2)]),
    "the same twice": (lambda x: x @ x.T @ x, [(3, 4)]),
    "a constant matrix": (lambda x: torch.ones(2, 3, dtype=float64) @ x, [(3, 2)]),
    "outer of sums": (lambda x, y: x.sum(1)[:, None] * y.sum(0)[None], [(3, 2), (4, 5)]),
    "softmax by hand": (lambda x: (x - x.max(1, keepdim=True)[0]).exp() / x.exp().sum(1, keepdim=True), [(4, 3)]),
    "variance by hand": (lambda x: ((x - x.mean(0)) ** 2).mean(0).sqrt(), [(6, 2)]),
    "logistic loss": (lambda w, x: (1 + (-(x @ w)).exp()).log().mean(), [(3,), (7, 3)]),
    "reshape and back": (lambda x: (x.reshape(6) ** 3).reshape(2, 3).T, [(3, 2)]),
    "a stack of scalars": (lambda x: torch.stack([x.sum(), x[0, 0] * x[1, 1], (x**2).mean()]), [(2, 2)]),
    "absolute value of a difference": (lambda x, y: (x - y).abs().sum(), [(3, 3), (3, 3)]),
    "where": (lambda x, y: torch.where(x > y, x * y, x - y), [(4,), (4,)]),
    "a loop": (lambda x: power_iteration(x), [(3, 3)]),
    "a recursion": (lambda x: horner(x, 5), [(3,)]),
    "broadcasts": (lambda x, y, z: x * y + z, [(2, 1, 3), (4, 1), (1,)]),
    "a quotient": (lambda x, y: x / (1 + y * y) - y / (2 + x.exp()),
                   [(3,), (3,)]),
}


def power_iteration(x):
    v = torch.ones(3, dtype=float64)
    for _ in range(4):
        v = (x @ v).tanh()
    return v


def horner(x, n):
    return x * 0.5 if n == 0 else x * horner(x, n - 1) * 0.5 + n


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numerical_gradients_of_both_orders(name):
    function, shapes = FUNCTIONS[name]
    inputs = [leaf(*shape, seed=i) for i, shape in enumerate(shapes)]
    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs)


# -- gradients of gradients --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "derivatives"), [
    (lambda x: x**5, [lambda x: 5 * x**4, lambda x: 20 * x**3, lambda x: 60 * x**2, lambda x: 120 * x]),
    (lambda x: x.exp(), [math.exp] * 4),
    (lambda x: x.log(), [lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4]),
    (lambda x: 1 / x, [lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4, lambda x: 24 / x**5]),
    (lambda x: x.tanh(), [lambda x: 1 - math.tanh(x) ** 2, lambda x: -2 * math.tanh(x) * (1 - math.tanh(x) ** 2)]),
])
def test_derivatives_to_any_order(function, derivatives):
    x = torch.tensor(0.7, dtype=float64)
    for derivative in derivatives:
        function = grad(function)
        assert abs(function(x).item() - derivative(0.7)) < 1e-9


def test_an_inner_derivative_by_another_variable():
    """d/dx [x d/dy (x + y)] = 1: the two derivatives are not confused."""
    x = torch.tensor(1.0, dtype=float64)
    assert grad(lambda x: x * grad(lambda y: x + y)(torch.tensor(1.0, dtype=float64)))(x).item() == 1.0
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(x).item() == 4.0


def test_second_derivatives_commute():
    x, y = at(3, seed=1), at(3, seed=2)

    def f(x, y):
        return ((x * y).tanh() * x.exp()).sum()

    xy = jacrev(grad(f, 0), 1)(x, y)
    yx = jacrev(grad(f, 1), 0)(x, y)
    np.testing.assert_allclose(xy.numpy(), yx.numpy().T, 1e-12, 1e-12)


def test_hessian_vector_products():
    x, v = at(4), at(4, seed=1)

    def f(x):
        return (x.exp() * x.flatten()[0]).sum()

    full = hessian(f)(x) @ v
    np.testing.assert_allclose(grad(lambda x: (grad(f)(x) * v).sum())(x).numpy(), full.numpy(), 1e-12)
    np.testing.assert_allclose(jvp(grad(f), (x,), (v,))[1].numpy(), full.numpy(), 1e-12)
    np.testing.assert_allclose(vjp(grad(f), x)[1](v)[0].numpy(), full.numpy(), 1e-12)


# -- containers --------------------------------------------------------------------------------------------------------


def test_a_dict_of_lists():
    params = {"w": [at(3, 2), at(2, 1, seed=1)], "b": (at(2, seed=2), at(1, seed=3)), "name": "a network"}

    def loss(params, x):
        for w, b in zip(params["w"], params["b"]):
            x = (x @ w + b).tanh()
        return (x**2).sum()

    x = at(5, 3, seed=4)
    gradient, value = grad_and_value(loss)(params, x)
    assert gradient["name"] == "a network" and type(gradient["b"]) is tuple and value.item() > 0
    for part, which in (("w", 0), ("w", 1), ("b", 0), ("b", 1)):
        step = 1e-6 * torch.ones_like(params[part][which])

        def moved(sign, part=part, which=which, step=step):
            changed = [p + sign * step if i == which else p for i, p in enumerate(params[part])]
            return loss({**params, part: changed}, x).item()

        numeric = (moved(1) - moved(-1)) / 2e-6
        assert abs(numeric - gradient[part][which].sum().item()) < 1e-6


def test_an_unused_entry_has_zeros():
    gradient = grad(lambda p: (p["a"] ** 2).sum())({"a": at(2), "unused": at(3)})
    assert gradient["unused"].tolist() == [0.0, 0.0, 0.0]


def test_results_in_containers():
    jacobian = jacrev(lambda x: {"twice": x * 2, "parts": [x[0] * x[1]]})(at(2))
    assert jacobian["twice"].tolist() == [[2.0, 0.0], [0.0, 2.0]] and jacobian["parts"][0].shape == (2,)


def test_the_input_is_not_changed():
    x = at(3)
    before = x.tolist()
    grad(lambda x: (x * 2).sum())(x)
    assert x.tolist() == before and x.grad is None and not x.requires_grad


# -- what does not depend, and what is not differentiable --------------------------------------------------------------


def test_constants_and_steps():
    x = at(3)
    assert grad(lambda x: torch.tensor(3.0, dtype=float64))(x).tolist() == [0.0] * 3
    assert grad(lambda x: x.sign().sum())(x).tolist() == [0.0] * 3
    assert grad(lambda x: (x.detach() * x).sum())(x).tolist() == x.tolist()
    assert grad(lambda x: (x * (x > 0)).sum())(x).tolist() == (x > 0).double().tolist()


def test_a_branch_on_a_value():
    def f(x):
        return x * 3 if x > 0 else x * -2

    assert [grad(f)(torch.tensor(v)).item() for v in (2.0, -2.0)] == [3.0, -2.0]


def test_a_primitive_of_the_users():
    """log(1 + e^x), stable in forward and backward, as an operation of one's own."""

    class LogOnePlusExp(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.from_numpy(np.logaddexp(0.0, x.detach().numpy()))

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return dy * x.sigmoid()

    x = leaf(4, low=-30.0, high=30.0)
    assert gradcheck(LogOnePlusExp.apply, x) and gradgradcheck(LogOnePlusExp.apply, x)
    assert grad(lambda x: LogOnePlusExp.apply(x).sum())(torch.tensor([800.0], dtype=float64)).tolist() == [1.0]


def test_in_place_assignment_is_differentiated():
    def f(x):
        y = x * 1.0
        y[0] = y[1] * 2
        y[1:] += y[:1]
        return (y**2).sum()

    assert gradcheck(f, leaf(3)) and gradgradcheck(f, leaf(3))
