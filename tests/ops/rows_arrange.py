"""Rows of operations that split, repeat, scatter and solve; tests/parity/ holds them all against PyTorch's samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from .row import Row, away, call, distinct, normal, split, whole


def _square(t: Any, x: Any) -> Any:
    """A matrix with an inverse, made of any."""
    return x * 0.2 + (t.eye(x.shape[-1], dtype=x.dtype) if t else np.eye(x.shape[-1]))


def _of_square(name: str, function: Any, reference: Any, covers: str, *shapes: tuple) -> Row:
    return Row(name, lambda x: reference(_square(None, x)), tuple(call(normal(*shape)) for shape in shapes),
               split(covers), lambda t, x: function(t, _square(t, x)), ulps=256)


def _windows(x: np.ndarray, axis: int, size: int, step: int) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis)
    return np.moveaxis(np.moveaxis(windows, axis, 0)[::step], 0, axis)


def _scattered(ufunc: Any, start: Any) -> Any:
    def reference(x: np.ndarray, dim: int, index: np.ndarray, src: np.ndarray, reduce: str,
                  include_self: bool = True) -> np.ndarray:
        y = x.copy()
        where = tuple(index if i == dim else g for i, g in enumerate(np.indices(index.shape, sparse=True)))
        if not include_self:
            y[where] = start
        ufunc.at(y, where, src[tuple(map(slice, index.shape))])
        return y

    return reference


ARRANGEMENTS = [
    Row("Tensor.unfold", _windows,
        (call(normal(7), 0, 3, 2), call(normal(2, 5), 1, 2, 1), call(normal(2, 5), -1, 5, 1)), split("View IndexGrad")),
    Row("diagonal", np.diagonal, (call(normal(3, 4)), call(normal(3, 4), 1), call(normal(2, 3, 4), -1, 1, 2)),
        split("View IndexGrad")),
    Row("scatter_reduce prod", _scattered(np.multiply, 1.0),
        (call(away(3, 2), 0, whole(3, 4, 2), away(4, 2), "prod"),
         call(away(3), 0, whole(3, 5), away(5), "prod", include_self=False)), split("ScatterProduct"),
        lambda t, x, *args, **kwargs: x.scatter_reduce(*args, **kwargs)),
    Row("scatter_reduce amax", _scattered(np.maximum, -np.inf),
        (call(distinct(3, 2), 0, whole(3, 4, 2), normal(4, 2), "amax"),
         call(distinct(3), 0, whole(3, 5), normal(5), "amax", include_self=False)), split("ScatterExtreme"),
        lambda t, x, *args, **kwargs: x.scatter_reduce(*args, **kwargs)),
    _of_square("linalg.inv", lambda t, x: t.linalg.inv(x), np.linalg.inv, "Inverse", (2, 2), (2, 3, 3)),
    _of_square("linalg.det", lambda t, x: t.linalg.det(x), np.linalg.det, "Determinant", (2, 2), (2, 3, 3)),
    _of_square("linalg.slogdet", lambda t, x: t.linalg.slogdet(x)[1], lambda x: np.linalg.slogdet(x)[1],
               "LogDeterminant", (2, 2), (2, 3, 3)),
    _of_square("linalg.cholesky", lambda t, x: t.linalg.cholesky(x @ x.mT),
               lambda x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2)), "Cholesky", (2, 2), (2, 3, 3)),
    Row("linalg.solve", lambda a, b: np.linalg.solve(_square(None, a), b),
        (call(normal(2, 2), normal(2, 3)), call(normal(2, 3, 3), normal(2, 3, 1))), split("Solve"),
        lambda t, a, b: t.linalg.solve(_square(t, a), b), ulps=256),
    Row("einsum", lambda x, y: np.einsum("bij,bjk->ik", x, y), (call(normal(2, 2, 2), normal(2, 2, 1)),),
        split("MatMul Permute"), lambda t, x, y: t.einsum("bij,bjk->ik", x, y)),
]
