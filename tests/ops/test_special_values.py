"""NaN, infinities, zeros, subnormal and largest numbers through the elementwise operations: PyTorch is the judge."""

from __future__ import annotations

import numpy as np
import pytest
from engine.face import needs_torch, ours, theirs

from minigrad.creation import from_numpy

from .row import Draw, Row
from .rows_elementwise import ELEMENTWISE
from .test_values import several

pytestmark = [needs_torch, pytest.mark.filterwarnings("ignore")]

# Where minigrad and PyTorch differ: row -> (whether already the value does, at which operands, how).
NAN, HUGE = np.isnan, lambda x: np.abs(x) > 1e38
NAN_GRADIENT = (False, NAN, "a NaN has gradient NaN, where PyTorch gives that of a number")
NAN_INSIDE = (False, NAN, "a NaN passes its gradient on, where PyTorch gives 0")
LIMITS = (False, HUGE, "the gradient has its limit, where PyTorch has inf * 0 = NaN")
EXACT = (True, lambda x: np.full(x.shape, True), "exact for every quotient, where PyTorch overflows to NaN")
KNOWN = {
    **{f"nn.functional.{name}": NAN_GRADIENT for name in ("elu", "selu", "celu", "hardswish")},
    **{f"nn.functional.{name}": NAN_INSIDE for name in ("hardtanh", "relu6", "hardshrink", "softshrink")},
    "nn.functional.gelu": (True, HUGE, "gelu(inf) is inf, where PyTorch's vectors give NaN"),
    "nn.functional.mish": LIMITS, "gelu by tanh": LIMITS, "nn.functional.silu": LIMITS, "operator **": LIMITS,
    "operator %": EXACT, "remainder": EXACT,
}


def special(dtype: np.dtype) -> np.ndarray:
    info = np.finfo(dtype)
    sizes = [0, info.smallest_subnormal, info.tiny, 1e-4, 0.5, 1, 3, 30, 100, 1000, info.max, np.inf]
    return np.array([np.nan, *sizes, *(-size for size in sizes)], dtype)


def operands(row: Row) -> int:
    return sum(isinstance(arg, Draw) for arg in row.samples[0].args) if all(
        isinstance(arg, (Draw, int, float)) for arg in row.samples[0].args) else 0


def run(row: Row, library, make, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Values, and the gradient for dy = 1 with respect to each operand."""
    sample, given = row.samples[0], iter(arrays)
    leaves = [make(next(given).copy()).requires_grad_() if isinstance(arg, Draw) else arg for arg in sample.args]
    y = several(row.run(library, leaves, sample.kwargs))[0]
    xs = [x for x in leaves if hasattr(x, "requires_grad")]
    found = library.autograd.grad(y, xs, library.ones(tuple(y.shape), dtype=y.dtype), allow_unused=True)
    return [y.detach().numpy(), *(np.zeros(1) if dx is None else dx.numpy() for dx in found)]


def rows(count: int) -> list[Row]:
    return [row for row in ELEMENTWISE if row.torch and operands(row) == count and row.name != "where"]


@pytest.mark.parametrize("row", [*rows(1), *rows(2)], ids=lambda row: row.name)
def test_special_numbers(row, isa, dtype):
    numbers = special(dtype)
    arrays = [numbers] if operands(row) == 1 else [a.ravel() for a in np.meshgrid(numbers, numbers)]
    got = run(row, ours, from_numpy, arrays)
    want = run(row, theirs(), theirs().from_numpy, arrays)
    room = 8 * row.ulps * np.finfo(dtype).eps
    for position, (a, b) in enumerate(zip(got, want)):
        with np.errstate(all="ignore"):
            near = (np.abs(a - b) <= room * np.abs(b) + room) | (a == b) | (np.isnan(a) & np.isnan(b))
            from_value, where, _ = KNOWN.get(row.name, (False, None, ""))
            if where is not None and (position or from_value):
                near |= np.logical_or.reduce([where(x) for x in arrays])
        at = [tuple(float(x[i]) for x in arrays) for i in np.flatnonzero(~np.broadcast_to(near, arrays[0].shape))[:8]]
        assert near.all(), (f"{'gradient ' + str(position) if position else 'value'} differs at {at}: "
                            f"{a[~near][:8]}, PyTorch {b[~near][:8]}")
