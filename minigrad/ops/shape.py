"""Views and copies: the same elements in another shape, order or type. By NumPy; none of it computes anything.

reshape, permute and expand give views, which share memory with their input, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import Function, T
from minigrad.ops.kernel import copied, require_tensor, view_of

__all__ = ["clone", "expand", "flatten", "movedim", "permute", "ravel", "reshape", "squeeze", "sum_to_size", "t",
           "transpose", "unflatten", "unsqueeze"]


class Reshape(Function):
    """y = x in another shape;  dx = dy in the shape of x."""

    @staticmethod
    def forward(ctx, x, shape):
        ctx.shape = x.array.shape
        array = x.array.reshape(shape)
        return view_of(x, array) if np.may_share_memory(array, x.array) else copied(x, shape=array.shape)

    @staticmethod
    def backward(ctx, dy):
        return Reshape.apply(dy, ctx.shape), None


class Permute(Function):
    """y's axis i is x's axis order[i];  dx = dy with the axes put back."""

    @staticmethod
    def forward(ctx, x, order):
        ctx.order = order
        return view_of(x, x.array.transpose(order))

    @staticmethod
    def backward(ctx, dy):
        return Permute.apply(dy, tuple(ctx.order.index(axis) for axis in range(len(ctx.order)))), None


class Expand(Function):
    """y = x repeated along axes of length 1;  dx = dy summed over them (by the engine)."""

    @staticmethod
    def forward(ctx, x, shape):
        return view_of(x, np.broadcast_to(x.array, shape))

    @staticmethod
    def backward(ctx, dy):
        return dy, None


class Cast(Function):
    """y = x in another type;  dx = dy in the type of x."""

    @staticmethod
    def forward(ctx, x, dtype):
        ctx.dtype = x.array.dtype
        return copied(x, dtype)

    @staticmethod
    def backward(ctx, dy):
        return Cast.apply(dy, ctx.dtype), None


class Clone(Function):
    """y = x, in memory of its own;  dx = dy."""

    @staticmethod
    def forward(ctx, x):
        return copied(x)

    @staticmethod
    def backward(ctx, dy):
        return dy


# -- functions ---------------------------------------------------------------------------------------------------------


def axis_of(dim: Any, ndim: int) -> int:
    """A dimension as 0 .. ndim - 1; IndexError, in PyTorch's words, if there is none such."""
    if isinstance(dim, bool) or not isinstance(dim, (int, np.integer)):
        raise TypeError(f"dim must be an int, but got {type(dim).__name__}")
    span = max(ndim, 1)
    if not -span <= dim < span:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {dim})")
    return int(dim) % span


def filled_axis(x: Any, dim: Any, operation: str) -> int:
    """The axis of a dim along which an extreme, or the middle, is to be found: IndexError if it has no elements."""
    axis = axis_of(dim, x.array.ndim)
    if x.array.ndim and not x.array.shape[axis]:
        raise empty_axis(axis, operation)
    return axis


def empty_axis(axis: int, operation: str) -> IndexError:
    return IndexError(f"{operation}(): Expected reduction dim {axis} to have non-zero size.")


