"""Checkpoints: training that stops and goes on is the same, bit for bit; states from PyTorch are taken up."""

import copy

import numpy as np
import pytest
from faces import OURS, copy_weights, torch_face

from minigrad import nn, optim
from minigrad.creation import from_numpy
from minigrad.nn import Parameter
from minigrad.random import get_rng_state, manual_seed, set_rng_state
from minigrad.serialization import load, save

from .cases import CASES, IDS, bits, gradients, make, parameters, run, values


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, options", CASES, ids=IDS)
@pytest.mark.parametrize("through", ["memory", "file"])
def test_resumed_bit_for_bit(name, options, dtype, through, tmp_path):
    steps = gradients(10)
    straight = parameters(dtype)
    run(make(name, straight, options), straight, steps)

    first = parameters(dtype)
    optimiser = make(name, first, options)
    run(optimiser, first, steps[:4])
    saved = optimiser.state_dict()
    if through == "file":
        save(saved, tmp_path / "optimiser.st")
        saved = load(tmp_path / "optimiser.st")
    second = [Parameter(from_numpy(v)) for v in values(first)]
    resumed = make(name, second, {"lr": 77.0})  # the options come from the checkpoint
    resumed.load_state_dict(saved)
    run(resumed, second, steps[4:])
    assert bits(second) == bits(straight)
    assert optimiser.state_dict()["param_groups"] == resumed.state_dict()["param_groups"]


def test_loading_copies():
    params = parameters()
    optimiser = optim.Adam(params)
    run(optimiser, params, gradients(2))
    saved = copy.deepcopy(optimiser.state_dict())
    frozen = bits([t for s in saved["state"].values() for t in s.values()])
    for _ in range(2):
        optimiser.load_state_dict(saved)
        run(optimiser, params, gradients(2))
    assert bits([t for s in saved["state"].values() for t in s.values()]) == frozen


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_state_from_pytorch(name, options):
    torch = pytest.importorskip("torch")
    steps = gradients(6)
    ours = parameters()
    theirs = [torch.nn.Parameter(torch.from_numpy(v.copy())) for v in values(ours)]
    other = getattr(torch.optim, name)(theirs, foreach=False, **options)

    def their_steps(part):
        for grads in part:
            for q, g in zip(theirs, grads):
                q.grad = torch.from_numpy(np.array(g))
            other.step()

    their_steps(steps[:3])
    for p, q in zip(ours, theirs):
        p.data = from_numpy(q.detach().numpy().copy())
    state = other.state_dict()
    as_ours = {k: {n: from_numpy(np.asarray(t.numpy())) for n, t in s.items()} for k, s in state["state"].items()}
    optimiser = make(name, ours, {})
    optimiser.load_state_dict({"state": as_ours, "param_groups": state["param_groups"]})
    run(optimiser, ours, steps[3:])
    their_steps(steps[3:])
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_state_for_pytorch(name, options):
    """PyTorch takes up our state, and goes on as we do."""
    torch = pytest.importorskip("torch")
    steps = gradients(6)
    ours = parameters()
    optimiser = make(name, ours, options)
    run(optimiser, ours, steps[:3])
    theirs = [torch.nn.Parameter(torch.from_numpy(v.copy())) for v in values(ours)]
    other = getattr(torch.optim, name)(theirs, foreach=False)
    state = optimiser.state_dict()
    as_theirs = {k: {n: torch.from_numpy(np.array(t.array)) for n, t in s.items()} for k, s in state["state"].items()}
    other.load_state_dict({"state": as_theirs, "param_groups": state["param_groups"]})
    run(optimiser, ours, steps[3:])
    for grads in steps[3:]:
        for q, g in zip(theirs, grads):
            q.grad = torch.from_numpy(np.array(g))
        other.step()
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-7, atol=1e-9)


def test_options_that_an_old_checkpoint_lacks():
    p = Parameter(from_numpy(np.ones(2)))
    optimiser = optim.AdamW([p], lr=0.5)
    saved = optimiser.state_dict()
    saved["param_groups"] = [{"lr": 0.25, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0.1, "amsgrad": False,
                              "params": [0]}]
    optimiser.load_state_dict(saved)
    assert optimiser.param_groups[0]["decoupled_weight_decay"] is True and optimiser.param_groups[0]["lr"] == 0.25
    run(optimiser, [p], [[np.ones(2)]])
    np.testing.assert_allclose(p.detach().numpy(), 1 - 0.025 - 0.25, rtol=1e-7)


def test_a_step_count_may_be_a_plain_number():
    params = parameters()
    optimiser = optim.Adam(params)
    run(optimiser, params, gradients(3))
    saved = copy.deepcopy(optimiser.state_dict())
    frozen = values(params)
    run(optimiser, params, gradients(2))
    expected = bits(params)
    for p, v in zip(params, frozen):
        p.data = from_numpy(v)
    for state in saved["state"].values():
        state["step"] = int(state["step"].item())
    optimiser.load_state_dict(saved)
    run(optimiser, params, gradients(2))
    assert bits(params) == expected


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_a_whole_training_run(kind, tmp_path):
    """Model, optimiser, two dropouts and the generator in one file; the next process goes on as if nothing had been."""

    def new():
        manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.5, seed=3), nn.Dropout(0.2), nn.Linear(8, 2))
        options = {"lr": 0.1, "momentum": 0.9} if kind == "SGD" else {"lr": 0.01}
        return model, getattr(optim, kind)(model.parameters(), **options)

    rng = np.random.default_rng(0)
    x, t = from_numpy(rng.standard_normal((32, 6)).astype(np.float32)), from_numpy(rng.integers(0, 2, 32))

    def train(model, optimiser, steps):
        for _ in range(steps):
            optimiser.zero_grad()
            nn.CrossEntropyLoss()(model(x), t).backward()
            optimiser.step()

    straight, optimiser = new()
    train(straight, optimiser, 12)
    model, optimiser = new()
    train(model, optimiser, 5)
    save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "random": get_rng_state(), "epoch": 5},
         tmp_path / "checkpoint.st")
    model, optimiser = new()
    manual_seed(99)
    found = load(tmp_path / "checkpoint.st")
    model.load_state_dict(found["model"])
    optimiser.load_state_dict(found["optimiser"])
    set_rng_state(found["random"])
    train(model, optimiser, 12 - found["epoch"])
    assert bits(model.parameters()) == bits(straight.parameters())


@pytest.mark.parametrize("name, options", [("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.01}),
                                           ("AdamW", {"lr": 0.01, "weight_decay": 0.1})])
def test_a_training_run_as_in_pytorch(name, options):
    """Forward, loss, backward, clipping and update, 30 steps from the same start: the same losses and weights."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((64, 5)), rng.integers(0, 3, 64)
    faces = OURS, torch_face(torch)
    models = [f.nn.Sequential(f.nn.Linear(5, 16), f.nn.ReLU(), f.nn.Linear(16, 3)).double() for f in faces]
    copy_weights(*models, torch)
    losses = [[], []]
    for face, model, history in zip(faces, models, losses):
        optimiser = getattr(face.optim, name)(model.parameters(), **options)
        inputs, targets, criterion = face.from_numpy(x), face.from_numpy(t), face.nn.CrossEntropyLoss()
        for _ in range(30):
            optimiser.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            face.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimiser.step()
            history.append(loss.item())
    np.testing.assert_allclose(*losses, rtol=1e-9)
    assert losses[0][-1] < losses[0][0]
    for p, q in zip(*(model.parameters() for model in models)):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-7, atol=1e-9)
