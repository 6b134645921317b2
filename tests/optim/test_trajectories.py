"""Fifty steps beside PyTorch, with every combination of options, in both float types; the learning rate changes on the
way."""

from itertools import product

import numpy as np
import pytest

from minigrad import optim, set_default_dtype
from minigrad.creation import from_numpy, tensor
from minigrad.nn import Parameter

STEPS = 50
FLAGS = (False, True)
COMMON = {"weight_decay": (0, 0.05), "maximize": FLAGS}
ADAM = {"lr": (0.02,), "betas": ((0.9, 0.999), (0.5, 0.8)), **COMMON}
DECOUPLED = {"decoupled_weight_decay": FLAGS}
OPTIONS = {
    "SGD": {"lr": (0.05,), "momentum": (0, 0.9), "dampening": (0, 0.3), "nesterov": FLAGS, **COMMON},
    "Adam": {**ADAM, **DECOUPLED, "amsgrad": FLAGS},
    "AdamW": {**ADAM, "amsgrad": FLAGS},
    "Adamax": ADAM,
    "NAdam": {**ADAM, **DECOUPLED, "momentum_decay": (4e-3, 0.2)},
    "RAdam": {**ADAM, **DECOUPLED},
    "RMSprop": {"lr": (0.02,), "alpha": (0.99, 0.5), "momentum": (0, 0.9), "centered": FLAGS, **COMMON},
    "Adagrad": {"lr": (0.2,), "lr_decay": (0, 0.1), "initial_accumulator_value": (0, 0.3), **COMMON},
    "Adadelta": {"lr": (1.0,), "rho": (0.9, 0.5), "eps": (1e-6, 1e-2), **COMMON},
    "Rprop": {"lr": (0.01,), "etas": ((0.5, 1.2), (0.3, 3.0)), "step_sizes": ((1e-6, 50), (0.05, 0.2)),
              "maximize": FLAGS},
    "ASGD": {"lr": (0.02,), "lambd": (1e-4, 0.1), "alpha": (0.75, 0.2), "t0": (1e6, 5), **COMMON},
}


def _combinations(name):
    for values in product(*OPTIONS[name].values()):
        options = dict(zip(OPTIONS[name], values))
        if not (options.get("nesterov") and (options["dampening"] or not options["momentum"])):
            yield options


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIONS)
def test_trajectories(name, dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(len(name))
    gradients = rng.standard_normal((STEPS, 37)).astype(dtype)
    start = rng.standard_normal(37).astype(dtype)
    rtol, atol = (1e-4, 1e-5) if dtype == "float32" else (1e-11, 1e-12)
    for options in _combinations(name):
        p, q = Parameter(from_numpy(start.copy())), torch.nn.Parameter(torch.from_numpy(start.copy()))
        ours, theirs = getattr(optim, name)([p], **options), getattr(torch.optim, name)([q], **options)
        for step, g in enumerate(gradients):
            for optimiser in (ours, theirs):
                optimiser.param_groups[0]["lr"] = options["lr"] * (0.5 if step % 20 > 10 else 1)
            p.grad, q.grad = from_numpy(g), torch.from_numpy(g)
            ours.step()
            theirs.step()
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol, atol, err_msg=str(options))


@pytest.mark.parametrize("name", OPTIONS)
def test_a_tensor_as_learning_rate(name):
    p, q = (Parameter(tensor([1.0, -2.0])) for _ in range(2))
    a, b = getattr(optim, name)([p], lr=tensor(0.25)), getattr(optim, name)([q], lr=0.25)
    for _ in range(3):
        p.grad, q.grad = tensor([0.5, 1.0]), tensor([0.5, 1.0])
        a.step()
        b.step()
    assert p.tolist() == q.tolist() != [1.0, -2.0]
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        getattr(optim, name)([p], lr=tensor([0.1, 0.2]))


@pytest.mark.parametrize("name", OPTIONS)
def test_float64_as_the_default(name):
    """Then PyTorch keeps the state's numbers in double precision, and so do we."""
    torch = pytest.importorskip("torch")
    set_default_dtype("float64")
    torch.set_default_dtype(torch.float64)
    try:
        p, q = Parameter(tensor([1.0, -2.0])), torch.nn.Parameter(torch.tensor([1.0, -2.0]))
        a, b = getattr(optim, name)([p], lr=0.03), getattr(torch.optim, name)([q], lr=0.03)
        for step in range(20):
            p.grad, q.grad = tensor([0.5, 1.0 - step]), torch.tensor([0.5, 1.0 - step])
            a.step()
            b.step()
    finally:
        set_default_dtype("float32")
        torch.set_default_dtype(torch.float32)
    np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-13)
