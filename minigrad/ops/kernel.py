"""What every operation needs to call a kernel: pointers, results, and how two shapes broadcast."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from minigrad import dtypes, memory
from minigrad.engine import DETACHED, T, TensorBase, make
from minigrad.memory import LARGE
from minigrad.native import CTYPES, FLOATS, empty, ffi, from_buffer, lib, pointer, sizes

__all__ = ["allocate_by", "as_float", "binary", "broadcast", "copied", "copy_elements", "floating", "new", "new_like",
           "ptr", "require_tensor", "save_factors", "unary", "view_of"]


def ptr(x: TensorBase) -> Any:
    """Pointer to the elements of x in C order: those of its array, or of a copy if the array is not contiguous."""
    p = x._pointer
    if p is None:
        try:
            p = x._pointer = pointer(x.array)
        except ValueError:
            p = copied(x)._pointer  # which keeps the copy alive
    return p


def new(shape: tuple[int, ...], dtype: np.dtype, size: int | None = None) -> Any:
    """A tensor for a result of `size` elements, not yet set, its pointer ready."""
    if size is None:
        size = math.prod(shape)
    y = make((empty if size < LARGE else memory.empty)(shape, dtype))
    y._pointer = from_buffer(CTYPES[dtype.num], y.array)
    return y


def new_like(x: TensorBase) -> Any:
    return new(x.array.shape, x.array.dtype, x.array.size)


def allocate_by(small: Any, large: Any) -> None:
    """Have `new` take its memory from these two functions of shape and dtype; a recording does that while it runs."""
    global empty
    empty = small
    memory.empty = large


# -- copies ------------------------------------------------------------------------------------------------------------


def copied(x: TensorBase, dtype: np.dtype | None = None, shape: tuple[int, ...] | None = None) -> Any:
    """A tensor with the elements of x in memory of its own, contiguous; in another type or shape if one is given."""
    array = x.array
    y = new(array.shape, array.dtype if dtype is None else dtype, array.size)
    copy_elements(y.array, array)
    if shape is None:
        return y
    z = make(y.array.reshape(shape))
    z._pointer = y._pointer
    return z


def copy_elements(y: np.ndarray, x: np.ndarray) -> None:
    """y = x, element by element, in the type of y, where they have one shape and share no memory. Neither needs to be
    contiguous."""
    to, source = y.dtype.num, x.dtype.num
    if to in CTYPES and source in CTYPES:
        if y.flags.c_contiguous and x.flags.c_contiguous:
            lib.mg_copy(pointer(y), pointer(x), sizes((y.size, 1, 1)), 1, to, source)
            return
        steps = [divmod(stride, array.itemsize) for array in (y, x) for stride in array.strides]
        if not any(rest for _, rest in steps):
            lib.mg_copy(_address(y), _address(x), sizes((*y.shape, *[step for step, _ in steps])), y.ndim, to, source)
            return
    np.copyto(y, x, casting="unsafe")  # one column of NumPy's records


def _address(array: np.ndarray) -> Any:
    """Where the first element of an array is, contiguous or not."""
    return ffi.cast("void *", array.__array_interface__["data"][0])


def view_of(x: TensorBase, array: np.ndarray) -> Any:
    """A tensor over `array`, which shares memory with x: they share a version counter too."""
    y = make(array)
    y._counter = x.counter()
    base = y._base = x if x._base is None or x._base_node is DETACHED else x._base
    y._base_node = base.node
    return y


def require_tensor(x: Any, operation: str, name: str = "input", position: int = 1) -> None:
    """TypeError, in PyTorch's words, unless an argument is a tensor."""
    if not isinstance(x, TensorBase):
        raise TypeError(f"{operation}(): argument '{name}' (position {position}) must be Tensor, not "
                        f"{type(x).__name__}")


def save_factors(ctx: Any, x: TensorBase, y: TensorBase) -> None:
    """Keep of two factors, the first two arguments, what the other's gradient needs."""
    needs = ctx.needs_input_grad
    ctx.save_for_backward(x if needs[1] else None, y if needs[0] else None)


def as_float(x: T, operation: str) -> T:
    """x itself if its elements are floats; integers become the default float, as in PyTorch."""
    require_tensor(x, operation)
    return x if x.array.dtype.num in FLOATS else x.to(dtypes.default_float())


def floating(x: Any, operation: str) -> Any:
    """x, for operations that PyTorch offers for floats alone."""
    require_tensor(x, operation)
    if x.array.dtype.num not in FLOATS:
        raise dtypes.not_implemented(operation, x.array.dtype)
    return x


def unary(kernel: Any, x: TensorBase, *constants: float) -> Any:
    """y = kernel(x), element by element."""
    array = x.array
    size = array.size
    y = new(array.shape, array.dtype, size)
    kernel(array.dtype.num, y._pointer, x._pointer or ptr(x), size, *constants)
    return y


def binary(kernel: Any, ufunc: Any, x: TensorBase, y: TensorBase) -> Any:
    """z = x ? y with broadcasting: by the kernel for floats, by NumPy's ufunc for integers. x and y have one dtype."""
    a, b = x.array, y.array
    number = a.dtype.num
    if number not in FLOATS or a.dtype is not b.dtype:
        broadcast(a.shape, b.shape)  # refuses in PyTorch's words what NumPy would in its own
        return make(np.asarray(ufunc(a, b)))
    if a.shape == b.shape:
        size = a.size
        z = new(a.shape, a.dtype, size)
        kernel(number, z._pointer, x._pointer or ptr(x), y._pointer or ptr(y), 1, size, 0, 1, 0, 1)
        return z
    shape, plan = broadcast(a.shape, b.shape)
    z = new(shape, a.dtype)
    if plan is None:
        x, y = make(np.broadcast_to(a, shape)), make(np.broadcast_to(b, shape))
        plan = (1, z.array.size, 0, 1, 0, 1)
    kernel(number, z._pointer, ptr(x), ptr(y), *plan)
    return z


@lru_cache(maxsize=4096)
def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """The shape of two shapes broadcast together, and it as (rows, cols, a_row, a_col, b_row, b_col) for a kernel.

    Adjacent axes along which the same operands extend count as one. None in place of the six numbers if more than two
    remain.
    """
    ndim = max(len(a), len(b))
    a1, b1 = (1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b
    for axis, (p, q) in enumerate(zip(a1, b1)):
        if p != q and p != 1 and q != 1:
            raise RuntimeError(f"The size of tensor a ({p}) must match the size of tensor b ({q}) at non-singleton "
                               f"dimension {axis}: the shapes are {list(a)} and {list(b)}")
    shape = tuple(q if p == 1 else p for p, q in zip(a1, b1))
    groups: list[list] = []  # [length, whether a extends, whether b extends]
    for p, q, length in zip(a1, b1, shape):
        if length == 1:
            continue
        extends = [p != 1, q != 1]
        if groups and groups[-1][1:] == extends:
            groups[-1][0] *= length
        else:
            groups.append([length, *extends])
    if len(groups) > 2:
        return shape, None
    while len(groups) < 2:
        groups.insert(0, [1, False, False])
    (rows, a_rows, b_rows), (cols, a_cols, b_cols) = groups
    strides = [stride for in_rows, in_cols in ((a_rows, a_cols), (b_rows, b_cols))
               for stride in ((cols if in_cols else 1) if in_rows else 0, int(in_cols))]
    return shape, (rows, cols, *strides)
