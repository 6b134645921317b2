"""What a row of the table of kernels says; the rows are in kernel_rows_*.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from kernel_harness import THIN, assert_agrees, call, rounded, widened


@dataclass(frozen=True)
class Row:
    name: str
    make: Callable[..., dict]  # make(rng, *size): the values of the parameters that the kernel reads
    reference: Callable[[SimpleNamespace], dict]  # the outputs, in float64, from those values
    sizes: Iterable[tuple]
    large: tuple | None  # a size that is shared between threads; None where the kernel never shares
    ulps: float = 0  # see kernel_harness.agrees; 0 means: correctly rounded
    magnitude: Callable[[SimpleNamespace], np.ndarray | float] = lambda v: 0.0  # of what cancels in the result
    special: Callable[[np.ndarray], dict] | None = None  # values from special numbers, for kernels elementwise
    in_place: tuple[str, ...] = ()  # inputs that may be the output
    any_zero: bool = False  # the sign of a zero result is not specified

    def prepare(self, dtype, values: dict) -> tuple[dict, SimpleNamespace, dict]:
        """The values as the kernel gets them, as its reference gets them, and what the reference says."""
        values = rounded(self.name, dtype, values)
        seen = SimpleNamespace(**widened(values), dtype=dtype)
        return values, seen, self.reference(seen)

    def run(self, dtype, values: dict, memory, alias: str | None = None) -> dict:
        """Call the kernel and hold its outputs against the reference; returns them by name."""
        values, seen, expected = self.prepare(dtype, values)
        arrays = call(self.name, dtype, values, expected, memory, alias)
        for param, want in expected.items():
            assert_agrees(arrays[param], want, self.ulps, self.magnitude(seen), param)
        return {param: arrays[param] for param in expected}


UP_TO_67 = tuple(range(0, 68, 7 if THIN else 1))
LENGTHS = [(n,) for n in (*UP_TO_67, 127, 128, 129, 511, 512, 513, 1025)]
DRAW = np.array([0x0123456789ABCDEF, 0xFEDCBA9876543210], np.uint64)
MANY = 500_011  # elements that are worth sharing even for the cheapest kernel


def any_sign(rng, n):
    return rng.normal(0, 3, n)


def unit(rng, n):
    return rng.uniform(-1, 1, n)
