"""What a recording is: dead results are left out, the others share an arena, and the table says what each call does."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.nn import functional as F

X = minigrad.from_numpy(np.random.default_rng(0).normal(size=(32, 12)).astype(np.float32))
Y = minigrad.from_numpy(np.random.default_rng(1).integers(0, 3, 32))


def trained(steps=4, width=64):
    """A compiled step that was called a few times, its model and its optimizer."""
    minigrad.manual_seed(0)
    model = nn.Sequential(nn.Linear(12, width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(width, 3))
    optimizer = optim.Adam(model.parameters())

    @minigrad.compile(fullgraph=True)
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(steps):
        step(X, Y)
    return step, model, optimizer


def kernels(step):
    return [row.kernel for row in step.program().rows]


def test_dead_results_are_left_out():
    @minigrad.compile(fullgraph=True)
    def both(x):
        y = x * 2
        (x.exp() + y).sum()  # nobody sees it
        return y

    assert both(X).tolist() == (X * 2).tolist()
    assert kernels(both) == ["mg_mul"]
    for _ in range(3):
        assert both(X).tolist() == (X * 2).tolist()


def test_what_draws_is_not_dead():
    """A mask that nobody sees still moves the generator on, as in a plain run."""
    def draws(x):
        F.dropout(x, 0.5)
        return x + 1

    step, places = minigrad.compile(draws, fullgraph=True), []
    for function in (draws, step):
        minigrad.manual_seed(3)
        for _ in range(5):
            function(X)
        places.append(minigrad.get_rng_state().tolist())
    assert places[0] == places[1]
    assert kernels(step) == ["mg_draw", "mg_add"]


def test_results_share_an_arena():
    @minigrad.compile(fullgraph=True)
    def chain(x):
        for _ in range(10):
            x = x.exp().log()
        return x

    chain(X)
    program = chain.program()
    assert len(program) == 20
    assert program.result_bytes == 20 * X.numel() * 4
    assert program.arena_bytes == 2 * X.numel() * 4  # one result is read while the next is written
    for _ in range(3):
        want = X
        for _ in range(10):
            want = want.exp().log()
        assert chain(X).tolist() == want.tolist()


def test_rows():
    step, _, _ = trained()
    rows = {row.kernel: row for row in step.program().rows}
    assert kernels(step) == ["mg_draw", "mg_linear", "mg_linear", "mg_cross_entropy", "mg_cross_entropy_grad",
                             "mg_linear_grad", "mg_relu_grad", "mg_linear_grad", "mg_adam"]
    last = rows["mg_linear"]
    assert last.flops == 2 * 32 * 64 * 3 + 32 * 3 and last.dtype == "float32" and last.seconds is None
    assert last.bytes == 4 * (32 * 64 + 64 * 3 + 3 + 32 * 3)
    assert "model.3.weight [3, 64]" in last.reads and last.writes[0].endswith("[32, 3]")
    text = str(step.program())
    assert "9 kernel calls" in text and "input0 [32, 12]" in text and "KiB for results" in text
    assert [shape for shape, _ in step.program().inputs] == [(32, 12), (32,)]


def test_operations_of_a_convolution():
    layer = minigrad.nn.Conv2d(4, 6, 3, groups=2)
    step = minigrad.compile(lambda x: layer(x).detach(), fullgraph=True)
    step(minigrad.ones(5, 4, 7, 9))
    (row,) = step.program().rows
    assert row.kernel == "mg_conv" and row.flops == 2 * (5 * 6 * 5 * 7) * (2 * 3 * 3)


def test_profile_changes_nothing():
    losses = []
    for profiled in (False, True):
        step, model, _ = trained()
        if profiled:
            program = step.program().profile(5)
            assert program.seconds > 0 and all(row.seconds > 0 for row in program.rows)
            assert "GFLOP/s" in str(program)
        losses.append(([step(X, Y).item() for _ in range(3)], [p.tolist() for p in model.parameters()]))
    assert losses[0] == losses[1]


def test_profile_leaves_arguments_alone():
    """Also those that the step changes in place; and it reads those that nobody else has kept."""
    @minigrad.compile(fullgraph=True)
    def add_one(x):
        x.add_(1)
        return x * 2

    x = minigrad.zeros(4)
    for _ in range(4):
        add_one(x)
    add_one.program().profile(3)
    assert x.tolist() == [4.0] * 4 and add_one(x).tolist() == [10.0] * 4
    for k in range(3):
        add_one(minigrad.full((4,), float(k)))  # gone when the call is over
    assert add_one.program().profile(3).seconds > 0


def test_the_program_of_some_arguments():
    step, _, _ = trained()
    for _ in range(3):
        step(X[:5], Y[:5])
    assert step.program().inputs[0][0] == (5, 12)
    assert step.program(X, Y).inputs[0][0] == (32, 12)
    with pytest.raises(RuntimeError, match="no recording for these arguments"):
        step.program(X[:7], Y[:7])
