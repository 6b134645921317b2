"""Every row of the table: values, shapes, types and first gradients, against NumPy in float64 and against PyTorch.

For each instruction set, float type, sample and memory layout of the inputs.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from engine.face import HAS_TORCH, needs_torch, ours, theirs

from minigrad.creation import from_numpy

from .row import Draw, Row, Sample
from .rows_noise import NOISE
from .table import BY_NAME, ROWS

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

JUDGED = [row for row in ROWS if row not in NOISE]  # PyTorch has no such noise: its moments are tests/dropout's


def _strided(a: np.ndarray) -> np.ndarray:
    """The same elements with gaps between them, not starting where their memory does."""
    wide = np.full((*a.shape[:-1], 2 * a.shape[-1] + 1), np.nan if a.dtype.kind == "f" else 0, a.dtype)
    wide[..., 1::2] = a
    return wide[..., 1::2]


LAYOUTS = {
    "contiguous": lambda a: a,
    "transposed": lambda a: np.asfortranarray(a) if a.ndim > 1 else a,
    "strided": lambda a: _strided(a) if a.ndim else a,
    "backwards": lambda a: np.ascontiguousarray(a[..., ::-1])[..., ::-1] if a.ndim else a,
    "expanded": lambda a: np.broadcast_to(a[:1], a.shape) if a.ndim > 1 and len(a) > 1 else a,
}


def laid_out(args: list, layout: str) -> list:
    """The arguments with every array of floats in another layout; "expanded" repeats its first row, too."""
    def place(arg: Any) -> Any:
        if isinstance(arg, list):
            return [place(a) for a in arg]
        return LAYOUTS[layout](arg) if isinstance(arg, np.ndarray) and arg.dtype.kind == "f" else arg

    return [place(arg) for arg in args]


def tensors(sample: Sample, args: list, make: Any) -> tuple[list, list]:
    """The arguments with the arrays as tensors, and the tensors among them that require grad."""
    leaves = []

    def convert(draw: Any, arg: Any) -> Any:
        if isinstance(draw, list):
            return [convert(d, a) for d, a in zip(draw, arg)]
        if not isinstance(draw, Draw):
            return arg
        x = make(arg)
        if draw.grad and arg.dtype.kind == "f":
            leaves.append(x.requires_grad_())
        return x

    return [convert(draw, arg) for draw, arg in zip(sample.args, args)], leaves


def several(outputs: Any) -> list:
    return list(outputs) if isinstance(outputs, tuple) else [outputs]


def first_gradients(library: Any, outputs: list, leaves: list, make: Any) -> list:
    """The gradients of all leaves for one fixed dy, 0 where nothing flows."""
    flowing = [y for y in outputs if y.requires_grad]
    if not flowing:
        return []
    source = np.random.default_rng(7)
    dys = [make(source.standard_normal(tuple(y.shape)).astype(y.detach().numpy().dtype)) for y in flowing]
    found = library.autograd.grad(flowing, leaves, dys, allow_unused=True)
    return [np.zeros(tuple(x.shape)) if dx is None else dx.numpy() for x, dx in zip(leaves, found)]


def assert_near(got: np.ndarray, want: Any, ulps: float, where: str) -> None:
    want = np.asarray(want)
    assert got.shape == want.shape, f"{where}: shape {got.shape}, should be {want.shape}"
    if got.dtype.kind != "f":
        np.testing.assert_array_equal(got, want, where)
        return
    room = ulps * np.finfo(got.dtype).eps
    largest = np.abs(want[np.isfinite(want)]).max(initial=1)
    np.testing.assert_allclose(got, want.astype(np.float64), room, room * largest, err_msg=where)


def cases(row: Row, dtype: np.dtype) -> Any:
    """(key, sample, arguments in a layout) for all samples of a row and all layouts that differ for them."""
    for number, sample in enumerate(row.samples):
        args = sample.arrays(dtype)
        for layout in LAYOUTS:
            changed = laid_out(args, layout)
            if layout == "contiguous" or any(a is not b for a, b in zip(args, changed)):
                yield (row.name, dtype, number, layout), sample, changed


def run_ours(row: Row, sample: Sample, args: list) -> tuple[list, list]:
    inputs, leaves = tensors(sample, args, from_numpy)
    before = [np.array(x.detach().numpy()) for x in leaves]
    outputs = several(row.run(ours, inputs, sample.kwargs))
    gradients = first_gradients(ours, outputs, leaves, from_numpy) if leaves else []
    for x, old in zip(leaves, before):
        np.testing.assert_array_equal(x.detach().numpy(), old, "an input was changed")
    return [y.detach().numpy() for y in outputs], gradients


@functools.cache
def run_torch(name: str, dtype: np.dtype, number: int, layout: str) -> tuple[list, list]:
    torch, row = theirs(), BY_NAME[name]
    sample = row.samples[number]
    args = [np.array(a) if isinstance(a, np.ndarray) else [np.array(b) for b in a] if isinstance(a, list) else a
            for a in laid_out(sample.arrays(dtype), layout)]
    inputs, leaves = tensors(sample, args, torch.from_numpy)
    outputs = several(row.run(torch, inputs, sample.kwargs))
    return [y.detach().numpy() for y in outputs], first_gradients(torch, outputs, leaves, torch.from_numpy)


def wide(arg: Any) -> Any:
    """The same with all floats in float64."""
    if isinstance(arg, list):
        return [wide(a) for a in arg]
    return arg.astype(np.float64) if isinstance(arg, np.ndarray) and arg.dtype.kind == "f" else arg


def each(rows: list[Row]) -> Any:
    """The rows as parameters; those with a known bug must fail, until it is fixed and the row says so no longer."""
    return pytest.mark.parametrize("row", [
        pytest.param(row, id=row.name, marks=[pytest.mark.xfail(strict=True, reason=row.bug)] if row.bug else [])
        for row in rows])


def test_names_are_unique():
    assert len(BY_NAME) == len(ROWS)


@each(ROWS)
def test_values(row, isa, dtype):
    for key, sample, args in cases(row, dtype):
        got, gradients = run_ours(row, sample, args)
        where = f"{sample} {key[-1]}"
        if row.reference:
            want = several(row.reference(*wide(args), **sample.kwargs))
            assert len(got) == len(want), where
            for y, expected in zip(got, want):
                assert_near(y, expected, row.ulps, f"{where}: against NumPy")
        if row.torch and HAS_TORCH:
            want, expected_gradients = run_torch(*key)
            for y, expected in zip(got, want):
                assert y.dtype == expected.dtype, f"{where}: {y.dtype}, should be {expected.dtype}"
                assert_near(y, expected, row.ulps, f"{where}: against PyTorch")
            assert len(gradients) == len(expected_gradients), f"{where}: which results require grad differs"
            for position, (dx, expected) in enumerate(zip(gradients, expected_gradients)):
                assert_near(dx, expected, 8 * row.ulps, f"{where}: gradient {position} against PyTorch")


@needs_torch
def test_torch_took_part():
    """Skipped, visibly, where the table was held against NumPy alone."""
    assert sum(row.torch for row in JUDGED) > 0.9 * len(JUDGED)


def test_most_rows_have_a_reference():
    assert sum(row.reference is not None for row in JUDGED) > 0.95 * len(JUDGED)
