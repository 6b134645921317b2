"""What a step does: against NumPy in float64, against PyTorch, and when things change between steps."""

import copy
import pickle
import threading

import numpy as np
import pytest

from minigrad import nn, optim
from minigrad.creation import from_numpy, ones, tensor, zeros
from minigrad.grad_mode import no_grad
from minigrad.native import get_isa, set_isa
from minigrad.nn import Parameter

from .cases import (
    CASES,
    IDS,
    KNOWN_CASES,
    bits,
    gradients,
    ids,
    make,
    parameters,
    references,
    run,
    set_gradients,
    values,
)

TOLERANCE = {"float64": {"rtol": 1e-12, "atol": 1e-13}, "float32": {"rtol": 2e-5, "atol": 2e-6}}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, options", KNOWN_CASES, ids=ids(KNOWN_CASES))
def test_against_numpy(name, options, dtype):
    params = parameters(dtype)
    expected = references(name, params, options)
    optimiser = make(name, params, options)
    for grads in gradients():
        run(optimiser, params, [grads])
        for p, reference, g in zip(params, expected, grads):
            reference.step(np.asarray(g, dtype).astype(np.float64))
            np.testing.assert_allclose(p.detach().numpy(), reference.p, **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_against_pytorch(name, options, dtype):
    """Also with parameters that have no gradient in some steps: they are skipped, and their step does not advance."""
    torch = pytest.importorskip("torch")
    ours = parameters(dtype)
    theirs = [torch.nn.Parameter(torch.from_numpy(v.copy())) for v in values(ours)]
    a, b = make(name, ours, options), getattr(torch.optim, name)(theirs, foreach=False, **options)
    for number, grads in enumerate(gradients()):
        grads = [None if (i + number) % 4 == 0 else g for i, g in enumerate(grads)]
        set_gradients(ours, grads)
        for q, g in zip(theirs, grads):
            q.grad = None if g is None else torch.from_numpy(np.array(g, dtype))
        a.step()
        b.step()
        for p, q in zip(ours, theirs):
            np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), **TOLERANCE[dtype])
    mine, other = a.state_dict(), b.state_dict()
    assert mine["state"].keys() == other["state"].keys()
    for key, state in other["state"].items():
        assert mine["state"][key].keys() == state.keys()
        for slot, value in state.items():
            np.testing.assert_allclose(mine["state"][key][slot].numpy(), value.numpy(), **TOLERANCE[dtype])
    assert [{k: v for k, v in g.items() if k != "foreach"} for g in mine["param_groups"]] == [
        {k: v for k, v in g.items() if k != "foreach"} for g in other["param_groups"]]
    assert repr(make(name, ours, options)) == repr(getattr(torch.optim, name)(theirs, **options))


@pytest.mark.parametrize("name, options", KNOWN_CASES, ids=ids(KNOWN_CASES))
@pytest.mark.parametrize("isa", ["scalar", "avx2", "avx512", "neon"])
def test_every_instruction_set(name, options, isa):
    before = get_isa()
    try:
        set_isa(isa)
    except ValueError:
        pytest.skip(f"this CPU has no {isa}")
    try:
        params = parameters()
        expected = references(name, params, options)
        run(make(name, params, options), params, gradients(3))
    finally:
        set_isa(before)
    for reference, *grads in zip(expected, *gradients(3)):
        for g in grads:
            reference.step(g)
    for p, reference in zip(params, expected):
        np.testing.assert_allclose(p.detach().numpy(), reference.p, rtol=1e-12, atol=1e-13)


# -- when things change between steps ----------------------------------------------------------------------------------


def test_learning_rate_may_change():
    params = parameters()
    (expected,) = references("Adam", params[:1], {})
    optimiser = optim.Adam(params[:1])
    for lr, grads in zip((0.1, 0.01, 0.5), gradients(3)):
        optimiser.param_groups[0]["lr"] = expected.lr = lr
        run(optimiser, params[:1], [grads])
        expected.step(grads[0])
    np.testing.assert_allclose(params[0].detach().numpy(), expected.p, rtol=1e-12)


