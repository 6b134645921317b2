"""Matrix products, in all transpose forms without copying."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, T, make
from minigrad.native import FLOATS, ffi, lib, pointer
from minigrad.ops.kernel import new, ptr, require_tensor, save_factors
from minigrad.ops.shape import Reshape, expand

__all__ = ["MatMul", "bmm", "layout", "matmul", "mm", "same_float"]

NULL = ffi.NULL


def layout(x: Any, transposed: bool) -> tuple[Any, int, int]:
    """(pointer, row stride, column stride), in elements, of a matrix or its transpose; a copy only if neither its
    rows nor its columns are contiguous."""
    rows, cols = x.array.shape
    p = x._pointer
    if p is None and not x.array.flags.c_contiguous and x.array.flags.f_contiguous:
        return pointer(x.array.T), *((rows, 1) if transposed else (1, rows))
    return ptr(x) if p is None else p, *((1, cols) if transposed else (cols, 1))


class MatMul(Function):
    """c = A @ B with A = a or a^T, B = b or b^T;  dA = dc @ B^T, dB = A^T @ dc. Matrices only."""

    @staticmethod
    def forward(ctx, a, b, ta=False, tb=False):
        needs = ctx.needs_input_grad
        if True in needs:
            ctx.save_for_backward(a if needs[1] else None, b if needs[0] else None)
            ctx.forms = ta, tb
        return _product(a, b, ta, tb)

    @classmethod
    def backward(cls, ctx, dc):
        a, b = ctx.saved_tensors
        ta, tb = ctx.forms
        da = db = None
        if ctx.needs_input_grad[0]:
            da = cls.apply(b, dc, tb, True) if ta else cls.apply(dc, b, False, not tb)
        if ctx.needs_input_grad[1]:
            db = cls.apply(dc, a, True, ta) if tb else cls.apply(a, dc, not ta, False)
        return da, db, None, None


class BatchMatMul(MatMul):
    """c[i] = A[i] @ B[i], A = a or a^T, B = b or b^T in the last two axes;  dA = dc @ B^T, dB = A^T @ dc."""

    @staticmethod
    def forward(ctx, a, b, ta=False, tb=False):
        save_factors(ctx, a, b)
        ctx.forms = ta, tb
        batch, m, k = a.array.shape[0], *(a.array.shape[:0:-1] if ta else a.array.shape[1:])
        n = b.array.shape[1 if tb else 2]
        c = new((batch, m, n), a.array.dtype)
        pa, pb, pc, number = ptr(a), ptr(b), ptr(c), a.array.dtype.num
        a_strides, b_strides = (1, m) if ta else (k, 1), (1, k) if tb else (n, 1)
        for i in range(batch):
            lib.mg_matmul(number, pc + i * m * n, pa + i * m * k, pb + i * k * n, NULL, m, n, k, *a_strides, *b_strides)
        return c


def _product(a: Any, b: Any, ta: bool, tb: bool) -> Any:
    """A @ B with A = a or a^T, B = b or b^T: the call of the kernel."""
    m, k = a.array.shape[::-1] if ta else a.array.shape
    n = b.array.shape[0 if tb else 1]
    dtype = a.array.dtype
    c = new((m, n), dtype, m * n)
    pa, a_row, a_col = layout(a, ta)
    pb, b_row, b_col = layout(b, tb)
    lib.mg_matmul(dtype.num, c._pointer, pa, pb, NULL, m, n, k, a_row, a_col, b_row, b_col)
    return c


def same_float(operation: str, *tensors: Any) -> None:
    """RuntimeError unless the tensors have one dtype. TypeError if one is no tensor."""
    first = tensors[0]
    for position, t in enumerate(tensors):
        require_tensor(t, operation, ("input", "other", "bias")[position], position + 1)
        if t.array.dtype is not first.array.dtype:
            raise RuntimeError(f"{operation}: expected m1 and m2 to have the same dtype, but got: {first.dtype} != "
                               f"{t.dtype}")


def _fit(a: Any, b: Any) -> bool:
    """Whether a (m, k) and b (k, n) go together, floats of one type."""
    try:
        x, y = a.array, b.array
        return (x.ndim == 2 == y.ndim and x.dtype is y.dtype and x.dtype.num in FLOATS
                and x.shape[1] == y.shape[0])
    except AttributeError:  # one is no tensor
        return False


def matmul(a: T, b: Any) -> T:
    """a @ b. Vectors, matrices, and batches of matrices whose leading dimensions broadcast, as in NumPy and PyTorch."""
    if _fit(a, b):
        return MatMul.apply(a, b)
    same_float("matmul", a, b)
    sa, sb = a.array.shape, b.array.shape
    if not sa or not sb:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {len(sa)}D and {len(sb)}D")
    inner = sb[-2] if len(sb) > 1 else sb[0]
    if sa[-1] != inner:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({'x'.join(map(str, sa))} and "
                           f"{'x'.join(map(str, sb))})")
    if a.array.dtype.num not in FLOATS:
        return make(np.asarray(np.matmul(a.array, b.array)))
    if len(sa) == 1 or len(sb) == 1:
        c = matmul(Reshape.apply(a, (1, *sa)) if len(sa) == 1 else a, Reshape.apply(b, (*sb, 1)) if len(sb) == 1 else b)
        lead, shape = c.array.shape[:-2], c.array.shape
        return Reshape.apply(c, lead + (() if len(sa) == 1 else shape[-2:-1]) + (() if len(sb) == 1 else shape[-1:]))
    return _batched(a, b)


def mm(a: T, b: Any) -> T:
    """a @ b of two matrices."""
    return _of_dimension(a, b, 2, "mm")


def bmm(a: T, b: Any) -> T:
    """a[i] @ b[i] of two batches of matrices."""
    return _of_dimension(a, b, 3, "bmm")


def _of_dimension(a: Any, b: Any, ndim: int, name: str) -> Any:
    same_float(name, a, b)
    if a.array.ndim != ndim or b.array.ndim != ndim or (ndim == 3 and len(a.array) != len(b.array)):
        raise RuntimeError(f"{name}: expected two tensors of {ndim} dimensions" + " and one batch size" * (ndim == 3)
                           + f", but got shapes {list(a.array.shape)} and {list(b.array.shape)}")
    return matmul(a, b)


def _batched(a: Any, b: Any) -> Any:
    sa, sb = a.array.shape, b.array.shape
    if len(sb) == 2 and a.array.size:  # one matrix for the whole batch: one product
        c = MatMul.apply(Reshape.apply(a, (-1, sa[-1])), b)
        return Reshape.apply(c, (*sa[:-1], sb[-1]))
    try:
        lead = np.broadcast_shapes(sa[:-2], sb[:-2])
    except ValueError:
        raise RuntimeError(f"matmul: the batch dimensions of {list(sa)} and {list(sb)} do not broadcast") from None
    batch = int(np.prod(lead))
    a3 = Reshape.apply(expand(a, (*lead, *sa[-2:])), (batch, *sa[-2:]))
    b3 = Reshape.apply(expand(b, (*lead, *sb[-2:])), (batch, *sb[-2:]))
    return Reshape.apply(BatchMatMul.apply(a3, b3), (*lead, sa[-2], sb[-1]))
