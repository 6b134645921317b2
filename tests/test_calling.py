"""How scripts call things: results with names, out=, NumPy's names, the old tensor types, formatting; as PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from faces import printed

import minigrad

LINES = """
    t.max(M, 1) | t.min(M, dim=0) | M.sort() | t.topk(M, 1) | t.kthvalue(M, 1) | t.mode(M) | M.median(0)
    t.nanmedian(M, 0) | t.cummax(M, 0) | t.cummin(M, 0) | t.aminmax(M) | t.slogdet(M[:, :2]) | t.histogram(M, 2)
    t.add(V, 1, out=t.empty(2)) | t.add(V, 1, out=t.empty(2).double()) | t.add(V, 1, out=t.empty(2).long())
    type(t.max(M, 1)) | t.mm(M, M.T, out=t.empty(2, 2)) | t.cat([V, V], out=t.empty(0))
    t.sum(M, dim=0, out=t.empty(3)) | t.sigmoid(V, out=t.empty(2))
    t.add(V.requires_grad_(), 1, out=t.empty(2)) | t.add(V, 1, out=t.empty(2).requires_grad_()) | t.exp(V, out=3)
    t.relu(V, out=V) | t.flatten(M, out=V) | t.eq(V, 1, out=t.empty(2).bool()) | tuple(t.max(M, 0, out=(V, V.long())))
    t.cat([V, V], axis=0) | t.stack([V, V], axis=1) | t.softmax(M, axis=1) | t.unsqueeze(V, axis=0) | t.sort(V, axis=0)
    t.exp(input=V) | t.where(condition=V > 1, input=V, other=V) | t.unbind(V, axis=0) | t.squeeze(M[:1], axis=0)
    t.Tensor([1, 2]) | t.Tensor(2, 3).shape | t.Tensor(3).shape | t.Tensor(V.shape).shape | t.Tensor() | t.Tensor(2.5)
    t.Tensor((2, 3)) | t.Tensor('a') | t.Tensor(None) | t.Tensor([[1], [2, 3]]) | t.Tensor(True) | t.Tensor(-1)
    t.FloatTensor([1, 2]) | t.LongTensor([1.7]) | t.LongTensor(2, 2).shape | t.ByteTensor([1]) | t.BoolTensor([True])
    t.DoubleTensor(np.ones(2, np.float32)) | t.IntTensor([1]).type() | t.FloatTensor | isinstance(V, t.FloatTensor)
    isinstance(V, t.LongTensor) | V.type(t.LongTensor) | V.type('torch.DoubleTensor') | V.type('torch.NoTensor')
    f"{V.sum()} {V.sum():.2f} {V}" | f"{V:.2f}" | f"{V.sum().requires_grad_()}" | f"{t.nn.Parameter(V.sum()):.1f}"
    t.backends.mps.is_available() | t.accelerator.is_available() | t.accelerator.current_accelerator() | t.version.cuda
    t.optim.SGD([{"params": [V]}, {"params": [M], "lr": 1.0}], lr=0.1) | type(V)
    I + t.tensor([1, 2, 3]) | I * t.ones(3).long() | I ** t.tensor([1, 2, 3]) | V // t.ones(3) | V % t.ones(3)
    t.cat(M) | t.stack(M) | t.hstack(M) | t.trapezoid(V, 2.0) | t.trapezoid(V, V) | t.cumulative_trapezoid(V, 'a')
    t.is_same_size(V, 1) | V.adjoint() | V.sum().adjoint() | t.bincount(V) | t.histogram(V[:1], 2) | t.histc(V[:1], 2)
    t.cuda.memory_allocated() | t.get_default_device() | V.type_as(I) | I.type_as(M) | V.reshape_as(V[None]) | V.is_cuda
    V.reshape_as(M) | t.Generator().manual_seed(3).clone_state().initial_seed()
"""
EXPRESSIONS = [expression.strip() for line in LINES.strip().splitlines() for expression in line.split(" | ")]


def seen(expression, library):
    """What an expression prints, or the class of its exception."""
    names = {"t": library, "np": np, "V": library.tensor([1.0, 2.0]), "I": library.tensor([1, 2]),
             "M": library.tensor([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]])}
    return printed(expression, names)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_as_pytorch(expression):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    assert seen(expression, minigrad) == seen(expression, torch)


def test_every_named_result_says_where_it_is_from():
    assert type(minigrad.max(minigrad.eye(2), 0)) is minigrad.return_types.max
    values, indices = minigrad.max(minigrad.eye(2), 0)
    assert values.tolist() == [1, 1] and indices.tolist() == [0, 1]


def test_the_default_device_is_the_cpu():
    """Of minigrad alone: in PyTorch the call switches on a mode for the whole process, in which l1_loss of 2.13 forgets
    its weight, and tests that come later would compare with that."""
    assert minigrad.set_default_device("cpu") is None and minigrad.set_default_device(None) is None
    with pytest.raises(RuntimeError, match="CPU only"):
        minigrad.set_default_device("cuda")
