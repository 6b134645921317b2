"""Tensors put together: cat, stack and their kin. By NumPy; by kernels while a step is recorded."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad import dtypes, tape
from minigrad.engine import Function, T, TensorBase, make
from minigrad.names import named
from minigrad.ops.indexing import Index
from minigrad.ops.kernel import broadcast, copy_elements, new, require_tensor
from minigrad.ops.shape import Cast, Reshape, axis_of, expand, unsqueeze

__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes", "broadcast_tensors",
           "cartesian_prod", "cat", "column_stack", "combinations", "dstack", "hstack", "meshgrid", "stack", "vstack"]


class Cat(Function):
    """y = the inputs one after another along an axis;  each dx = its part of dy."""

    @staticmethod
    def forward(ctx, dim, *xs):
        ctx.dim, ctx.sizes = dim, [x.array.shape[dim] for x in xs]
        if tape.active is None:
            return make(np.concatenate([x.array for x in xs], dim))
        shape = list(xs[0].array.shape)
        shape[dim] = sum(ctx.sizes)
        y, start = new(tuple(shape), xs[0].array.dtype), 0
        for x, size in zip(xs, ctx.sizes):
            copy_elements(y.array[(*(slice(None),) * dim, slice(start, start + size))], x.array)
            start += size
        return y

    @staticmethod
    def backward(ctx, dy):
        before, start, parts = (slice(None),) * ctx.dim, 0, []
        for size, need in zip(ctx.sizes, ctx.needs_input_grad[1:]):
            parts.append(Index.apply(dy, (*before, slice(start, start + size))) if need else None)
            start += size
        return None, *parts


# -- functions ---------------------------------------------------------------------------------------------------------


def tensors_of(tensors: Any, operation: str) -> list:
    """A sequence of tensors as a list; TypeError if there is anything else in it, or if it is a tensor itself."""
    if isinstance(tensors, TensorBase):
        raise TypeError(f"{operation}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    xs = list(tensors)
    for position, x in enumerate(xs):
        require_tensor(x, operation, "tensors", position)
    return xs


def listed(tensors: tuple) -> Any:
    """The tensors of f(x, y) or of f([x, y])."""
    return tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors


def cat(tensors: Iterable[T], dim: int = 0) -> T:
    """The tensors one after another along dim; all other sizes agree. Their types are promoted."""
    xs = tensors_of(tensors, "cat")
    if not xs:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    shaped = [x for x in xs if x.array.shape != (0,)] or xs[:1]
    first = shaped[0].array.shape
    if not first:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    axis = axis_of(dim, len(first))
    rest = first[:axis] + first[axis + 1:]
    for position, x in enumerate(xs):
        shape = x.array.shape
        if shape == (0,):  # joins anything, as it always has in PyTorch
            xs[position] = Reshape.apply(x, (*first[:axis], 0, *first[axis + 1:])) if 0 not in rest else x
        elif not shape:
            raise RuntimeError(f"zero-dimensional tensor (at position {position}) cannot be concatenated")
        elif len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        elif shape[:axis] + shape[axis + 1:] != rest:
            raise RuntimeError(f"Sizes of tensors must match except in dimension {axis}. Expected {list(first)} but "
                               f"got {list(shape)} for tensor number {position} in the list.")
    if 0 in rest:
        xs = [x for x in xs if x.array.ndim == len(first)]
    return Cat.apply(axis, *same_type(xs))


def same_type(xs: list) -> list:
    """The tensors in the type that all of them promote to."""
    if all(x.array.dtype is xs[0].array.dtype for x in xs):
        return xs
    dtype = functools.reduce(dtypes.promote_types, [x.array.dtype for x in xs])
    return [x if x.array.dtype is dtype else Cast.apply(x, dtype) for x in xs]


def stack(tensors: Iterable[T], dim: int = 0) -> T:
    """Tensors of one shape along a new dimension."""
    xs = tensors_of(tensors, "stack")
    if not xs:
        raise RuntimeError("stack expects a non-empty TensorList")
    for position, x in enumerate(xs):
        if x.array.shape != xs[0].array.shape:
            raise RuntimeError(f"stack expects each tensor to be equal size, but got {list(xs[0].array.shape)} at "
                               f"entry 0 and {list(x.array.shape)} at entry {position}")
    return cat([unsqueeze(x, dim) for x in xs], dim if dim >= 0 else dim + xs[0].array.ndim + 1)


def _at_least(ndim: int) -> Any:
    def one(x: Any) -> Any:
        shape = x.array.shape
        missing = ndim - len(shape)
        if missing <= 0:
            return x
        after = 1 if ndim == 3 and shape else 0  # (n) -> (1, n, 1), (m, n) -> (m, n, 1)
        return Reshape.apply(x, (*(1,) * (missing - after), *shape, *(1,) * after))

    def function(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
            return tuple([one(x) for x in tensors_of(tensors[0], name)])
        xs = tensors_of(tensors, name)
        return one(xs[0]) if len(xs) == 1 else tuple(map(one, xs))

    name = f"atleast_{ndim}d"
    return named(function, name, f"Each tensor with at least {ndim} dimension{'s' * (ndim > 1)}: the new ones have "
                                 "length 1.")


atleast_1d, atleast_2d, atleast_3d = map(_at_least, (1, 2, 3))


def _stacked(name: str, ndim: int, dim: int) -> Any:
    """hstack and its kin: cat along dim of tensors of at least ndim dimensions."""
    def function(tensors: Any) -> Any:
        xs = tensors_of(tensors, name)
        if not xs:
            raise RuntimeError(f"{name} expects a non-empty TensorList")
        xs = list((atleast_1d, atleast_2d, atleast_3d)[ndim - 1](xs))
        return cat(xs, 0 if xs[0].array.ndim == 1 else dim)

    return named(function, name,
                 f"cat along dimension {dim}, of tensors with at least {ndim} dimension{'s' * (ndim > 1)}.")


hstack, vstack, dstack = _stacked("hstack", 1, 1), _stacked("vstack", 2, 0), _stacked("dstack", 3, 2)


def column_stack(tensors: Iterable[T]) -> T:
    """hstack of tensors whose vectors stand as columns."""
    return hstack([x if x.array.ndim > 1 else Reshape.apply(x, (x.array.size, 1))
                   for x in tensors_of(tensors, "column_stack")])


def block_diag(*tensors: Any) -> Any:
    """The matrices along the diagonal of one matrix, zeros elsewhere; vectors count as rows."""
    xs = tensors_of(tensors, "block_diag") or [make(np.empty((1, 0), dtypes.default_float()))]
    for position, x in enumerate(xs):
        if x.array.ndim > 2:
            raise RuntimeError(f"block_diag: Input tensors must have 2 or fewer dimensions. Input {position} has "
                               f"{x.array.ndim} dimensions")
    xs = same_type([atleast_2d(x) for x in xs])
    width, before, rows = sum(x.array.shape[1] for x in xs), 0, []
    for x in xs:
        height, own = x.array.shape
        left, right = (make(np.zeros((height, n), x.array.dtype)) for n in (before, width - before - own))
        rows.append(Cat.apply(1, left, x, right))
        before += own
    return Cat.apply(0, *rows)


# -- tensors stretched to one shape ------------------------------------------------------------------------------------


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape of tensors of these shapes together."""
    shapes = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    if any(s < 0 for shape in shapes for s in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension: {[list(shape) for shape in shapes]}")
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise RuntimeError("Shape mismatch: objects cannot be broadcast to a single shape: "
                           f"{[list(shape) for shape in shapes]}") from None


def broadcast_tensors(*tensors: Any) -> tuple:
    """The tensors, each expanded to their common shape."""
    xs = tensors_of(listed(tensors), "broadcast_tensors")
    shape: tuple[int, ...] = ()
    for x in xs:
        shape, _ = broadcast(shape, x.array.shape)
    return tuple([x if x.array.shape == shape else expand(x, shape) for x in xs])


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple:
    """y_k[i_0, i_1, ...] = x_k[i_k], of vectors x; with indexing "xy" the first two dimensions are swapped."""
    xs = tensors_of(listed(tensors), "meshgrid")
    if not xs:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f"torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: {indexing}")
    for x in xs:
        if x.array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got shape "
                               f"{list(x.array.shape)}")
        if x.array.dtype is not xs[0].array.dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    order = list(range(len(xs)))
    if indexing == "xy" and len(xs) > 1:
        order[:2] = 1, 0
    shape = tuple([xs[k].array.size for k in order])
    return tuple([expand(Reshape.apply(x, tuple([x.array.size if k == i else 1 for i in order])), shape)
                  for k, x in enumerate(xs)])


def cartesian_prod(*tensors: Any) -> Any:
    """All tuples of one element of each vector, as rows, the last vector's fastest."""
    xs = tensors_of(tensors, "cartesian_prod")
    if len(xs) == 1:
        return xs[0]
    return stack([Reshape.apply(grid, (grid.array.size,)) for grid in meshgrid(*xs)], 1)


def combinations(x: T, r: int = 2, with_replacement: bool = False) -> T:
    """All choices of r elements of a vector, in order, as rows."""
    require_tensor(x, "combinations")
    if x.array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(x.array.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return make(np.empty(0, x.array.dtype))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(x.array.size), r)), np.int64).reshape(-1, r)
    return Index.apply(x, rows)
