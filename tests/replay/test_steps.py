"""Ways to write a step: where gradients are cleared, several models and optimisers."""

from __future__ import annotations

import pytest

import minigrad
from minigrad import nn, optim
from minigrad.nn import functional as F

from .twins import World, assert_twins, batches, loss_of, mlp, small, weights_in_the_loss

# -- where gradients are cleared, and what becomes of them -------------------------------------------------------------


def cleared_at_the_end(w, x, y):
    loss = loss_of(w, x, y)
    loss.backward()
    w.optimizer.step()
    w.optimizer.zero_grad()
    return loss.detach()


def filled_with_zeros(w, x, y):
    w.optimizer.zero_grad(set_to_none=False)
    loss = loss_of(w, x, y)
    loss.backward()
    w.optimizer.step()
    return loss


def zeros_at_the_end(w, x, y):
    loss = loss_of(w, x, y)
    loss.backward()
    w.optimizer.step()
    w.model.zero_grad(set_to_none=False)
    return loss


def never_cleared(w, x, y):
    loss = loss_of(w, x, y)
    loss.backward()
    w.optimizer.step()
    return loss


def only_backward(w, x, y):
    loss = loss_of(w, x, y) / 4
    loss.backward()
    return loss


def twice_backward(w, x, y):
    w.model.zero_grad()
    loss_of(w, x, y).backward()
    loss = loss_of(w, x * 2, y)
    loss.backward()
    w.optimizer.step()
    return loss


def by_grad(w, x, y):
    params = list(w.model.parameters())
    loss = loss_of(w, x, y)
    with minigrad.no_grad():
        for p, g in zip(params, minigrad.autograd.grad(loss, params)):
            p.sub_(g * 0.1)
    return loss


def grads_by_hand(w, x, y):
    params = list(w.model.parameters())
    loss = loss_of(w, x, y)
    for p, g in zip(params, minigrad.autograd.grad(loss, params)):
        p.grad = g
    w.optimizer.step()
    return loss


def penalty_on_gradients(w, x, y):
    w.optimizer.zero_grad()
    loss = loss_of(w, x, y)
    grads = minigrad.autograd.grad(loss, list(w.model.parameters()), create_graph=True)
    total = loss + sum(g.square().sum() for g in grads)
    total.backward()
    w.optimizer.step()
    return total


STEPS = [cleared_at_the_end, filled_with_zeros, zeros_at_the_end, never_cleared, only_backward, twice_backward, by_grad,
         grads_by_hand, weights_in_the_loss]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_steps(step):
    assert_twins(small(step), 30, runs=4, fullgraph=True)


def test_second_order_step_is_not_recorded():
    assert_twins(small(penalty_on_gradients), 10, runs=None, warns=True)


def test_accumulation_over_four_calls():
    """Gradients pile up in a compiled function; the optimiser's step is outside, every fourth time."""
    def between(w, k):
        if k and k % 4 == 0:
            w.optimizer.step()
            w.optimizer.zero_grad()

    assert_twins(small(only_backward), 80, between, runs=7, fullgraph=True)  # a new optimiser's state is one change


@pytest.mark.parametrize("set_to_none", (True, False))
def test_cleared_outside(set_to_none):
    def between(w, k):
        w.optimizer.zero_grad(set_to_none=set_to_none)

    assert_twins(small(never_cleared), 30, between, runs=4, fullgraph=True)


# -- several models and optimisers -------------------------------------------------------------------------------------


def test_two_optimizers():
    def step(w, x, y):
        w.optimizer.zero_grad()
        w.second.zero_grad()
        loss = loss_of(w, x, y)
        loss.backward()
        w.optimizer.step()
        w.second.step()
        return loss

    assert_twins(small(step, optimizer=lambda w: optim.Adam(w.model[0].parameters(), lr=0.01),
                       second=lambda w: optim.SGD(w.model[-1].parameters(), lr=0.1, momentum=0.9)), 30, fullgraph=True)


def test_groups():
    groups = small(never_cleared, optimizer=lambda w: optim.AdamW([
        {"params": w.model[0].parameters(), "lr": 0.1}, {"params": w.model[-1].parameters(), "weight_decay": 0.3}]))
    assert_twins(groups, 30, lambda w, k: w.optimizer.zero_grad(), runs=4, fullgraph=True)


def adversaries():
    bce = F.binary_cross_entropy_with_logits
    g, d = mlp(2, 8, 4), mlp(4, 8, 1)
    world = World(g=g, d=d, of_g=optim.Adam(g.parameters(), lr=1e-2), of_d=optim.Adam(d.parameters(), lr=1e-2))
    real, noise = batches((6, 4), 2, seed=1), batches((6, 2), 2, seed=2)
    world.batch = lambda k: (real(k)[0], noise(k)[0])

    def step(x, z):
        one, zero = minigrad.ones(6, 1), minigrad.zeros(6, 1)
        fake = g(z)
        world.of_d.zero_grad()
        loss_d = bce(d(x), one) + bce(d(fake.detach()), zero)
        loss_d.backward()
        world.of_d.step()
        world.of_g.zero_grad()
        loss_g = bce(d(fake), one)
        loss_g.backward()
        world.of_g.step()
        return {"d": loss_d, "g": loss_g}

    world.step = step
    return world


def test_adversaries():
    assert_twins(adversaries, 30, runs=4, fullgraph=True)


def frozen(w):
    w.model[0].weight.requires_grad_(False)
    return optim.SGD(w.model.parameters(), lr=0.1, weight_decay=0.1)


def test_frozen_parameter():
    assert_twins(small(never_cleared, optimizer=frozen), 30, lambda w, k: w.optimizer.zero_grad(), runs=4,
                 fullgraph=True)


def test_moving_average_of_weights():
    def step(w, x, y):
        loss = weights_in_the_loss(w, x, y)
        with minigrad.no_grad():
            for mean, p in zip(w.average.parameters(), w.model.parameters()):
                mean.mul_(0.9).add_(p, alpha=0.1)
        return loss

    def copy(w):
        other = mlp(4, 8, 3, between=lambda: [nn.Dropout(0.3)])
        other.load_state_dict(w.model.state_dict())
        return other.requires_grad_(False)

    assert_twins(small(step, average=copy), 30, fullgraph=True)


def test_teacher_and_student():
    def step(w, x, y):
        with minigrad.no_grad():
            wanted = w.teacher(x).softmax(1)
        w.optimizer.zero_grad()
        loss = F.cross_entropy(w.model(x), wanted)
        loss.backward()
        w.optimizer.step()
        return loss

    assert_twins(small(step, teacher=lambda w: mlp(4, 9, 3)), 30, fullgraph=True)
