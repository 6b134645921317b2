"""Hooks: when they run, with what, and what their results replace. The same code runs on PyTorch."""

import warnings

import numpy as np
import pytest
from faces import OURS, assert_same, outcome

from minigrad import nn
from minigrad.creation import ones, randn

X = np.array([[1.0, -2.0], [0.5, 4.0]], np.float32)


def _linear(face):
    layer = face.nn.Linear(2, 2)
    with face.no_grad():
        layer.weight.copy_(face.tensor([[1.0, 2.0], [3.0, -1.0]]))
        layer.bias.copy_(face.tensor([0.5, -0.5]))
    return layer


def _x(face, grad=False):
    x = face.from_numpy(X.copy())
    return x.requires_grad_() if grad else x


def _shown(value):
    """Tensors as lists, at any depth, so that hooks can record what they got."""
    if isinstance(value, (tuple, list)):
        return [_shown(v) for v in value]
    if isinstance(value, dict):
        return {k: _shown(v) for k, v in value.items()}
    return value.detach().numpy().tolist() if hasattr(value, "detach") else value


def forward_order(face):
    layer, seen = _linear(face), []
    layer.register_forward_hook(lambda m, args, out: seen.append("first"))
    layer.register_forward_hook(lambda m, args, out: seen.append("second"))
    layer.register_forward_hook(lambda m, args, out: seen.append("prepended"), prepend=True)
    layer.register_forward_pre_hook(lambda m, args: seen.append("pre"))
    layer.register_forward_pre_hook(lambda m, args: seen.append("pre prepended"), prepend=True)
    layer(_x(face))
    return seen


def forward_replaces(face):
    layer = _linear(face)
    layer.register_forward_hook(lambda m, args, out: out * 2)
    layer.register_forward_hook(lambda m, args, out: None)
    layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
    return layer(_x(face))


def with_kwargs(face):
    class Scaled(face.nn.Module):
        def forward(self, x, scale=1):
            return x * scale

    layer, seen = Scaled(), []
    layer.register_forward_pre_hook(lambda m, args, kwargs: (args, {"scale": kwargs["scale"] + 1}), with_kwargs=True)
    layer.register_forward_hook(lambda m, args, kwargs, out: seen.append(_shown([args, kwargs, out])), with_kwargs=True)
    return [layer(_x(face), scale=2), seen]


def bad_pre_hook(face):
    layer = _linear(face)
    layer.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    return layer(_x(face))


def removed(face):
    layer, seen = _linear(face), []
    handle = layer.register_forward_hook(lambda m, args, out: seen.append(1))
    layer(_x(face))
    handle.remove()
    handle.remove()
    layer(_x(face))
    return seen


def always_called(face):
    layer, seen = _linear(face), []
    layer.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    layer.register_forward_hook(lambda m, args, out: seen.append("not called"))
    try:
        layer(face.ones(1, 7))
    except RuntimeError:
        seen.append("raised")
    return seen


def backward_sees(face):
    layer, seen = _linear(face), []
    layer.register_full_backward_hook(lambda m, dx, dy: seen.append(["hook", _shown(dx), _shown(dy)]))
    layer.register_full_backward_pre_hook(lambda m, dy: seen.append(["pre", _shown(dy)]))
    x = _x(face, grad=True)
    (layer(x) ** 2).sum().backward()
    return [seen, x.grad, layer.weight.grad, layer.bias.grad]


def backward_replaces(face):
    layer = _linear(face)
    layer.register_full_backward_hook(lambda m, dx, dy: (dx[0] * 10,))
    layer.register_full_backward_pre_hook(lambda m, dy: (dy[0] * 100,))
    x = _x(face, grad=True)
    layer(x).sum().backward()
    return [x.grad, layer.weight.grad, layer.bias.grad]


def backward_without_input_grad(face):
    layer, seen = _linear(face), []
    layer.register_full_backward_hook(lambda m, dx, dy: seen.append(_shown([dx, dy])))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        layer(_x(face)).sum().backward()
    return [seen, [str(w.message).split(" See ")[0].rstrip(".") for w in caught], layer.weight.grad]


def backward_wrong_number(face):
    layer = _linear(face)
    layer.register_full_backward_hook(lambda m, dx, dy: (dx[0], dx[0]))
    layer(_x(face, grad=True)).sum().backward()


def several_inputs_and_outputs(face):
    class Two(face.nn.Module):
        def forward(self, x, number, y):
            return x * y, number, y + 1

    layer, seen = Two(), []
    layer.register_full_backward_hook(lambda m, dx, dy: seen.append(_shown([dx, dy])))
    x, y = _x(face, grad=True), _x(face)
    first, number, _ = layer(x, 3, y)
    first.sum().backward()
    return [seen, number, x.grad]


def no_grad_call(face):
    layer, seen = _linear(face), []
    layer.register_full_backward_hook(lambda m, dx, dy: seen.append("hook"))
    with face.no_grad():
        out = layer(_x(face))
    return [out.requires_grad, seen]


def on_a_container(face):
    model, seen = face.nn.Sequential(_linear(face), face.nn.ReLU(), _linear(face)), []
    for name, module in model.named_modules():
        module.register_forward_hook(lambda m, args, out, name=name: seen.append(f"forward {name}"))
        module.register_full_backward_hook(lambda m, dx, dy, name=name: seen.append(f"backward {name}"))
    x = _x(face, grad=True)
    model(x).sum().backward()
    return [seen, x.grad]


SCENARIOS = [forward_order, forward_replaces, with_kwargs, bad_pre_hook, removed, always_called, backward_sees,
             backward_replaces, backward_without_input_grad, backward_wrong_number, several_inputs_and_outputs,
             no_grad_call, on_a_container]


@pytest.mark.parametrize("code", SCENARIOS, ids=lambda code: code.__name__)
def test_same_as_pytorch(code):
    assert_same(code, pytest.importorskip("torch"))


def test_backward_sees_the_numbers_of_the_formula():
    """dy = 2 y, dx = dy @ w, for y = x @ w^T + b."""
    w, b = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0.5, -0.5])
    dy = 2 * (X @ w.T + b)
    (seen, *_) = outcome(backward_sees, OURS)
    assert seen[0] == ["pre", [dy.tolist()]]
    assert seen[1] == ["hook", [(dy @ w).tolist()], [dy.tolist()]]


def test_no_hooks_no_cost():
    layer = nn.ReLU()
    assert layer._hooks is None  # the flag of the fast path
    layer.register_forward_hook(lambda *a: None).remove()
    assert layer(ones(2)).tolist() == [1.0, 1.0]


def test_a_hook_that_fails_does_not_hide_the_error():
    layer = nn.Linear(2, 2)

    def fails(module, args, out):
        raise KeyError("hook")

    layer.register_forward_hook(fails, always_call=True)
    with pytest.warns(UserWarning, match="silenced"), pytest.raises(RuntimeError, match="linear"):
        layer(ones(1, 3))


def test_double_backward_through_a_hooked_module():
    layer, seen = nn.Linear(2, 1), []
    layer.register_full_backward_hook(lambda m, dx, dy: seen.append(1))
    x = randn(3, 2).requires_grad_()
    y = (layer(x) ** 3).sum()
    y.backward(create_graph=True)
    (x.grad ** 2).sum().backward()
    assert len(seen) >= 1 and layer.weight.grad is not None
