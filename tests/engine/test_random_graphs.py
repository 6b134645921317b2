"""Random programs of operations, views and in-place changes: the gradients agree with differences and with PyTorch."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from .face import HAS_TORCH, assert_same, needs_torch, ours, outcome, theirs

NUDGE = 1e-6
MODIFIED = "has been modified by an inplace operation"
SHAPES = [(2, 3), (3,), (1, 3), (2, 1), (), (2, 2, 3)]

UNARY = ["exp", "tanh", "sigmoid", "relu", "abs", "square", "neg", "clone"]
BINARY = ["add", "sub", "mul", "maximum"]
VIEWS = {
    "T": lambda t, x: x.T if x.dim() == 2 else x,
    "flatten": lambda t, x: x.reshape(-1),
    "view": lambda t, x: x.view(x.shape[0], -1) if x.dim() and x.is_contiguous() else x,
    "unsqueeze": lambda t, x: x.unsqueeze(0) if x.dim() < 3 else x,
    "squeeze": lambda t, x: x.squeeze(0) if x.dim() else x,
    "first": lambda t, x: x[0] if x.dim() else x,
    "rest": lambda t, x: x[1:] if x.dim() and x.shape[0] > 1 else x,
    "columns": lambda t, x: x[..., ::2] if x.dim() else x,
    "diagonal view": lambda t, x: x.transpose(0, -1)[-1] if x.dim() > 1 else x,
}
OTHERS = {
    "sum": lambda t, x: x.sum(-1) if x.dim() else x.sum(),
    "mean": lambda t, x: x.mean(0, keepdim=True) if x.dim() else x.mean(),
    "softmax": lambda t, x: x.softmax(-1) if x.dim() else x * 0.5,
    "pick": lambda t, x: x[t.tensor([0, 0])] if x.dim() else x * 2.0,
    "gram": lambda t, x: x @ x.T if x.dim() == 2 else x * 1.5,
    "expand": lambda t, x: x.expand(2, *x.shape) * 0.5 if x.dim() < 3 else x * 0.5,
}
IN_PLACE_UNARY = ["exp_", "relu_", "neg_"]
IN_PLACE_BINARY = ["add_", "mul_", "sub_", "copy_"]


def broadcasts(shape: tuple, to: tuple) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


def shape_of(x: Any) -> tuple:
    return tuple(x.shape)


def build(t: Any, seed: int, changes: bool, nudge: float = 0.0, done: Counter | None = None) -> tuple:
    """Runs the program of a seed: (leaves, direction, what it computed, its loss). `nudge` moves the leaves that far
    along the direction."""
    rng, directions = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    leaves, direction = [], []
    for _ in range(3):
        start = rng.uniform(0.2, 1.0, SHAPES[rng.integers(len(SHAPES))])
        along = directions.standard_normal(start.shape)
        leaves.append(t.tensor((start + nudge * along).tolist(), dtype=t.float64, requires_grad=True))
        direction.append(t.tensor(along.tolist(), dtype=t.float64))
    pool = [leaf * 1.0 for leaf in leaves]
    for _ in range(rng.integers(4, 14)):
        kinds = ["unary", "binary", "view", "view", "other"] + ["in place", "in place", "assign"] * changes
        kind = kinds[rng.integers(len(kinds))]
        if done is not None:
            done[kind] += 1
        step(t, kind, pool[rng.integers(len(pool))], pool, rng)
        pool = [y * 1.0 if y.numel() > 60 else y for y in pool]
    return leaves, direction, pool, sum((y * y).sum() * 0.01 * (i + 1) for i, y in enumerate(pool))


def program(t: Any, seed: int, changes: bool, nudge: float = 0.0, done: Counter | None = None) -> list:
    """What the program computed, its loss, the slope of the loss along the direction, the gradients."""
    leaves, direction, pool, loss = build(t, seed, changes, nudge, done)
    found = t.autograd.grad(loss, leaves, materialize_grads=True)
    return [*pool, loss, sum((dx * along).sum() for dx, along in zip(found, direction)), *found]


def second_order(t: Any, seed: int, changes: bool) -> list:
    """The gradients of the squared norm of the gradients."""
    leaves, _, _, loss = build(t, seed, changes)
    first = t.autograd.grad(loss, leaves, create_graph=True, materialize_grads=True)
    norm = sum((dx * dx).sum() for dx in first)
    return [norm, *(t.autograd.grad(norm, leaves, materialize_grads=True) if norm.requires_grad else [])]


def step(t: Any, kind: str, x: Any, pool: list, rng: np.random.Generator) -> None:
    """One operation on x, its result added to the pool; or a change of x."""
    if kind == "unary":
        pool.append(getattr(x, UNARY[rng.integers(len(UNARY))])())
    elif kind == "binary":
        fitting = [y for y in pool if broadcasts(shape_of(y), shape_of(x)) or broadcasts(shape_of(x), shape_of(y))]
        pool.append(getattr(t, BINARY[rng.integers(len(BINARY))])(x, fitting[rng.integers(len(fitting))]))
    elif kind in ("view", "other"):
        table = VIEWS if kind == "view" else OTHERS
        pool.append(list(table.values())[rng.integers(len(table))](t, x))
    elif kind == "assign" and x.dim():
        x[0] = pool[rng.integers(len(pool))].sum() * 0.1
    else:
        change(x, [y for y in pool if broadcasts(shape_of(y), shape_of(x))], rng)


def change(x: Any, fitting: list, rng: np.random.Generator) -> None:
    if rng.random() < 0.3:
        getattr(x, IN_PLACE_UNARY[rng.integers(len(IN_PLACE_UNARY))])()
    else:
        y = fitting[rng.integers(len(fitting))]
        getattr(x, IN_PLACE_BINARY[rng.integers(len(IN_PLACE_BINARY))])(y * 0.5)


def check(seed: int, changes: bool, done: Counter) -> str:
    """What the program did: "raises" or "runs". Its slope is right, and all of it is PyTorch's where that runs, too."""
    got = outcome(lambda t: program(t, seed, changes, done=done), ours)
    want = outcome(lambda t: program(t, seed, changes), theirs()) if HAS_TORCH else got
    if isinstance(got, Exception):
        assert MODIFIED in str(got), f"seed {seed}: {got!r}"
        assert isinstance(want, Exception), f"seed {seed}: raised {got!r}; PyTorch did not"
        return "raises"
    slope = got[-4].array
    high, low = (outcome(lambda t, n=n: program(t, seed, changes, n), ours)[-5].array for n in (NUDGE, -NUDGE))
    assert np.isclose(slope, (high - low) / (2 * NUDGE), 1e-4, 1e-5), f"seed {seed}: slope {slope}"
    if not isinstance(want, Exception):
        assert_same(got, want, f"seed {seed}", 1e-9)
    return "runs"


@pytest.mark.parametrize("block", range(3))
def test_pure_programs(block):
    done: Counter = Counter()
    for seed in range(100 * block, 100 * (block + 1)):
        assert check(seed, False, done) == "runs"
    assert len(done) == 4 and min(done.values()) > 50


@pytest.mark.parametrize("block", range(4))
def test_programs_with_changes(block):
    """Where a saved tensor was changed both raise; PyTorch raises more often, as it saves other things."""
    done: Counter = Counter()
    ends = Counter(check(seed, True, done) for seed in range(100 * block, 100 * (block + 1)))
    assert len(done) == 6 and min(done.values()) > 50 and min(ends.values()) > 20


@needs_torch
@pytest.mark.parametrize("changes", [False, True], ids=["pure", "with changes"])
def test_second_order(changes):
    for seed in range(1000, 1120):
        want = outcome(lambda t, seed=seed: second_order(t, seed, changes), theirs())
        if not isinstance(want, Exception):
            assert_same(outcome(lambda t, seed=seed: second_order(t, seed, changes), ours), want, f"seed {seed}", 1e-8)
