"""L-BFGS beside PyTorch's, move by move, with and without a line search."""

import copy

import numpy as np
import pytest
from faces import OURS, same_as_pytorch, torch_face

from minigrad import nn, optim
from minigrad.creation import from_numpy, ones, tensor, zeros
from minigrad.nn import Parameter
from minigrad.serialization import load, save

START = np.array([-1.2, 1.0, 0.3, 2.0, -0.7, 0.1])


def _rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def _quadratic(x):
    return ((x - 1) ** 2 * x.detach() ** 0 * 3).sum() + (x[0] - x[1]) ** 2


def _absolute(x):
    return ((x * x + 1e-8) ** 0.5).sum()


FUNCTIONS = {"rosenbrock": _rosenbrock, "quadratic": _quadratic, "absolute": _absolute}
OPTIONS = [{"lr": 0.001}, {"lr": 1e-3, "history_size": 3, "max_iter": 7}, {"line_search_fn": "strong_wolfe"},
           {"line_search_fn": "strong_wolfe", "history_size": 2, "max_iter": 4},
           {"line_search_fn": "strong_wolfe", "max_eval": 9, "lr": 0.3},
           {"line_search_fn": "strong_wolfe", "lr": 100.0, "max_iter": 5}, {"max_eval": 4, "lr": 1e-3},
           {"line_search_fn": "strong_wolfe", "tolerance_change": 1e-2}, {"tolerance_grad": 1.0, "lr": 1e-3},
           {"max_iter": 1, "lr": 1e-3}, {"max_iter": 1, "line_search_fn": "strong_wolfe"}]


def _walk(face, function, options, steps=6):
    """The parameters, the losses and the counts, step by step."""
    x = face.nn.Parameter(face.from_numpy(START.copy()))
    optimiser = face.optim.LBFGS([x], **options)
    seen = []

    def closure():
        optimiser.zero_grad()
        loss = function(x)
        loss.backward()
        return loss

    for _ in range(steps):
        loss = optimiser.step(closure)
        state = optimiser.state[x]
        seen.append([x.detach().numpy().copy(), loss.item(), state["func_evals"], state["n_iter"]])
    return seen


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_against_pytorch(function, options):
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(_walk(OURS, function, options), _walk(torch_face(torch), function, options)):
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6, atol=1e-8)
        assert ours[1] == pytest.approx(theirs[1], rel=1e-6, abs=1e-8) and ours[2:] == theirs[2:]


def _model(dtype="float64"):
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    for p in model.parameters():
        p.data = from_numpy(rng.standard_normal(p.shape).astype(dtype))
    x = rng.standard_normal((20, 3)).astype(dtype)
    return model, from_numpy(x), from_numpy(np.sin(x.sum(1, keepdims=True)))


def _closure(model, optimiser, x, y):
    def closure():
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss
    return closure


def test_a_network(dtype="float32"):
    """Several parameters, float32: the loss falls far; one without a gradient stays."""
    model, x, y = _model(dtype)
    idle = Parameter(ones(2))
    optimiser = optim.LBFGS([*model.parameters(), idle], line_search_fn="strong_wolfe")
    closure = _closure(model, optimiser, x, y)
    first = closure().item()
    for _ in range(10):
        optimiser.step(closure)
    assert closure().item() < 1e-3 * first and idle.tolist() == [1.0, 1.0]
    assert model[0].weight._version > 10 and model[0].weight.dtype.name == dtype


@pytest.mark.parametrize("through", ["memory", "file"])
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_resumed_bit_for_bit(through, search, tmp_path):
    def start(seeded):
        model, x, y = _model()
        optimiser = optim.LBFGS(model.parameters(), lr=0.1 if search is None else 1, max_iter=4, history_size=3,
                                line_search_fn=search)
        return model, optimiser, _closure(model, optimiser, x, y)

    model, optimiser, closure = start(0)
    for _ in range(3):
        optimiser.step(closure)
    state = [copy.deepcopy(optimiser.state_dict()), copy.deepcopy(model.state_dict())]
    if through == "file":
        save(state, tmp_path / "state.st")
        state = load(tmp_path / "state.st")
    other, resumed, again = start(1)
    resumed.load_state_dict(state[0])
    other.load_state_dict(state[1])
    for _ in range(3):
        assert optimiser.step(closure).item() == resumed.step(again).item()
    for p, q in zip(model.parameters(), other.parameters()):
        assert p.array.tobytes() == q.array.tobytes()


def test_state_from_pytorch():
    torch = pytest.importorskip("torch")
    q = torch.nn.Parameter(torch.from_numpy(START.copy()))
    theirs = torch.optim.LBFGS([q], line_search_fn="strong_wolfe", max_iter=5)
    p = Parameter(from_numpy(START.copy()))
    ours = optim.LBFGS([p])

    def closure(o, x):
        def run():
            o.zero_grad()
            loss = _rosenbrock(x)
            loss.backward()
            return loss
        return run

    theirs.step(closure(theirs, q))
    p.data = from_numpy(q.detach().numpy().copy())
    ours.load_state_dict(copy.deepcopy(theirs.state_dict()))
    for _ in range(3):
        ours.step(closure(ours, p))
        theirs.step(closure(theirs, q))
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-7)


def _one(f):
    return f.nn.Parameter(f.ones(2))


def _strange_search(f):
    p = _one(f)
    p.grad = f.ones(2)
    return f.optim.LBFGS([p], line_search_fn="armijo").step(lambda: 1.0)


def _second_group(f):
    o = f.optim.LBFGS([_one(f)])
    o.add_param_group({"params": [_one(f)]})
    o.step(lambda: 0.0)


SCENARIOS = {
    "two groups": lambda f: f.optim.LBFGS([{"params": [_one(f)]}, {"params": [_one(f)]}]),
    "a second group": _second_group, "lr": lambda f: f.optim.LBFGS([_one(f)], lr=-1),
    "long lr": lambda f: f.optim.LBFGS([_one(f)], lr=f.ones(2)), "search": _strange_search,
    "repr": lambda f: repr(f.optim.LBFGS([_one(f)], lr=0.5, max_iter=7)),
    "at the optimum": lambda f: (lambda p: [f.optim.LBFGS([p]).step(lambda: 3.0), p])(_one(f)),
}


test_same_as_pytorch = same_as_pytorch(SCENARIOS)


def test_a_closure_is_needed():
    with pytest.raises(TypeError, match="closure"):
        optim.LBFGS([Parameter(ones(1))]).step()


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_nan_ends_the_step(search):
    """A loss that is NaN is no endless loop, with or without a search."""
    p = Parameter(tensor([1.0]))
    optimiser = optim.LBFGS([p], line_search_fn=search)

    def closure():
        optimiser.zero_grad()
        loss = (p * float("nan")).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    assert optimiser.state[p]["func_evals"] <= 26


def test_strided_and_two_dtypes():
    held = np.zeros((3, 4))
    p, q = Parameter(from_numpy(held[:, ::2].T)), Parameter(zeros(2))
    optimiser = optim.LBFGS([p, q], line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = ((p - 1) ** 2).sum() + ((q + 2) ** 2).sum().double()
        loss.backward()
        return loss

    optimiser.step(closure)
    np.testing.assert_allclose(held[:, ::2], 1.0, rtol=1e-5)
    np.testing.assert_allclose(q.tolist(), -2.0, rtol=1e-5)
    assert not held[:, 1::2].any() and q.array.dtype == np.float32
