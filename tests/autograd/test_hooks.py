"""Hooks on nodes, after accumulation, and on what is saved; the graph as a reader sees it."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from engine.face import leaf, ours, same_as_torch

from minigrad.engine import Function


@same_as_torch
def test_after_accumulation(t):
    x, y, seen = leaf(t), leaf(t), []
    handle = x.register_post_accumulate_grad_hook(lambda p: seen.append((p is x, p.grad.tolist())))
    x.register_hook(lambda dx: dx * 2.0)
    (x * y).sum().backward()
    (x * 3.0).sum().backward()
    t.autograd.grad((x * y).sum(), x)
    (x * y).sum().backward(inputs=[y])
    (x * y).sum().backward(inputs=[x])
    handle.remove()
    x.sum().backward()
    assert seen == [(True, [2.0, 4.0]), (True, [8.0, 10.0]), (True, [10.0, 14.0])]
    return [x.grad, y.grad]


@same_as_torch
def test_an_optimiser_in_the_backward_pass(t):
    weights = [leaf(t), leaf(t, 3.0, 4.0)]
    optimisers = {w: t.optim.SGD([w], lr=0.1) for w in weights}

    def step(w):
        optimisers[w].step()
        optimisers[w].zero_grad()

    for w in weights:
        w.register_post_accumulate_grad_hook(step)
    for _ in range(3):
        (weights[0] * weights[1]).square().sum().backward()
    assert all(w.grad is None for w in weights)
    return weights


@same_as_torch
def test_hooks_on_a_node(t):
    x, seen = leaf(t), []
    y = x * leaf(t, 3.0, 4.0)
    node = y.grad_fn
    node.register_prehook(lambda dys: seen.append(("before", len(dys), dys[0].tolist())))
    node.register_prehook(lambda dys: (dys[0] * 10.0,))
    node.register_hook(lambda dxs, dys: seen.append(("after", len(dxs), dxs[0].tolist(), dys[0].tolist())))
    node.register_hook(lambda dxs, dys: (dxs[0] + 1.0, dxs[1]))
    gone = node.register_hook(lambda dxs, dys: seen.append("removed"))
    gone.remove()
    y.register_hook(lambda dy: dy * 2.0)
    other = x * 1.0
    (y.sum() + other.sum()).backward()
    assert seen == [("before", 1, [2.0, 2.0]), ("after", 2, [60.0, 80.0], [20.0, 20.0])]
    return [x.grad, seen]


@same_as_torch
def test_a_node_hook_returns_too_few(t):
    y = leaf(t) * leaf(t)
    y.grad_fn.register_hook(lambda dxs, dys: (dxs[0],))
    with pytest.raises(RuntimeError, match="incorrect number of values"):
        y.sum().backward()


@same_as_torch
def test_the_graph(t):
    x = leaf(t)
    y = x * 2.0
    z = y.sum()
    assert isinstance(z.grad_fn, t.autograd.graph.Node)
    assert [z.grad_fn.name(), y.grad_fn.name()] == ["SumBackward0", "MulBackward0"]
    (end, index), = y.grad_fn.next_functions[:1]
    assert end.name() == "torch::autograd::AccumulateGrad" and end.variable is x and index == 0
    assert end == y.grad_fn.next_functions[0][0] and end.next_functions == () and len({end, end}) == 1
    assert repr(z.grad_fn).startswith("<SumBackward0 object at 0x")


# -- what is saved -----------------------------------------------------------------------------------------------------


class Halves:
    """Keeps float64 tensors as arrays, and counts."""

    def __init__(self, t):
        self.packed = self.unpacked = 0
        self.t = t

    def pack(self, x):
        self.packed += 1
        return x.detach().numpy().copy()

    def unpack(self, array):
        self.unpacked += 1
        return self.t.from_numpy(array)

    def on(self):
        return self.t.autograd.graph.saved_tensors_hooks(self.pack, self.unpack)


@same_as_torch
def test_saved_tensors_are_packed(t):
    x, w, halves = leaf(t), leaf(t, 3.0, 4.0), Halves(t)
    with halves.on():
        y = (x * w).exp()          # saves both factors, and its own output
    z = (y * y).sum()              # outside: not packed
    assert (halves.packed, halves.unpacked) == (3, 0)
    first = t.autograd.grad(z, [x, w], create_graph=True)
    assert halves.unpacked == 3
    second = t.autograd.grad((first[0] * first[1]).sum(), [x, w])
    return [*first, *second]


@same_as_torch
def test_the_innermost_hooks_count(t):
    outer, inner, x = Halves(t), Halves(t), leaf(t)
    with outer.on():
        y = x.exp()
        with inner.on():
            y = y.exp()
        y = y.exp()
    y.sum().backward()
    assert (outer.packed, inner.packed) == (2, 1) and (outer.unpacked, inner.unpacked) == (2, 1)
    return x.grad


@same_as_torch
def test_packed_tensors_are_freed_with_the_graph(t):
    class Kept:
        pass

    x = leaf(t)
    kept = []

    def pack(tensor):
        box = Kept()
        box.tensor = tensor
        kept.append(weakref.ref(box))
        return box

    with t.autograd.graph.saved_tensors_hooks(pack, lambda box: box.tensor):
        y = x.exp()
    y.sum().backward()
    gc.collect()
    assert kept and all(ref() is None for ref in kept)
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.sum().backward()


@same_as_torch
def test_a_packed_operation_of_the_users(t):
    class Cube(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, None)
            return x**3

        @staticmethod
        def backward(ctx, dy):
            x, nothing = ctx.saved_tensors
            assert nothing is None
            return dy * 3.0 * x * x

    x, halves = leaf(t), Halves(t)
    with halves.on():
        y = Cube.apply(x)
    assert y.grad_fn.name() == "CubeBackward"
    (dx,) = t.autograd.grad(y.sum(), x, create_graph=True)
    return [dx, *t.autograd.grad(dx.sum(), x)]


@same_as_torch
def test_save_on_cpu(t):
    x = leaf(t)
    with t.autograd.graph.save_on_cpu():
        y = x.exp() * x
    y.sum().backward()
    return x.grad


def test_nothing_is_left_of_the_hooks():
    plain = Function._keep_saved
    with pytest.raises(KeyError), Halves(ours).on():
        assert Function._keep_saved is not plain
        raise KeyError
    assert Function._keep_saved is plain


def test_an_unpacked_tensor_of_another_shape():
    with ours.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: ours.ones(3)):
        y = leaf(ours).exp()
    with pytest.raises(RuntimeError, match=r"unpack_hook returned a Tensor of torch\.float32 \[3\]"):
        y.sum().backward()


def test_half_precision_on_the_way():
    x = ours.tensor(np.linspace(0.0, 1.0, 5), requires_grad=True)
    with ours.autograd.graph.saved_tensors_hooks(lambda s: s.numpy().astype(np.float16),
                                                 lambda p: ours.from_numpy(p.astype(np.float64))):
        y = x.exp()
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp(np.linspace(0.0, 1.0, 5)).astype(np.float16))


@same_as_torch
def test_variable(t):
    x = t.autograd.Variable(t.ones(2), requires_grad=True)
    assert isinstance(x, t.Tensor) and isinstance(x, t.autograd.Variable) and not isinstance(3, t.autograd.Variable)
    (x * 2).sum().backward()
    y = t.autograd.variable.Variable(x)
    return [x.grad, y.requires_grad, t.autograd.Variable(t.arange(2))]


@pytest.mark.parametrize("loss", [
    lambda x: ours.nn.functional.cross_entropy(x, ours.tensor([0, 2])),
    lambda x: ours.nn.functional.cross_entropy(x, ours.tensor([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])),
    lambda x: (ours.nn.functional.layer_norm(x, (3,)) ** 3).sum(),
    lambda x: (ours.nn.functional.batch_norm(x, None, None, training=True) ** 3).sum(),
], ids=["classes", "probabilities", "layer_norm", "batch_norm"])
def test_what_kernels_saved_may_come_back_as_new_tensors(loss):
    """Statistics, too: as after a trip to a file, they have no pointer yet."""
    def gradient():
        x = ours.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]], requires_grad=True)
        loss(x).backward()
        return x.grad

    with ours.autograd.graph.saved_tensors_hooks(lambda t: t.detach().numpy().copy(), ours.from_numpy):
        packed = gradient()
    assert ours.equal(packed, gradient())
