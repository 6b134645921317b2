"""Matrix products, in all transpose forms without copying."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, make
from minigrad.native import FLOATS, ffi, lib, pointer
from minigrad.ops.kernel import new, ptr, require_tensor, save_factors
from minigrad.ops.shape import Reshape, broadcast_to

__all__ = ["bmm", "linear", "matmul", "mm"]

NULL = ffi.NULL


def _layout(x: Any, transposed: bool) -> tuple[Any, int, int]:
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
        save_factors(ctx, a, b)
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


def _product(a: Any, b: Any, ta: bool, tb: bool, bias: Any = None) -> Any:
    """A @ B [+ bias] with A = a or a^T, B = b or b^T: the call of the kernel."""
    m, k = a.array.shape[::-1] if ta else a.array.shape
    n = b.array.shape[0 if tb else 1]
    dtype = a.array.dtype
    c = new((m, n), dtype, m * n)
    pa, a_row, a_col = _layout(a, ta)
    pb, b_row, b_col = _layout(b, tb)
    p_bias = NULL if bias is None else ptr(bias)
    lib.mg_matmul(dtype.num, c._pointer, pa, pb, p_bias, m, n, k, a_row, a_col, b_row, b_col)
    return c


class Linear(Function):
    """y (batch, out) = x (batch, in) @ w^T (in, out) + b;  dx = dy @ w, dw = dy^T @ x, db = sum dy over the batch."""

    @staticmethod
    def forward(ctx, x, w, b=None):
        save_factors(ctx, x, w)
        return _product(x, w, False, True, b)

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        needs = ctx.needs_input_grad
        return LinearGrad.apply(dy, x, w, *needs)[:len(needs)]


class LinearGrad(Function):
    """dx = dy @ w, dw = dy^T @ x, db = sum dy, each where needed;
    ddy = ddx @ w^T + x @ ddw^T + ddb, d_x = dy @ ddw, d_w = dy^T @ ddx."""

    @staticmethod
    def forward(ctx, dy, x, w, need_x, need_w, need_b=False):
        ctx.save_for_backward(dy, x, w)
        ctx.set_materialize_grads(False)
        db = None
        if need_b:
            rows, cols = dy.array.shape
            db = new((cols,), dy.array.dtype)
            lib.mg_sum(dy.array.dtype.num, db._pointer, ptr(dy), 1, rows, cols, 1.0)
        return (_product(dy, w, False, False) if need_x else None, _product(dy, x, True, False) if need_w else None, db)

    @staticmethod
    def backward(ctx, ddx, ddw, ddb):
        dy, x, w = ctx.saved_tensors
        need_dy, need_x, need_w, *rest = ctx.needs_input_grad
        parts = [] if not need_dy else [part for part in (
            ddx is not None and MatMul.apply(ddx, w, False, True),
            ddw is not None and MatMul.apply(x, ddw, False, True),
            ddb is not None and ddb.expand(dy.array.shape)) if part is not False]
        ddy = parts[0] if parts else None
        for part in parts[1:]:
            ddy = ddy + part
        return (ddy, MatMul.apply(dy, ddw) if need_x and ddw is not None else None,
                MatMul.apply(dy, ddx, True) if need_w and ddx is not None else None, *[None] * len(rest))


def _same_float(operation: str, *tensors: Any) -> None:
    """RuntimeError unless the tensors have one dtype. TypeError if one is no tensor."""
    first = tensors[0]
    for position, t in enumerate(tensors):
        require_tensor(t, operation, ("input", "other", "bias")[position], position + 1)
        if t.array.dtype is not first.array.dtype:
            raise RuntimeError(f"{operation}: expected m1 and m2 to have the same dtype, but got: {first.dtype} != "
                               f"{t.dtype}")


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """y = x @ weight^T + bias: x (..., in), weight (out, in), bias (out), y (..., out)."""
    if bias is None:
        _same_float("linear", x, weight)
    else:
        _same_float("linear", x, weight, bias)
    xs, ws = x.array.shape, weight.array.shape
    if not xs or len(ws) != 2 or xs[-1] != ws[1] or (bias is not None and bias.array.shape != ws[:1]):
        raise RuntimeError(f"linear: mat1 and mat2 shapes cannot be multiplied: input {list(xs)} @ weight {list(ws)} "
                           "transposed" + ("" if bias is None else f" + bias {list(bias.array.shape)}")
                           + ": expected input (..., in), weight (out, in)" + ("" if bias is None else ", bias (out)"))
    if x.array.dtype.num not in FLOATS:
        y = matmul(x, weight.t())
        return y if bias is None else y + bias
    flat = x if len(xs) == 2 else Reshape.apply(x, (-1 if x.array.size else int(np.prod(xs[:-1])), xs[-1]))
    y = Linear.apply(flat, weight) if bias is None else Linear.apply(flat, weight, bias)
    return y if len(xs) == 2 else Reshape.apply(y, (*xs[:-1], ws[0]))


def matmul(a: Any, b: Any) -> Any:
    """a @ b. Vectors, matrices, and batches of matrices whose leading dimensions broadcast, as in NumPy and PyTorch."""
    _same_float("matmul", a, b)
    sa, sb = a.array.shape, b.array.shape
    if not sa or not sb:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {len(sa)}D and {len(sb)}D")
    inner = sb[-2] if len(sb) > 1 else sb[0]
    if sa[-1] != inner:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({'x'.join(map(str, sa))} and "
                           f"{'x'.join(map(str, sb))})")
    if a.array.dtype.num not in FLOATS:
        return make(np.asarray(np.matmul(a.array, b.array)))
    if len(sa) == 2 and len(sb) == 2:
        return MatMul.apply(a, b)
    if len(sa) == 1 or len(sb) == 1:
        c = matmul(Reshape.apply(a, (1, *sa)) if len(sa) == 1 else a, Reshape.apply(b, (*sb, 1)) if len(sb) == 1 else b)
        lead, shape = c.array.shape[:-2], c.array.shape
        return Reshape.apply(c, lead + (() if len(sa) == 1 else shape[-2:-1]) + (() if len(sb) == 1 else shape[-1:]))
    return _batched(a, b)


def mm(a: Any, b: Any) -> Any:
    """a @ b of two matrices."""
    return _of_dimension(a, b, 2, "mm")


def bmm(a: Any, b: Any) -> Any:
    """a[i] @ b[i] of two batches of matrices."""
    return _of_dimension(a, b, 3, "bmm")


def _of_dimension(a: Any, b: Any, ndim: int, name: str) -> Any:
    _same_float(name, a, b)
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
    a3 = Reshape.apply(broadcast_to(a, (*lead, *sa[-2:])), (batch, *sa[-2:]))
    b3 = Reshape.apply(broadcast_to(b, (*lead, *sb[-2:])), (batch, *sb[-2:]))
    return Reshape.apply(BatchMatMul.apply(a3, b3), (*lead, sa[-2], sb[-1]))
