"""checkpoint: the same numbers as without it, for less memory: dropout, nesting, second order, errors."""

from __future__ import annotations

import gc
import weakref

import pytest
from engine.face import HAS_TORCH, assert_same, ours, outcome, same_as_torch, theirs

from minigrad import nn
from minigrad.autograd.graph import saved_tensors_hooks
from minigrad.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def leaf(t, *values):
    return t.tensor(values or (0.5, -1.0), dtype=t.float64, requires_grad=True)


def network(seed=None):
    ours.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.5, seed=seed), nn.Linear(8, 8), nn.GELU(),
                         nn.Dropout(0.3), nn.Linear(8, 2))


def gradients(run, model, x):
    """The loss, and the gradients of the parameters and of x, from a fixed position of the generator."""
    ours.manual_seed(5)
    model.zero_grad()
    x = x.clone().requires_grad_()
    loss = run(x).square().sum()
    after = ours.get_rng_state().tolist()
    loss.backward()
    assert ours.get_rng_state().tolist() == after, "backward leaves the generator where it was"
    return [loss.item(), x.grad.tolist(), *[p.grad.tolist() for p in model.parameters()]]


WAYS = {
    "whole": lambda model: lambda x: checkpoint(model, x, use_reentrant=False),
    "reentrant": lambda model: lambda x: checkpoint(model, x, use_reentrant=True),
    "parts": lambda model: lambda x: checkpoint_sequential(model, 3, x, use_reentrant=False),
    "many parts": lambda model: lambda x: checkpoint_sequential(list(model), 20, x, use_reentrant=True),
    "nested": lambda model: lambda x: checkpoint(
        lambda y: model[4:](checkpoint(lambda z: checkpoint(model[1:4], model[0](z), use_reentrant=False), y,
                                       use_reentrant=False)), x, use_reentrant=False),
    "by keyword": lambda model: lambda x: checkpoint(lambda *, y: model(y), y=x, use_reentrant=False),
}


@pytest.mark.parametrize("seed", [None, 11])
@pytest.mark.parametrize("way", WAYS)
def test_the_same_bits(way, seed):
    x = ours.randn(6, 4, generator=ours.Generator().manual_seed(1))
    model = network(seed)
    plain = gradients(model, model, x)
    model = network(seed)
    assert gradients(WAYS[way](model), model, x) == plain


@same_as_torch
def test_what_it_keeps(t):
    """Outside only the inputs, until backward asks."""
    x, runs = leaf(t), []

    def part(y, scale):
        runs.append(t.is_grad_enabled())
        for _ in range(5):
            y = (y * scale).tanh()
        return y

    y = t.utils.checkpoint.checkpoint(part, x * 2.0, 3, use_reentrant=False)
    assert runs == [True]
    y.sum().backward()
    assert runs == [True, True]
    return [y, x.grad]


