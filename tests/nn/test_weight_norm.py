"""Weight normalisation in both of PyTorch's forms, against PyTorch: keys, values, gradients, and taking it off."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from engine.face import assert_same, needs_torch, ours, outcome, theirs

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils import parametrizations, parametrize

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")
FORMS = ["parametrizations.weight_norm", "weight_norm"]


def apply(library, form, *args, **kwargs):
    found = library.nn.utils
    for name in form.split("."):
        found = getattr(found, name)
    return found(*args, **kwargs)


def same_start(library, form, dim, layer):
    module = layer(library)
    with library.no_grad():
        for i, p in enumerate(module.parameters()):
            p.copy_(library.from_numpy(np.random.default_rng(i).normal(size=tuple(p.shape)).astype(np.float32)))
    return apply(library, form, module, dim=dim)


LAYERS = {"linear": (lambda t: t.nn.Linear(3, 4), (5, 3)), "conv": (lambda t: t.nn.Conv2d(2, 4, 3), (2, 2, 5, 5)),
          "plain": (lambda t: t.nn.Linear(3, 4, bias=False), (5, 3))}


@needs_torch
@pytest.mark.parametrize("layer, shape", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("form", FORMS)
def test_as_pytorch(form, dim, layer, shape):
    def scenario(t):
        module = same_start(t, form, dim, layer)
        x = t.from_numpy(np.random.default_rng(9).normal(size=shape).astype(np.float32))
        optimizer = t.optim.SGD(module.parameters(), lr=0.1)
        found = [repr(module), [name for name, _ in module.named_parameters()]]
        for _ in range(3):
            loss = module(x).square().sum()
            optimizer.zero_grad()
            loss.backward()
            found += [loss, dict(module.state_dict()), [p.grad for p in module.parameters()]]
            optimizer.step()
        remove = t.nn.utils.remove_weight_norm if form == "weight_norm" else lambda m: (
            t.nn.utils.parametrize.remove_parametrizations(m, "weight"))
        remove(module)
        return [*found, sorted(module.state_dict()), module.weight, module(x), repr(module)]

    assert_same(outcome(scenario, ours), outcome(scenario, theirs()), tolerance=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_the_weight_follows_its_parameters_and_may_be_assigned(form):
    module = apply(ours, form, nn.Linear(2, 3))
    g, v = (p for name, p in module.named_parameters() if name != "bias")
    with mg.no_grad():
        g.mul_(2.0)
    np.testing.assert_allclose(np.linalg.norm(module.weight.detach().numpy(), axis=1), g.detach().numpy()[:, 0], 1e-6)
    module.weight = mg.ones(3, 2)
    np.testing.assert_allclose(module.weight.detach().numpy(), 1, rtol=1e-6)
    assert g is dict(module.named_parameters())[next(n for n, p in module.named_parameters() if p is g)]
    twin = copy.deepcopy(module)
    with mg.no_grad():
        v.mul_(-1.0)
    assert (twin.weight > 0).all() and (module.weight < 0).all()
    assert isinstance(module, nn.Linear)


@pytest.mark.parametrize("form", FORMS)
def test_within_a_sequential_and_a_checkpoint(form):
    model = nn.Sequential(apply(ours, form, nn.Linear(2, 3)), nn.ReLU(), nn.Linear(3, 1))
    other = nn.Sequential(apply(ours, form, nn.Linear(2, 3)), nn.ReLU(), nn.Linear(3, 1))
    other.load_state_dict(model.state_dict())
    x = mg.randn(4, 2)
    assert mg.equal(model(x), other(x))
    first = model(x)
    with mg.no_grad():
        next(p for name, p in model.named_parameters() if name.endswith(("_g", "original0"))).mul_(3.0)
    assert not mg.equal(model(x), first)


def test_what_is_refused():
    module = nn.utils.weight_norm(nn.Linear(2, 3))
    with pytest.raises(RuntimeError, match="two weight_norm hooks"):
        nn.utils.weight_norm(module)
    with pytest.raises(ValueError, match="weight_norm of 'weight' not found"):
        nn.utils.remove_weight_norm(nn.Linear(2, 3))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        nn.utils.weight_norm(nn.Linear(2, 3), "nonsense")
    with pytest.raises(ValueError, match="does not have a parametrization"):
        parametrize.remove_parametrizations(nn.Linear(2, 3), "weight")
    for owner, name in ((nn.utils, "spectral_norm"), (nn.utils, "rnn"), (parametrizations, "orthogonal"),
                        (parametrize, "register_parametrization")):
        with pytest.raises(AttributeError, match=f"'{name}': "):
            getattr(owner, name)
    assert not parametrize.is_parametrized(module)
    assert parametrize.is_parametrized(parametrizations.weight_norm(nn.Linear(2, 3)), "weight")


def test_two_tensors_of_one_module():
    module = nn.utils.weight_norm(nn.utils.weight_norm(nn.Bilinear(2, 3, 4)), "bias")
    assert sorted(module.state_dict()) == ["bias_g", "bias_v", "weight_g", "weight_v"]
    assert module(mg.randn(5, 2), mg.randn(5, 3)).shape == (5, 4)
    with pytest.raises(RuntimeError, match="reverse order"):
        nn.utils.remove_weight_norm(module)
    nn.utils.remove_weight_norm(nn.utils.remove_weight_norm(module, "bias"))
    assert sorted(module.state_dict()) == ["bias", "weight"] and type(module) is nn.Bilinear
