"""Broken generators, each with the test that must reject it, and that accepts the library's at the same size.

A test that nothing fails is no test: each statistic of statistics.py has at least one mutant here.
"""

import re
from functools import partial
from itertools import count

import numpy as np
import pytest

from minigrad.native import ffi, pointer

from . import masks, reference, statistics
from .masks import dropout, mask, words
from .statistics import keep_for, rejects

HALF = 32768
U8_SIZES = {.9: (9.2e5, 2**22), .6: (2.5e6, 2**22), .8: (6.6e6, 2**24), .7: (8.6e6, 2**24)}  # 5 sigma at; tested at

# -- wrong masks -------------------------------------------------------------------------------------------------------


def u8_threshold(key, offset, n, keep):
    """Eight bits: number >> 8 < round(256 p). This is what the library's mask would be at a multiple of 256."""
    return mask(key, offset, n, 256 * round(keep / 256))


def at_most(key, offset, n, keep):
    """<= for <."""
    return masks.numbers(key, offset, n) <= keep


def reused_between_steps(key, offset, n, keep):
    """A network of two layers makes draws 2t and 2t + 1 in step t: each layer gets its first mask for ever."""
    return mask(key, offset % 2, n, keep)


def same_for_two_layers(key, offset, n, keep):
    """The step counts, the layer does not."""
    return mask(key, offset // 2, n, keep)


def constant_seed(key, offset, n, keep):
    return mask(42, offset, n, keep)


def never_generated(key, offset, n, keep):
    return np.ones(n, np.bool_)


def tail_always_kept(key, offset, n, keep):
    """The last n % 8 elements never meet the vector loop."""
    bits = mask(key, offset, n, keep)
    bits[n - n % 8:] = True
    return bits


def number_of_own_block(first_block, key, n, keep):
    """Element i takes number i % 8 of block first_block + i: the counter is advanced per element."""
    numbers = masks.halves(words(key, 0, first_block % 2**64, n))
    return numbers[np.arange(n), np.arange(n) % 8] < keep


def counter_per_element(key, offset, n, keep):
    """The next draw starts n / 8 blocks on, as it should, but this one reads n blocks: it meets the next at n / 8."""
    return number_of_own_block(offset * (n // 8), key, n, keep)


def counter_per_vector(key, offset, n, keep):
    """Eight blocks at a time for 64 elements, and then the counter is advanced by one: repeats at lag 56."""
    vector, lane = np.divmod(np.arange(n) // 8 * 8, 64)
    numbers = masks.halves(words(key, offset, 0, n // 64 + 8))
    return numbers[vector + lane // 8, np.arange(n) % 8] < keep


def next_block_per_draw(key, offset, n, keep):
    """Draw d + 1 starts one block after draw d, however long: it repeats draw d eight elements on."""
    return masks.halves(words(key, 0, offset, n // 8)).reshape(-1) < keep


class AddressAsSeed:
    """The address of the seed in place of the seed. The seeds stay alive, or the next could have the same address."""

    def __init__(self):
        self.seeds = []

    def __call__(self, key, offset, n, keep):
        self.seeds.append(np.array([key], np.uint64))
        return mask(int(ffi.cast("uintptr_t", pointer(self.seeds[-1]))), offset, n, keep)


class EarlierCallsCount:
    """The mask depends on how many were made before."""

    def __init__(self):
        self.calls = count()

    def __call__(self, key, offset, n, keep):
        return mask(key, offset + next(self.calls), n, keep)


def same_in_every_row(key, offset, n, keep):
    return np.resize(mask(key, offset, 1024, keep), n)


def bad_lane(key, offset, n, keep):
    """Every sixteenth element is made at a keep probability one per cent too high."""
    bits = mask(key, offset, n, keep)
    bits[5::16] = mask(key, offset, n, keep + 655)[5::16]
    return bits


def low_half_twice(key, offset, n, keep):
    """Both elements of a word take its low half."""
    return np.repeat(mask(key, offset, n, keep)[::2], 2)[:n]


def sticky(key, offset, n, keep):
    """One element in 256 is a copy of its neighbour."""
    bits = mask(key, offset, n, keep)
    bits[1::256] = bits[::256]
    return bits


def exact_count(key, offset, n, keep):
    """Exactly round(np) elements are kept: elements are flipped from the front until it is so."""
    bits = mask(key, offset, n, keep)
    surplus = np.count_nonzero(bits) - round(n * keep / 65536)
    bits[np.flatnonzero(bits == (surplus > 0))[:abs(surplus)]] ^= True
    return bits


# -- wrong words, wrong scales -----------------------------------------------------------------------------------------


def four_rounds(key, offset, first, blocks):
    return reference.words(key, offset, first, blocks, rounds=4)


def block_of_32_bits(key, offset, first, blocks):
    return np.concatenate([words(key, offset, (first + b) % 2**32, 1) for b in range(blocks)])


def offset_of_32_bits(key, offset, first, blocks):
    return words(key, offset % 2**32, first, blocks)


def p_scale_of_quantised_mask(key, offset, x, keep):
    """An 8-bit mask, scaled by 1 / p."""
    return x * u8_threshold(key, offset, x.size, keep) * x.dtype.type(65536 / keep)


def no_scale(key, offset, x, keep):
    return x * mask(key, offset, x.size, keep)


def scale_without_mask(key, offset, x, keep):
    """Every element alike, with the right mean: only the variance tells."""
    return x.copy()


# -- the table ---------------------------------------------------------------------------------------------------------

T7 = {pair: partial(statistics.hamming, keep=keep_for(.8), n=2**20, pair=pair) for pair in statistics.PAIRS}
REPEATABLE = partial(statistics.repeatable, keep=HALF, n=10_000)
LAYER_SIZE = partial(statistics.position_uniformity, keep=keep_for(.8), n=13, draws=4096)

# (mutant, what it replaces, the test that must reject it).
#
# `<=` moves the keep probability by 2^-16. At an ordinary keep no rate test could see it below some 10^10 elements. At
# the edges it is everything: keep = 1 keeps twice as many, keep = 65535 drops none, so T12 rejects it by 64 standard
# deviations; and comparing 2^20 elements with the reference meets about 16 numbers equal to keep.
MUTANTS = [
    *((u8_threshold, mask, partial(statistics.keep_rate, keep=keep_for(p), n=n)) for p, (_, n) in U8_SIZES.items()),
    (at_most, mask, partial(statistics.edges, n=2**28)),
    (at_most, mask, partial(statistics.exact, keep=HALF, n=2**20)),
    (reused_between_steps, mask, T7["step"]),
    (same_for_two_layers, mask, T7["layer"]),
    (counter_per_element, mask, T7["layer"]),
    (counter_per_vector, mask, partial(statistics.serial_correlation, keep=HALF, n=2**22)),
    (next_block_per_draw, mask, T7["layer"]),
    (tail_always_kept, mask, LAYER_SIZE),
    (AddressAsSeed(), mask, REPEATABLE),
    (constant_seed, mask, T7["seed"]),
    (constant_seed, mask, T7["small seed"]),
    (never_generated, mask, partial(statistics.keep_rate, keep=keep_for(.95), n=2**22)),
    (EarlierCallsCount(), mask, REPEATABLE),
    (p_scale_of_quantised_mask, dropout, partial(statistics.estimator, keep=keep_for(.8), n=2**24)),
    # Not in the list of known bugs, but each makes sure that a further test can fail:
    (bad_lane, mask, partial(statistics.lane_uniformity, keep=HALF, n=2**24)),
    (low_half_twice, mask, partial(statistics.byte_patterns, keep=HALF, n=2**24)),
    (sticky, mask, partial(statistics.runs, keep=HALF, n=2**22)),
    (same_in_every_row, mask, partial(statistics.margins, keep=HALF, rows=512, columns=1024)),
    (four_rounds, words, statistics.avalanche),
    (exact_count, mask, partial(statistics.two_level, keep=HALF, n=2**18, replicates=200)),
    (block_of_32_bits, words, statistics.no_reuse),
    (offset_of_32_bits, words, statistics.no_reuse),
    (no_scale, dropout, partial(statistics.estimator, keep=keep_for(.8), n=2**24)),
    (scale_without_mask, dropout, partial(statistics.estimator, keep=keep_for(.8), n=2**24)),
]


TESTS = {value for value in vars(statistics).values() if re.match(r"T\d", getattr(value, "__doc__", None) or "")}


def test_each_statistic_has_a_mutant():
    assert {getattr(test, "func", test) for _, _, test in MUTANTS} == TESTS


def name(value) -> str:
    value = getattr(value, "func", value)
    return getattr(value, "__name__", type(value).__name__)


@pytest.mark.parametrize(("mutant", "original", "test"), MUTANTS, ids=name)
def test_mutant_is_rejected_where_the_library_is_accepted(mutant, original, test):
    assert not rejects(test(original))
    assert rejects(test(mutant))


@pytest.mark.parametrize("p", U8_SIZES)
def test_sizes_for_eight_bits(p):
    """The expected deviation of an 8-bit threshold: five sigma at the smaller size, and we test at more."""
    least, tested = U8_SIZES[p]
    shift = abs(round(256 * p) / 256 - p)
    assert np.sqrt(least * shift**2 / (p * (1 - p))) == pytest.approx(5, rel=.01)
    assert tested > least
