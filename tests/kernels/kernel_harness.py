"""Calls any kernel by its name, and checks what it wrote and what it left alone.

A kernel's parameters come from csrc/kernels.def, so a call is a dict: parameter name -> array, list of arrays, number
or None. Arrays are placed in memory that this module watches: outputs between canaries, inputs in blocks of their exact
size (which AddressSanitizer watches), and, with `EdgePages`, everything against pages that cannot be touched.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import signal
import traceback
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from minigrad.native import ffi, lib, pointer

CSRC = Path(__file__).resolve().parents[2] / "csrc"
FLOATS = (np.float32, np.float64)
THIN = bool(os.environ.get("MINIGRAD_THIN_TESTS"))  # fewer sizes, for slow builds: see sanitize.sh
NUMBERS = ("INT", "WORD", "NUM")
OUTPUTS = ("OUT", "INOUT", "INDEX_OUT", "INDEX_INOUT", "BYTES_OUT", "WORDS_OUT", "DRAW_OUT", "DRAW_INOUT")
ELEMENTS = {"INDEX": np.int64, "SIZES": np.int64, "INDEX_OUT": np.int64, "INDEX_INOUT": np.int64, "BYTES": np.uint8,
            "BYTES_OUT": np.uint8, "WORDS_OUT": np.uint32, "DRAW": np.uint64, "DRAW_OUT": np.uint64,
            "DRAW_INOUT": np.uint64, "STEPS": np.float64, "HYPER": np.float64}


class Signature(NamedTuple):
    typed: bool  # takes a dtype
    params: tuple[tuple[str, str], ...]  # (kind, name), in order

    def names(self, *kinds: str) -> list[str]:
        return [name for kind, name in self.params if kind in kinds]


def read_signatures() -> dict[str, Signature]:
    text = re.sub(r"/\*.*?\*/", "", (CSRC / "kernels.def").read_text(encoding="utf-8"), flags=re.DOTALL)
    text = text.replace("\\\n", " ")
    for name, body in re.findall(r"#define (\w+) +(.*)", text):
        text = text.replace(f"{name})", f"{body.strip()})")
    rows = re.findall(r"^(BYTE_)?KERNEL\((\w+), ((?:\w+\(\w+\)[,\s]*)+)\)", text, flags=re.MULTILINE)
    return {name: Signature(not byte, tuple(re.findall(r"(\w+)\((\w+)\)", params))) for byte, name, params in rows}


SIGNATURES = read_signatures()


def available_isas() -> list[str]:
    before = lib.mg_get_isa()
    found = [isa for isa in ("scalar", "avx2", "avx512", "neon") if lib.mg_set_isa(isa.encode()) != ffi.NULL]
    lib.mg_set_isa(before)
    return found


# -- memory ------------------------------------------------------------------------------------------------------------


class Canaries:
    """Memory for arrays that start `offset` elements off alignment. `check` tells whether anything around the outputs,
    or any input, has changed."""

    PAD = 32  # elements on each side of an output
    MARK = 0xA5

    def __init__(self, offset: int = 0):
        self.offset = offset
        self.outputs: list[tuple[np.ndarray, np.ndarray]] = []  # (bytes before, bytes after)
        self.inputs: list[tuple[np.ndarray, np.ndarray]] = []  # (placed, a copy)

    def output(self, data: np.ndarray) -> np.ndarray:
        start = self.PAD + self.offset
        whole = np.empty(start + data.size + self.PAD, data.dtype)
        whole.view(np.uint8)[:] = self.MARK
        stop = start + data.size
        self.outputs.append((whole[:start].view(np.uint8), whole[stop:].view(np.uint8)))
        whole[start:stop] = data.ravel()
        return whole[start:stop].reshape(data.shape)

    def input(self, data: np.ndarray) -> np.ndarray:
        placed = np.empty(self.offset + data.size, data.dtype)[self.offset:].reshape(data.shape)
        placed[...] = data
        self.inputs.append((placed, data))
        return placed

    def check(self) -> None:
        for before, after in self.outputs:
            assert (before == self.MARK).all(), "wrote before an output"
            assert (after == self.MARK).all(), "wrote after an output"
        for placed, data in self.inputs:
            assert placed.tobytes() == data.tobytes(), "changed an input"


class EdgePages:
    """Memory for arrays that lie against a page that cannot be read or written: the one after their end, or the one
    before their start. One such block per array of a call."""

    SIZE = 1 << 16

    def __init__(self, at_end: bool):
        self.at_end = at_end
        self.blocks: list[np.ndarray] = []
        self.used = 0

    def output(self, data: np.ndarray) -> np.ndarray:
        if self.used == len(self.blocks):
            self.blocks.append(self._block())
        block = self.blocks[self.used]
        self.used += 1
        placed = block[self.SIZE - data.nbytes:] if self.at_end else block[:data.nbytes]
        placed = placed.view(data.dtype).reshape(data.shape)
        placed[...] = data
        return placed

    input = output

    def _block(self) -> np.ndarray:
        memory = mmap.mmap(-1, self.SIZE + 2 * mmap.PAGESIZE)
        block = np.frombuffer(memory, np.uint8)
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        for page in (block[:mmap.PAGESIZE], block[-mmap.PAGESIZE:]):
            address = ctypes.c_void_p(page.__array_interface__["data"][0])
            assert protect(address, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
        return block[mmap.PAGESIZE:-mmap.PAGESIZE]

    def check(self) -> None:
        self.used = 0


# -- calls -------------------------------------------------------------------------------------------------------------


def rounded(name: str, dtype, values: dict) -> dict:
    """The values as the kernel gets them: arrays of the element types of its parameters."""
    signature = SIGNATURES[name]

    def convert(kind, value):
        if kind in NUMBERS or value is None:
            return value
        if isinstance(value, list):
            return [convert(kind, item) for item in value]
        return np.asarray(value).astype(ELEMENTS.get(kind, dtype if signature.typed else np.asarray(value).dtype))

    return {param: convert(kind, values[param]) for kind, param in signature.params if param in values}


def widened(values: dict) -> dict:
    """The same values in float64, for a reference."""
    def convert(value):
        if isinstance(value, list):
            return [convert(item) for item in value]
        return value.astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value

    return {param: convert(value) for param, value in values.items()}


def garbage(shape, dtype) -> np.ndarray:
    """What an output holds before the call: something that no kernel computes."""
    return np.full(shape, np.nan, dtype) if np.dtype(dtype).kind == "f" else np.full(shape, 0x5A, dtype)


def call(name: str, dtype, values: dict, expected: dict, memory, alias: str | None = None) -> dict:
    """Run a kernel; returns its arrays by parameter name."""
    arrays, run = ready_call(name, dtype, values, expected, memory, alias)
    run()
    memory.check()
    return arrays


def ready_call(name: str, dtype, values: dict, expected: dict, memory, alias: str | None = None):
    """The arrays of a call by parameter name, and the call itself. Outputs that are not in `values` start as garbage of
    the shape of `expected`. alias: the input whose memory the first output shares."""
    signature = SIGNATURES[name]
    arrays = {}

    def place(kind, param, value):
        if value is None or kind in NUMBERS:
            return value
        if isinstance(value, list):
            return [place(kind, param, item) for item in value]
        return (memory.output if param in expected or param == alias else memory.input)(value)

    for kind, param in signature.params:
        value = values.get(param)
        if param in expected and param not in values:
            own = dtype if signature.typed else np.asarray(expected[param]).dtype
            value = garbage(np.shape(expected[param]), ELEMENTS.get(kind, own))
        arrays[param] = place(kind, param, value)
    if alias:
        arrays[signature.names(*OUTPUTS)[0]] = arrays[alias]
    dtype_number = [np.dtype(dtype).num] if signature.typed else []
    arguments = [_argument(kind, arrays[param]) for kind, param in signature.params]
    return arrays, partial(getattr(lib, name), *dtype_number, *arguments)


def _argument(kind: str, value):
    if value is None:
        return ffi.NULL
    if isinstance(value, list):
        pointers = [_argument(kind, item) for item in value]
        return ffi.new("double *[]" if kind == "STEPS" else "void *[]", pointers)
    return value if kind in NUMBERS else pointer(value)


# -- comparison --------------------------------------------------------------------------------------------------------


def agrees(got: np.ndarray, want: np.ndarray, ulps: float = 0, magnitude=0.0) -> np.ndarray:
    """True where got is want rounded to got's type, or within ulps * eps * (|want| + magnitude) of it. NaN agrees with
    NaN only, infinity with infinity only, and below the normal numbers one step is allowed unless ulps is 0."""
    info = np.finfo(got.dtype)
    nearest = want.astype(got.dtype)
    same = (got == nearest) | (np.isnan(got) & np.isnan(nearest))
    if ulps:
        room = ulps * info.eps * np.abs(want) + ulps * info.eps * magnitude + info.smallest_subnormal
        same |= np.isfinite(want) & np.isfinite(room) & (np.abs(got.astype(np.float64) - want) <= room)
    return same


def assert_agrees(got, want, ulps: float, magnitude=0.0, what: str = "") -> None:
    if isinstance(want, list):
        for index, pair in enumerate(zip(got, want)):
            assert_agrees(*pair, ulps, magnitude, f"{what}[{index}]")
        return
    if want is None:
        return
    want = np.asarray(want)
    assert got.shape == want.shape, f"{what}: the reference has shape {want.shape}, the output {got.shape}"
    same = got == want if got.dtype.kind != "f" else agrees(got, want.astype(np.float64), ulps, magnitude)
    if not same.all():
        at = tuple(int(i) for i in np.argwhere(~same)[0])
        raise AssertionError(f"{what}{list(at)} is {got[at]!r}, but should be {want[at]!r}; {(~same).sum()} of "
                             f"{same.size} elements are wrong")


# -- child processes ---------------------------------------------------------------------------------------------------


def needs_fork(test):
    test = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")(test)
    return pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")(test)


def in_child(work, seconds: int = 60) -> int:
    """The exit status of a forked child that calls work(): 0 when it returned, 1 when it raised, negative when a
    signal ended it, SIGALRM when it hung."""
    child = os.fork()
    if not child:
        status = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(seconds)
            work()
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
