"""Making tensors, keys and types: expressions whose outcome, or exception's class, is the same in both libraries."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from engine.face import assert_same, needs_torch, ours, outcome, theirs

MADE = """
t.zeros(2, 3) | t.zeros((2, 3)) | t.zeros([2]) | t.zeros(t.Size([2])) | t.zeros(size=(2, 1)) | t.zeros(())
t.zeros(0) | t.zeros() | t.zeros(2.0) | t.zeros('a') | t.zeros(True) | t.zeros([2], 3) | t.zeros(-1)
t.zeros(2**62, 4) | t.zeros(2**40) | t.rand(2**40) | t.arange(2**40) | t.full((2**40,), 1.0) | t.zeros(np.int64(2))
t.zeros(t.tensor(2), 3) | t.zeros(3, names=('a',)) | t.zeros(3, layout=t.strided) | t.zeros(3, device='cpu')
t.zeros(2, dtype=t.bool) | t.zeros(3, out=t.ones(2)) | t.arange(3, out=t.zeros(3))
t.zeros(2, requires_grad=True, dtype=t.int64) | t.ones(2, dtype=float) | t.ones(2, dtype=int) | t.ones(2, 2).to(bool)
t.arange(1, 2.5) | t.arange(5, dtype=t.float32) | t.arange(1, 0) | t.arange(0, 1, 0.1) | t.arange(t.tensor(3))
t.arange(5, 0, -2) | t.arange(0, 1, 0) | t.arange(0, 64, .5, dtype=t.int64) | t.arange(0, float('inf')) | t.arange(0)
t.arange(end=3) | t.arange(True) | t.arange(0, 3, dtype=t.bool) | t.arange(0.0, -8.1, -4.0, dtype=t.int64)
t.arange(-3, 3, 2, dtype=t.int32) | t.linspace(0, 1, 1) | t.linspace(0, 10, 5, dtype=t.int64) | t.linspace(0, 1, 0)
t.linspace(0, 1, -1) | t.linspace(0, 1, 2.0) | t.linspace(t.tensor(0.), 1, 3) | t.linspace(0, 1, 7)
t.logspace(0, 2, 3) | t.logspace(0, 2, 3, base=2) | t.logspace(0, 1, -1) | t.full((2,), 1) | t.full((2,), True)
t.full((2,), 1.5, dtype=t.int64) | t.full((2,), 'a') | t.full(2, 1) | t.full([2], t.tensor(3.)) | t.eye(2, 3)
t.eye(-1) | t.eye(2, -1) | t.eye(1.5) | t.eye(2, dtype=t.bool) | t.vander(t.tensor([1, 2, 3])) | t.tensor([1, 2.5])
t.tensor([True, 2]) | t.tensor([True, 2.0]) | t.tensor([]) | t.tensor([[], []]) | t.tensor(()) | t.tensor(range(3))
t.tensor([[1, 2], [3]]) | t.tensor([[1], 2]) | t.tensor([1, [2]]) | t.tensor('a') | t.tensor(None) | t.tensor([None])
t.tensor({1: 2}) | t.tensor([1, 'a']) | t.tensor(2**63) | t.tensor([2**63]) | t.tensor([-2**63]) | t.tensor(1e40)
t.tensor({1, 2}) | t.tensor(b'3') | t.tensor([t.tensor(1.), t.tensor(2)]) | t.tensor([t.ones(2), t.ones(2)])
t.tensor([[t.tensor(1.), 2], [3, 4]]) | t.tensor(iter([1])) | t.tensor(np.float32(2)) | t.tensor([np.float64(2)])
t.tensor([1.0, np.float64(2)]) | t.tensor([np.float32(2)]) | t.tensor([np.int32(2)])
t.tensor([np.ones(2), np.ones(2)]) | t.tensor(np.float64(2)) | t.tensor(np.array(['a']))
t.tensor([np.bool_(True), False]) | t.tensor([300], dtype=t.uint8) | t.tensor([-1], dtype=t.uint8)
t.tensor([1.9], dtype=t.int64) | t.tensor([2], dtype=t.bool) | t.tensor([float('nan')], dtype=t.int64)
t.tensor(3.7, dtype=t.int64) | t.tensor([1], requires_grad=True) | t.tensor([1, 2], dtype=int)
t.tensor([2**31], dtype=t.int32) | t.tensor([[1, 2], [3, 4]], dtype=t.float64, requires_grad=True)
t.tensor([[1.5, 2]] * 2) | t.as_tensor([1, 2]) | t.as_tensor(np.float64(2)) | t.asarray([1.0, 2]) | t.asarray(3)
t.asarray(np.ones(2)) | t.from_numpy([1]) | t.asarray([1.], requires_grad=True) | t.asarray(t.ones(2), copy=True)
t.asarray([1], copy=False) | t.scalar_tensor(3) | t.frombuffer(bytearray(8), dtype=t.float32)
t.from_dlpack(np.arange(3)) | t.Tensor([1, 2]) | t.Tensor() | t.zeros(2).new_zeros(3) | t.zeros(2).new_tensor([1, 2])
t.zeros(2, dtype=t.int64).new_tensor([1.5]) | t.zeros(2).new_full((2,), 3) | t.zeros(2).new_full((2,), True)
t.zeros(2).new([1, 2]) | t.zeros(2).new_zeros((2,), dtype=t.int64) | t.zeros(2).new_ones([2, 2])
t.full_like(t.zeros(2, dtype=t.int64), 1.5) | t.zeros_like(t.ones(2), dtype=t.int64) | t.ones_like([1])
t.randint(5, 5, (2,)) | t.randint(2**63, (2,)) | t.randint(0, 300, (2,), dtype=t.uint8) | t.randint(1.5, (2,))
t.randn(2, generator=5) | t.randint(5, (2,)).dtype.itemsize | t.randint(1, size=(2,))
t.randint(0, 1, (2,), dtype=t.float32) | t.randperm(-1) | t.randperm(1) | t.rand(2, dtype=t.int64)
t.rand_like(t.zeros(2, dtype=t.int64)) | t.normal(0., -1., (2,)) | t.normal(t.zeros(2), -t.ones(2)) | t.normal(1., 1.)
list(t.normal(t.zeros(3)).shape) | list(t.normal(0, t.ones(2)).shape) | t.normal(t.zeros(2), t.ones(3))
t.normal(2, 0, size=(1, 4)) | t.zeros(2).apply_(lambda v: v + 1) | t.zeros(3).map_(t.ones(3), lambda a, b: a + 2 * b)
t.ones(1, requires_grad=True).apply_(abs) | t.can_cast(t.float32, t.int64) | t.can_cast(t.int64, t.uint8)
t.can_cast(t.int64, t.bool) | t.can_cast(t.bool, t.float32) | str(t.promote_types(t.uint8, t.int32))[-5:]
str(t.result_type(t.ones(2, dtype=t.int64), 1.0))[-7:] | str(t.result_type(1, 2.0))[-7:]
str(t.result_type(t.tensor(1, dtype=t.int32), 1))[-5:]
str(t.result_type(t.tensor(1.), t.ones(2, dtype=t.int64)))[-7:] | t.finfo(t.float64).eps | t.finfo().tiny
t.finfo(t.int64) | t.iinfo(t.uint8).max | t.iinfo(t.float32) | t.iinfo(t.bool) | repr(t.finfo(t.float32))
repr(t.iinfo(t.int64)) | t.is_tensor(1) | t.numel(1) | t.is_nonzero(t.tensor([1.])) | t.is_nonzero(t.ones(2))
t.is_complex(t.ones(1)) | t.Size([2, 3]).numel() | t.Size([2, 3]) + (4,) | t.Size([2, 3])[1:]
type(t.Size([2, 3])[1:]).__name__ | t.Size([2.5]) | t.Size() | (1,) + t.Size([2]) | t.ones(2, 3)[1].storage_offset()
t.ones(2, 3).stride() | t.ones(2, 1, 3).stride() | t.ones(2, 0).stride() | t.ones(2, 3).T.stride(0)
t.ones(2, 3).dim_order() | t.ones(2, 3).T.is_contiguous() | t.ones(2).element_size()
t.empty_strided((2, 3), (1, 2)).stride() | t.zeros(3, 2).t().squeeze_(0) | t.zeros(3).unsqueeze_(0)
t.arange(6.).reshape(2, 3).transpose_(0, 1) | t.zeros(2, 3, 4).t_() | t.pi + t.e | t.newaxis is None
t.get_default_dtype() is t.float32 | t.float32.is_signed | t.uint8.is_signed
"""

KEYS = """
x[[0, 1]] | x[[[0, 1], [1, 0]]] | x[[0, slice(None)]] | x[[None, 0]] | x[True] | x[False] | x[1.0] | x[t.tensor(1)]
x[t.tensor(True)] | x[np.array([0, 1])] | x[np.int64(1)] | x[5] | x[-3] | x[i + 5] | x[t.tensor([True, False, True])]
x[0, 0, 0, 0] | x[..., ...] | x[::-1] | x[t.tensor([1, 0], dtype=t.uint8)] | x[t.tensor([1.0])] | x[:, [0, 2], None]
x[i, :, i] | x[i, 0, i] | x[0, :, i] | x[None, i, :, [1, 2]] | x[range(2)] | x[(0, 1), ] | x[[True, False]]
x[t.tensor([], dtype=t.long)] | x[[]] | x[i, t.tensor([0, 1, 2])] | x[0:1.5] | x[-1:] | x[slice(0, t.tensor(1))]
x[i.int()] | x[..., 0] | x[0, ..., None, 1] | x[x > 3] | x[:, x[0, :, 0] > 3] | x[i[:, None], :2] | x[100:200]
x[0, i, None, i] | x[:, i, i] | x[()] | x[...] | x[i.bool()] | x[x[0] > 100] | x[0][0][0][0] | x[1, 2, t.tensor(3)]
x[{1}]
"""

ASSIGNMENTS = """
z[0] = t.ones(1) | z[0] = t.ones(2) | z[0:2] = t.ones(3) | z[i] = t.ones(3) | z[i] = t.ones(2, dtype=t.float64)
z[0:2] = t.ones(2, dtype=t.float64) | z[0] = 'a' | z[0:2] = [1, 2] | z[i] = [1, 2] | z[0] = np.float64(2)
z[0:2] = np.ones(2) | z[z > 0] = 5 | z[t.tensor([True, False, False])] = t.ones(2) | z[0:2] = t.ones(1, 1, 2)
z[i] = t.ones(1, 1, 2) | z[0] = None | z[...] = 5 | z[True] = 4 | z[False] = 4 | z[i] = d | z[z < 2] = d | z[3] = 1
z[:] = z.flip(0) | z[i] += 2 | z[[0, 0]] += 1 | z[None, 0] = 3 | z[0] = True | z[::2] = t.tensor([7, 8])
z[t.tensor(1)] = 9 | z[-1] = z[0] | z[i] = z[i.flip(0)] | z[()] = 2
"""


def items(text: str) -> list[str]:
    return [item.strip() for line in text.strip().splitlines() for item in line.split(" | ")]


def names(t: Any) -> dict:
    return {"t": t, "np": np, "x": t.arange(24.0).reshape(2, 3, 4), "z": t.arange(3.0), "i": t.tensor([0, 1]),
            "d": t.tensor(1.5, dtype=t.float64)}


@needs_torch
@pytest.mark.parametrize("code", items(MADE) + items(KEYS))
def test_outcome(code):
    assert_same(*(outcome(lambda t: eval(code, names(t)), library) for library in (ours, theirs())))


@needs_torch
@pytest.mark.parametrize("code", items(ASSIGNMENTS))
def test_assignment(code):
    """The tensor after it; and again where its history is recorded, with its gradient."""
    def scenario(t: Any, recorded: bool) -> Any:
        scope = names(t)
        leaf = scope["z"].requires_grad_(recorded)
        scope["z"] = leaf * 1
        exec(code, scope)
        if not recorded:
            return scope["z"]
        (scope["z"] * scope["z"].detach()).sum().backward()
        return [scope["z"], leaf.grad]

    for recorded in (False, True):
        got, want = (outcome(functools.partial(scenario, recorded=recorded), t) for t in (ours, theirs()))
        assert_same(got, want)


def test_keys_keep_their_meaning_until_backward():
    """The index that backward uses is the one that forward had."""
    x, at = ours.arange(4.0).requires_grad_(), ours.tensor([0, 1])
    y = x[at]
    at.fill_(3)
    y.sum().backward()
    assert x.grad.tolist() == [1, 1, 0, 0]


def test_memory_is_shared_both_ways():
    array = np.arange(3.0, dtype=np.float32)
    x = ours.from_numpy(array)
    for alias in (x.numpy(), np.from_dlpack(x), np.asarray(x), ours.asarray(array).numpy(), ours.as_tensor(x).numpy()):
        assert np.shares_memory(alias, array)
    assert not np.shares_memory(ours.tensor(array).numpy(), array)
    with pytest.raises(BufferError):
        np.from_dlpack(ours.ones(2, requires_grad=True))
    assert np.shares_memory(ours.asarray(array, copy=None).numpy(), array)


@needs_torch
def test_dlpack_with_torch():
    torch = theirs()
    x = ours.arange(3.0)
    torch.from_dlpack(x)[0] = 7
    y = torch.arange(3.0)
    ours.from_dlpack(y)[1] = 9
    assert x.tolist() == [7, 1, 2]
    assert y.tolist() == [0, 9, 2]


def test_fork_rng_leaves_the_generator():
    ours.manual_seed(3)
    before = ours.get_rng_state().tolist()
    with ours.random.fork_rng():
        ours.rand(5)
        ours.manual_seed(9)
    assert ours.get_rng_state().tolist() == before