def test_learning_rate_may_be_a_tensor():
    p, q = (Parameter(ones(2)) for _ in range(2))
    set_gradients([p, q], [np.ones(2), np.ones(2)])
    optim.SGD([p], lr=tensor(0.5)).step()
    optim.SGD([q], lr=0.5).step()
    assert p.tolist() == q.tolist() == [0.5, 0.5]


def test_momentum_may_be_switched_on_later():
    """The first velocity is the gradient itself, without dampening, whenever it comes."""
    p = Parameter(zeros(1, dtype="float64"))
    optimiser = optim.SGD([p], lr=1.0, dampening=0.5)
    run(optimiser, [p], [[[1.0]]])
    optimiser.param_groups[0]["momentum"] = 0.9
    run(optimiser, [p], [[[1.0]]])
    assert p.tolist() == [-2.0]
    run(optimiser, [p], [[[1.0]]])
    np.testing.assert_allclose(p.detach().numpy(), -2.0 - (0.9 + 0.5))


def test_amsgrad_may_be_switched_on_later():
    p = Parameter(ones(2, dtype="float64"))
    optimiser = optim.Adam([p])
    run(optimiser, [p], [[[1.0, 2.0]]])
    optimiser.param_groups[0]["amsgrad"] = True
    run(optimiser, [p], [[[1.0, 2.0]]])
    assert optimiser.state[p]["max_exp_avg_sq"].tolist() == optimiser.state[p]["exp_avg_sq"].tolist()


def test_the_parameter_may_move():
    """p.data = ..., p.double(): the optimiser writes where the parameter is, not where it was."""
    p = Parameter(ones(3))
    optimiser = optim.SGD([p], lr=1.0)
    run(optimiser, [p], [np.ones((1, 3))])
    old, p.data = p.array, zeros(3)
    run(optimiser, [p], [np.ones((1, 3))])
    assert p.tolist() == [-1.0] * 3 and old.tolist() == [0.0] * 3
    p.data, p.grad = zeros(3).double(), None
    run(optimiser, [p], [np.ones((1, 3))])
    assert p.tolist() == [-1.0] * 3 and p.array.dtype == np.float64


def test_a_model_converted_after_its_optimiser():
    model = nn.Linear(2, 1)
    optimiser = optim.SGD(model.parameters(), lr=1.0)
    model.double()
    model(ones(1, 2).double()).sum().backward()
    before = values(model.parameters())
    optimiser.step()
    for p, old in zip(model.parameters(), before):
        np.testing.assert_allclose(p.detach().numpy(), old - 1.0)


def test_the_state_may_be_replaced_or_cleared():
    p = Parameter(zeros(2, dtype="float64"))
    optimiser = optim.SGD([p], lr=1.0, momentum=0.5)
    run(optimiser, [p], [[[1.0, 1.0]]])
    optimiser.state[p]["momentum_buffer"] = tensor([10.0, 20.0]).double()
    run(optimiser, [p], [[[0.0, 0.0]]])
    assert p.tolist() == [-6.0, -11.0]
    optimiser.state.clear()
    run(optimiser, [p], [[[1.0, 1.0]]])
    assert p.tolist() == [-7.0, -12.0] and optimiser.state[p]["momentum_buffer"].tolist() == [1.0, 1.0]
    optimiser.state[p]["momentum_buffer"].fill_(4.0)
    run(optimiser, [p], [[[0.0, 0.0]]])
    assert p.tolist() == [-9.0, -14.0]


def test_a_group_may_grow():
    p, q = Parameter(zeros(1)), Parameter(zeros(1))
    optimiser = optim.SGD([p], lr=1.0)
    run(optimiser, [p, q], [[[1.0], [1.0]]])
    optimiser.add_param_group({"params": [q], "lr": 0.25})
    run(optimiser, [p, q], [[[1.0], [1.0]]])
    assert p.tolist() == [-2.0] and q.tolist() == [-0.25]


