"""nn.Dropout: modes, the stream that a module owns, and what a checkpoint holds. tests/dropout has the operator."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import nn
from minigrad.creation import ones, randn, tensor
from minigrad.random import Generator, get_rng_state, manual_seed

X = ones(64, 32)


def test_modes():
    layer = nn.Dropout(0.5)
    assert layer.eval()(X) is X
    y = layer.train()(X)
    assert set(np.unique(y.numpy())) == {0.0, 2.0}
    assert nn.Dropout(0.0)(X) is X
    assert nn.Dropout(1.0)(X).numpy().max() == 0.0


@pytest.mark.parametrize("p, error", [(-0.1, ValueError), (1.5, ValueError), (float("nan"), ValueError),
                                      ("0.5", TypeError), (None, TypeError)])
def test_bad_p_is_refused_at_once_and_later(p, error):
    with pytest.raises(error, match="dropout probability"):
        nn.Dropout(p)
    layer = nn.Dropout(0.5)
    layer.p = p
    with pytest.raises(error, match="dropout probability"):
        layer(X)
    with pytest.raises(error, match="dropout probability"):
        layer.eval()(X)


def test_inplace():
    x = ones(8)
    y = nn.Dropout(0.5, inplace=True)(x)
    assert y is x and x._version == 1
    with pytest.raises(RuntimeError, match="leaf Variable"):
        nn.Dropout(0.5, inplace=True)(ones(3).requires_grad_())


def test_an_owned_stream():
    a, b = nn.Dropout(0.5, seed=7), nn.Dropout(0.5, seed=7)
    before = get_rng_state().tolist()
    first, second = a(X).numpy(), a(X).numpy()
    assert (first != second).any(), "calls differ"
    assert (b(X).numpy() == first).all() and (b(X).numpy() == second).all(), "modules with one seed repeat each other"
    assert get_rng_state().tolist() == before, "the default generator does not move"
    assert (nn.Dropout(0.5, seed=8)(X).numpy() != first).any()
    nn.Dropout(0.5, seed=2 ** 64 - 1)(X)


def test_a_given_generator():
    g, h = Generator().manual_seed(3), Generator().manual_seed(3)
    assert (nn.Dropout(0.5, generator=g)(X).numpy() == nn.Dropout(0.5, generator=h)(X).numpy()).all()
    with pytest.raises(ValueError, match="not both"):
        nn.Dropout(0.5, generator=g, seed=1)
    with pytest.raises(TypeError, match="Generator"):
        nn.Dropout(0.5, generator=7)(X)


def test_without_a_seed_the_default_generator_decides():
    manual_seed(1)
    first = nn.Dropout(0.5)(X).numpy()
    manual_seed(1)
    assert (nn.Dropout(0.5)(X).numpy() == first).all()


def test_noise_shape():
    y = nn.Dropout(0.5, noise_shape=(None, 1))(X).numpy()
    assert (y == y[:, :1]).all() and set(np.unique(y)) == {0.0, 2.0}


def test_the_position_travels_in_the_state_dict():
    model = nn.Sequential(nn.Linear(32, 8), nn.Dropout(0.5, seed=7), nn.Dropout(0.5))
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1._extra_state"], "a plain Dropout adds no key"
    model[1](X), model[1](X)
    saved = copy.deepcopy(model.state_dict())
    expected = [model[1](X).numpy() for _ in range(3)]
    fresh = nn.Sequential(nn.Linear(32, 8), nn.Dropout(0.5, seed=99), nn.Dropout(0.5))
    fresh.load_state_dict(saved)
    assert all((fresh[1](X).numpy() == e).all() for e in expected)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"])
def test_the_position_travels_in_copies(duplicate):
    layer = nn.Dropout(0.5, seed=7)
    layer(X)
    other = duplicate(layer)
    assert (layer(X).numpy() == other(X).numpy()).all()


@pytest.mark.parametrize("state", [tensor([1, 2]), ones(16), tensor([1] * 15).byte()])
def test_a_bad_position_is_refused(state):
    with pytest.raises((TypeError, RuntimeError), match=r"get_state|ByteTensor"):
        nn.Dropout(0.5, seed=7).load_state_dict({"_extra_state": state})


def test_gradient_has_the_mask_of_the_output():
    x = randn(64, 32).requires_grad_()
    layer = nn.Dropout(0.3, seed=1)
    y = layer(x)
    y.sum().backward()
    kept = y.numpy(force=True) != 0
    assert ((x.grad.numpy() != 0) == kept).all()


def test_repr():
    assert repr(nn.Dropout(0.2, inplace=True)) == "Dropout(p=0.2, inplace=True)"
    assert repr(nn.Dropout(0.2, seed=3, noise_shape=(None, 1))) == (
        "Dropout(p=0.2, inplace=False, seed=3, noise_shape=(None, 1))")
