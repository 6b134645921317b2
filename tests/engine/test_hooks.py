"""Hooks on leaves and on inner tensors, retained gradients; every scenario runs with PyTorch, too."""

from __future__ import annotations

import gc

import pytest

from .face import in_child, leaf, needs_fork, ours, same_as_torch


@same_as_torch
def test_a_hook_sees_the_whole_gradient_once(t):
    x, seen = leaf(t), []
    y = x * 1.0
    x.register_hook(lambda dx: seen.append(("x", dx.tolist())))
    y.register_hook(lambda dy: seen.append(("y", dy.tolist())))
    (y * y + y + x).sum().backward()
    assert seen == [("y", [3.0, 5.0]), ("x", [4.0, 6.0])]
    return seen


@same_as_torch
def test_a_hook_replaces(t):
    x = leaf(t)
    y = x * 3.0
    y.register_hook(lambda dy: dy * 10.0)
    x.register_hook(lambda dx: dx + 1.0)
    x.register_hook(lambda dx: dx * 2.0)  # gets what the one before returned
    y.sum().backward()
    assert x.grad.tolist() == [62.0, 62.0]
    y = x * 3.0
    return [x.grad, t.autograd.grad(y.sum(), x)[0]]


@same_as_torch
def test_a_hook_on_each_pass_before_accumulation(t):
    x, seen = leaf(t), []
    x.register_hook(lambda dx: seen.append(dx.tolist()))
    x.sum().backward()
    (x * 2.0).sum().backward()
    assert seen == [[1.0, 1.0], [2.0, 2.0]] and x.grad.tolist() == [3.0, 3.0]


@same_as_torch
def test_removal(t):
    x, seen = leaf(t), []
    y = x * 2.0
    handles = [z.register_hook(lambda dz, z=z: seen.append(z is y)) for z in (x, y, x)]
    for handle in handles[:2]:
        handle.remove()
        handle.remove()
    y.sum().backward(retain_graph=True)
    assert seen == [False]
    with y.register_hook(lambda dy: seen.append("within")):
        y.sum().backward(retain_graph=True)
    y.sum().backward()
    assert seen == [False, "within", False, False]


@same_as_torch
def test_a_hook_that_removes_itself(t):
    x, seen = leaf(t), []

    def once(dx):
        seen.append(1)
        handle.remove()

    handle = x.register_hook(once)
    x.register_hook(lambda dx: seen.append(2))
    x.sum().backward()
    x.sum().backward()
    assert seen == [1, 2, 2]


@same_as_torch
def test_retain_grad(t):
    x = leaf(t)
    y = x * 2.0
    z = y * y
    assert not y.retains_grad
    for _ in range(2):
        y.retain_grad()
    assert y.retains_grad and not x.retains_grad
    x.retain_grad()  # of a leaf: nothing to do
    z.sum().backward(retain_graph=True)
    z.sum().backward()
    assert y.grad.tolist() == [8.0, 16.0] and x.grad.tolist() == [16.0, 32.0]
    with pytest.raises(RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"):
        t.ones(2).retain_grad()
    return [x.grad, y.grad, z.is_leaf]


@same_as_torch
def test_retain_grad_comes_after_hooks(t):
    x = leaf(t)
    y = x * 2.0
    y.retain_grad()
    y.register_hook(lambda dy: dy * 5.0)
    y.sum().backward()
    assert y.grad.tolist() == [5.0, 5.0]
    return [x.grad, y.grad]


@same_as_torch
def test_a_hook_keeps_its_tensor_before_and_after_in_place(t):
    """A hook belongs to the value at the time; retain_grad to the tensor as it ends up."""
    x, seen = leaf(t), []
    y = x * 2.0
    y.register_hook(lambda dy: seen.append(dy.tolist()))
    y.mul_(3.0)
    y.sum().backward()
    assert seen == [[3.0, 3.0]]
    return [x.grad, seen]


@same_as_torch
def test_a_retained_tensor_may_die(t):
    x = leaf(t)
    y = x * 2.0
    y.retain_grad()
    z = y * y
    del y
    gc.collect()
    z.sum().backward()
    return x.grad


@same_as_torch
def test_hooks_run_under_create_graph(t):
    """What a hook computes is part of the graph of the gradient."""
    x = leaf(t)
    x.register_hook(lambda dx: dx * dx)
    (dx,) = t.autograd.grad((x * x).sum(), x, create_graph=True)
    dx.sum().backward()
    return [dx, x.grad]


@same_as_torch
def test_hooks_of_what_is_not_reached(t):
    x, y, seen = leaf(t), leaf(t), []
    y.register_hook(lambda dy: seen.append(dy))
    x.sum().backward()
    t.autograd.grad((x * y).sum(), x)
    assert not seen


@same_as_torch
def test_hooks_of_chosen_inputs(t):
    x, seen = leaf(t), []
    y = x * 2.0
    x.register_hook(lambda dx: seen.append("x"))
    y.register_hook(lambda dy: seen.append("y"))
    (y * y).sum().backward(inputs=[x])
    z = x * 2.0
    z.register_hook(lambda dz: dz * 100.0)
    return [seen, t.autograd.grad(z.sum(), z, retain_graph=True), t.autograd.grad(z.sum(), x)]


@same_as_torch
def test_hooks_are_refused(t):
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't require grad"):
        t.ones(2).register_hook(lambda dx: None)
    x = leaf(t)
    x.register_hook(lambda dx: 3.0)
    with pytest.raises(TypeError):
        x.sum().backward()


@same_as_torch
def test_a_failing_hook_leaves_the_engine_usable(t):
    x = leaf(t)

    def fail(dx):
        raise KeyError("on purpose")

    with x.register_hook(fail), pytest.raises(KeyError):
        x.sum().backward()
    assert x.grad is None and t.is_grad_enabled()
    x.sum().backward()
    return x.grad


@needs_fork
@pytest.mark.parametrize("wrong", ["shape", "type"])
@pytest.mark.parametrize("on", ["leaf", "inner"])
def test_a_hook_must_keep_shape_and_type(wrong, on):
    """PyTorch: "hook has changed the size of value"; "... the type of value"."""
    def work():
        x = ours.ones(8, requires_grad=True)
        y = x.softmax(0)
        (x if on == "leaf" else y).register_hook(lambda dy: ours.ones(7) if wrong == "shape" else dy.double())
        with pytest.raises(RuntimeError, match="changed the"):
            (y * y).sum().backward()

    assert in_child(work) == 0