def test_memory():
    alive = []

    class Watched(ours.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            kept = x * 1.0
            ctx.save_for_backward(kept)
            alive.append(weakref.ref(kept))
            return x * 2.0

        @staticmethod
        def backward(ctx, dy):
            assert ctx.saved_tensors[0].shape == dy.shape
            return dy * 2.0

    x = leaf(ours)
    y = checkpoint(lambda x: Watched.apply(Watched.apply(x)), x, use_reentrant=False)
    gc.collect()
    assert len(alive) == 2 and not any(ref() is not None for ref in alive)
    y.sum().backward()
    del y
    gc.collect()
    assert len(alive) == 4 and not any(ref() is not None for ref in alive)
    assert x.grad.tolist() == [4.0, 4.0]


@same_as_torch
def test_second_order(t):
    x, w = leaf(t), leaf(t, 2.0, 0.3)
    y = t.utils.checkpoint.checkpoint(lambda x: (x * w).tanh() * x.exp(), x, use_reentrant=False)
    first = t.autograd.grad(y.sum(), [x, w], create_graph=True)
    second = t.autograd.grad((first[0] * first[1]).sum(), [x, w])
    return [*first, *second]


@same_as_torch
def test_grad_and_inputs(t):
    x, w = leaf(t), leaf(t, 2.0, 0.3)
    y = t.utils.checkpoint.checkpoint(lambda x: (x * w).exp(), x, use_reentrant=False)
    (dw,) = t.autograd.grad(y.sum(), w, retain_graph=True)
    y.sum().backward(inputs=[x])
    assert w.grad is None
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()
    return [dw, x.grad]


@same_as_torch
def test_several_results_and_no_gradient(t):
    x = leaf(t)
    a, rest = t.utils.checkpoint.checkpoint(lambda x, n: (x.exp(), {"n": n, "b": x * x}), x, 3, use_reentrant=False)
    assert rest["n"] == 3
    (a * rest["b"]).sum().backward()
    with t.no_grad():
        y = t.utils.checkpoint.checkpoint(lambda x: x.exp(), x, use_reentrant=False)
    assert not y.requires_grad and not t.utils.checkpoint.checkpoint(lambda x: x * 2, t.ones(2),
                                                                     use_reentrant=False).requires_grad
    return x.grad


def test_a_part_none_of_whose_arguments_requires_grad():
    """PyTorch's reentrant form loses the gradients of its parameters."""
    w = leaf(ours)
    checkpoint(lambda x: (x * w).exp(), ours.ones(2, dtype=ours.float64), use_reentrant=True).sum().backward()
    assert w.grad is not None


def test_new_random_numbers_if_asked_for():
    x = ours.ones(1000, requires_grad=True)
    y = checkpoint(lambda x: nn.functional.dropout(x, 0.5).square(), x, use_reentrant=False, preserve_rng_state=False)
    y.sum().backward()
    assert (x.grad != 0).float().mean() < 0.4, "two masks, of which only one is the forward's"


def test_the_contexts_of_both_runs():
    seen = []

    class Say:
        def __init__(self, word):
            self.word = word

        def __enter__(self):
            seen.append(self.word)

        def __exit__(self, *exc):
            seen.append(f"not {self.word}")

    x = leaf(ours)
    y = checkpoint(lambda x: x.exp(), x, use_reentrant=False, context_fn=lambda: (Say("first"), Say("again")))
    y.sum().backward()
    assert seen == ["first", "not first", "again", "not again"]


def test_within_other_hooks():
    x, kept = leaf(ours), []
    with saved_tensors_hooks(lambda t: kept.append(t.tolist()) or t, lambda t: t):
        y = checkpoint(lambda x: x.exp().tanh(), x * 2.0, use_reentrant=False)
    assert len(kept) == 2, "the factor of x * 2, and the checkpoint's input; nothing of its inside"
    y.sum().backward()


@pytest.mark.parametrize(("part", "text"), [
    (lambda x, n: x.exp().exp() if n else x.exp(), "different number of tensors was saved"),
    (lambda x, n: x[:1].exp() if n else x.exp(), "different metadata"),
])
def test_a_second_run_that_differs(part, text):
    x, numbers = leaf(ours), iter(range(2))
    y = checkpoint(lambda x: part(x, next(numbers)), x, use_reentrant=False)
    with pytest.raises(CheckpointError, match=text):
        y.sum().backward()


ERRORS = {
    "keywords": lambda c, x: c.checkpoint(lambda x, k: x, x, k=1, use_reentrant=True),
    "contexts": lambda c, x: c.checkpoint(lambda x: x, x, use_reentrant=True, debug=True),
    "check": lambda c, x: c.checkpoint(lambda x: x, x, use_reentrant=False, determinism_check="some"),
    "sequential": lambda c, x: c.checkpoint_sequential([lambda x: x], 1, x, use_reentrant=False, k=1),
}


@pytest.mark.skipif(not HAS_TORCH, reason="compares with PyTorch, which is not installed")
@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    got, want = (outcome(lambda t: ERRORS[name](t.utils.checkpoint, leaf(t)), t) for t in (ours, theirs()))
    assert isinstance(want, Exception)
    assert_same(got, want)
    assert str(got)[:40] == str(want)[:40]


def test_the_default_warns():
    for call, function in ((checkpoint, lambda x: x), (checkpoint_sequential, [lambda x: x])):
        with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
            call(function, *([1] if call is checkpoint_sequential else []), leaf(ours))
