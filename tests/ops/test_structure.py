"""Shapes and keys at random, against NumPy: broadcasting, indexing, reductions, products, arrangements."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from engine.face import assert_same, needs_torch, ours, outcome, theirs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minigrad import functions
from minigrad.autograd import grad
from minigrad.creation import from_numpy

few = settings(derandomize=True, deadline=None, max_examples=150, database=None)
SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def filled(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def leaf(array: np.ndarray) -> Any:
    return from_numpy(array).requires_grad_()


def unbroadcast(dz: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """dz summed over the axes along which `shape` was stretched."""
    dz = dz.sum(axis=tuple(range(dz.ndim - len(shape))))
    return dz.sum(axis=tuple(i for i, s in enumerate(shape) if s == 1), keepdims=True).reshape(shape)


@few
@given(npst.mutually_broadcastable_shapes(num_shapes=2, max_dims=5, min_side=0, max_side=4))
def test_broadcasting(shapes):
    a, b = (filled(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    x, y, dz = leaf(a), leaf(b), filled(shapes.result_shape, 2)
    for z, want, da, db in ((x + y, a + b, dz, dz), (x - y, a - b, dz, -dz), (x * y, a * b, dz * b, dz * a)):
        np.testing.assert_array_equal(z.detach().numpy(), want, strict=True)
        dx, dy = grad(z, (x, y), from_numpy(dz))
        np.testing.assert_allclose(dx.numpy(), unbroadcast(da, a.shape), 1e-12, 1e-12)
        np.testing.assert_allclose(dy.numpy(), unbroadcast(db, b.shape), 1e-12, 1e-12)


@few
@given(SHAPES, SHAPES)
def test_shapes_that_do_not_broadcast(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(RuntimeError, match="must match the size of tensor b"):
            from_numpy(filled(a)) + from_numpy(filled(b))


def as_tensors(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(as_tensors, key))
    return from_numpy(key) if isinstance(key, np.ndarray) else key


def check_index(a: np.ndarray, key: Any, view: bool) -> None:
    """x[key] and its gradient; whether it is a view; and x[key] = value."""
    x, want = leaf(a), np.asarray(a[key])
    y = x[as_tensors(key)]
    np.testing.assert_array_equal(y.detach().numpy(), want, strict=True)
    assert np.shares_memory(y.array, a) == (view and want.size > 0)
    dy = filled(np.shape(want), 1)
    expected = np.zeros_like(a)
    np.add.at(expected, key, dy)
    np.testing.assert_allclose(grad(y, x, from_numpy(np.asarray(dy)))[0].numpy(), expected, 1e-12, 1e-12)
    changed, z = a.copy(), x.detach().clone()
    changed[key] = 7.0
    z[as_tensors(key)] = 7.0
    np.testing.assert_array_equal(z.numpy(), changed)


@few
@given(st.data())
def test_basic_keys(data):
    shape = data.draw(SHAPES)
    key = data.draw(npst.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    assume(all(not isinstance(k, slice) or (k.step or 1) > 0 for k in (key if isinstance(key, tuple) else (key,))))
    check_index(filled(shape), key, True)


@few
@given(st.data())
def test_integer_keys(data):
    shape = data.draw(npst.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    check_index(filled(shape), data.draw(npst.integer_array_indices(shape, result_shape=npst.array_shapes(
        min_dims=1, max_dims=2, min_side=0, max_side=3))), False)


@few
@given(st.data())
def test_masks(data):
    shape = data.draw(npst.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
    dims = data.draw(st.integers(1, len(shape)))
    check_index(filled(shape), data.draw(npst.arrays(np.bool_, shape[:dims])), False)


@few
@given(st.data())
def test_keys_out_of_range(data):
    shape = data.draw(npst.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    axis = data.draw(st.integers(0, len(shape) - 1))
    far = data.draw(st.integers(shape[axis], 2**70) | st.integers(-(2**70), -shape[axis] - 1))
    x = from_numpy(filled(shape))
    for key in ((slice(None),) * axis + (far,), (slice(None),) * (len(shape)) + (0,)):
        with pytest.raises(IndexError):
            x[key]
        with pytest.raises(IndexError):
            x[key] = 1.0


REDUCTIONS = {"sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min}


@few
@given(st.data())
def test_reductions(data):
    shape = data.draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4))
    axes = data.draw(npst.valid_tuple_axes(len(shape), min_size=1)) if shape else ()
    keepdim = data.draw(st.booleans())
    a = filled(shape)
    for name, reference in REDUCTIONS.items():
        x = leaf(a)
        y = getattr(x, name)(axes, keepdim)
        np.testing.assert_allclose(y.detach().numpy(), reference(a, axis=axes or None, keepdims=keepdim), 1e-12, 1e-12)
        kept = reference(a, axis=axes or None, keepdims=True)
        weights = (a == kept) if name.startswith("am") else np.full(shape, kept.size / a.size if name == "mean" else 1)
        dy = filled(kept.shape, 1)
        dx = grad(y, x, from_numpy(np.asarray(dy.reshape(y.array.shape))))[0]
        np.testing.assert_allclose(dx.numpy(), weights * dy, 1e-12, 1e-12)


@few
@given(npst.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, min_side=0, max_side=4),
       st.booleans(), st.booleans())
def test_products(shapes, turn_a, turn_b):
    a, b = (filled(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    a = np.swapaxes(np.swapaxes(a, -1, -2).copy(), -1, -2) if turn_a and a.ndim > 1 else a
    b = np.swapaxes(np.swapaxes(b, -1, -2).copy(), -1, -2) if turn_b and b.ndim > 1 else b
    x, y, dz = leaf(a), leaf(b), filled(shapes.result_shape, 2)
    z = x @ y
    np.testing.assert_allclose(z.detach().numpy(), a @ b, 1e-12, 1e-12)
    dx, dy = grad(z, (x, y), from_numpy(np.asarray(dz)))
    a2, b2 = a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
    dz2 = dz.reshape(np.matmul(a2, b2).shape)
    da, db = dz2 @ np.swapaxes(b2, -1, -2), np.swapaxes(a2, -1, -2) @ dz2
    np.testing.assert_allclose(dx.numpy(), unbroadcast(da, a2.shape).reshape(a.shape), 1e-12, 1e-12)
    np.testing.assert_allclose(dy.numpy(), unbroadcast(db, b2.shape).reshape(b.shape), 1e-12, 1e-12)


@few
@given(st.data())
def test_arrangements(data):
    """A chain of permute, reshape and expand: the values are NumPy's, and the gradient counts each element's copies."""
    shape = data.draw(npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=3))
    a = filled(shape)
    x = leaf(a)
    order = data.draw(st.permutations(range(len(shape))))
    repeat = data.draw(st.integers(0, 3))
    y = x.permute(order).reshape(-1 if a.size else a.size).expand(repeat, a.size)
    want = np.broadcast_to(a.transpose(order).reshape(-1), (repeat, a.size))
    np.testing.assert_array_equal(y.detach().numpy(), want, strict=True)
    np.testing.assert_array_equal(grad(y.sum(), x)[0].numpy(), np.full(shape, float(repeat)))


@few
@given(st.lists(st.integers(0, 3), min_size=1, max_size=5), st.integers(0, 1), st.integers(1, 3))
def test_cat_is_undone_by_slices(sizes, dim, other):
    arrays = [filled((size, other) if dim == 0 else (other, size), seed) for seed, size in enumerate(sizes)]
    xs = [leaf(a) for a in arrays]
    y = functions.cat(xs, dim)
    np.testing.assert_array_equal(y.detach().numpy(), np.concatenate(arrays, dim))
    for dx, part in zip(grad(y, xs, y.detach()), arrays):
        np.testing.assert_array_equal(dx.numpy(), part)


ALL, MASK = slice(None), [True, False, True]
MIXED_KEYS = [
    (0, ALL, [1, 2]), (ALL, 1, [0, 2]), ([0, 1], ALL, 2), (0, ..., [1, 2]), (..., 1, [0, 3]), ([0, 1], 1, [2, 3]),
    (0, MASK), (1, MASK, 2), ([0, 0], ALL, 1, ...), (None, 0, [0, 1]), (0, None, ALL, [1, 2]),
]


@needs_torch
@pytest.mark.parametrize("key", MIXED_KEYS, ids=str)
def test_numbers_beside_arrays(key):
    """PyTorch applies the numbers first; NumPy moves the arrays' axes to the front."""
    def scenario(t):
        x = t.arange(120.0, dtype=t.float64).reshape(2, 3, 4, 5).requires_grad_()
        tensors = tuple(t.tensor(k) if isinstance(k, list) else k for k in key)
        y = x[tensors]
        (y * y).sum().backward()
        z = x.detach().clone()
        z[tensors] = 7.0
        return [y, x.grad, z]

    assert_same(outcome(scenario, ours), outcome(scenario, theirs()))
