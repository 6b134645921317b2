"""Dropout as a linear operator whose mask is never stored (Srivastava et al., JMLR 15, 2014).

A draw (key, offset) names the mask: element i is kept where number i of that draw, of at most 16 bits, says so.
Backward is the same operator, with the same draw, applied to the gradient. Kept values are scaled by 65536 / keep, the
exact inverse of the probability that sixteen bits give, so the expectation of y is x for every p.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, TensorBase, make
from minigrad.native import FLOATS, lib, pointer
from minigrad.ops.kernel import new, new_like, ptr, require_tensor
from minigrad.random import Generator, stream

__all__ = ["check_probability", "dropout", "dropout_mask", "kept_of", "require_floats"]


class Dropout(Function):
    """y_i = x_i 65536 / keep where kept, else 0;  dx = the same operator, with the same draw, of dy."""

    @staticmethod
    def forward(ctx, x, draw, keep):
        ctx.draw, ctx.keep = draw, keep
        y = new_like(x)
        lib.mg_dropout(x.array.dtype.num, ptr(y), ptr(x), pointer(draw), x.array.size, keep)
        return y

    @staticmethod
    def backward(ctx, dy):
        return Dropout.apply(dy, ctx.draw, ctx.keep), None, None


class SharedDropout(Function):
    """y = x 65536 / keep where kept, else 0;  dx = the same of dy. The mask's shape has 1 where an axis shares it."""

    @staticmethod
    def forward(ctx, x, draw, keep, shape):
        ctx.draw, ctx.keep, ctx.shape = draw, keep, shape
        mask = _drawn_mask(shape, draw, keep)
        return _scaled_where(x, mask, 65536.0 / keep)

    @staticmethod
    def backward(ctx, dy):
        return SharedDropout.apply(dy, ctx.draw, ctx.keep, ctx.shape), None, None, None


class MaskScale(Function):
    """y = scale x where mask, else 0;  dx = scale dy where mask, else 0. The mask broadcasts to x."""

    @staticmethod
    def forward(ctx, x, mask, scale):
        ctx.save_for_backward(mask)
        ctx.scale = scale
        return _scaled_where(x, mask, scale)

    @staticmethod
    def backward(ctx, dy):
        (mask,) = ctx.saved_tensors
        return MaskScale.apply(dy, mask, ctx.scale), None, None


def _scaled_where(x: TensorBase, mask: TensorBase, scale: float) -> Any:
    y = new_like(x)
    wide = make(np.ascontiguousarray(np.broadcast_to(mask.array, x.array.shape)))
    lib.mg_mask_scale(x.array.dtype.num, ptr(y), ptr(x), ptr(wide), x.array.size, scale)
    return y


def _drawn_mask(shape: tuple[int, ...], draw: np.ndarray, keep: int) -> Any:
    mask = new(shape, dtypes.bool.dtype)
    lib.mg_dropout_mask(ptr(mask), pointer(draw), mask.array.size, keep)
    return mask


def check_probability(p: Any) -> float:
    """p as a float; ValueError if it is NaN or outside [0, 1], TypeError if it is no number. The one validator."""
    if isinstance(p, TensorBase) and p.array.ndim == 0:
        p = p.array.item()
    if not isinstance(p, (Real, np.bool_)):
        raise TypeError(f"dropout probability must be a number, but got {type(p).__name__}")
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return float(p)


def kept_of(p: float) -> int:
    """How many of the 65536 numbers are kept at a drop probability 0 < p < 1: at least 1, at most 65535."""
    return min(max(round((1.0 - p) * 65536), 1), 65535)


def dropout_mask(shape: Any, p: float = 0.5, *, generator: Generator | None = None, seed: int | None = None) -> Any:
    """A bool tensor, each element True (kept) with probability 1 - p: the mask that dropout would use.

    >>> mask = dropout_mask((2, 3), 0.5, seed=7)
    """
    p = check_probability(p)
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if p in (0.0, 1.0):
        return make(np.full(shape, p == 0.0))
    return _drawn_mask(shape, stream(generator, seed).draw(), kept_of(p))


