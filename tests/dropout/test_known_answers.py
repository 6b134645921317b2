"""Philox4x32 against published vectors: first the reference, then the library against the reference."""

import numpy as np
import pytest

from minigrad.native import lib, writable_pointer

from . import masks, reference

FF = 0xFFFFFFFF
# (rounds, counter, key, block). The first four rows are Random123's kat_vectors.
VECTORS = [
    (10, (0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (10, (FF, FF, FF, FF), (FF, FF), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (10, (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    (7, (0, 0, 0, 0), (0, 0), (0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48)),
    (10, (1, 0, 0, 0), (0, 0), (0xF8E4CCA4, 0x5CB200DB, 0xB1A574EB, 0x097EFF67)),
    (10, (0, 0, 0, 0), (42, 0), (0x9CEAF053, 0x77F5493B, 0x12BF50AD, 0x5742B3D7)),
    (10, (1, 0, 0, 0), (42, 0), (0xFCDB2127, 0x53BA6CFD, 0x838F5A6E, 0x744E06FB)),
]
STD_PHILOX = (2499, 0, 0, 0), (20111115, 0), 1955073260  # C++26: the 10000th draw of std::philox4x32 is word 3


def join(low: int, high: int) -> int:
    return low | high << 32


@pytest.mark.parametrize(("rounds", "counter", "key", "block"), VECTORS)
def test_reference(rounds, counter, key, block):
    assert reference.philox([counter], key, rounds).tolist() == [list(block)]


@pytest.mark.parametrize(("counter", "key", "block"), [row[1:] for row in VECTORS if row[0] == 10])
def test_library(counter, key, block):
    assert masks.words(join(*key), join(*counter[2:]), join(*counter[:2]), 1).tolist() == [list(block)]


def test_tenth_thousand_draw_of_std_philox():
    counter, key, last = STD_PHILOX
    assert reference.philox([counter], key)[0, 3] == last
    assert masks.words(join(*key), 0, 0, 2500).reshape(-1)[9999] == last


def interesting_numbers(rng, count: int) -> list[int]:
    """64-bit numbers: random ones of any length, and the neighbours of both carries."""
    near = [(edge + step) % 2**64 for edge in (0, 2**32, 2**63, 2**64) for step in (-300, -17, -1, 0, 1)]
    return near + [int(rng.integers(2**64, dtype=np.uint64)) >> int(rng.integers(64)) for _ in range(count)]


def test_library_equals_reference_for_random_draws():
    """Random keys, offsets, first blocks and lengths, whose runs of blocks cross 2^32 and wrap around 2^64."""
    rng = np.random.default_rng(20111115)
    numbers = interesting_numbers(rng, 40)
    for first in numbers:
        key, offset = rng.choice(len(numbers), 2)
        draw = numbers[key], numbers[offset]
        blocks = int(rng.integers(1, 700))
        assert np.array_equal(masks.words(*draw, first, blocks), reference.words(*draw, first, blocks)), (draw, first)


@pytest.mark.parametrize("first", [2**32 - 8, 2**64 - 8, 2**32 - 129, 2**64 - 129])
@pytest.mark.parametrize("offset", [0, 2**32 - 1, 2**32, 2**64 - 1])
def test_counter_carries(first, offset):
    """T11: block number and offset are 64 bits each: 2^32 carries within one, 2^64 wraps and leaves the other alone."""
    assert np.array_equal(masks.words(42, offset, first, 258), reference.words(42, offset, first, 258))


@pytest.mark.usefixtures("isa")
def test_every_instruction_set():
    """Any number of blocks, whole vectors or not."""
    for blocks in range(40):
        assert np.array_equal(masks.words(7, 9, 2**32 - 20, blocks), reference.words(7, 9, 2**32 - 20, blocks))


@pytest.mark.parametrize("n", [1, 7, 8, 9, 1023, 1024, 1025, 100_003])
@pytest.mark.parametrize("keep", [1, 2, 255, 256, 32767, 32768, 32769, 52429, 65534, 65535])
def test_mask_equals_reference(n, keep):
    """Number i of a draw decides element i, and it is compared as an unsigned number."""
    assert np.array_equal(masks.mask(42, 5, n, keep), reference.mask(42, 5, n, keep))


def test_draw_counts_draws():
    """mg_draw: the draw is the state, whose offset then is one more; it wraps around at 2^64."""
    state = np.array([42, 2**64 - 2], np.uint64)
    draws = np.empty((3, 2), np.uint64)
    for row in draws:
        lib.mg_draw(writable_pointer(row), writable_pointer(state))
    assert draws.tolist() == [[42, 2**64 - 2], [42, 2**64 - 1], [42, 0]]
    assert state.tolist() == [42, 1]
