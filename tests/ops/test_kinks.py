"""Where a derivative does not exist, or only as a limit, there is a convention: PyTorch's."""

from __future__ import annotations

import math

import pytest
from engine.face import assert_same, needs_torch, ours, outcome, theirs

NAN = math.nan
KINKS = {
    "relu": (lambda t, x: t.relu(x), [0.0, -0.0, 1.0]),
    "leaky_relu": (lambda t, x: t.nn.functional.leaky_relu(x, 0.1), [0.0, -0.0]),
    "elu": (lambda t, x: t.nn.functional.elu(x, 2.0), [0.0, -0.0]),
    "selu": (lambda t, x: t.nn.functional.selu(x), [0.0, -0.0]),
    "sharp softplus": (lambda t, x: t.nn.functional.softplus(x, 2.0, 3.0), [1.5, 1.4999, 1.5001]),
    **{name: (lambda t, x, name=name: getattr(t.nn.functional, name)(x), values) for name, values in {
        "relu6": [0.0, -0.0, 6.0, NAN], "hardtanh": [-1.0, 1.0, 0.0, NAN], "hardsigmoid": [-3.0, 3.0],
        "hardswish": [-3.0, 3.0, 0.0, math.inf], "hardshrink": [0.5, -0.5, 0.0, NAN, math.inf],
        "softshrink": [0.5, -0.5, 0.0, NAN, math.inf], "softsign": [0.0], "celu": [0.0, -0.0],
        "logsigmoid": [0.0, 1e4, -1e4], "tanhshrink": [0.0, 1e4], "mish": [0.0, 1e4, -1e4],
        "silu": [1e4, -1e4], "gelu": [1e4, -1e4], "softplus": [20.0, 1e4, -1e4], "sigmoid": [1e4, -1e4],
    }.items()},
    "threshold": (lambda t, x: t.nn.functional.threshold(x, 0.5, 20.0), [0.5, 0.6, 0.4, NAN]),
    "prelu": (lambda t, x: t.nn.functional.prelu(x, t.tensor([0.25], dtype=t.float64)), [0.0, -0.0, 1.0]),
    "glu": (lambda t, x: t.nn.functional.glu(x), [1e4, 0.0, 1e4, -1e4]),
    "rrelu in evaluation": (lambda t, x: t.nn.functional.rrelu(x), [0.0, -1.0]),
    "abs": (lambda t, x: x.abs(), [0.0, -0.0, -2.0]),
    "sign": (lambda t, x: x.sign(), [0.0]),
    "sqrt": (lambda t, x: x.sqrt(), [0.0]),
    "x ** 0.5": (lambda t, x: x ** 0.5, [0.0, 4.0]),
    "x ** 0": (lambda t, x: x ** 0, [0.0, 2.0]),
    "x ** 1": (lambda t, x: x ** 1, [0.0, 2.0]),
    "x ** 2": (lambda t, x: x ** 2, [0.0, -2.0]),
    "x ** 3": (lambda t, x: x ** 3, [0.0, -2.0]),
    "x ** y at 0": (lambda t, x: t.zeros(3, dtype=t.float64) ** x, [0.0, 1.0, 2.0]),
    "0 ** x": (lambda t, x: 0.0 ** x, [0.0, 1.0, 2.0]),
    "x ** x": (lambda t, x: x ** x, [0.0, 1.0, 2.0]),
    "clamp at its limits": (lambda t, x: x.clamp(-1.0, 1.0), [-1.0, 1.0, 0.0, 2.0]),
    "clamp of equal limits": (lambda t, x: x.clamp(1.0, 1.0), [-1.0, 1.0, 2.0]),
    "maximum of equals": (lambda t, x: t.maximum(x, x * 1.0), [0.0, 1.0]),
    "maximum with a constant": (lambda t, x: t.maximum(x, t.zeros(3, dtype=t.float64)), [0.0, 1.0, -1.0]),
    "minimum of equals": (lambda t, x: t.minimum(x, t.ones(2, dtype=t.float64)), [1.0, 2.0]),
    "max": (lambda t, x: x.max(), [3.0, 1.0, 3.0, 3.0]),
    "max over an axis": (lambda t, x: x.max(0)[0], [3.0, 1.0, 3.0]),
    "min over an axis": (lambda t, x: x.min(0)[0], [3.0, 1.0, 1.0]),
    "amax": (lambda t, x: x.reshape(2, 2).amax((0, 1)), [3.0, 1.0, 3.0, 3.0]),
    "amin": (lambda t, x: x.reshape(2, 2).amin(0), [3.0, 1.0, 3.0, 3.0]),
    "norm at 0": (lambda t, x: x.norm(), [0.0, 0.0]),
    "norm over an axis at 0": (lambda t, x: x.reshape(2, 2).norm(2, 1), [0.0, 0.0, 3.0, 4.0]),
    "1-norm at 0": (lambda t, x: x.norm(1), [0.0, 2.0]),
    "inf-norm of equals": (lambda t, x: x.norm(float("inf")), [1.0, -1.0, 0.0]),
    "std of equals": (lambda t, x: x.std(), [1.0, 1.0]),
    "var of equals": (lambda t, x: x.var(), [1.0, 1.0]),
    "var of one": (lambda t, x: x.var(), [1.0]),
    "mean of none": (lambda t, x: x[:0].mean(), [1.0]),
    "l1_loss at 0": (lambda t, x: t.nn.functional.l1_loss(x, t.ones(2, dtype=t.float64)), [1.0, 2.0]),
    "huber_loss at delta": (lambda t, x: t.nn.functional.huber_loss(x, t.zeros(3, dtype=t.float64), delta=0.5),
                            [0.5, -0.5, 0.0]),
    "smooth_l1_loss with beta 0": (
        lambda t, x: t.nn.functional.smooth_l1_loss(x, t.zeros(2, dtype=t.float64), beta=0.0), [0.0, -1.0]),
    "kl_div of zeros": (lambda t, x: t.nn.functional.kl_div(x, t.tensor([0.0, 1.0], dtype=t.float64), reduction="sum"),
                        [-1.0, 0.0]),
    "log_softmax of infinities": (lambda t, x: x.log_softmax(0)[1:], [float("-inf"), 0.0, 1.0]),
    "softmax of one": (lambda t, x: x.softmax(0), [5.0]),
    "cross_entropy of certainty": (lambda t, x: t.nn.functional.cross_entropy(x, t.tensor(1)), [0.0, 1000.0]),
    "cross_entropy of the impossible": (lambda t, x: t.nn.functional.cross_entropy(x, t.tensor(0)), [0.0, 1000.0]),
    "cross_entropy with all ignored": (lambda t, x: t.nn.functional.cross_entropy(x, t.tensor(0), ignore_index=0),
                                       [0.0, 1.0]),
    "bce with logits far out": (lambda t, x: t.nn.functional.binary_cross_entropy_with_logits(
        x, t.tensor([0.0, 1.0, 0.0, 1.0], dtype=t.float64)), [1000.0, 1000.0, -1000.0, -1000.0]),
    "clamp by a tensor at its limit": (lambda t, x: t.clamp(x, min=t.zeros(3, dtype=t.float64)), [0.0, 1.0, -1.0]),
    "3-norm at 0": (lambda t, x: x.norm(3), [0.0, 0.0]),
    "bce of certainty": (lambda t, x: t.nn.functional.binary_cross_entropy(
        x, t.tensor([0.0, 1.0, 0.0, 1.0], dtype=t.float64)), [0.0, 0.0, 1.0, 1.0]),
    "normalize of zeros": (lambda t, x: t.nn.functional.normalize(x, dim=0), [0.0, 0.0]),
}

def value_and_gradient(function, values):
    def scenario(t):
        x = t.tensor(values, dtype=t.float64, requires_grad=True)
        y = function(t, x)
        return [y, *t.autograd.grad(y.sum(), x)]

    return scenario


@needs_torch
@pytest.mark.parametrize(("function", "values"), KINKS.values(), ids=KINKS)
def test_convention(function, values):
    scenario = value_and_gradient(function, values)
    assert_same(outcome(scenario, ours), outcome(scenario, theirs()), tolerance=1e-8)  # its 1e-12 in BCE is a float
