"""Independent graphs in threads; deepcopy and pickle of leaves; what crosses from NumPy and back."""

from __future__ import annotations

import copy
import io
import pickle
import threading

import numpy as np
import pytest

from minigrad.creation import from_dlpack, from_numpy, ones, tensor
from minigrad.nn import functional as F
from minigrad.nn.parameter import Parameter

from .face import same_as_torch


def in_threads(work, count):
    """The results of work(i) for each i, all at the same time; an exception in one is raised here."""
    results, errors, start = [None] * count, [], threading.Barrier(count, timeout=30)

    def run(i):
        try:
            start.wait()
            results[i] = work(i)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(daemon=True, target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def train(seed):
    rng = np.random.default_rng(seed)
    x, w = from_numpy(rng.standard_normal((16, 8))), from_numpy(rng.standard_normal((4, 8))).requires_grad_()
    target = from_numpy(rng.integers(0, 4, 16))
    for _ in range(50):
        w.grad = None
        F.cross_entropy(F.linear(x, w).tanh(), target).backward()
        w.data.sub_(w.grad * 0.5)
    return w.detach().numpy()


def test_independent_graphs():
    """As many threads as graphs: the results are those of one thread, to the bit."""
    alone = [train(i) for i in range(4)]
    for together, expected in zip(in_threads(train, 4), alone):
        np.testing.assert_array_equal(together, expected)


def test_one_leaf_in_many_graphs():
    """Threads may read a tensor at the same time; each has its own graph on top."""
    x = from_numpy(np.linspace(0.1, 1.0, 1000))
    want = np.exp(x.numpy()) * (1 + x.numpy())

    def work(i):
        y = x.detach().clone().requires_grad_()
        for _ in range(30):
            y.grad = None
            (y.exp() * y).sum().backward()
        return y.grad.numpy()

    for got in in_threads(work, 4):
        np.testing.assert_allclose(got, want, 1e-12)


def test_an_error_in_one_thread_is_its_own():
    def work(i):
        if i == 0:
            with pytest.raises(RuntimeError):
                ones(2).backward()
        return train(i)

    np.testing.assert_array_equal(in_threads(work, 3)[1], train(1))


@same_as_torch
def test_deepcopy(t):
    x = t.tensor([1.0, 2.0], dtype=t.float64, requires_grad=True)
    (x * 3.0).sum().backward()
    y = copy.deepcopy(x)
    assert y is not x and y.requires_grad and y.is_leaf and y.grad is not x.grad
    assert not np.shares_memory(y.detach().numpy(), x.detach().numpy())
    assert not np.shares_memory(y.grad.numpy(), x.grad.numpy())
    with t.no_grad():
        y.zero_()
    y.grad.zero_()
    both = copy.deepcopy([x, x])
    assert both[0] is both[1]
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(x * 2.0)
    plain = copy.deepcopy(t.arange(3))
    (y * 2.0).sum().backward()
    return [x, x.grad, y, y.grad, plain, copy.deepcopy((x * 2.0).detach())]


@same_as_torch
def test_pickle(t):
    x = t.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=t.float64, requires_grad=True)
    results = [pickle.loads(pickle.dumps(value)) for value in (
        x, x.detach(), x.detach().T, x.detach()[:, 0], t.arange(3), t.tensor([True]), t.zeros(0, 2), x.T.detach())]
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        results.append(pickle.loads(pickle.dumps(x, protocol)))
    assert results[0].is_leaf
    results[0].requires_grad_(False).zero_()
    assert x.sum().item() == 10.0
    return results


@same_as_torch
def test_pickle_of_a_scalar(t):
    return [pickle.loads(pickle.dumps(t.tensor(value))) for value in (1.5, 2, True)]


def test_graphs_are_not_pickled():
    with pytest.raises(RuntimeError, match=r"leaf|leaves"):
        pickle.dumps(ones(2, requires_grad=True) * 2.0)


def test_parameters_copy_as_parameters():
    p = Parameter(ones(2))
    (p * 2.0).sum().backward()
    for twin in (copy.deepcopy(p), pickle.load(io.BytesIO(pickle.dumps(p)))):
        assert type(twin) is Parameter and twin.requires_grad and twin.tolist() == [1.0, 1.0]
        assert not np.shares_memory(twin.detach().numpy(), p.detach().numpy())
    frozen = copy.deepcopy(Parameter(ones(2), requires_grad=False))
    assert not frozen.requires_grad


@same_as_torch
def test_shallow_copy(t):
    x = t.ones(2, requires_grad=True)
    y = copy.copy(x)
    assert np.shares_memory(y.detach().numpy(), x.detach().numpy()) and y.requires_grad
    return y


@same_as_torch
def test_numpy_shares_memory(t):
    array = np.arange(3.0)
    x = t.from_numpy(array)
    array[0] = 7.0
    assert x[0].item() == 7.0 and np.shares_memory(x.numpy(), array)
    x.mul_(2.0)
    copied = t.tensor(array)
    array[:] = 0.0
    with pytest.raises(RuntimeError, match="Can't call numpy\\(\\) on Tensor that requires grad"):
        t.ones(1, requires_grad=True).numpy()
    assert t.ones(1, requires_grad=True).numpy(force=True).tolist() == [1.0]
    return [x, copied, np.asarray(t.ones(2)).dtype.name, np.array(t.arange(2)).tolist()]


def test_dlpack_shares_memory():
    array = np.arange(3.0)
    x = from_dlpack(array)
    array[1] = 9.0
    assert x.tolist() == [0.0, 9.0, 2.0]
    assert np.shares_memory(np.from_dlpack(tensor([1.0, 2.0])), np.empty(0)) is False
    y = tensor([1.0, 2.0])
    assert np.shares_memory(np.from_dlpack(y), y.numpy())
