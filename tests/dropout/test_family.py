"""Every member of the family: its moments, its gradient, where its noise comes from, and its edges."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.autograd import grad, gradcheck, gradgradcheck
from minigrad.engine import Function
from minigrad.native import set_isa

from .family import FAMILY

N, Z = 40_000, 4.9  # samples of each element; a z beyond this is as rare as 1e-6
NUMBERS = "classic", "inverted", "gaussian", "gaussian noise", "uniform noise", "alpha", "exact count"
TIGHT = {"atol": 1e-6, "rtol": 1e-5}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(params=FAMILY, ids=repr)
def member(request):
    return request.param


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return np.dtype(request.param)


def numbers(member, n, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=(n, *member.shape)).astype(dtype)


@pytest.mark.parametrize("rate", [0, 1, 2])
def test_moments(member, dtype, rate):
    """Of N independent samples of the same input: mean and variance of each element, within 4.9 standard deviations."""
    rate = member.rates[rate]
    x = numbers(member, 1, dtype)[0]
    y = member.call(mg.from_numpy(np.ascontiguousarray(np.broadcast_to(x, (N, *x.shape)))), rate, seed=11).numpy()
    assert y.dtype == dtype
    mean, var = member.mean(x.astype(np.float64), rate), member.var(x.astype(np.float64), rate)
    z = (y.mean(axis=0, dtype=np.float64) - mean) / np.sqrt(var / N)
    assert np.abs(z).max() < Z, f"the mean is off by {np.abs(z).max():.1f} standard deviations"
    squares = (y - mean) ** 2
    spread = np.sqrt(squares.var(axis=0, dtype=np.float64) / N) + member.slack * var
    z = (squares.mean(axis=0, dtype=np.float64) - var) / spread
    assert np.abs(z).max() < Z, f"the variance is off by {np.abs(z).max():.1f} standard deviations"


def test_gradients(member):
    x = mg.from_numpy(numbers(member, 3)).requires_grad_()
    assert gradcheck(lambda x: member.call(x, 0.4), x, **TIGHT)
    assert gradgradcheck(lambda x: member.call(x, 0.4) * x, x, **TIGHT)


def test_backward_sees_the_noise_of_forward(member, dtype):
    """y is a(noise) x + b(noise): the gradient is the slope between two inputs under the same noise."""
    x0, x1 = (mg.from_numpy(numbers(member, 50, dtype, seed)).requires_grad_() for seed in (1, 2))
    y0, y1 = (member.call(x, 0.4, seed=3) for x in (x0, x1))
    (dx,) = grad(y0.sum(), x0)
    np.testing.assert_allclose((dx * (x1 - x0)).numpy(force=True), (y1 - y0).numpy(force=True), rtol=1e-3, atol=1e-5)


def test_the_same_for_any_number_of_threads(member, dtype, threads):
    x = mg.from_numpy(numbers(member, 30_000, dtype))
    results = []
    for count in (1, 2, 3):
        threads(count)
        results.append(member.call(x, 0.3, seed=5).numpy().tobytes())
    assert results[0] == results[1] == results[2]


def test_the_same_for_any_instruction_set(member, dtype, isa):
    x = mg.from_numpy(numbers(member, 300, dtype))
    here = member.call(x, 0.3, seed=5).numpy()
    set_isa("scalar")  # the fixture puts it back
    plain = member.call(x, 0.3, seed=5).numpy()
    assert here.tobytes() == plain.tobytes()


def test_seed_generator_and_default(member):
    x = mg.from_numpy(numbers(member, 40))
    before = mg.get_rng_state().tolist()
    a, b, c = (member.call(x, 0.4, seed=seed).numpy() for seed in (7, 7, 8))
    assert (a == b).all() and (a != c).any()
    g = mg.Generator().manual_seed(7)
    first, second = (member.call(x, 0.4, generator=g).numpy() for _ in range(2))
    assert (first == a).all() and (first != second).any()
    assert mg.get_rng_state().tolist() == before
    mg.manual_seed(7)
    assert (member.call(x, 0.4).numpy() == a).all()
    with pytest.raises(ValueError, match="not both"):
        member.call(x, 0.4, seed=1, generator=g)
    with pytest.raises(TypeError, match=r"must be a minigrad\.Generator"):
        member.call(x, 0.4, generator=3)


def test_evaluation_and_rate_zero_draw_nothing(member, dtype):
    x = mg.from_numpy(numbers(member, 4, dtype))
    before = mg.get_rng_state().tolist()
    y = member.call(x, 0.4, training=False)
    assert y.numpy().tobytes() == member.eval(x.numpy(), 0.4).tobytes()
    assert member.call(x, 0.0).numpy().tobytes() == x.numpy().tobytes()
    assert member.call(x, 0.0) is x
    assert mg.get_rng_state().tolist() == before


def test_rate_one(member, dtype):
    if member.at_one is None:
        pytest.skip("its size has no end")
    x = mg.from_numpy(np.concatenate([numbers(member, 3, dtype), np.full((1, *member.shape), np.inf, dtype)]))
    x.requires_grad_()
    y = member.call(x, 1.0)
    assert (y.numpy(force=True) == member.at_one).all() and not np.signbit(y.numpy(force=True)).any()
    (dx,) = grad(y.sum(), x)
    assert (dx.numpy() == 0).all()


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_bad_rates(member, rate):
    x = mg.from_numpy(numbers(member, 2))
    for training in (True, False):
        with pytest.raises(ValueError, match="has to be"):
            member.call(x, rate, training=training)
    with pytest.raises(ValueError, match="has to be"):
        member.layer(rate)


def test_bad_input(member):
    x = mg.from_numpy(numbers(member, 2))
    for bad in ("0.5", None, [0.5]):
        with pytest.raises(TypeError, match=r"must be a number|unsupported operand"):
            member.call(x, bad)
    with pytest.raises(TypeError, match="must be Tensor, not list"):
        member.call([1.0], 0.5)
    with pytest.raises(RuntimeError, match="floating-point input"):
        member.call(x.long(), 0.5)


def test_no_elements(member, dtype):
    x = mg.from_numpy(numbers(member, 0, dtype)).requires_grad_()
    y = member.call(x, 0.5)
    assert y.shape == x.shape
    y.sum().backward()
    assert x.grad.shape == x.shape


def test_in_place(member):
    x = mg.from_numpy(numbers(member, 20))
    expected = member.call(x, 0.4, seed=2).numpy()
    y = x.clone()
    assert member.call(y, 0.4, seed=2, inplace=True) is y and y._version == 1
    assert (y.numpy() == expected).all()


def test_the_module(member, dtype):
    """It is the function, with a stream of its own if it has a seed, and this travels in the state_dict."""
    x = mg.from_numpy(numbers(member, 30, dtype))
    layer = member.layer(0.4, seed=7)
    g = mg.Generator().manual_seed(7)
    for _ in range(2):
        assert (layer(x).numpy() == member.call(x, 0.4, generator=g).numpy()).all()
    other = member.layer(0.4, seed=1)
    other.load_state_dict(layer.state_dict())
    assert (other(x).numpy() == layer(x).numpy()).all()
    assert list(member.layer(0.4).state_dict()) == []
    assert (layer.eval()(x).numpy() == member.eval(x.numpy(), 0.4)).all()
    assert "seed=7" in repr(layer)
    mg.manual_seed(3)
    y = member.layer(0.4)(x).numpy()
    assert (y == member.call(x, 0.4, seed=3).numpy()).all()


def test_a_number(member):
    """Of no dimensions, where the member is defined for them."""
    if member.name not in NUMBERS:
        pytest.skip("it needs dimensions")
    y = member.call(mg.tensor(2.0), 0.5, seed=1)
    assert y.shape == () and np.isfinite(y.item())


def test_nothing_is_stored_for_backward(member):
    """What the graph keeps is the input's, if anything: no mask, no noise."""
    x = mg.from_numpy(numbers(member, 5)).requires_grad_()
    node, seen = member.call(x, 0.4).node, set()
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, Function) and node not in seen:
            seen.add(node)
            for saved in node.saved_tensors:
                assert saved is None or saved.array is x.array or saved.array.ndim == 0, type(node).__name__
            stack += [edge[0] for edge in node._edges if edge is not None]
    assert seen


def test_names():
    for name in ("ClassicDropout", "GaussianDropout", "ExactDropout", "DropPath", "LockedDropout", "DropBlock2d"):
        assert issubclass(getattr(nn, name), nn.Module)
