"""Activations: PyTorch's errors, in-place forms, randomness, and numbers far out."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from engine.face import find, needs_torch, ours, theirs

ERRORS = """
F.prelu(o(2, 3), o(2))
F.prelu(o(()), o(2))
F.prelu(o(3), o(3))
F.prelu(o(2, 3), o(3).double())
F.prelu(L(2), o(1))
F.glu(o(2, 3))
F.glu(o(()))
F.celu(o(2), 0.0)
F.hardtanh(o(2), 2.0, 1.0)
F.rrelu(o(2), 2.0, 1.0)
F.gelu(o(2), approximate="x")
F.one_hot(o(2))
F.one_hot(L(2), 1)
F.one_hot(L(2) * -1)
F.one_hot(L(0))
nn.Hardtanh(1.0, 1.0)
nn.Softmax2d()(o(2, 3))
nn.Threshold(1.0)
""".strip().splitlines()
FLOATS_ONLY = ["leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardsigmoid", "hardswish", "hardshrink",
               "softshrink", "softplus", "logsigmoid", "glu", "rrelu"]


def evaluate(library, expression):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(expression, {"F": library.nn.functional, "nn": library.nn, "o": library.ones,
                                 "L": lambda *shape: library.ones(*shape, dtype=library.int64)})


def error_of(library, expression):
    with pytest.raises((RuntimeError, TypeError, ValueError, AssertionError)) as caught:
        evaluate(library, expression)
    return caught.value


@pytest.mark.parametrize("expression", [*ERRORS, *(f"F.{name}(L(2))" for name in FLOATS_ONLY)])
@needs_torch
def test_errors(expression):
    got, want = error_of(ours, expression), error_of(theirs(), expression)
    assert type(got) is type(want), f"{got!r}, should be {want!r}"
    if not isinstance(want, (NotImplementedError, TypeError)):  # PyTorch names its kernels there
        assert str(got).startswith(str(want).strip(".")), f"{got}\nshould be\n{want}"


IN_PLACE = [
    *(f"nn.{name}(inplace=True)" for name in ("ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "SiLU", "Mish",
                                              "Hardtanh", "Hardsigmoid", "Hardswish", "RReLU")),
    "nn.Threshold(0.1, 20.0, True)",
    *(f"F.{name}" for name in ("relu_", "elu_", "selu_", "celu_", "leaky_relu_", "hardtanh_", "rrelu_")),
    *(f"t.{name}" for name in ("relu_", "selu_", "celu_", "sigmoid_", "tanh_", "Tensor.relu_", "Tensor.tanh_")),
]


@pytest.mark.parametrize("expression", IN_PLACE)
@needs_torch
def test_in_place(expression):
    """The same tensor comes back, with the values and gradients of the form that is not in place."""
    found = []
    for library in (ours, theirs()):
        function = eval(expression, {"nn": library.nn, "F": library.nn.functional, "t": library})
        if hasattr(function, "eval"):
            function.eval()
        leaf = library.tensor([-2.0, -0.5, 0.25, 7.0], requires_grad=True)
        x = leaf * 1.0
        y = function(x)
        assert y is x
        y.sum().backward()
        found.append((y.detach().numpy(), leaf.grad.numpy()))
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            function(leaf)
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-7)


SMOOTH = ["sigmoid", "tanh", "logsigmoid", "softplus", "silu", "mish", "gelu", "elu", "selu", "celu", "softsign",
          "tanhshrink", "hardswish", "hardsigmoid", "relu", "relu6", "hardtanh", "leaky_relu"]


@pytest.mark.parametrize("name", SMOOTH)
@needs_torch
def test_far_out(name):
    """Values and both gradients at |x| up to 1e4: nothing overflows, nothing cancels."""
    for dtype, rtol in (("float64", 1e-7), ("float32", 2e-5)):  # hardsigmoid's 1/6 is a float in PyTorch
        found = []
        for library in (ours, theirs()):
            x = library.tensor([-1e4, -300.0, -90.0, -30.0, -8.0, 8.0, 30.0, 90.0, 300.0, 1e4],
                               dtype=getattr(library, dtype), requires_grad=True)
            y = getattr(library.nn.functional, name)(x)
            (dx,) = library.autograd.grad(y.sum(), x, create_graph=True)
            ddx = library.zeros_like(x)
            if dx.requires_grad and name != "hardsigmoid":  # of which PyTorch has no second derivative
                (ddx,) = library.autograd.grad(dx.sum(), x)
            found.append([v.detach().numpy() for v in (y, dx, ddx)])
        for got, want in zip(*found):
            keep = np.isfinite(want)  # PyTorch's second derivative of mish is NaN at 1e4
            assert np.isfinite(got).all()
            np.testing.assert_allclose(got[keep], want[keep], rtol, 1e-14 if dtype == "float64" else 1e-6)


# -- random ------------------------------------------------------------------------------------------------------------


def test_rrelu_draws_its_slopes():
    ours.manual_seed(3)
    x = -ours.ones(20_000)
    y = ours.nn.RReLU(0.2, 0.6)(x).numpy()
    assert -0.6 <= y.min() < -0.59 and -0.21 < y.max() <= -0.2
    assert abs(y.mean() + 0.4) < 4 * 0.4 / np.sqrt(12 * 20_000)
    ours.manual_seed(3)
    np.testing.assert_array_equal(ours.nn.RReLU(0.2, 0.6)(x).numpy(), y)
    np.testing.assert_array_equal(ours.nn.RReLU(0.2, 0.6)(-x).numpy(), np.ones(20_000, np.float32))


def test_gumbel_softmax_draws_classes_with_their_probabilities():
    ours.manual_seed(3)
    p = np.array([0.1, 0.2, 0.7], np.float32)
    logits = ours.tensor(np.log(p)).expand(30_000, 3).clone().requires_grad_()
    hard = ours.nn.functional.gumbel_softmax(logits, tau=0.5, hard=True)
    np.testing.assert_array_equal(np.sort(hard.detach().numpy().round(5), 1)[:, :2], 0)
    assert np.abs(hard.detach().numpy().mean(0) - p).max() < 4 * 0.5 / np.sqrt(30_000)
    (hard * ours.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert logits.grad.abs().sum() > 0
    soft = ours.nn.functional.gumbel_softmax(logits)
    np.testing.assert_allclose(soft.detach().numpy().sum(1), 1, 1e-5)
    assert find(ours, "nn.functional.gumbel_softmax")(ours.zeros(2, 3), hard=True, dim=0).sum(0).tolist() == [1, 1, 1]
