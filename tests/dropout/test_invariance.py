"""T10, bit for bit: a mask is a function of (key, offset, keep) and the position, and of nothing else."""

from itertools import count

import numpy as np
import pytest

from minigrad.native import lib, pointer, writable_pointer

from . import masks, reference, statistics

KEEPS = 1, 6554, 32768, 52429, 65535
SIZES = [*range(258), *(2**k + step for k in range(9, 18) for step in (-1, 0, 1))]
LARGE = 2**21 + 13  # large enough to be shared between threads, and no multiple of anything
FLOATS = np.float32, np.float64
SPECIAL = np.inf, -np.inf, np.nan, -0.0, 0.0, 1e-45, -1.0


def same_bits(a, b) -> bool:
    return a.dtype == b.dtype and a.tobytes() == b.tobytes()


def values(n: int, dtype) -> np.ndarray:
    """Normal numbers, with every special value in every eleventh place."""
    x = np.random.default_rng(n).standard_normal(n).astype(dtype)
    x[::11] = np.resize(np.array(SPECIAL).astype(dtype), len(x[::11]))
    return x


def expected_dropout(key, offset, x, keep) -> np.ndarray:
    """x * (65536 / keep), rounded twice in x's precision, where the reference keeps; +0 elsewhere."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = x * (x.dtype.type(65536) / x.dtype.type(keep))
    return np.where(reference.mask(key, offset, x.size, keep), scaled, x.dtype.type(0))


# -- masks -------------------------------------------------------------------------------------------------------------


def test_repeatable():
    assert statistics.repeatable(masks.mask, 52429, LARGE)


@pytest.mark.parametrize("keep", KEEPS)
def test_exact(keep):
    assert statistics.exact(masks.mask, keep, LARGE)


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("keep", KEEPS)
def test_short_mask_is_the_beginning_of_a_long_one(keep):
    """So any chunking gives the same mask. All compare with the reference, hence with each other's instruction set."""
    whole = reference.mask(3, 4, max(SIZES), keep)
    for n in SIZES:
        assert np.array_equal(masks.mask(3, 4, n, keep), whole[:n]), n


@pytest.mark.usefixtures("isa")
def test_mask_writes_only_its_bytes_at_any_address():
    """Any alignment, and not one byte before or after."""
    for start in range(65):
        for n in (0, 1, 31, 64, 1025):
            room = np.full(start + n + 64, 7, np.uint8)
            lib.mg_dropout_mask(writable_pointer(room[start:start + n]), pointer(masks.draw(3, 4)), n, 32768)
            assert np.array_equal(room[start:start + n], reference.mask(3, 4, n, 32768))
            assert np.all(room[:start] == 7) and np.all(room[start + n:] == 7)


def shared_jobs(call) -> int:
    """How many times `call` used the pool of threads."""
    before = lib.mg_jobs_shared()
    call()
    return lib.mg_jobs_shared() - before


@pytest.mark.usefixtures("isa")
def test_threads_do_not_change_a_mask(threads):
    results = []
    for wanted, jobs in ((1, 0), (2, 1), (7, 1)):
        threads(wanted)
        assert shared_jobs(lambda: results.append(masks.mask(3, 4, LARGE, 52429))) == jobs
    assert same_bits(results[0], results[1]) and same_bits(results[0], results[2])


def test_saved_state_gives_the_same_masks_again():
    state, draw = np.array([42, 2**32 - 2], np.uint64), np.empty(2, np.uint64)

    def next_mask():
        lib.mg_draw(writable_pointer(draw), writable_pointer(state))
        return masks.mask(*draw.tolist(), 10_000, 32768)

    next_mask()
    saved = state.copy()
    first = [next_mask() for _ in range(4)]
    state[:] = saved
    second = [next_mask() for _ in range(4)]
    assert np.array_equal(first, second)
    assert len(np.unique(first, axis=0)) == 4


# -- dropout -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("keep", KEEPS)
def test_dropout_at_every_size(dtype, keep):
    x = values(max(SIZES), dtype)
    want = expected_dropout(3, 4, x, keep)
    for n in SIZES:
        y = masks.dropout(3, 4, x[:n], keep)
        assert np.array_equal(y, want[:n], equal_nan=True), n
        assert np.array_equal(np.signbit(y), np.signbit(want[:n])), n


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("dtype", FLOATS)
def test_dropped_infinity_and_nan_are_plus_zero(dtype):
    for special in (np.inf, -np.inf, np.nan, -np.nan, -1.0, -0.0):
        y = masks.dropout(3, 4, np.full(5003, special, dtype), 32768)
        dropped = y[~reference.mask(3, 4, 5003, 32768)]
        assert len(dropped) > 2000 and same_bits(dropped, np.zeros(len(dropped), dtype))


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("dtype", FLOATS)
def test_backward_makes_the_forward_mask_again(dtype):
    """dx = dy * scale exactly where y = x * scale, though nothing was stored between the two."""
    x, dy = np.ones(LARGE, dtype), values(LARGE, dtype)
    y, dx = masks.dropout(3, 4, x, 52429), masks.dropout(3, 4, dy, 52429)
    kept = y != 0
    scale = dtype(65536) / dtype(52429)
    assert np.array_equal(kept, reference.mask(3, 4, LARGE, 52429))
    assert np.all(y[kept] == scale)
    assert np.array_equal(dx[kept], (dy * scale)[kept], equal_nan=True)
    assert same_bits(dx[~kept], np.zeros(np.count_nonzero(~kept), dtype))


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("dtype", FLOATS)
def test_dropout_writes_only_its_elements_at_any_address_and_in_place(dtype):
    for start in range(17):
        for n in (0, 1, 15, 33, 1025):
            room = np.full(start + n + 17, 7, dtype)
            part = room[start:start + n]
            part[:] = x = values(n, dtype)
            address = writable_pointer(part)
            lib.mg_dropout(part.dtype.num, address, address, pointer(masks.draw(3, 4)), n, 32768)
            assert np.array_equal(part, expected_dropout(3, 4, x, 32768), equal_nan=True)
            assert np.all(room[:start] == 7) and np.all(room[start + n:] == 7)


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("dtype", FLOATS)
def test_threads_do_not_change_dropout(dtype, threads):
    x, results = values(LARGE, dtype), []
    for wanted, jobs in ((1, 0), (2, 1), (7, 1)):
        threads(wanted)
        assert shared_jobs(lambda: results.append(masks.dropout(3, 4, x, 52429))) == jobs
    assert same_bits(results[0], results[1]) and same_bits(results[0], results[2])


@pytest.mark.parametrize("dtype", FLOATS)
def test_scale_is_the_inverse_for_every_keep(dtype):
    """Kept ones become 65536 / keep, correctly rounded, in a draw with a number 0 of 16 and one of 8 bits, which every
    keep keeps."""
    offset = next(offset for offset in count() if all(masks.mask(3, offset, 64, keep).any() for keep in (1, 256)))
    ones, keeps = np.ones(64, dtype), np.arange(1, 65536)
    scales = np.array([masks.dropout(3, offset, ones, keep).max() for keep in keeps.tolist()])
    assert same_bits(scales, (65536 / keeps).astype(dtype))
