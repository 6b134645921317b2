"""Copies between any two layouts, against NumPy: views of views, reversed, repeated, overlapping, of odd strides."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_rows_copies import TYPES

import minigrad
from minigrad.ops.kernel import copy_elements


def view(rng, dtype, top: int) -> np.ndarray:
    """An array of up to four axes in some layout, with whole numbers below top."""
    shape = tuple(int(n) for n in rng.integers(0, 5, rng.integers(0, 5)))
    steps = [int(step) for step in rng.choice([-3, -2, -1, 1, 2], len(shape))]
    whole = rng.integers(0, top, [n * abs(step) for n, step in zip(shape, steps)]).astype(dtype)
    return stepped(whole, steps).transpose(rng.permutation(len(shape)))


def stepped(array: np.ndarray, steps) -> np.ndarray:
    return array[(..., *[slice(None, None, int(step)) for step in steps])]  # never a scalar


@pytest.mark.parametrize("to", TYPES, ids=str)
@pytest.mark.parametrize("start", TYPES, ids=str)
def test_any_layout(to, start, isa, rng):
    for _ in range(20):
        x = view(rng, start, 2 if "b" in (to.kind, start.kind) else 200)
        if x.ndim and rng.integers(0, 2):
            x = np.broadcast_to(x[..., :1], x.shape)
        y = stepped(np.zeros([2 * n for n in x.shape], to), rng.choice([-2, 2], x.ndim))
        want = x.astype(to)
        copy_elements(y, x)
        assert np.array_equal(y, want), (x.shape, x.strides, y.strides)


def test_strides_within_elements():
    """A column of NumPy's records has strides that are no multiple of its elements' size."""
    records = np.zeros(5, [("a", "u1"), ("b", "f4")])
    records["b"] = range(5)
    x = minigrad.from_numpy(records["b"])
    assert x.clone().tolist() == (x + 0).tolist() == x.double().tolist() == [0, 1, 2, 3, 4]
    x.add_(1)
    assert records["b"].tolist() == [1, 2, 3, 4, 5]


OVERLAPS = {
    "forwards": lambda x, k: x[1:].copy_(k(x[:-1])),
    "backwards": lambda x, k: x[:-1].copy_(k(x[1:])),
    "transposed": lambda x, k: x.copy_(k(x.t())),
    "onto transposed": lambda x, k: x.t().copy_(k(x)),
    "one row": lambda x, k: x.copy_(k(x[0])),
    "assigned": lambda x, k: x.__setitem__((slice(None), slice(1, None)), k(x[:, :-1])),
    "added": lambda x, k: x[1:].add_(k(x[:-1])),
}


@pytest.mark.parametrize("change", OVERLAPS.values(), ids=OVERLAPS)
@pytest.mark.parametrize("n", (3, 300))
def test_overlaps(change, n, rng):
    start = rng.normal(size=(n, n)).astype(np.float32)
    found, want = minigrad.tensor(start), minigrad.tensor(start)
    change(found, lambda x: x)
    change(want, lambda x: x.clone())
    assert found.tolist() == want.tolist()
