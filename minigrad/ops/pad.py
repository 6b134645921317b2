"""Padding with a constant, and cropping, which is padding by less than nothing. By NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import Function, T, make

__all__ = ["pad"]


class Pad(Function):
    """y = x with `before` and `after` elements of a value at the ends of each axis, cut off where they are negative;
    dx = dy with as much cut off, and put back as 0."""

    @staticmethod
    def forward(ctx, x, widths, value):
        ctx.widths = widths
        shape = x.array.shape
        y = np.full([length + b + a for length, (b, a) in zip(shape, widths)], value, x.array.dtype)
        to = tuple([slice(max(b, 0), max(b, 0) + length + min(b, 0) + min(a, 0))
                    for length, (b, a) in zip(shape, widths)])
        y[to] = x.array[tuple([slice(max(-b, 0), length - max(-a, 0)) for length, (b, a) in zip(shape, widths)])]
        return make(y)

    @staticmethod
    def backward(ctx, dy):
        return Pad.apply(dy, tuple([(-b, -a) for b, a in ctx.widths]), 0), None, None


def pad(x: T, widths: tuple[tuple[int, int], ...], value: Any) -> T:
    """x with (before, after) elements of a value more for each axis."""
    return Pad.apply(x, widths, value)
