"""Rounding, by NumPy. Integers are as they are. All but frac are made of steps: their gradients are 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import Function, T, make
from minigrad.names import named
from minigrad.ops.elementwise import by_numpy, elementwise, flat
from minigrad.ops.kernel import require_tensor

__all__ = ["ceil", "floor", "frac", "round", "trunc"]


def _function(op: type[Function]) -> Callable[[T], T]:
    """The function op(input): a copy of integers, and none for bools."""
    name = op.__name__.lower()

    def function(input: Any) -> Any:
        require_tensor(input, name)
        kind = input.array.dtype.kind
        if kind == "b" or (kind != "f" and op is Frac):
            raise dtypes.not_implemented(name, input.array.dtype)
        return op.apply(input) if kind == "f" else make(input.array.copy())

    return named(function, name, op.__doc__)


Floor = elementwise("Floor", by_numpy(np.floor), "y = the largest whole number <= x;  dx = 0", "x", flat)
Ceil = elementwise("Ceil", by_numpy(np.ceil), "y = the smallest whole number >= x;  dx = 0", "x", flat)
Trunc = elementwise("Trunc", by_numpy(np.trunc), "y = x without its fraction;  dx = 0", "x", flat)
Round = elementwise("Round", by_numpy(np.rint), "y = the nearest whole number, the even one of two;  dx = 0", "x", flat)
Frac = elementwise("Frac", by_numpy(lambda x: x - np.trunc(x)), "y = x - trunc(x);  dx = dy", "x", lambda dy, x: dy * 1)

floor, ceil, trunc, frac, _round = map(_function, (Floor, Ceil, Trunc, Frac, Round))


class RoundTo(Function):
    """y = round(x 10^d) / 10^d;  dx = 0."""

    @staticmethod
    def forward(ctx, x, decimals):
        scale = np.asarray(10.0 ** np.abs(decimals), x.array.dtype)
        with np.errstate(all="ignore"):
            y = np.rint(x.array * scale) / scale if decimals > 0 else np.rint(x.array / scale) * scale
        return make(np.asarray(y))

    @staticmethod
    def backward(ctx, dy):
        return flat(dy, None), None


def round(input: T, *, decimals: int = 0) -> T:
    """The nearest number of so many decimals, the even one of two equally near."""
    require_tensor(input, "round")
    if not decimals:
        return _round(input)
    if input.array.dtype.kind != "f":
        raise dtypes.not_implemented("round_cpu", input.array.dtype)
    return RoundTo.apply(input, decimals)
