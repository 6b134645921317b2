"""What grad, backward, Function and hooks refuse, in PyTorch's class and words."""

from __future__ import annotations

import pytest
from engine.face import HAS_TORCH, ours, outcome, theirs


def leaf(t, *values):
    return t.tensor(values or (1.0, 2.0), requires_grad=True)


def operation(t, backward=lambda ctx, dy: dy, forward=lambda ctx, x: x * 2.0):
    return type("Op", (t.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def hooked(t, hook):
    x = leaf(t)
    x.register_hook(hook)
    x.sum().backward()


CASES = {
    "no inputs": lambda t: t.autograd.grad(leaf(t).sum(), []),
    "outputs None": lambda t: t.autograd.grad(None, leaf(t)),
    "an input that is a number": lambda t: t.autograd.grad(leaf(t).sum(), [3.0]),
    "grad_outputs a number": lambda t: t.autograd.grad(leaf(t).sum(), leaf(t), [3.0]),
    "no scalar": lambda t: t.autograd.grad(leaf(t) * 2, leaf(t)),
    "unused": lambda t: t.autograd.grad(leaf(t).sum(), [leaf(t)]),
    "unused, of two": lambda t: (lambda x: t.autograd.grad(x.sum(), [x, leaf(t)]))(leaf(t)),
    "materialize and not allow": lambda t: t.autograd.grad(leaf(t).sum(), leaf(t), materialize_grads=True,
                                                           allow_unused=False),
    "an input without gradient": lambda t: t.autograd.grad(leaf(t).sum(), t.ones(2)),
    "an output without gradient": lambda t: t.autograd.grad(t.ones(()), leaf(t)),
    "both names": lambda t: t.autograd.backward(leaf(t).sum(), t.tensor(1.0), grad_variables=t.tensor(1.0)),
    "empty inputs": lambda t: t.autograd.backward(leaf(t).sum(), inputs=[]),
    "empty inputs, as a method": lambda t: leaf(t).sum().backward(inputs=[]),
    "twice": lambda t: [(lambda y: [y.sum().backward(), y.sum().backward()])(leaf(t).exp())],
    "wrong number of gradients": lambda t: operation(t, lambda ctx, dy: (dy, dy)).apply(leaf(t)).sum().backward(),
    "saves a number": lambda t: operation(t, forward=lambda ctx, x: [ctx.save_for_backward(x, 3), x * 2][1]).apply(
        leaf(t)),
    "no backward": lambda t: type("Op", (t.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)}).apply(
        leaf(t)).sum().backward(),
    "no forward": lambda t: type("Op", (t.autograd.Function,), {}).apply(leaf(t)),
    "hook on a constant": lambda t: t.ones(2).register_hook(print),
    "late hook on a constant": lambda t: t.ones(2).register_post_accumulate_grad_hook(print),
    "late hook inside the graph": lambda t: (leaf(t) * 2).register_post_accumulate_grad_hook(print),
    "unpacked to a number": lambda t: unpacked_to_a_number(t),
    "a mode that is no bool": lambda t: t.set_grad_enabled("x"),
}
BEGINNINGS = {  # PyTorch's words, then more
    "a gradient that is a number": lambda t: operation(t, lambda ctx, dy: 3.0).apply(leaf(t)).sum().backward(),
    "old style": lambda t: operation(t)()(leaf(t)),
    "hook that returns a number": lambda t: hooked(t, lambda dx: 3.0),
    "hook that changes the size": lambda t: hooked(t, lambda dx: t.ones(3)),
}


def unpacked_to_a_number(t):
    with t.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: 3):
        y = leaf(t).exp()
    y.sum().backward()


@pytest.mark.skipif(not HAS_TORCH, reason="compares with PyTorch, which is not installed")
@pytest.mark.parametrize("name", CASES)
def test_the_same_error(name):
    got, want = outcome(CASES[name], ours), outcome(CASES[name], theirs())
    assert isinstance(want, Exception), "the case is no error in PyTorch"
    assert type(got) is type(want) and str(got) == str(want)


@pytest.mark.skipif(not HAS_TORCH, reason="compares with PyTorch, which is not installed")
@pytest.mark.parametrize("name", BEGINNINGS)
def test_the_same_error_with_more_to_say(name):
    got, want = outcome(BEGINNINGS[name], ours), outcome(BEGINNINGS[name], theirs())
    assert isinstance(want, Exception) and type(got) is type(want)
    assert str(want).split("(Ex")[0].rstrip(". '<>") in str(got)


@pytest.mark.parametrize(("refused", "error", "text"), [
    (lambda t: t.autograd.grad(leaf(t).sum(), leaf(t), is_grads_batched=True), NotImplementedError, "call grad once"),
    (lambda t: t.autograd.grad([leaf(t) * 2], leaf(t), [t.ones(2)] * 2), RuntimeError, "1 tensors and 2 gradients"),
    (lambda t: t.autograd.forward_ad, AttributeError, "no forward mode"),
    (lambda t: t.autograd.profiler, AttributeError, "cProfile"),
    (lambda t: t.autograd.Variable(3.0), TypeError, "has to be a tensor"),
    (lambda t: t.no_grad()(type("A", (), {})), RuntimeError, "Cannot decorate classes"),
    (lambda t: leaf(t).mul(2).grad_fn.next_functions[0][0].register_hook(print), NotImplementedError,
     "register_post_accumulate_grad_hook"),
    (lambda t: leaf(t).sum().backward(inputs=[t.ones(2)]), RuntimeError, "does not require grad"),
])
def test_what_is_not_offered(refused, error, text):
    with pytest.raises(error, match=text):
        refused(ours)
