"""Linear algebra on (..., n, n) matrices, by NumPy's LAPACK: inverse, determinant, solve, Cholesky, with gradients.

The gradients are those of Giles, "An extended collection of matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), written with differentiable operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import return_types
from minigrad.engine import Function, T, make
from minigrad.grad_mode import mode
from minigrad.ops import extremes, norms, reduce
from minigrad.ops.choice import where
from minigrad.ops.kernel import broadcast, require_tensor
from minigrad.ops.matmul import matmul
from minigrad.ops.rearrange import tril
from minigrad.ops.shape import Reshape, axis_of, expand, transpose

__all__ = ["LinAlgError", "cholesky", "det", "inv", "logdet", "matrix_norm", "matrix_power", "norm", "slogdet", "solve",
           "vector_norm"]


class LinAlgError(RuntimeError):
    """A matrix for which there is no answer: singular, or not positive-definite."""


def _computed(name: str, function: Any, *arrays: np.ndarray) -> Any:
    try:
        with np.errstate(all="ignore"):
            return function(*arrays)
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"linalg.{name}: {error}: the input matrix is singular or not positive-definite") from None


def _mt(x: Any) -> Any:
    return transpose(x, -2, -1)


def _square(x: Any, name: str) -> None:
    require_tensor(x, name, "A")
    if x.array.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if x.array.shape[-1] != x.array.shape[-2]:
        raise RuntimeError(f"linalg.{name}: A must be batches of square matrices, but they are {x.array.shape[-2]} by "
                           f"{x.array.shape[-1]} matrices")
    if x.array.dtype.kind != "f":
        raise RuntimeError(f"linalg.{name}: Expected a floating point tensor as input. Got {x.dtype}")


class Inverse(Function):
    """y = x^-1;  dx = -y^T dy y^T."""

    @staticmethod
    def forward(ctx, x):
        y = make(_computed("inv", np.linalg.inv, x.array))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return -matmul(matmul(_mt(y), dy), _mt(y))


class Determinant(Function):
    """y = det x;  dx = dy y x^-T; for a singular x, dy times the cofactors, from its singular values."""

    @staticmethod
    def forward(ctx, x):
        y = make(np.asarray(np.linalg.det(x.array), x.array.dtype))
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, y = ctx.saved_tensors
        if (y.array != 0).all():
            return dy[..., None, None] * (y[..., None, None] * _mt(Inverse.apply(x)))
        if mode.enabled:
            raise NotImplementedError("linalg.det: the second derivative at a singular matrix is not offered")
        return dy[..., None, None] * make(_cofactors(x.array))


def _cofactors(a: np.ndarray) -> np.ndarray:
    """d det / da = det(U V^T) U diag(product of the other singular values) V^T, for a = U diag(s) V^T."""
    u, s, vt = np.linalg.svd(a)
    n = s.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1, s[..., None, :]).prod(-1)
    sign = np.linalg.det(u) * np.linalg.det(vt)
    return (sign[..., None, None] * ((u * others[..., None, :]) @ vt)).astype(a.dtype)


class LogDeterminant(Function):
    """sign, y = sign(det x), ln |det x|;  dx = dy x^-T."""

    @staticmethod
    def forward(ctx, x):
        sign, y = (make(np.asarray(a, x.array.dtype)) for a in np.linalg.slogdet(x.array))
        ctx.save_for_backward(x)
        ctx.mark_non_differentiable(sign)
        return sign, y

    @staticmethod
    def backward(ctx, _, dy):
        (x,) = ctx.saved_tensors
        return dy[..., None, None] * _mt(Inverse.apply(x))


class Solve(Function):
    """x such that a @ x = b, of matrices;  db = a^-T dx, da = -db x^T."""

    @staticmethod
    def forward(ctx, a, b):
        x = make(_computed("solve", np.linalg.solve, a.array, b.array))
        ctx.save_for_backward(a, x)
        return x

    @staticmethod
    def backward(ctx, dx):
        a, x = ctx.saved_tensors
        db = Solve.apply(_mt(a), dx)
        return -matmul(db, _mt(x)) if ctx.needs_input_grad[0] else None, db


class Cholesky(Function):
    """The lower L with L L^T = x;  dx = L^-T P L^-1, symmetric, where P is the lower half of L^T dL (Murray 2016)."""

    @staticmethod
    def forward(ctx, x):
        y = make(_computed("cholesky", np.linalg.cholesky, x.array))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        half = tril(matmul(_mt(y), dy))
        half = half - half * make(np.eye(y.array.shape[-1], dtype=y.array.dtype) * 0.5)
        inverse = Inverse.apply(y)
        dx = matmul(matmul(_mt(inverse), half), inverse)
        return (dx + _mt(dx)) * 0.5


# -- functions ---------------------------------------------------------------------------------------------------------


def inv(A: T) -> T:
    """A^-1. LinAlgError if a matrix is singular."""
    _square(A, "inv")
    return Inverse.apply(A)


def det(A: T) -> T:
    """The determinant of each matrix."""
    _square(A, "det")
    return Determinant.apply(A)


def slogdet(A: Any) -> return_types.SlogDet:
    """(sign, logabsdet) of the determinant; (0, -inf) for a singular matrix."""
    _square(A, "slogdet")
    return return_types.slogdet(*LogDeterminant.apply(A))


def logdet(A: T) -> T:
    """ln det A; NaN where the determinant is negative."""
    sign, y = slogdet(A)
    return where(sign < 0, make(np.asarray(np.nan, y.array.dtype)), y)


def cholesky(A: T, *, upper: bool = False) -> T:
    """The lower triangular L with L @ L^T = A (or L^T, with upper), of a symmetric positive-definite A."""
    _square(A, "cholesky")
    y = Cholesky.apply(A)
    return _mt(y) if upper else y


def solve(A: T, B: Any, *, left: bool = True) -> T:
    """X with A @ X = B, or X @ A = B where not left; B holds matrices, or a vector per matrix of A."""
    _square(A, "solve")
    require_tensor(B, "solve", "B", 2)
    if A.array.dtype is not B.array.dtype:
        raise RuntimeError(f"linalg.solve: Expected A and B to have the same dtype, but found {A.dtype} and {B.dtype}")
    vector = B.array.ndim == 1 or (A.array.ndim - 1 == B.array.ndim and B.array.shape == A.array.shape[:-1])
    if vector and not left:
        raise RuntimeError("linalg.solve: Vector broadcasting of the left hand side is not supported for left=False.")
    b = Reshape.apply(B, (*B.array.shape, 1)) if vector else B
    b = b if left else _mt(b)
    if b.array.shape[-2] != A.array.shape[-1]:
        raise RuntimeError(f"linalg.solve: Incompatible shapes of A and B for the equation AX = B: "
                           f"{list(A.array.shape)} and {list(B.array.shape)}")
    lead, _ = broadcast(A.array.shape[:-2], b.array.shape[:-2])
    a = A if left else _mt(A)
    x = Solve.apply(expand(a, (*lead, *a.array.shape[-2:])), expand(b, (*lead, *b.array.shape[-2:])))
    x = x if left else _mt(x)
    return Reshape.apply(x, x.array.shape[:-1]) if vector else x


def matrix_power(A: T, n: int) -> T:
    """A @ A @ ... n times, by squaring; of the inverse for a negative n."""
    _square(A, "matrix_power")
    if n < 0:
        A, n = inv(A), -n
    if n == 0:
        return A * 0.0 + make(np.eye(A.array.shape[-1], dtype=A.array.dtype))
    result: Any = None
    while n:
        if n & 1:
            result = A if result is None else matmul(result, A)
        n >>= 1
        A = matmul(A, A) if n else A
    return result if result is not A else A.clone()


# -- norms -------------------------------------------------------------------------------------------------------------


def vector_norm(x: T, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """(sum |x|^ord)^(1/ord) over dim (all for None)."""
    require_tensor(x, "linalg.vector_norm", "x")
    if isinstance(ord, (str, bool)):
        raise TypeError(f"linalg_vector_norm(): argument 'ord' must be Number, not {type(ord).__name__}")
    if x.array.dtype.kind != "f":
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype}")
    if not x.array.size and (ord < 0 or ord == float("inf")):
        axes = reduce.axes_of(dim, x.array.ndim)
        if dim is None or any(x.array.shape[i] == 0 for i in axes):
            raise RuntimeError(f"linalg.vector_norm cannot compute the {float(ord)} norm on an empty tensor because "
                               "the operation does not have an identity")
    return norms.norm(x, ord, dim, keepdim, dtype)


def matrix_norm(A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Any:
    """"fro": the root of the sum of squares; 1, -1: the largest, smallest sum of a column; inf, -inf: of a row."""
    require_tensor(A, "linalg.matrix_norm", "A")
    if A.array.dtype.kind != "f":
        raise RuntimeError(f"linalg.matrix_norm: Expected a floating point tensor as input. Got {A.dtype}")
    if A.array.ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    first, second = (axis_of(d, A.array.ndim) for d in dim)
    if first == second:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    A = A if dtype is None else A.to(dtype)
    if ord == "fro":
        return norms.norm(A, 2, (first, second), keepdim)
    if ord in ("nuc", 2, -2):
        raise NotImplementedError(f"linalg.matrix_norm: ord={ord!r} needs singular values, which are not offered; use "
                                  "'fro', or numpy.linalg.norm for a number without a gradient")
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    summed, chosen = (first, second) if abs(ord) == 1 else (second, first)
    sums = reduce.sum(A.abs(), summed, True)
    y = (extremes.amax if ord > 0 else extremes.amin)(sums, chosen, True)
    return y if keepdim else y.squeeze((first, second))


def norm(A: T, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """matrix_norm of two dims, vector_norm of one; without ord, the root of the sum of squares over all."""
    require_tensor(A, "linalg.norm", "A")
    pair = isinstance(dim, (tuple, list)) and len(dim) == 2
    if ord is not None and (pair or (dim is None and A.array.ndim == 2)):
        return matrix_norm(A, ord, dim if pair else (-2, -1), keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: ord={ord!r} needs a matrix: two dimensions")
    if ord is not None and dim is None and A.array.ndim > 2:
        raise RuntimeError("linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
                           f"{A.array.ndim}D.")
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)
