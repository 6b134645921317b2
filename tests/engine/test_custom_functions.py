"""Functions of a user's own, written exactly as for PyTorch and run through both libraries."""

from __future__ import annotations

import pytest

from .face import ours, same_as_torch


def leaf(t, *values):
    return t.tensor(values or (1.0, 2.0), dtype=t.float64, requires_grad=True)


def scaled_exp(t):
    class ScaledExp(t.autograd.Function):
        """As in PyTorch's tutorial: saves its result, and has a constant."""

        @staticmethod
        def forward(ctx, i, scale):
            result = i.exp() * scale
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, grad_output):
            (result,) = ctx.saved_tensors
            return grad_output * result, None

    return ScaledExp


@same_as_torch
def test_saved_output_and_constants(t):
    x, op = leaf(t), scaled_exp(t)
    y = op.apply(x, 3.0)
    assert y.grad_fn.name() == "ScaledExpBackward" and y.requires_grad and not y.is_leaf
    first = t.autograd.grad(y.sum(), x, create_graph=True)[0]
    second = t.autograd.grad(first.sum(), x, create_graph=True)[0]
    return [y, first, second, t.autograd.grad(second.sum(), x), op.apply(t.ones(2), 2.0)]


@same_as_torch
def test_linear_with_needs_input_grad(t):
    seen = []

    class Linear(t.autograd.Function):
        @staticmethod
        def forward(ctx, input, weight, bias=None):
            ctx.save_for_backward(input, weight, bias)
            output = input @ weight.t()
            return output if bias is None else output + bias.unsqueeze(0).expand_as(output)

        @staticmethod
        def backward(ctx, grad_output):
            input, weight, bias = ctx.saved_tensors
            grad_input = grad_weight = grad_bias = None
            seen.append(tuple(ctx.needs_input_grad))
            if ctx.needs_input_grad[0]:
                grad_input = grad_output @ weight
            if ctx.needs_input_grad[1]:
                grad_weight = grad_output.t() @ input
            if bias is not None and ctx.needs_input_grad[2]:
                grad_bias = grad_output.sum(0)
            return (grad_input, grad_weight, grad_bias)[:len(ctx.needs_input_grad)]

    x, w, b = t.ones(4, 3), t.ones(2, 3, requires_grad=True), t.zeros(2, requires_grad=True)
    (Linear.apply(x, w, b) ** 2).sum().backward()
    (Linear.apply(x, w) ** 2).sum().backward()
    x.requires_grad_()
    (Linear.apply(x, w, b.detach()) ** 2).sum().backward()
    assert seen == [(False, True, True), (False, True), (True, True, False)]
    return [x.grad, w.grad, b.grad]


def two_outputs(t, materialize):
    class TwoOutputs(t.autograd.Function):
        received = None

        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 2.0, x * 3.0

        @staticmethod
        def backward(ctx, dy, dz):
            TwoOutputs.received = (dy, dz)
            return sum(k * d for k, d in ((2.0, dy), (3.0, dz)) if d is not None)

    return TwoOutputs


@same_as_torch
def test_unused_outputs_give_zeros(t):
    x, op = leaf(t), two_outputs(t, True)
    op.apply(x)[1].sum().backward()
    dy, dz = op.received
    assert dy.tolist() == [0.0, 0.0] and dz.tolist() == [1.0, 1.0] and dy.dtype == t.float64
    return x.grad


@same_as_torch
def test_unused_outputs_give_none(t):
    x, op = leaf(t), two_outputs(t, False)
    y, z = op.apply(x)
    y.sum().backward(retain_graph=True)
    assert op.received[1] is None
    (y + z).sum().backward()
    assert op.received[1] is not None
    return x.grad


