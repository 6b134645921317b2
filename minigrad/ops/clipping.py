"""What all tensors of a list have in common: their norm, taken as one vector, and its limit. One call of C for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.engine import T
from minigrad.native import FLOATS, ffi, lib, sizes
from minigrad.ops.kernel import new, ptr

__all__ = ["clip_together", "norm_together", "of_one_kind"]


def of_one_kind(tensors: Sequence[T], *others: T) -> bool:
    """Whether C takes these: floats of one type, one after another in memory."""
    first = tensors[0].array.dtype if tensors else None
    return first is not None and first.num in FLOATS and all(
        x.array.dtype is first and x.array.flags.c_contiguous for x in (*tensors, *others))


def _arguments(tensors: Sequence[Any]) -> tuple[Any, Any, int]:
    return (ffi.new("void *[]", [ptr(x) for x in tensors]), sizes(tuple([x.array.size for x in tensors])),
            len(tensors))


def norm_together(tensors: Sequence[T]) -> T:
    """y (0-d) = the square root of the sum of all squares, summed in double."""
    dtype = tensors[0].array.dtype
    y = new((), dtype)
    pointers, lengths, count = _arguments(tensors)
    lib.mg_total_norm(dtype.num, y._pointer, pointers, lengths, count)
    return y


def clip_together(tensors: Sequence[T], norm: T, max_norm: float) -> None:
    """x = x max_norm / (norm + 1e-6) in place for each x, if that makes it smaller."""
    pointers, lengths, count = _arguments(tensors)
    lib.mg_clip(tensors[0].array.dtype.num, pointers, ptr(norm), lengths, count, max_norm)
    for x in tensors:
        x.count_change()
