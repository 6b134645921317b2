"""backward and grad: what accumulates, what is freed, what is refused; every scenario runs with PyTorch, too."""

from __future__ import annotations

import pytest

from .face import same_as_torch

SECOND_TIME = "Trying to backward through the graph a second time"


def leaf(t, *values):
    return t.tensor(values or 2.0, dtype=t.float64, requires_grad=True)


@same_as_torch
def test_gradients_accumulate(t):
    x = leaf(t, 1.0, -2.0)
    (x * 3.0).sum().backward()
    first = x.grad.clone()
    (x * x).sum().backward()
    assert first.tolist() == [3.0, 3.0] and x.grad.tolist() == [5.0, -1.0]
    x.grad = None
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    return [first, x.grad]


@same_as_torch
def test_one_input_many_uses(t):
    x = leaf(t, 1.0, 2.0)
    y = x * x
    (y * y + y + x).sum().backward()
    assert x.grad.tolist() == [7.0, 37.0]
    return x.grad


@same_as_torch
def test_a_diamond_that_meets_itself(t):
    y = z = leaf(t)
    for _ in range(20):
        z = z + z  # 2^20 paths, each counted once
    z.backward()
    assert y.grad.item() == 2.0**20


@same_as_torch
def test_gradient_argument(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    (x * x).backward(t.tensor([1.0, 0.0, -1.0], dtype=t.float64))
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * x).backward()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * x).backward(t.ones(2))
    with pytest.raises(TypeError):
        (x * x).backward(3.0)
    (x * x).sum(0, keepdim=True).backward()  # one element is as good as a scalar
    (x.float() * 2.0).backward(t.ones(3, dtype=t.float64))  # the type is converted
    return x.grad


@same_as_torch
def test_what_has_no_graph(t):
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        t.ones(()).backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        t.autograd.grad(t.ones(()), leaf(t))
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require grad"):
        t.autograd.grad(leaf(t) * 1.0, t.ones(()))


@same_as_torch
def test_backward_of_a_leaf(t):
    x = leaf(t)
    x.backward()
    x.backward(t.tensor(3.0, dtype=t.float64))
    assert x.grad.item() == 4.0
    return x.grad


