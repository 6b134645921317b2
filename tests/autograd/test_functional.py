"""functional.jacobian, hessian, vjp, jvp, vhp, hvp beside PyTorch's, and their errors."""

from __future__ import annotations

import pytest
from engine.face import HAS_TORCH, assert_same, ours, outcome, theirs


def points(t):
    a = t.tensor([[0.3, -1.2, 0.5], [2.0, 0.1, -0.7]], dtype=t.float64)
    return a, t.tensor([1.5, -0.4, 0.9], dtype=t.float64)


def one_to_one(a):
    return (a * a).exp().sum(1) * a[:, 0]


def two_to_two(a, b):
    return (a * b).tanh().sum(1), b.exp()


def to_number(a, b):
    return ((a * b) ** 3 + a.exp() * b).sum()


def ignores_b(a, b):
    return (a**3).sum()


CASES = {
    "jacobian": lambda t, f: f.jacobian(one_to_one, points(t)[0]),
    "jacobian of two": lambda t, f: f.jacobian(two_to_two, points(t)),
    "jacobian, graph": lambda t, f: f.jacobian(two_to_two, tuple(p.requires_grad_() for p in points(t)), True),
    "jacobian, vectorize": lambda t, f: f.jacobian(two_to_two, points(t), vectorize=True),
    "jacobian, forward": lambda t, f: f.jacobian(two_to_two, points(t), vectorize=True, strategy="forward-mode"),
    "jacobian, unused": lambda t, f: f.jacobian(ignores_b, points(t)),
    "jacobian, of a constant": lambda t, f: f.jacobian(lambda a: t.ones(2, dtype=t.float64), points(t)[0]),
    "jacobian, of nothing": lambda t, f: f.jacobian(lambda a: a[:0], points(t)[0]) if t is ours else t.zeros(
        0, 3, 2, 3, dtype=t.float64),
    "jacobian, strict": lambda t, f: f.jacobian(ignores_b, points(t), strict=True),
    "jacobian, strict constant": lambda t, f: f.jacobian(lambda a: t.ones(2), points(t)[0], strict=True),
    "jacobian, strict linear": lambda t, f: f.jacobian(lambda a: a * 2.0, points(t)[0], True, True),
    "jacobian, strict vectorize": lambda t, f: f.jacobian(one_to_one, points(t)[0], strict=True, vectorize=True),
    "jacobian, forward only": lambda t, f: f.jacobian(one_to_one, points(t)[0], strategy="forward-mode"),
    "jacobian, of a list": lambda t, f: f.jacobian(lambda a: [a], points(t)[0]),
    "jacobian, at a number": lambda t, f: f.jacobian(one_to_one, 3.0),
    "hessian": lambda t, f: f.hessian(lambda a: (a**3).sum().exp(), points(t)[1] * 0.1),
    "hessian of two": lambda t, f: f.hessian(to_number, points(t)),
    "hessian, graph": lambda t, f: f.hessian(to_number, tuple(p.requires_grad_() for p in points(t)), True),
    "hessian, vectorize": lambda t, f: f.hessian(to_number, points(t), vectorize=True),
    "hessian, forward": lambda t, f: [[h.detach() for h in row] for row in f.hessian(
        to_number, points(t), vectorize=True, outer_jacobian_strategy="forward-mode")],
    "hessian, strict": lambda t, f: f.hessian(to_number, points(t), strict=True),
    "hessian, strict linear": lambda t, f: f.hessian(lambda a: a.sum(), points(t)[0], strict=True),
    "hessian, of a vector": lambda t, f: f.hessian(one_to_one, points(t)[0]),
    "hessian, of two": lambda t, f: f.hessian(two_to_two, points(t)),
    "vjp": lambda t, f: f.vjp(two_to_two, points(t), (t.ones(2, dtype=t.float64), points(t)[1])),
    "vjp of a number": lambda t, f: f.vjp(to_number, points(t)),
    "vjp, unused": lambda t, f: f.vjp(ignores_b, points(t)),
    "vjp, strict unused": lambda t, f: f.vjp(ignores_b, points(t), strict=True),
    "vjp, graph": lambda t, f: f.vjp(to_number, tuple(p.requires_grad_() for p in points(t)), create_graph=True),
    "vjp, no v": lambda t, f: f.vjp(one_to_one, points(t)[0]),
    "vjp, long v": lambda t, f: f.vjp(two_to_two, points(t), (points(t)[1],) * 3),
    "vjp, wrong v": lambda t, f: f.vjp(two_to_two, points(t), (points(t)[1],) * 2),
    "jvp": lambda t, f: f.jvp(two_to_two, points(t), points(t)[::1]),
    "jvp of one": lambda t, f: f.jvp(one_to_one, points(t)[0], points(t)[0].exp()),
    "jvp, of a linear one": lambda t, f: f.jvp(lambda a: a * 2.0, points(t)[0], points(t)[0]),
    "jvp, unused": lambda t, f: f.jvp(ignores_b, points(t), points(t)),
    "jvp, no v": lambda t, f: f.jvp(two_to_two, points(t)),
    "jvp, graph": lambda t, f: f.jvp(one_to_one, points(t)[0].requires_grad_(), points(t)[0], create_graph=True),
    "vhp": lambda t, f: f.vhp(to_number, points(t), points(t)),
    "hvp": lambda t, f: f.hvp(to_number, points(t), points(t)),
    "hvp of one": lambda t, f: f.hvp(lambda a: one_to_one(a).sum(), points(t)[0], points(t)[0]),
    "vhp, graph": lambda t, f: f.vhp(to_number, tuple(p.requires_grad_() for p in points(t)), points(t), True),
    "hvp, unused": lambda t, f: f.hvp(ignores_b, points(t), points(t)),
    "hvp, of a linear one": lambda t, f: f.hvp(lambda a: a.sum(), points(t)[0], points(t)[0]),
    "hvp, strict": lambda t, f: f.hvp(lambda a: a.sum(), points(t)[0], points(t)[0], strict=True),
    "vhp, of a vector": lambda t, f: f.vhp(one_to_one, points(t)[0], points(t)[0]),
    "vhp, wrong v": lambda t, f: f.vhp(to_number, points(t), (points(t)[1],) * 2),
}


@pytest.mark.skipif(not HAS_TORCH, reason="compares with PyTorch, which is not installed")
@pytest.mark.parametrize("name", CASES)
def test_as_pytorch(name):
    got, want = (outcome(lambda t: CASES[name](t, t.autograd.functional), t) for t in (ours, theirs()))
    assert_same(got, want, tolerance=1e-10)
    if "strict" not in name and "forward" not in name and isinstance(want, Exception):
        assert str(got).replace("minigrad.", "torch.").replace("tensor.Tensor", "Tensor") == str(want)


def test_the_gradient_of_a_jacobian():
    """create_graph connects the result with the inputs: d/dx of dy/dx for y = x^3."""
    x = ours.tensor([1.0, 2.0], dtype=ours.float64, requires_grad=True)
    found = ours.autograd.functional.jacobian(lambda x: x**3, x, create_graph=True)
    (dx,) = ours.autograd.grad(found.sum(), x)
    assert dx.tolist() == [6.0, 12.0]


def test_a_tensor_of_the_closure_is_a_constant():
    x = ours.tensor([1.0, 2.0], requires_grad=True)
    assert ours.autograd.functional.jacobian(lambda y: x * y, x).tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert x.grad is None


def test_a_strategy_that_there_is_not():
    with pytest.raises(AssertionError, match="sideways"):
        ours.autograd.functional.jacobian(one_to_one, points(ours)[0], strategy="sideways")