@same_as_torch
def test_mark_dirty(t):
    class AddOne(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.add_(1.0)
            return x

        @staticmethod
        def backward(ctx, dy):
            return dy * 10.0

    x = leaf(t)
    y = x * 2.0
    z = AddOne.apply(y)
    assert z is y and y.grad_fn.name() == "AddOneBackward" and y._version > 0
    z.sum().backward()
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        AddOne.apply(leaf(t))
    plain = t.ones(2)
    assert AddOne.apply(plain) is plain and plain.tolist() == [2.0, 2.0]
    w = leaf(t) * 1.0
    loss = (w * w).sum()
    AddOne.apply(w)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
    return [y, x.grad]


@same_as_torch
def test_mark_non_differentiable(t):
    class SortOfMax(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            at = x.argmax()
            mask = (x == x.max()).to(x.dtype)
            ctx.mark_non_differentiable(at, mask)
            ctx.save_for_backward(mask)
            return x.max(), at, mask

        @staticmethod
        def backward(ctx, dy, dat, dmask):
            (mask,) = ctx.saved_tensors
            return dy * mask

    x = leaf(t)
    y, at, mask = SortOfMax.apply(x)
    assert y.requires_grad and not at.requires_grad and not mask.requires_grad and mask.grad_fn is None
    y.backward()
    return [x.grad, at, mask]


@same_as_torch
def test_an_input_returned_as_it_is(t):
    class Pass(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x, y * 1.0

        @staticmethod
        def backward(ctx, dx, dy):
            return dx * 5.0, dy * 7.0

    x, y = leaf(t), leaf(t)
    z, w = Pass.apply(x, y)
    assert z is not x and x.is_leaf and not z.is_leaf and z.tolist() == x.tolist()
    (z + w).sum().backward()
    return [x.grad, y.grad]


@same_as_torch
def test_once_differentiable(t):
    from_library = t.autograd.function.once_differentiable

    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @from_library
        def backward(ctx, dy):
            assert not t.is_grad_enabled()
            (x,) = ctx.saved_tensors
            return t.tensor((dy * x * 2.0).detach().numpy())

    x = leaf(t)
    Square.apply(x).sum().backward()
    (dx,) = t.autograd.grad((Square.apply(x) * x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        dx.sum().backward()
    return x.grad


@same_as_torch
def test_attributes_and_non_tensors(t):
    class Shift(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, by, names):
            ctx.by, ctx.names = by, names
            return x + by

        @staticmethod
        def backward(ctx, dy):
            assert ctx.names == {"a": [1]}
            return dy * ctx.by, None, None

    x = leaf(t)
    Shift.apply(x, 4.0, {"a": [1]}).sum().backward()
    return x.grad


@same_as_torch
def test_forward_is_not_recorded(t):
    class Silent(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            assert not t.is_grad_enabled()
            y = x * 2.0
            assert not y.requires_grad
            return y

        @staticmethod
        def backward(ctx, dy):
            modes.append(t.is_grad_enabled())
            return dy * 2.0

    modes, x = [], leaf(t)
    t.autograd.grad(Silent.apply(x).sum(), x)
    t.autograd.grad(Silent.apply(x).sum(), x, create_graph=True)
    assert modes == [False, True] and t.is_grad_enabled()
    with t.no_grad():
        assert not Silent.apply(x).requires_grad
    with pytest.raises(ZeroDivisionError):
        failing(t).apply(x)
    assert t.is_grad_enabled()


def failing(t):
    class Fails(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * (1 / 0)

    return Fails


def test_what_is_missing_is_said():
    class Empty(ours.autograd.Function):
        pass

    class NoBackward(ours.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2.0

    with pytest.raises(NotImplementedError, match="forward"):
        Empty.apply(leaf(ours))
    with pytest.raises(NotImplementedError, match="backward"):
        NoBackward.apply(leaf(ours)).sum().backward()


@same_as_torch
def test_the_graph_can_be_read(t):
    x = leaf(t)
    y = scaled_exp(t).apply(x, 2.0)
    z = two_outputs(t, True).apply(y)
    (node, index), = z[1].grad_fn.next_functions
    assert node.name() == "ScaledExpBackward" and index == 0
    assert x.grad_fn is None and (y * 2.0).grad_fn.next_functions[0][0] is y.grad_fn
    assert (x.detach() * y).grad_fn.next_functions[0][0] is None


@same_as_torch
def test_setup_context(t):
    class Cube(t.autograd.Function):
        @staticmethod
        def forward(x):
            return x**3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return dy * 3.0 * x**2

    x = leaf(t)
    Cube.apply(x).sum().backward()
    return x.grad
