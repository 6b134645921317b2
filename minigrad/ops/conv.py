"""Convolution as a matrix product with the columns of the image (im2col), and its two gradients.

y = Conv(x, w) is linear in x and in w. So are its gradients, each in two of (x, w, dy), and each is what the others'
derivatives need:

    dx = ConvGradX(dy, w)   dw = ConvGradW(dy, x)          of y = Conv(x, w)
    ddy = Conv(ddx, w)      d_w = ConvGradW(dy, ddx)       of dx = ConvGradX(dy, w)
    ddy = Conv(x, ddw)      d_x = ConvGradX(dy, ddw)       of dw = ConvGradW(dy, x)

A transposed convolution is ConvGradX by another name.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.engine import Function, T
from minigrad.native import ffi, get_num_threads, lib, sizes
from minigrad.ops.kernel import new, ptr, save_factors

__all__ = ["ConvShape", "conv", "conv_transpose", "fold", "unfold"]

NULL = ffi.NULL


class ConvShape(NamedTuple):
    """The sizes of a convolution, as the kernels want them; c_in and c_out are the channels of one group."""

    n: int
    groups: int
    c_in: int
    c_out: int
    in_h: int
    in_w: int
    out_h: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    dilation_h: int
    dilation_w: int

    @property
    def patch(self) -> int:
        return self.c_in * self.kernel_h * self.kernel_w

    @property
    def area(self) -> int:
        return self.out_h * self.out_w


def _work(shape: ConvShape, dtype: np.dtype) -> tuple[Any, int]:
    """Memory for the columns of one image for each thread, and for how many threads."""
    slices = max(1, min(get_num_threads(), shape.n * shape.groups))
    return new((slices, shape.patch, shape.area), dtype)._pointer, slices


class Conv(Function):
    """y[n, o] = sum over c, i, j of w[o, c, i, j] x[n, c, h stride + i dilation - pad, ...] + b[o], 0 outside x."""

    @staticmethod
    def forward(ctx, x, w, b, shape):
        save_factors(ctx, x, w)
        ctx.shape = shape
        dtype = x.array.dtype
        y = new((shape.n, shape.groups * shape.c_out, shape.out_h, shape.out_w), dtype)
        work, slices = _work(shape, dtype)
        lib.mg_conv(dtype.num, y._pointer, work, ptr(x), ptr(w), NULL if b is None else ptr(b), sizes(shape), slices)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        need_x, need_w, need_b, _ = ctx.needs_input_grad
        return (ConvGradX.apply(dy, w, ctx.shape) if need_x else None,
                ConvGradW.apply(dy, x, ctx.shape) if need_w else None,
                dy.sum((2, 3)).sum(0) if need_b else None, None)


class ConvGradX(Function):
    """dx[n, c, h stride + i dilation - pad, ...] += w[o, c, i, j] dy[n, o, h, ...]: the columns' gradients w^T @ dy,
    added up where they came from."""

    @staticmethod
    def forward(ctx, dy, w, shape):
        save_factors(ctx, dy, w)
        ctx.shape = shape
        dtype = dy.array.dtype
        dx = new((shape.n, shape.groups * shape.c_in, shape.in_h, shape.in_w), dtype)
        work, slices = _work(shape, dtype)
        lib.mg_conv_grad_x(dtype.num, dx._pointer, work, ptr(dy), ptr(w), sizes(shape), slices)
        return dx

    @staticmethod
    def backward(ctx, ddx):
        dy, w = ctx.saved_tensors
        need_dy, need_w, _ = ctx.needs_input_grad
        return (Conv.apply(ddx, w, None, ctx.shape) if need_dy else None,
                ConvGradW.apply(dy, ddx, ctx.shape) if need_w else None, None)


class ConvGradW(Function):
    """dw[o, c, i, j] = sum over n, h ... of dy[n, o, h, ...] x[n, c, h stride + i dilation - pad, ...]."""

    @staticmethod
    def forward(ctx, dy, x, shape):
        save_factors(ctx, dy, x)
        ctx.shape = shape
        dtype = dy.array.dtype
        dw = new((shape.groups * shape.c_out, shape.c_in, shape.kernel_h, shape.kernel_w), dtype)
        work = new((shape.groups * shape.patch * (shape.c_out + shape.area),), dtype)
        lib.mg_conv_grad_w(dtype.num, dw._pointer, work._pointer, ptr(dy), ptr(x), sizes(shape))
        return dw

    @staticmethod
    def backward(ctx, ddw):
        dy, x = ctx.saved_tensors
        need_dy, need_x, _ = ctx.needs_input_grad
        return (Conv.apply(x, ddw, None, ctx.shape) if need_dy else None,
                ConvGradX.apply(dy, ddw, ctx.shape) if need_x else None, None)


class Unfold(Function):
    """cols (n, K, P) = for each of the P positions the patch of K elements of x that a kernel there sees; dx = Fold."""

    @staticmethod
    def forward(ctx, x, shape):
        ctx.shape = shape
        cols = new((shape.n, shape.patch, shape.area), x.array.dtype)
        lib.mg_im2col(x.array.dtype.num, cols._pointer, ptr(x), sizes(shape))
        return cols

    @staticmethod
    def backward(ctx, dcols):
        return Fold.apply(dcols, ctx.shape), None


class Fold(Function):
    """x = the sum of all that Unfold takes from there, over cols (n, K, P);  dcols = Unfold of dx."""

    @staticmethod
    def forward(ctx, cols, shape):
        ctx.shape = shape
        x = new((shape.n, shape.c_in, shape.in_h, shape.in_w), cols.array.dtype)
        lib.mg_col2im(cols.array.dtype.num, x._pointer, ptr(cols), sizes(shape))
        return x

    @staticmethod
    def backward(ctx, dx):
        return Unfold.apply(dx, ctx.shape), None


# -- functions ---------------------------------------------------------------------------------------------------------


def conv(x: T, w: Any, b: Any, shape: ConvShape) -> T:
    """The convolution of images x (n, channels, in_h, in_w) with kernels w, plus b (or None)."""
    return Conv.apply(x, w, b, shape)


def conv_transpose(x: T, w: Any, shape: ConvShape) -> T:
    """The images that a convolution of this shape with w takes to gradients x: its transpose."""
    return ConvGradX.apply(x, w, shape)


def unfold(x: T, shape: ConvShape) -> T:
    """The patches of x (n, channels, in_h, in_w), as columns (n, K, P)."""
    return Unfold.apply(x, shape)


def fold(cols: Any, shape: ConvShape) -> Any:
    """Columns (n, K, P) added up to images (n, channels, in_h, in_w)."""
    return Fold.apply(cols, shape)