@same_as_torch
def test_second_backward(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        y.backward()
    plain = (x + 1.0).sum()  # nothing was saved, so nothing was freed
    plain.backward()
    plain.backward()
    shared = x * x
    shared.sum().backward()
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        (shared * 2.0).sum().backward()
    return x.grad


@same_as_torch
def test_retain_graph(t):
    x = leaf(t, 1.0, 2.0)
    y = (x.exp() * x).sum()
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        y.backward()
    return x.grad


@same_as_torch
def test_create_graph_to_the_fourth_order(t):
    x, found = leaf(t, 0.5, -1.5), []
    y = (x**4 + (2.0 * x).exp()).sum()
    for _ in range(4):
        y = t.autograd.grad(y, x, create_graph=True)[0]
        found.append(y)
        y = y.sum()
    return found


@same_as_torch
def test_create_graph_in_backward(t):
    """.grad has a history then, and a penalty on it has a gradient."""
    x = leaf(t, 1.0, 3.0)
    (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad and not x.grad.is_leaf
    penalty = (x.grad**2).sum()
    x.grad = None
    penalty.backward()
    assert not x.grad.requires_grad
    return x.grad


@same_as_torch
def test_hessian_of_a_network(t):
    w, v = t.linspace(-1, 1, 6, dtype=t.float64).reshape(2, 3).requires_grad_(), leaf(t, 0.3, -0.2)
    x = t.tensor([[0.5, -1.0], [2.0, 0.1]], dtype=t.float64)
    loss = t.nn.functional.cross_entropy((x * v) @ w, t.tensor([2, 0])) + (x @ w).tanh().sum()
    first = t.autograd.grad(loss, (w, v), create_graph=True)
    return [t.autograd.grad(g.sum(), (w, v), retain_graph=True) for g in first]


@same_as_torch
def test_grad_touches_no_grad(t):
    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    found = t.autograd.grad((x * y).sum(), [x, y])
    assert x.grad is None and y.grad is None and isinstance(found, tuple)
    return found


@same_as_torch
def test_grad_of_unused_inputs(t):
    x, unused = leaf(t, 1.0, 2.0), leaf(t, 3.0)

    def y():
        return (x * x).sum()

    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        t.autograd.grad(y(), [x, unused])
    some = t.autograd.grad(y(), [x, unused], allow_unused=True)
    assert some[1] is None
    zeros = t.autograd.grad(y(), [unused, x], materialize_grads=True)
    assert zeros[0].tolist() == [0.0]
    with pytest.raises(ValueError, match="allow_unused"):
        t.autograd.grad(y(), [x, unused], allow_unused=False, materialize_grads=True)
    return [some, zeros]


@same_as_torch
def test_materialized_zeros_are_zero(t):
    unused = leaf(t, float("inf"), float("nan"))
    zeros = t.autograd.grad(leaf(t) * 2.0, unused, materialize_grads=True)[0]
    assert zeros.tolist() == [0.0, 0.0]


@same_as_torch
def test_grad_of_inner_tensors(t):
    x = leaf(t, 1.0, 2.0)
    y = x * x
    z = (y * y * x).sum()
    dy, dx = t.autograd.grad(z, [y, x], retain_graph=True)
    only_y = t.autograd.grad(z, y)[0]
    with pytest.raises(RuntimeError, match="not have been used"):
        t.autograd.grad((x * 2.0).sum(), y)
    return [dy, dx, only_y]


@same_as_torch
def test_grad_of_an_output_itself(t):
    x = leaf(t, 1.0, 2.0)
    y = x * x
    return t.autograd.grad([y.sum(), y], [y, x], [None, t.ones(2, dtype=t.float64)])


@same_as_torch
def test_several_outputs(t):
    x = leaf(t, 1.0, 2.0)
    y, z = x * x, x.exp()
    with pytest.raises(RuntimeError):
        t.autograd.grad([y.sum(), z], x)  # z is no scalar
    with pytest.raises(RuntimeError):
        t.autograd.grad([y, z], x, [t.ones(2, dtype=t.float64)])
    t.autograd.backward([y.sum(), z], [None, t.ones(2, dtype=t.float64)], retain_graph=True)
    first = x.grad.clone()
    t.autograd.backward(y.sum() + z.sum())
    return [first, x.grad]


@same_as_torch
def test_backward_to_chosen_inputs(t):
    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    z = x * y
    (z * z).sum().backward(inputs=[x], retain_graph=True)
    assert y.grad is None
    (z * x).sum().backward(inputs=(x, y))
    (x * y).sum().backward(inputs=y)
    with pytest.raises(RuntimeError, match=r"inputs. argument to .*cannot be empty"):
        (x * y).sum().backward(inputs=[])
    return [x.grad, y.grad]


@same_as_torch
def test_an_unused_leaf_keeps_none(t):
    x, y = leaf(t), leaf(t)
    (x * 1.0).backward()
    assert y.grad is None


@same_as_torch
def test_constants_end_the_walk(t):
    x = leaf(t, 1.0, 2.0)
    y = x.detach() * x + x.data
    assert y.grad_fn is not None and x.detach().grad_fn is None and not x.detach().requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]


@same_as_torch
def test_assigned_grads_are_checked(t):
    x = leaf(t, 1.0, 2.0)
    with pytest.raises(RuntimeError, match="size"):
        x.grad = t.ones(3, dtype=t.float64)
    with pytest.raises(RuntimeError, match="type"):
        x.grad = t.ones(2, dtype=t.float32)
    with pytest.raises(TypeError, match="assigned grad"):
        x.grad = 1.0
    x.grad = t.ones(2, dtype=t.float64)
    x.sum().backward()
    return x.grad


@same_as_torch
def test_requires_grad_flags(t):
    with pytest.raises(RuntimeError, match="nly Tensors of floating point"):
        t.tensor([1]).requires_grad_()
    with pytest.raises(RuntimeError, match="nly Tensors of floating point"):
        t.zeros(2, dtype=t.int64, requires_grad=True)
    y = leaf(t) * 2.0
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
        y.requires_grad_(False)
    y.requires_grad_()  # nothing to do
    assert not (leaf(t) > 1.0).requires_grad and not leaf(t).argmax().requires_grad and not leaf(t).long().requires_grad
    return [y.is_leaf, leaf(t).is_leaf, t.ones(2).is_leaf, y.detach().is_leaf]


@same_as_torch
def test_a_failing_backward_leaves_the_engine_usable(t):
    class Fails(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, dy):
            raise ArithmeticError("on purpose")

    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    for start in (lambda z: z.backward(), lambda z: t.autograd.grad(z, x), lambda z: z.backward(create_graph=True)):
        with pytest.raises(ArithmeticError, match="on purpose"):
            start((Fails.apply(x) * y).sum())
        assert t.is_grad_enabled()
    x.grad = y.grad = None
    (x * y).sum().backward()
    return [x.grad, y.grad]


@same_as_torch
def test_backward_within_no_grad(t):
    """Walking a graph needs no recording, and leaves the mode as it was."""
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    with t.no_grad():
        y.backward(retain_graph=True)
        assert not t.is_grad_enabled()
        second = t.autograd.grad(y, x, create_graph=True)[0]
        assert not t.is_grad_enabled()
    return [x.grad, second]


@same_as_torch
def test_gradients_have_the_shape_and_type_of_their_tensors(t):
    """After broadcasting, casts, views and mixed types."""
    x, z = t.ones(3, requires_grad=True), t.ones((), requires_grad=True)
    y = t.ones((2, 1), dtype=t.float64, requires_grad=True)
    ((x * y + z).double() * x.double().unsqueeze(0) * z).sum().backward()
    return [x.grad, y.grad, z.grad]
