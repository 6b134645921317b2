"""Noise that multiplies or adds. None of it is stored: a draw (key, offset) names it, and backward makes it again.

What multiplies each element by its own random number is linear in x, so that backward is the same operator, with the
same draw, applied to the gradient. Such operators differ by a formula: `diagonal` makes the Function from it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import Function, make
from minigrad.names import named
from minigrad.native import lib, pointer
from minigrad.ops.kernel import new_like, ptr
from minigrad.random import Generator

__all__ = ["ClassicDropout", "DropBlock", "ExactDropout", "NormalAdd", "NormalMul", "UniformAdd", "block_probability",
           "times_normal"]


def diagonal(name: str, compute: Any, formula: str) -> type[Function]:
    """A Function y = compute(x, draw, *constants) that multiplies each element by its own random number."""

    class Diagonal(Function):
        @staticmethod
        def forward(ctx, x, draw, *constants):
            ctx.draw, ctx.constants = draw, constants
            return compute(x, draw, *constants)

        @staticmethod
        def backward(ctx, dy):
            return Diagonal.apply(dy, ctx.draw, *ctx.constants), None, *[None] * len(ctx.constants)

    return named(Diagonal, name, formula)


def additive(name: str, compute: Any, formula: str) -> type[Function]:
    """A Function y = compute(x, draw, *constants) that adds a random number to each element: dx = dy."""

    class Additive(Function):
        @staticmethod
        def forward(ctx, x, draw, *constants):
            return compute(x, draw, *constants)

        @staticmethod
        def backward(ctx, dy):
            return dy, *[None] * (len(ctx.needs_input_grad) - 1)

    return named(Additive, name, formula)


def _by_kernel(kernel: Any) -> Any:
    """y = kernel(x, draw, n, *constants)"""

    def compute(x: Any, draw: np.ndarray, *constants: Any) -> Any:
        y = new_like(x)
        kernel(x.array.dtype.num, ptr(y), ptr(x), pointer(draw), x.array.size, *constants)
        return y

    return compute


def _exact_dropout(x: Any, draw: np.ndarray, k: int) -> Any:
    y = new_like(x)
    n = x.array.shape[-1] if x.array.ndim else 1
    lib.mg_exact_dropout(x.array.dtype.num, ptr(y), ptr(x), pointer(draw), x.array.size // n if n else 0, n, k)
    return y


def _uniform_add(x: Any, draw: np.ndarray, low: float, high: float) -> Any:
    y, n = new_like(x), x.array.size
    lib.mg_uniform(x.array.dtype.num, ptr(y), pointer(draw), n, low, high)
    lib.mg_add(x.array.dtype.num, ptr(y), ptr(x), ptr(y), 1, n, 0, 1, 0, 1)
    return y


# -- blocks ------------------------------------------------------------------------------------------------------------


def _drop_block(x: Any, draw: np.ndarray, gamma: float, block: tuple[int, ...]) -> Any:
    """The seeds are drawn where a whole block fits, each with probability gamma, and grow to blocks axis by axis."""
    shape, y = x.array.shape, new_like(x)
    lead = len(shape) - len(block)
    room = tuple(size - b + 1 for size, b in zip(shape[lead:], block))
    u = np.empty(shape[:lead] + room, np.float32)
    lib.mg_uniform(u.dtype.num, pointer(u), pointer(draw), u.size, 0.0, 1.0)
    kept = ~_grown(u < gamma, block, lead)
    count = np.count_nonzero(kept)
    mask = make(np.ascontiguousarray(kept))
    lib.mg_mask_scale(x.array.dtype.num, ptr(y), ptr(x), ptr(mask), kept.size, kept.size / count if count else 0.0)
    return y


def _grown(seeds: np.ndarray, block: tuple[int, ...], lead: int) -> np.ndarray:
    """Each True element as a block of them, its lowest corner where the element was."""
    for axis, b in enumerate(block, lead):
        shape = list(seeds.shape)
        n = shape[axis]
        shape[axis] = n + b - 1
        grown = np.zeros(shape, bool)
        for start in range(b):
            grown[(slice(None),) * axis + (slice(start, start + n),)] |= seeds
        seeds = grown
    return seeds


# -- the table: name, how it is computed, formula ----------------------------------------------------------------------

ClassicDropout = diagonal("ClassicDropout", _by_kernel(lib.mg_classic_dropout),
                          "y_i = x_i with probability keep / 65536, else 0;  dx = the same of dy.")
NormalMul = diagonal("NormalMul", _by_kernel(lib.mg_normal_mul),
                     "y_i = x_i (mean + std e_i), e_i standard normal;  dx = the same of dy.")
ExactDropout = diagonal("ExactDropout", _exact_dropout,
                        "y_i = x_i n / k at exactly k of the n places of each row, else 0;  dx = the same of dy.")
DropBlock = diagonal("DropBlock", _drop_block,
                     "y_i = x_i count / kept where no block lies, else 0;  dx = the same of dy.")
NormalAdd = additive("NormalAdd", _by_kernel(lib.mg_normal_add), "y_i = x_i + std e_i, e_i standard normal;  dx = dy.")
UniformAdd = additive("UniformAdd", _uniform_add, "y_i = x_i + u_i, u_i uniform on [low, high);  dx = dy.")


def times_normal(x: Any, generator: Generator) -> Any:
    """x_i e_i, e_i standard normal: with it a sample of N(m, s^2) is m + times_normal(s)."""
    return NormalMul.apply(x, generator.draw(), 0.0, 1.0)


def block_probability(p: float, spatial: tuple[int, ...], block: tuple[int, ...]) -> float:
    """gamma = p prod F / (b (F - b + 1)): the chance of a seed that drops a share p, but for overlaps."""
    return min(p * math.prod(f / (b * (f - b + 1)) for f, b in zip(spatial, block)), 1.0)
