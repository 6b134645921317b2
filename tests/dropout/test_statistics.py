"""The library's masks against the acceptance tests T1 to T9 and T11 to T13; T10 is test_invariance.py.

Everything is seeded, so a test gives the same answer every time. The key and the offset are digits of pi
(statistics.py); whoever changes one to make a test pass writes the reason here. So far there was none.
"""

import numpy as np
import pytest

from . import masks, statistics
from .statistics import PAIRS, keep_for, rejects

SIZES = 2**22, 2**24, 2**26  # 2^22 cannot see 8-bit thresholds at .7 and .8: test_mutants.py
RATES = .05, .1, .25, .5, .6, .7, .75, .8, .9, .95
FEW_RATES = .1, .5, .8


@pytest.fixture(params=RATES)
def keep(request):
    return keep_for(request.param)


@pytest.fixture(params=FEW_RATES)
def some_keep(request):
    return keep_for(request.param)


def accept(p_values):
    assert not rejects(p_values), f"least p-value {np.min(p_values)}"


@pytest.mark.parametrize("n", SIZES)
def test_t1_keep_rate(keep, n):
    accept(statistics.keep_rate(masks.mask, keep, n))


def test_t2_lane_uniformity(keep):
    accept(statistics.lane_uniformity(masks.mask, keep, 2**24))


@pytest.mark.parametrize("n", [3, 13, 257, 1031])
def test_t2_position_uniformity(some_keep, n):
    accept(statistics.position_uniformity(masks.mask, some_keep, n, 4096))


@pytest.mark.parametrize("shift", [0, 3])
def test_t3_byte_patterns(keep, shift):
    """A byte of eight elements is a block of the generator at shift 0, and parts of two at shift 3."""
    accept(statistics.byte_patterns(masks.mask, keep, 2**24, shift))


def test_t4_serial_correlation(some_keep):
    accept(statistics.serial_correlation(masks.mask, some_keep, 2**22))


def test_t5_runs(keep):
    accept(statistics.runs(masks.mask, keep, 2**22))


@pytest.mark.parametrize("shape", [(512, 1024), (128, 784)])
def test_t6_margins(some_keep, shape):
    accept(statistics.margins(masks.mask, some_keep, *shape))


@pytest.mark.parametrize("pair", PAIRS)
def test_t7_hamming(some_keep, pair):
    accept(statistics.hamming(masks.mask, some_keep, 2**20, pair))


def test_t8_avalanche():
    accept(statistics.avalanche(masks.words))


def test_t9_two_level(some_keep):
    accept(statistics.two_level(masks.mask, some_keep, 2**18, 200))


def test_t11_no_reuse():
    """That each counter gives the right block, too, is tested in test_known_answers.py."""
    accept(statistics.no_reuse(masks.words))


def test_t12_edges():
    """Keep probabilities 0 and 1 never reach the kernel: Python answers them without a mask. The kernel's own limits
    are keep = 1 and keep = 65535: one element in 65536 kept, or dropped. That is 4096 of 2^28; off by one, 0 or 8192.
    """
    accept(statistics.edges(masks.mask, 2**28))


def test_t12_edges_exactly():
    """keep = 1 keeps the numbers 0 and no other, keep = 65535 drops the numbers 65535 and no other: in all of 2^28."""
    n = 2**24
    for offset in range(2**28 // n):
        numbers = masks.numbers(statistics.KEY, offset, n)
        for keep in (1, 65535):
            assert np.array_equal(masks.mask(statistics.KEY, offset, n, keep), numbers < keep)


@pytest.mark.parametrize("p", [.1, .25, .6, .7, .8, .9])
def test_t13_estimator(p):
    accept(statistics.estimator(masks.dropout, keep_for(p), 2**24))
    accept(statistics.estimator(masks.dropout, keep_for(p), 2**24, p))
