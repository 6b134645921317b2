"""Rows of what runs along a dimension, picks the middle, or measures distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .row import Draw, Row, away, call, distinct, normal, positive, split
from .rows_nn import along, reduction

Maker = Callable[..., Draw]


def logsumexp(x: np.ndarray, dim: Any, keepdim: bool) -> np.ndarray:
    return np.log(np.exp(x).sum(axis=dim, keepdims=keepdim))


def running(accumulate: Callable) -> Callable:
    def reference(x: np.ndarray, dim: int) -> np.ndarray:
        return accumulate(x, dim) if x.ndim else x

    return reference


def with_zeros(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    return rng.choice([-1.5, 0.0, 0.7, 2.0], shape)


def zeros(*shape: int) -> Draw:
    return Draw(shape, with_zeros)


def one(name: str, reference: Callable, *samples: Any, covers: str = "", how: Callable | None = None,
        ulps: float = 128, torch: bool = True) -> Row:
    return Row(name, reference, samples, split(covers), how, torch, ulps)


def median(x: np.ndarray) -> np.ndarray:
    return np.sort(x, axis=None)[(x.size - 1) // 2]


def distances(x: np.ndarray, y: np.ndarray, p: float) -> np.ndarray:
    return (np.abs(x[..., :, None, :] - y[..., None, :, :]) ** p).sum(-1) ** (1 / p)


ALONG = [
    reduction("logsumexp", logsumexp, "LogSumExp", how=lambda t, x, dim=(0,), keepdim=False: t.logsumexp(
        x, (tuple(range(x.ndim)) if dim == (0,) else dim), keepdim), empty=False),
    reduction("nansum", lambda x, dim, keep: np.sum(x, axis=dim, keepdims=keep), "Where Sum"),
    along("cumsum", running(np.cumsum), "CumSum"),
    along("cumprod", running(np.cumprod), "Mul", away),
    one("cumprod of zeros", np.cumprod, call(zeros(5)), call(zeros(9)), covers="Mul", how=lambda t, x: t.cumprod(x, 0)),
    along("logcumsumexp", running(np.logaddexp.accumulate), "LogCumSumExp"),
    one("diff", lambda x, n: np.diff(x, n), call(normal(2, 3), 1), call(normal(7), 2), covers="Sub"),
    one("prod", np.prod, call(away(2, 3)), call(zeros(5)), call(zeros(2, 3)), call(away()), call(away(0)),
        call(away(17)), covers="Prod"),
    one("prod along", lambda x, dim, keep: np.prod(x, axis=dim, keepdims=keep), call(away(2, 3), 0, False),
        call(zeros(2, 3), 1, True), call(zeros(3, 5, 2), 1, False), call(away(3, 0), 1, False), covers="Prod",
        how=lambda t, x, dim, keep: t.prod(x, dim, keep)),
    one("cummax", lambda x, dim: np.maximum.accumulate(x, dim), call(distinct(2, 3), 1), call(distinct(5, 7), 0),
        covers="Index", how=lambda t, x, dim: t.cummax(x, dim).values),
    one("median", median, call(distinct(2, 3)), call(distinct(7)), call(distinct()), covers="Share"),
    one("median along", lambda x, dim: np.median(x, dim), call(distinct(3, 5), 1), call(distinct(3, 5), 0),
        covers="Index", how=lambda t, x, dim: t.median(x, dim)[0]),
    one("quantile", np.quantile, call(distinct(2, 3), 0.3), call(distinct(9), 0.5), covers="Index"),
    one("quantile along", lambda x, q: np.quantile(x, q, 1), call(distinct(2, 5), 0.3), covers="Index",
        how=lambda t, x, q: t.quantile(x, q, 1)),
    one("dist", lambda x, y: np.sqrt(((x - y) ** 2).sum()), call(normal(2, 3), normal(2, 3)), covers="PNorm"),
    *(one(f"cdist p={p}", distances, call(normal(2, 3), normal(4, 3), p), call(normal(2, 2, 3), normal(4, 3), p),
          covers="PNorm", how=lambda t, x, y, p: t.cdist(x, y, p)) for p in (1.0, 2.0, 3.0)),
    one("renorm", lambda x: x * np.minimum(1, 1.0 / (np.sqrt((x**2).sum(1, keepdims=True)) + 1e-7)),
        call(away(2, 3)), covers="PNorm", how=lambda t, x: t.renorm(x, 2, 0, 1.0), ulps=1e8),
    one("var without freedom to spare", lambda x: x.var(1, ddof=2), call(normal(2, 4)), covers="Var",
        how=lambda t, x: x.var(1, correction=2)),
    one("cov", np.cov, call(normal(2, 5)), call(normal(3, 4)), covers="MatMul"),
    one("corrcoef", np.corrcoef, call(normal(2, 5)), covers="MatMul"),
    one("trapezoid", lambda y, x: ((y[:, 1:] + y[:, :-1]) * np.diff(x) / 2).sum(1), call(normal(2, 4), positive(4)),
        covers="Index", how=lambda t, y, x: t.trapezoid(y, x)),
]
