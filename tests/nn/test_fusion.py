"""Linear, ReLU and Dropout in a Sequential as one operation: the same bits as one by one, and who may look inside."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from minigrad import nn
from minigrad.autograd import grad
from minigrad.creation import from_numpy
from minigrad.nn import functional as F
from minigrad.ops.linear import LinearReLU
from minigrad.random import Generator, default_generator, manual_seed


class Apart(nn.Module):
    """The same modules, called one after another by hand."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def data(*shape, dtype=np.float32, seed=0):
    return from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(dtype))


def fused(y) -> bool:
    """Whether the graph behind y holds the one operation."""
    stack, seen = [y.grad_fn], set()
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen.add(node)
            stack += [target for target, _ in node.next_functions]
    return any(isinstance(node, LinearReLU) for node in seen)


def run(model, x, dtype):
    """Output and all gradients of one training step, from a fixed seed."""
    manual_seed(3)
    x = x.detach().clone().requires_grad_()
    y = model(x)
    y.backward(data(*y.shape, dtype=dtype, seed=1))
    return y, [y, x.grad, *(p.grad for p in model.parameters())]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [None, 0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_the_same_bits(p, bias, training, dtype):
    layers = [nn.Linear(19, 33, bias=bias), nn.ReLU(), *([] if p is None else [nn.Dropout(p)]), nn.Linear(33, 7)]
    together = nn.Sequential(*layers).to(from_numpy(np.zeros(1, dtype)).dtype).train(training)
    apart = Apart(copy.deepcopy(layers)).train(training)
    x = data(21, 19, dtype=dtype)
    y, got = run(together, x, dtype)
    offset = default_generator.state[1]
    z, want = run(apart, x, dtype)
    assert fused(y) is not (p == 1.0 and training) and not fused(z)
    assert default_generator.state[1] == offset
    for a, b in zip(got, want):
        assert a.detach().numpy().tobytes() == b.detach().numpy().tobytes()


def test_second_gradients_are_those_of_the_parts():
    layers = [nn.Linear(5, 6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 1)]
    results = []
    for model in (nn.Sequential(*layers), Apart(layers)):
        manual_seed(3)
        x = data(4, 5).requires_grad_()

        (dx,) = grad(model(x).sum(), x, create_graph=True)
        results.append(grad(dx.square().sum(), [layers[0].weight, layers[3].weight]))
    for a, b in zip(*results):
        np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-5, 1e-6)


def pair(**options):
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.5, **options))


def test_hooks_see_what_is_between():
    for position in range(3):
        model, seen = pair(), []
        handle = model[position].register_forward_hook(lambda module, args, y: seen.append(y))  # noqa: B023
        assert not fused(model(data(2, 3))) and len(seen) == 1
        handle.remove()


def test_a_forward_of_its_own_is_called():
    model, seen = pair(), []
    relu = model[1]
    relu.forward = lambda x: seen.append(x) or F.relu(x)
    assert not fused(model(data(2, 3))) and len(seen) == 1


def test_subclasses_are_called():
    class Louder(nn.ReLU):
        def forward(self, x):
            return super().forward(x) * 2

    model = nn.Sequential(nn.Linear(3, 4), Louder())
    assert not fused(model(data(2, 3)))


def test_changed_modules_are_noticed():
    model = pair()
    x = data(2, 3)
    assert fused(model(x))
    model[1] = nn.Tanh()
    assert not fused(model(x)) and (model.eval()(x).abs() <= 1).all()
    model[0] = nn.Linear(3, 2)
    assert model(x).shape == (2, 2)
    model.append(nn.ReLU())
    assert (model(x) >= 0).all()


@pytest.mark.parametrize("options", [{"seed": 7}, {"generator": 7}, {"noise_shape": (None, 1)}])
def test_dropout_draws_where_it_would(options):
    if "generator" in options:
        options = {"generator": Generator().manual_seed(options["generator"])}
    model = pair(**options)
    apart = Apart(copy.deepcopy(list(model)))
    for _ in range(2):
        manual_seed(1)
        got = model(data(5, 3)).detach().numpy()
        manual_seed(1)
        np.testing.assert_array_equal(got, apart(data(5, 3)).detach().numpy())


@pytest.mark.parametrize(("x", "error"), [
    (data(2, 5), RuntimeError), (data(2, 3, dtype=np.float64), RuntimeError), (np.zeros((2, 3)), TypeError)])
def test_errors_name_the_layer(x, error):
    with pytest.raises(error) as caught:
        pair()(x)
    assert "Sequential.0 (Linear(" in "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])


def test_other_shapes_go_one_by_one():
    model = pair().eval()
    assert model(data(2, 4, 3)).shape == (2, 4, 4)
    assert model(data(3)).shape == (4,)
    assert model(data(0, 3)).shape == (0, 4)


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_a_tensor_in_place_of_a_parameter(name):
    model, x = pair().eval(), data(2, 3)
    linear = model[0]
    own = getattr(linear, name).detach() * 2 + 1
    delattr(linear, name)
    setattr(linear, name, own)
    want = F.relu(F.linear(x, linear.weight, linear.bias))
    np.testing.assert_array_equal(model(x).detach().numpy(), want.detach().numpy())


def test_a_wrong_probability_is_refused():
    model = pair()
    model[2].p = 1.5
    with pytest.raises(ValueError, match="between 0 and 1"):
        model(data(2, 3))