def sizes_of(args: tuple, name: str) -> tuple[int, ...]:
    """The sizes of f(2, 3) or f((2, 3)), as ints."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    for a in args:
        if isinstance(a, bool) or not hasattr(a, "__index__"):
            raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(a).__name__}")
    return tuple([a.__index__() for a in args])


def reshape(x: T, shape: tuple[int, ...], name: str = "reshape") -> T:
    """x in another shape with as many elements; one size may be -1. A view where strides allow, else a copy."""
    require_tensor(x, name)
    shape, size = tuple(shape), x.array.size
    if shape.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    if any(s < -1 for s in shape):
        raise RuntimeError(f"invalid shape dimension {min(shape)} in shape {list(shape)}")
    rest = math.prod(s for s in shape if s != -1)
    if -1 in shape:
        if rest == 0:
            raise RuntimeError(f"cannot reshape tensor of {size} elements into shape {list(shape)} because the "
                               "unspecified dimension size -1 can be any value and is ambiguous")
        shape = tuple(size // rest if s == -1 else s for s in shape)
    if math.prod(shape) != size:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")
    return Reshape.apply(x, shape)


def view(x: T, shape: tuple[int, ...]) -> T:
    """Like reshape, but never a copy."""
    y = reshape(x, shape, "view")
    if x.array.size and y._base is None:
        raise RuntimeError("view size is not compatible with input tensor's size and stride (at least one dimension "
                           "spans across two contiguous subspaces). Use .reshape(...) instead.")
    return y


def flatten(x: T, start_dim: int = 0, end_dim: int = -1) -> T:
    """The dimensions start_dim .. end_dim as one."""
    require_tensor(x, "flatten")
    shape = x.array.shape or (1,)
    start, end = axis_of(start_dim, len(shape)), axis_of(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return Reshape.apply(x, (*shape[:start], math.prod(shape[start:end + 1]), *shape[end + 1:]))


def ravel(x: T) -> T:
    """All elements in one dimension; a view where x is contiguous."""
    require_tensor(x, "ravel")
    return Reshape.apply(x, (x.array.size,))


def unflatten(x: T, dim: int, sizes: Any) -> T:
    """dim as several dimensions of these sizes, one of which may be -1."""
    require_tensor(x, "unflatten")
    axis, sizes = axis_of(dim, x.array.ndim), sizes_of((sizes,), "unflatten")
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    size = x.array.shape[axis] if x.array.ndim else 1
    known = math.prod(s for s in sizes if s != -1)
    if sizes.count(-1) > 1 or (known != size if -1 not in sizes else not known or size % known):
        raise RuntimeError(f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} "
                           f"({size}) in the input tensor")
    sizes = tuple([size // known if s == -1 else s for s in sizes])
    return Reshape.apply(x, (*x.array.shape[:axis], *sizes, *x.array.shape[axis + 1:]))


def squeeze(x: T, dim: Any = None) -> T:
    """Without the dimensions of length 1: all of them, or those named."""
    shape = x.array.shape
    dims = range(len(shape)) if dim is None else [axis_of(d, len(shape)) for d in
                                                  (dim if isinstance(dim, (tuple, list)) else (dim,))]
    if len(set(dims)) < len(dims):
        raise RuntimeError(f"dim {max(dims, key=list(dims).count)} appears multiple times in the list of dims")
    return Reshape.apply(x, tuple(s for i, s in enumerate(shape) if s != 1 or i not in dims))


def unsqueeze(x: T, dim: int) -> T:
    """With a dimension of length 1 put in at dim."""
    at = axis_of(dim, x.array.ndim + 1)
    return Reshape.apply(x, (*x.array.shape[:at], 1, *x.array.shape[at:]))


def permute(x: T, dims: tuple[int, ...]) -> T:
    """The dimensions in another order."""
    order = tuple(axis_of(d, x.array.ndim) for d in dims)
    if sorted(order) != list(range(x.array.ndim)):
        raise RuntimeError("permute(sparse_coo): number of dimensions in the tensor input does not match the length "
                           f"of the desired ordering of dimensions i.e. input.dim() = {x.array.ndim} is not equal to "
                           f"len(dims) = {len(dims)}" if len(order) != x.array.ndim else
                           "permute(): duplicate dims are not allowed.")
    return Permute.apply(x, order)


def transpose(x: T, dim0: int, dim1: int) -> T:
    """Two dimensions swapped."""
    order = list(range(x.array.ndim))
    if not order:
        axis_of(dim0, 0), axis_of(dim1, 0)
        return Permute.apply(x, ())
    i, j = axis_of(dim0, len(order)), axis_of(dim1, len(order))
    order[i], order[j] = order[j], order[i]
    return Permute.apply(x, tuple(order))


def t(x: T) -> T:
    """The transpose of a matrix; a vector or a number as it is."""
    require_tensor(x, "t")
    if x.array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {x.array.ndim}D")
    return Permute.apply(x, tuple(reversed(range(x.array.ndim))))


def movedim(x: T, source: Any, destination: Any) -> T:
    """Dimensions moved to other places; the rest keep their order."""
    require_tensor(x, "movedim")
    ndim = x.array.ndim
    sources, places = ([axis_of(d, ndim) for d in (ds if isinstance(ds, (tuple, list)) else (ds,))]
                       for ds in (source, destination))
    if len(sources) != len(places):
        raise RuntimeError("movedim: Invalid source or destination dims: source and destination must have the same "
                           f"number of elements, but got {source} and {destination}")
    for what, axes in (("source", sources), ("destination", places)):
        if len(set(axes)) < len(axes):
            raise RuntimeError(f"movedim: repeated dim in `{what}` ({axes})")
    order = [i for i in range(ndim) if i not in sources]
    for place, axis in sorted(zip(places, sources)):
        order.insert(place, axis)
    return Permute.apply(x, tuple(order) if ndim else ())


def expand(x: T, shape: tuple[int, ...]) -> T:
    """A view in which dimensions of length 1 are stretched without copying; -1 keeps a length."""
    own = x.array.shape
    lead = len(shape) - len(own)
    if lead < 0:
        raise RuntimeError(f"expand({list(own)}, size={list(shape)}): the number of sizes provided ({len(shape)}) must "
                           f"be greater or equal to the number of dimensions in the tensor ({len(own)})")
    full = []
    for i, want in enumerate(shape):
        have = own[i - lead] if i >= lead else None
        if want == -1 and have is None:
            raise RuntimeError(f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing "
                               f"dimension {i}")
        if want < -1 or (have not in (None, 1) and want not in (-1, have)):
            raise RuntimeError(f"The expanded size of the tensor ({want}) must match the existing size ({have}) at "
                               f"non-singleton dimension {i}.  Target sizes: {list(shape)}.  Tensor sizes: {list(own)}")
        full.append(have if want == -1 else want)
    return Expand.apply(x, tuple(full))


def sum_to_size(x: T, shape: tuple[int, ...]) -> T:
    """x summed over the dimensions that broadcasting `shape` to x's shape would stretch."""
    own = x.array.shape
    lead = len(own) - len(shape)
    if lead < 0 or any(want not in (1, have) for want, have in zip(shape, own[lead:])):
        raise RuntimeError(f"size {list(shape)} is not expandable to size {list(own)}.")
    axes = tuple(i for i, s in enumerate(own) if i < lead or (shape[i - lead] == 1 and s != 1))
    y = x.sum(axes) if axes else x
    return y if y.array.shape == tuple(shape) else Reshape.apply(y, tuple(shape))


def clone(x: T) -> T:
    """A copy, through which gradients flow."""
    return Clone.apply(x)
