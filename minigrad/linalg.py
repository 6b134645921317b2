"""Linear algebra under PyTorch's names: minigrad.linalg.norm, inv, det, slogdet, solve, cholesky and some more."""

from __future__ import annotations

from typing import Any

from minigrad.ops.linalg import (
    LinAlgError,
    cholesky,
    det,
    inv,
    matrix_norm,
    matrix_power,
    norm,
    slogdet,
    solve,
    vector_norm,
)
from minigrad.ops.matmul import matmul
from minigrad.ops.pieces import diagonal as _diagonal
from minigrad.ops.products import chain_matmul
from minigrad.ops.products import cross as _cross

__all__ = ["LinAlgError", "cholesky", "cross", "det", "diagonal", "inv", "matmul", "matrix_norm", "matrix_power",
           "multi_dot", "norm", "slogdet", "solve", "vector_norm"]


def multi_dot(tensors: Any) -> Any:
    """tensors[0] @ tensors[1] @ ..., in the order that takes the fewest multiplications."""
    return chain_matmul(list(tensors))


def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """The vector product along dim, of size 3."""
    return _cross(input, other, dim)


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonals of the last two dimensions, as a view."""
    return _diagonal(A, offset, dim1, dim2)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'minigrad.linalg' has no attribute '{name}': decompositions (svd, eigh, qr) and what "
                         "is made of them are not offered; use numpy.linalg on x.numpy() where no gradient is needed")