def test_two_dtypes_in_one_group():
    p, q = Parameter(zeros(3)), Parameter(zeros(3).double())
    optimiser = optim.Adam([p, q], lr=0.5)
    run(optimiser, [p, q], [np.ones((2, 3))])
    np.testing.assert_allclose(p.detach().numpy(), -0.5, rtol=1e-6)
    np.testing.assert_allclose(q.detach().numpy(), -0.5, rtol=1e-6)


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_strided_parameters_and_gradients(name, options):
    """A transposed or sliced parameter is updated where it lies; what lies between its elements stays."""
    steps = [np.asarray(g[0]) for g in gradients(3)]
    plain, held = Parameter(zeros(5, 3).double()), np.zeros((3, 10))
    strided = Parameter(from_numpy(held[:, ::2].T))
    a, b = make(name, [plain], options), make(name, [strided], options)
    for g in steps:
        plain.grad, strided.grad = from_numpy(g), from_numpy(np.asfortranarray(g))
        a.step()
        b.step()
    assert (plain.array == strided.array).all() and plain.array.any()
    assert (plain.array == held[:, ::2].T).all() and not held[:, 1::2].any()


def test_a_parameter_twice_in_a_group_is_updated_twice():
    """As in PyTorch, which warns too."""
    torch = pytest.importorskip("torch")
    p, q = Parameter(ones(2)), torch.nn.Parameter(torch.ones(2))
    with pytest.warns(UserWarning, match="duplicate parameters"):
        a = optim.Adam([p, p], lr=0.1)
    with pytest.warns(UserWarning):
        b = torch.optim.Adam([q, q], lr=0.1, foreach=False)
    for g in ([1.0, 2.0], [3.0, 4.0]):
        p.grad, q.grad = tensor(g), torch.tensor(g)
        a.step()
        b.step()
    np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-5)
    assert a.state[p]["step"].item() == b.state[q]["step"].item() == 4


# -- around the step ---------------------------------------------------------------------------------------------------


def test_versions_count_and_gradients_stay():
    p, q = Parameter(ones(2)), Parameter(ones(2))
    p.grad = ones(2)
    optim.SGD([p, q], lr=0.1).step()
    assert (p._version, q._version) == (1, 0) and p.grad.tolist() == [1.0, 1.0]
    assert p.is_leaf and p.requires_grad


def test_a_step_between_forward_and_backward_is_noticed():
    layer = nn.Linear(2, 1)
    hidden = layer(ones(1, 2).requires_grad_())
    layer.weight.grad = ones(1, 2)
    optim.SGD(layer.parameters(), lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        hidden.sum().backward()


def test_closure():
    p = Parameter(tensor([3.0]))
    optimiser = optim.SGD([p], lr=0.5)

    def closure():
        optimiser.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with no_grad():
        assert optimiser.step(closure).item() == 9.0
    assert p.tolist() == [0.0]
    assert optimiser.step() is None


def test_zero_grad():
    p = Parameter(zeros(2))
    p.grad = ones(2)
    optimiser = optim.SGD([p])
    optimiser.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimiser.zero_grad()
    assert p.grad is None


def test_no_gradients_at_all():
    p = Parameter(zeros(2))
    optimiser = optim.Adam([p])
    optimiser.step()
    assert p.tolist() == [0.0, 0.0] and not optimiser.state


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["copy", "pickle"])
def test_copies_go_on_alone(duplicate):
    params = parameters()[:2]
    optimiser = optim.SGD(params, lr=0.1, momentum=0.9)
    run(optimiser, params, gradients(2))
    other = duplicate(optimiser)
    theirs = other.param_groups[0]["params"]
    frozen = bits(params)
    run(other, theirs, gradients(2, seed=5))
    assert bits(params) == frozen
    run(optimiser, params, gradients(2, seed=5))
    assert bits(params) == bits(theirs)


def test_threads_do_not_crash():
    """Several threads that step one optimiser race for the values, but for nothing else."""
    params = [Parameter(zeros(1000)) for _ in range(8)]
    optimiser = optim.Adam(params, lr=1e-3)
    failures = []

    def work():
        try:
            for _ in range(200):
                for p in params:
                    p.grad = ones(1000)
                optimiser.step()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures and all(np.isfinite(p.array).all() for p in params)