def require_floats(x: Any) -> None:
    """A tensor of floats: RuntimeError, in PyTorch's words, for integers."""
    require_tensor(x, "dropout")
    if x.array.dtype.num not in FLOATS:
        name = dtypes.title(x.array.dtype)
        raise RuntimeError(f"result type Float can't be cast to the desired output type {name}: dropout in training "
                           "needs floating-point input")


def dropout(x: Any, p: float, *, generator: Generator | None = None, seed: int | None = None, noise_shape: Any = None,
            mask: Any = None, return_mask: bool = False) -> Any:
    """Dropout in training, at drop probability p; see nn.functional.dropout."""
    if not isinstance(x, TensorBase) or x.array.dtype.num not in FLOATS:
        require_floats(x)
    p = check_probability(p)
    if mask is not None:
        mask = _given_mask(mask, x)
    elif p in (0.0, 1.0):
        mask = dropout_mask((1,) * x.array.ndim, p)
    elif noise_shape is not None:
        shape = _noise_shape(noise_shape, x)
        if not return_mask:
            return SharedDropout.apply(x, stream(generator, seed).draw(), kept_of(p), shape)
        mask = dropout_mask(shape, p, generator=generator, seed=seed)
    elif return_mask:
        mask = dropout_mask(x.array.shape, p, generator=generator, seed=seed)
    if mask is None:
        return Dropout.apply(x, stream(generator, seed).draw(), kept_of(p))
    scale = 1.0 if p in (0.0, 1.0) else 65536.0 / kept_of(p)
    y = x if p == 0.0 and mask.array.all() else MaskScale.apply(x, mask, scale)
    return (y, make(np.array(np.broadcast_to(mask.array, x.array.shape)))) if return_mask else y


def _given_mask(mask: Any, x: TensorBase) -> Any:
    if not isinstance(mask, TensorBase) or mask.array.dtype.kind != "b":
        raise TypeError("dropout: mask must be a bool tensor (True is kept), but got "
                        f"{mask.array.dtype if isinstance(mask, TensorBase) else type(mask).__name__}")
    _must_broadcast(mask.array.shape, x.array.shape, "mask")
    return mask


def _must_broadcast(shape: tuple[int, ...], to: tuple[int, ...], name: str) -> None:
    if len(shape) > len(to) or any(s not in (1, t) for s, t in zip(shape[::-1], to[::-1])):
        raise RuntimeError(f"dropout: {name} of shape {list(shape)} does not broadcast to the input's {list(to)}")


def _noise_shape(noise_shape: Any, x: TensorBase) -> tuple[int, ...]:
    """noise_shape with None entries filled from x. ValueError, in Keras's words, for anything else."""
    prefix = "Invalid value received for argument `noise_shape`. "
    if isinstance(noise_shape, str) or not hasattr(noise_shape, "__iter__"):
        raise ValueError(f"{prefix}Expected a tuple or list of integers. Received: noise_shape={noise_shape}")
    sizes = tuple(noise_shape)
    for i, size in enumerate(sizes):
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, np.integer))):
            raise ValueError(f"{prefix}Expected all elements to be integers or None. Received element at index {i}: "
                             f"{size} (type: {type(size).__name__})")
        if size is not None and size <= 0:
            raise ValueError(f"{prefix}Expected all elements to be positive. Received element at index {i}: {size}")
    if len(sizes) != x.array.ndim:
        raise ValueError(f"{prefix}It has {len(sizes)} elements, but the input has {x.array.ndim} dimensions: "
                         f"{list(x.array.shape)}")
    full = tuple(own if size is None else int(size) for size, own in zip(sizes, x.array.shape))
    _must_broadcast(full, x.array.shape, "noise_shape")
    return full
