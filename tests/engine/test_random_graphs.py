"""Random programs of operations, views and in-place changes, run through both libraries: values and gradients agree."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from .face import assert_same, needs_torch, ours, outcome, theirs

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
IN_PLACE_UNARY = ["exp_", "relu_", "neg_", "sqrt_"]
IN_PLACE_BINARY = ["add_", "mul_", "sub_", "copy_"]


def broadcasts(shape: tuple, to: tuple) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


def shape_of(x: Any) -> tuple:
    return tuple(x.shape)


def program(t: Any, seed: int, changes: bool, done: Counter | None = None) -> list:
    """Runs the program of a seed: what it computed, and the gradients of its leaves."""
    rng = np.random.default_rng(seed)
    leaves = [t.tensor(rng.uniform(0.2, 1.0, SHAPES[rng.integers(len(SHAPES))]).tolist(), dtype=t.float64,
                       requires_grad=True) for _ in range(3)]
    pool = [leaf * 1.0 for leaf in leaves]
    for _ in range(rng.integers(4, 14)):
        x = pool[rng.integers(len(pool))]
        kinds = ["unary", "binary", "view", "view", "other"] + ["in place", "in place", "assign"] * changes
        kind = kinds[rng.integers(len(kinds))]
        if done is not None:
            done[kind] += 1
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
        pool = [y * 1.0 if y.numel() > 60 else y for y in pool]
    loss = sum((y * y).sum() * 0.01 * (i + 1) for i, y in enumerate(pool))
    return [*pool, loss, *t.autograd.grad(loss, leaves)]


def change(x: Any, fitting: list, rng: np.random.Generator) -> None:
    if rng.random() < 0.3:
        getattr(x, IN_PLACE_UNARY[rng.integers(len(IN_PLACE_UNARY) - 1)])()
    else:
        y = fitting[rng.integers(len(fitting))]
        getattr(x, IN_PLACE_BINARY[rng.integers(len(IN_PLACE_BINARY))])(y * 0.5)


@needs_torch
@pytest.mark.parametrize("block", range(5))
def test_pure_programs(block):
    done: Counter = Counter()
    for seed in range(100 * block, 100 * (block + 1)):
        program(ours, seed, False, done)
        assert_same(outcome(lambda t: program(t, seed, False), ours), outcome(lambda t: program(t, seed, False), theirs()),
                    f"seed {seed}", 1e-9)
    assert min(done.values()) > 50 and len(done) == 4
