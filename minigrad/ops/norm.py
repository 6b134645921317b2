"""Layer and batch normalisation: y = xh w + b with xh = (x - mean) r, r = 1 / sqrt(var + eps).

With g = dy w the gradient of xh, and M the mean over the axes that the statistics are of:

    dx = r P(g),  P(g) = g - M(g) - xh M(g xh),        dw = sum dy xh,  db = sum dy

P is its own transpose, from which the second derivatives in `_second` follow. Where x is not centred (RMS) the term
M(g) is missing; where the statistics were given (batch normalisation in evaluation) P(g) is g.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.engine import Function, make
from minigrad.native import ffi, lib, options, writable_pointer
from minigrad.ops.kernel import new, new_like, ptr
from minigrad.tape import constant

__all__ = ["batch_norm", "channel_affine", "count_batch", "layer_norm"]

NULL = ffi.NULL


def _maybe(x: Any) -> Any:
    """The pointer of a tensor that may be None."""
    return NULL if x is None else ptr(x)


@lru_cache(maxsize=256)
def _options(*numbers: float) -> Any:
    """Numbers as C reads them."""
    return options(numbers)


def _to_fill(needs: tuple[bool, ...], *shapes: Any, dtype: np.dtype) -> list:
    """Results for the gradients that are needed, None for the others."""
    return [new(shape, dtype) if need else None for need, shape in zip(needs, shapes)]


class LayerNorm(Function):
    """y = (x - mean) / sqrt(var + eps) * w + b over the last `ndim` axes of x, w and b of their shape or None;
    without centring, the mean is 0 and var the mean square. Two numbers of each row are kept for backward."""

    @staticmethod
    def forward(ctx, x, w, b, ndim, eps, centred):
        shape, dtype = x.array.shape, x.array.dtype
        rows, cols = ctx.sizes = math.prod(shape[:-ndim]), math.prod(shape[-ndim:])
        y, stats = new_like(x), new((rows, 2), dtype, 2 * rows)
        lib.mg_layer_norm(dtype.num, y._pointer, stats._pointer, ptr(x), _maybe(w), _maybe(b), rows, cols, eps, centred)
        ctx.save_for_backward(x, w, stats)
        ctx.ndim, ctx.eps, ctx.centred = ndim, eps, centred
        return y

    @staticmethod
    def backward(ctx, dy):
        x, w, stats = ctx.saved_tensors
        return *LayerNormGrad.apply(dy, x, w, stats, ctx), None, None, None


class LayerNormGrad(Function):
    """dx = r P(dy w), dw = sum dy xh, db = sum dy, each where needed; their gradients: see _second."""

    @staticmethod
    def forward(ctx, dy, x, w, stats, of):
        ctx.save_for_backward(dy, x, w)
        ctx.set_materialize_grads(False)
        ctx.ndim, ctx.eps, ctx.centred = of.ndim, of.eps, of.centred
        dtype, shape = x.array.dtype, x.array.shape
        dx, dw, db = _to_fill(of.needs_input_grad, shape, shape[-of.ndim:], shape[-of.ndim:], dtype=dtype)
        lib.mg_layer_norm_grad(dtype.num, _maybe(dx), _maybe(dw), _maybe(db), ptr(dy), ptr(x), ptr(stats),
                               _maybe(w), *of.sizes, of.centred)
        return dx, dw, db

    @staticmethod
    def backward(ctx, *dds):
        dy, x, w = ctx.saved_tensors
        axes = tuple(range(x.array.ndim))
        xh, r = _normalised(x, axes[-ctx.ndim:], ctx.eps, ctx.centred)
        found = _second(ctx.needs_input_grad, dy, w, xh, r, dds, axes[-ctx.ndim:], axes[:-ctx.ndim], ctx.centred)
        return *found, None, None


class BatchNorm(Function):
    """y = (x - mean) / sqrt(var + eps) * w + b for each channel of x (N, channels, ...), w and b (channels) or None.

    training: mean and var are those of x, and the tensors of running (mean, var), or None, move by momentum towards
    them; else they are those of running."""

    @staticmethod
    def forward(ctx, x, w, b, running, training, momentum, eps):
        shape, dtype = x.array.shape, x.array.dtype
        outer, channels, inner = ctx.sizes = shape[0], shape[1], math.prod(shape[2:])
        y, stats = new_like(x), new((2, channels), dtype, 2 * channels)
        mean, var = (NULL, NULL) if running is None else [
            writable_pointer(t.array) if training else ptr(t) for t in running]
        lib.mg_batch_norm(dtype.num, y._pointer, stats._pointer, mean, var, ptr(x), _maybe(w), _maybe(b),
                          _options(eps, momentum, training), outer, channels, inner)
        ctx.save_for_backward(x, w, stats)
        ctx.training, ctx.eps = training, eps
        return y

    @staticmethod
    def backward(ctx, dy):
        x, w, stats = ctx.saved_tensors
        return *BatchNormGrad.apply(dy, x, w, stats, ctx), None, None, None, None


class BatchNormGrad(Function):
    """dx = r P(dy w), dw = sum dy xh, db = sum dy, each where needed; their gradients: see _second."""

    @staticmethod
    def forward(ctx, dy, x, w, stats, of):
        ctx.save_for_backward(dy, x, w, stats)
        ctx.set_materialize_grads(False)
        ctx.training, ctx.eps = of.training, of.eps
        dtype, channels = x.array.dtype, of.sizes[1]
        dx, dw, db = _to_fill(of.needs_input_grad, x.array.shape, (channels,), (channels,), dtype=dtype)
        lib.mg_batch_norm_grad(dtype.num, _maybe(dx), _maybe(dw), _maybe(db), ptr(dy), ptr(x), ptr(stats),
                               _maybe(w), *of.sizes, of.training)
        return dx, dw, db

    @staticmethod
    def backward(ctx, ddx, ddw, ddb):
        dy, x, w, stats = ctx.saved_tensors
        axes = (0, *range(2, x.array.ndim))
        column = (-1, *[1] * (x.array.ndim - 2))
        w, ddw, ddb, mean, r = (None if v is None else v.reshape(column) for v in (w, ddw, ddb, *stats))
        if ctx.training:
            xh, r = _normalised(x, axes, ctx.eps, True)
        else:
            xh = (x - mean) * r
        d_dy, d_x, d_w = _second(ctx.needs_input_grad, dy, w, xh, r, (ddx, ddw, ddb), axes if ctx.training else None,
                                 axes, True)
        return d_dy, d_x, None if d_w is None else d_w.reshape(-1), None, None


def _normalised(x: Any, axes: tuple[int, ...], eps: float, centred: bool) -> tuple[Any, Any]:
    """xh = (x - mean) r and r = 1 / sqrt(var + eps), by differentiable operations."""
    c = x - x.mean(axes, True) if centred else x
    r = (c.square().mean(axes, True) + eps).rsqrt()
    return c * r, r


def _second(needs: tuple, dy: Any, w: Any, xh: Any, r: Any, dds: tuple, axes: Any, vector_axes: tuple,
            centred: bool) -> tuple[Any, Any, Any]:
    """The gradients for dy, x and w of S(u dx) + S(v dw) + S(s db), with (u, v, s) = dds, each of which may be None.

    axes are those of the statistics, None if they were given; vector_axes those that dw and db are summed over.

        d_dy = w r P(u) + v xh + s,   d_w = S(dy r P(u))
        d_x = r P(q) - r^2 xh M(u P(g)),   q = v dy - r (u M(g xh) + g M(u xh)),   g = dy w
    """
    u, v, s = dds
    d_dy = d_x = d_w = q = None

    def mean(t: Any) -> Any:
        return t.mean(axes, True)

    def project(t: Any) -> Any:
        if axes is None:
            return t
        p = t - xh * mean(t * xh)
        return p - mean(t) if centred else p

    if v is not None:
        d_dy, q = v * xh, v * dy
    if s is not None:
        d_dy = s.expand(dy.array.shape) if d_dy is None else d_dy + s
    if u is not None:
        from_u = project(u) * r
        flowing = from_u if w is None else from_u * w
        d_dy = flowing if d_dy is None else d_dy + flowing
        if w is not None and needs[2]:
            product = dy * from_u
            d_w = (product.sum(vector_axes) if vector_axes else product).reshape(w.array.shape)
    if needs[1] and u is not None and axes is not None:
        g = dy if w is None else dy * w
        part = r * (u * mean(g * xh) + g * mean(u * xh))
        q = -part if q is None else q - part
        d_x = -(r.square() * xh * mean(u * project(g)))
    if needs[1] and q is not None:
        d_x = r * project(q) if d_x is None else d_x + r * project(q)
    return d_dy, d_x, d_w


# -- functions ---------------------------------------------------------------------------------------------------------


def layer_norm(x: Any, w: Any, b: Any, ndim: int, eps: float, centred: bool = True) -> Any:
    """Each row, the last ndim >= 1 axes of x, normalised, times w, plus b."""
    return LayerNorm.apply(x, w, b, ndim, eps, centred)


def batch_norm(x: Any, w: Any, b: Any, running: Any, training: bool, momentum: float, eps: float) -> Any:
    """Each channel of x (N, channels, ...) normalised, times w, plus b."""
    y = BatchNorm.apply(x, w, b, running, training, momentum, eps)
    if training and running is not None:
        for tensor in running:
            tensor.count_change()
    return y


def count_batch(batches: Any) -> None:
    """batches (0-d, int64) += 1, in place."""
    lib.mg_count(writable_pointer(batches.array), 1, 1)
    batches.count_change()


def channel_affine(x: Any, w: Any, b: Any) -> Any:
    """x w + b for each channel of x (N, channels, ...): batch normalisation with the statistics 0 and 1."""
    zeros, ones = (make(constant(of(x.array.shape[1], x.array.dtype))) for of in (np.zeros, np.ones))
    return BatchNorm.apply(x, w, b, (zeros, ones), False, 0.0, 0.0)
