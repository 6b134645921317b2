"""Every kernel of csrc/kernels.def against its float64 reference, for every instruction set and element type."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_harness import OUTPUTS, SIGNATURES, Canaries
from kernel_rows import ROWS

ALL = list(ROWS.values())


def each_row(rows=ALL):
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)


def test_every_kernel_has_a_row():
    assert set(ROWS) == set(SIGNATURES)
    assert len(SIGNATURES) > 50 and len(SIGNATURES["mg_add"].params) == 9  # kernels.def was understood


@each_row()
def test_row_names_parameters(row, rng):
    """A row gives every parameter that is read, and its reference every one that is written."""
    values, _, expected = row.prepare(np.float32, row.make(rng, *next(iter(row.sizes))))
    params = {name: kind for kind, name in SIGNATURES[row.name].params}
    assert set(values) | set(expected) == set(params)
    assert {name for name, kind in params.items() if kind in OUTPUTS} <= set(expected)


@each_row()
def test_reference(row, isa, dtype, rng):
    for size in row.sizes:
        for offset in (0, 1):
            try:
                row.run(dtype, row.make(rng, *size), Canaries(offset))
            except AssertionError as error:
                raise AssertionError(f"size {size}, offset {offset}: {error}") from None


def special_numbers(dtype) -> np.ndarray:
    info = np.finfo(dtype)
    sizes = [0, info.smallest_subnormal, info.tiny / 2, info.tiny, 0.5, 1, 2.5, 5, 5000, info.max, np.inf]
    return np.array([np.nan] + sizes + [-size for size in sizes])


@each_row([row for row in ROWS.values() if row.special])
def test_special_numbers(row, isa, dtype):
    """NaN, infinities, both zeros, subnormal and largest numbers, each with each other."""
    values = row.special(special_numbers(dtype))
    for param, got in row.run(dtype, values, Canaries()).items():
        want = row.prepare(dtype, values)[2][param].astype(dtype)
        if not row.any_zero:
            zeros = want == 0
            assert (np.signbit(got) == np.signbit(want))[zeros].all(), "a zero has the wrong sign"


@each_row([row for row in ROWS.values() if row.in_place])
def test_in_place(row, isa, dtype, rng):
    layouts = [size for size in row.sizes if len(size) < 3] or [(rows, n) for rows in (1, 3) for n in range(40)]
    for size in layouts:
        for alias in row.in_place:
            row.run(dtype, row.make(rng, *size), Canaries(1), alias)


def special_rows(dtype, width=37) -> np.ndarray:
    """Rows with one or two special numbers, at their start, middle and end, and rows of one number only."""
    numbers = (np.nan, np.inf, -np.inf)
    x = np.tile(np.random.default_rng(5).normal(0, 4, width), (81 + 4, 1))
    for row, (first, second) in enumerate((a, b) for a in numbers for b in numbers for _ in range(9)):
        x[row, (0, 20, width - 1)[row % 3]], x[row, (0, 20, width - 1)[row // 3 % 3]] = first, second
    x[81:] = [[number] for number in (*numbers, np.finfo(dtype).max)]
    return x


@each_row([ROWS[name] for name in ("mg_softmax", "mg_log_softmax", "mg_cross_entropy", "mg_sum", "mg_max", "mg_min")])
def test_special_rows(row, isa, dtype, rng):
    x = special_rows(dtype)
    rowwise = "outer" not in SIGNATURES[row.name].names("INT")
    values = row.make(rng, *(x.shape if rowwise else (*x.shape, 1)))
    row.run(dtype, {**values, "x": x if rowwise else x[:, :, None]}, Canaries())


@each_row([row for row in ALL if "bad" in SIGNATURES[row.name].names("INDEX_OUT")])
def test_rows_have_bad_indices(row, rng):
    """So that what the tests say of indices out of range is said of every kernel that takes indices."""
    found = [row.prepare(np.float32, row.make(rng, *size))[2]["bad"][0] for size in row.sizes]
    assert -1 in found and 0 in found and max(found) > 0
