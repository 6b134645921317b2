"""What micrograd's tests and demo do, with tensors of no dimension: expressions of scalars, and a small classifier."""

from __future__ import annotations

import math

from engine.face import same_as_torch


def value(t, x):
    return t.tensor(float(x), dtype=t.float64, requires_grad=True)


@same_as_torch
def test_one_input(t):
    x = value(t, -4)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.item(), x.grad.item()) == (-20.0, 46.0)
    return [y, x.grad]


@same_as_torch
def test_many_operations(t):
    a, b = value(t, -4), value(t, 2)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert abs(g.item() - 24.704081632653) < 1e-9
    return [g, a.grad, b.grad]


@same_as_torch
def test_a_neuron(t):
    x1, x2, w1, w2, b = (value(t, v) for v in (2.0, 0.0, -3.0, 1.0, 6.8813735870195432))
    n = x1 * w1 + x2 * w2 + b
    e = (2 * n).exp()
    o = (e - 1) / (e + 1)
    o.backward()
    assert abs(o.item() - math.sqrt(0.5)) < 1e-12 and abs(x1.grad.item() + 1.5) < 1e-12
    return [o, *[v.grad for v in (x1, x2, w1, w2)]]


@same_as_torch
def test_a_value_used_by_itself(t):
    a = value(t, 3)
    b = a + a
    d = b * b
    (d + b).backward()
    return a.grad


@same_as_torch
def test_a_list_of_scalars(t):
    """A perceptron of Python lists of scalars, with the hinge loss and L2 of micrograd's demo."""
    xs = [(0.3, -1.2), (1.0, 0.8), (-0.7, 0.4), (0.2, 0.9)]
    ys = [1.0, -1.0, 1.0, -1.0]
    w = [[value(t, 0.1 * (i + 1) * (-1) ** j) for j in range(3)] for i in range(4)]
    out = [value(t, 0.3 * (-1) ** i) for i in range(4)]
    losses = []
    for _ in range(3):
        scores = [sum((o * (wi[0] * x[0] + wi[1] * x[1] + wi[2]).relu() for o, wi in zip(out, w)), 0.0) for x in xs]
        parameters = [p for wi in w for p in wi] + out
        loss = sum((1 - y * s).relu() for y, s in zip(ys, scores)) / len(xs) + 1e-4 * sum(p * p for p in parameters)
        for p in parameters:
            p.grad = None
        loss.backward()
        with t.no_grad():
            for p in parameters:
                p -= 0.1 * p.grad
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)
    return [losses[-1] - losses[0] < 0, *parameters]
