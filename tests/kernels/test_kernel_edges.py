"""What a kernel may touch; what must not depend on the instruction set; and numbers known from elsewhere."""

from __future__ import annotations

import faulthandler
import mmap

import numpy as np
import pytest
from kernel_harness import Canaries, EdgePages, available_isas, call, in_child, needs_fork
from kernel_rows import ROWS

from minigrad import native
from minigrad.native import ffi, lib, pointer


def elements(values) -> int:
    """The numbers in an array, or in all arrays of a list."""
    return sum(map(elements, values)) if isinstance(values, list) else np.size(values)


@needs_fork
@pytest.mark.parametrize("at_end", (False, True), ids=["from_the_start", "to_the_end"])
def test_nothing_outside_is_touched(isa, dtype, at_end, rng):
    """Every array of every call lies against a page that cannot be touched. A child process tries it, and leaves word
    of what it is doing."""
    progress = mmap.mmap(-1, mmap.PAGESIZE)
    memory = EdgePages(at_end)

    def work():
        for row in ROWS.values():
            for size in row.sizes:
                values, _, expected = row.prepare(dtype, row.make(rng, *size))
                if elements([*values.values(), *expected.values()]) * 8 < EdgePages.SIZE:
                    progress[:] = f"{row.name} {size}".encode().ljust(mmap.PAGESIZE)
                    call(row.name, dtype, values, expected, memory)

    status = in_child(work)
    assert status == 0, f"{progress[:].decode().strip()}: the child ended with status {status}"


@needs_fork
def test_edge_pages_can_fail():
    def read_one_too_many():
        faulthandler.disable()  # this crash is no news
        x = EdgePages(at_end=True).input(np.ones(5, np.float32))
        lib.mg_neg(lib.MG_F32, pointer(np.empty(6, np.float32)), pointer(x), 6)

    assert in_child(read_one_too_many) != 0


# The kernels whose comments promise the same bits for every instruction set; a matrix product only with fused
# multiply-add, which "scalar" lacks.
SAME_BITS = ["mg_sum", "mg_max", "mg_min", "mg_philox", "mg_dropout_mask", "mg_dropout", "mg_uniform"]


@pytest.mark.parametrize("name", [*SAME_BITS, "mg_matmul"])
def test_same_bits_for_every_instruction_set(name, dtype, rng):
    row = ROWS[name]
    isas = [isa for isa in available_isas() if isa != "scalar" or name in SAME_BITS]
    before = native.get_isa()
    for size in list(row.sizes)[::5]:
        values, _, expected = row.prepare(dtype, row.make(rng, *size))
        seen = set()
        for isa in isas:
            native.set_isa(isa)
            arrays = call(name, dtype, values, expected, Canaries())
            seen.add(b"".join(arrays[param].tobytes() for param in expected))
        native.set_isa(before)
        assert len(seen) <= 1, f"{name}{size} depends on the instruction set"


@pytest.mark.parametrize("counter, key, words", [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
])
def test_philox_known_answers(isa, counter, key, words):
    """The vectors that the authors of Philox publish with their library (Random123, kat_vectors)."""
    first, offset = np.array([int(word, 16) for word in counter.split()], np.uint32).view("<u8")
    draw = np.array([np.array([int(word, 16) for word in key.split()], np.uint32).view("<u8")[0], offset], np.uint64)
    got = np.zeros(4, np.uint32)
    lib.mg_philox(pointer(got), pointer(draw), int(first), 1)
    assert [f"{word:08x}" for word in got] == words.split()


def test_uniform_stays_below_high(isa, dtype):
    """Where low + width * u would round to high."""
    draw, y = np.array([1, 2], np.uint64), np.empty(5000, dtype)
    low, high = dtype(1), np.nextafter(dtype(1), dtype(2))
    lib.mg_uniform(y.dtype.num, pointer(y), pointer(draw), y.size, float(low), float(high))
    assert (y == low).all()


def test_dropout_forgets_what_it_drops(isa, dtype):
    """A dropped NaN or infinity is +0, and the gradient of a kept one is scaled like the rest."""
    draw, x = np.array([7, 9], np.uint64), np.tile(np.array([np.nan, -np.inf], dtype), 500)
    mask, y = np.empty(1000, np.uint8), np.empty(1000, dtype)
    lib.mg_dropout_mask(pointer(mask), pointer(draw), 1000, 32768)
    lib.mg_dropout(y.dtype.num, pointer(y), pointer(x), pointer(draw), 1000, 32768)
    assert 400 < mask.sum() < 600
    assert not y[mask == 0].any() and not np.signbit(y[mask == 0]).any()
    assert np.array_equal(y[mask == 1], x[mask == 1], equal_nan=True)


def test_choice_of_instruction_set(isa):
    assert native.get_isa() == isa
    assert lib.mg_set_isa(b"no such thing") == ffi.NULL
    assert native.get_isa() == isa


DRAW = ffi.new("uint64_t[2]", [2024, 7])
STREAMED = {  # kernels that write large results past the caches
    "relu": lambda dtype, y, x, n: lib.mg_relu(dtype, y, x, n),
    "relu_grad": lambda dtype, y, x, n: lib.mg_relu_grad(dtype, y, x, x, n, 2.0),
    "add": lambda dtype, y, x, n: lib.mg_add(dtype, y, x, x, 1, n, 0, 1, 0, 1),
    "add_to_rows": lambda dtype, y, x, n: lib.mg_add(dtype, y, x, x, n // 1001, 1001, 1001, 1, 0, 0),
    "log_softmax": lambda dtype, y, x, n: lib.mg_log_softmax(dtype, y, x, n // 1001, 1001),
    "softmax_grad": lambda dtype, y, x, n: lib.mg_softmax_grad(dtype, y, x, x, n // 1001, 1001),
    "log_softmax_grad": lambda dtype, y, x, n: lib.mg_log_softmax_grad(dtype, y, x, x, n // 1001, 1001),
    **{f"dropout_{keep}": lambda dtype, y, x, n, keep=keep: lib.mg_dropout(dtype, y, x, DRAW, n, keep)
       for keep in (32768, 49152, 52429)}}


@pytest.mark.parametrize("threads", (1, 2))
@pytest.mark.parametrize("kernel", STREAMED.values(), ids=STREAMED)
def test_large_results_are_those_in_place(kernel, threads, isa, dtype):
    """A result that takes the place of its input is never written past the caches: the same bits, nothing beside it."""
    n, size = 1001 * 4200, np.dtype(dtype).itemsize
    assert n * size > 16 << 20
    buffer, inside = np.full(n + 21, 3, dtype), slice(7, 7 + n)
    x = np.sin(np.arange(n, dtype=dtype))
    native.set_num_threads(threads)
    kernel(x.dtype.num, pointer(buffer[inside]), pointer(x), n)
    native.set_num_threads(1)
    kernel(x.dtype.num, pointer(x), pointer(x), n)
    assert (buffer[inside] == x).all() and (buffer[:7] == 3).all() and (buffer[7 + n:] == 3).all()
