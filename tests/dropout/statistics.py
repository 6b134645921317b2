"""The acceptance tests T1 to T13 of a mask generator, as functions of a source (masks.py says what a source is).

Each makes its masks at a fixed key and returns a p-value, or an array of them: how probable a result at least as far
from expectation is, on either side, if the source is right. A source is rejected where one is below 1e-6 (for a z,
beyond 4.9). Tests whose outcome is certain return 1 or 0. The keep probability is exactly keep / 65536.
"""

from __future__ import annotations

import math

import numpy as np

from . import reference
from .tails import chi2_two_sided, normal_cdf, normal_two_sided, uniform_two_sided

REJECT = 1e-6
KEY, OFFSET = 0x243F6A8885A308D3, 0x13198A2E03707344  # the first digits of pi: not chosen by trying

LANES = 4, 8, 16, 32, 64, 128, 256
# Every distance inside two vectors of bytes, usual row lengths, and the chunks that two threads work in at n = 2^22.
LAGS = *range(1, 131), 256, 512, 784, 1024, 1200, 2048, 4096, 2**19, 2**20, 2**21
# Two draws whose masks must be independent. In a network of two layers a step makes two draws, so that `layer` is the
# same step's other layer and `step` the same layer's next step; OFFSET is even.
PAIRS = {
    "seed": ((KEY, OFFSET), (KEY + 1, OFFSET)),
    "small seed": ((0, 0), (1, 0)),
    "seed, high word": ((KEY, OFFSET), (KEY + 2**32, OFFSET)),
    "layer": ((KEY, OFFSET), (KEY, OFFSET + 1)),
    "step": ((KEY, OFFSET), (KEY, OFFSET + 2)),
    "offset, high word": ((KEY, OFFSET), (KEY, OFFSET + 2**32)),
    "offset, carry": ((KEY, 2**32 - 1), (KEY, 2**32)),
    "key and offset exchanged": ((KEY, OFFSET), (OFFSET, KEY)),
}


def rejects(p_values) -> bool:
    return not np.min(p_values) >= REJECT  # in this form a NaN is rejected too


def keep_for(p: float) -> int:
    return min(max(round(p * 65536), 1), 65535)


def binomial(count, n, p):
    """p-values of counts out of n, each with probability p, by the normal approximation."""
    return normal_two_sided((np.asarray(count) - n * p) / np.sqrt(n * p * (1 - p)))


def keep_rate(source, keep: int, n: int):
    """T1: how many are kept."""
    return binomial(np.count_nonzero(source(KEY, OFFSET, n, keep)), n, keep / 65536)


def position_chi2(counts, trials: int, p: float) -> float:
    """chi2 of counts, each out of `trials`; p is known, so there are as many degrees of freedom as counts."""
    return chi2_two_sided(np.sum((counts - trials * p) ** 2) / (trials * p * (1 - p)), len(counts))


def lane_uniformity(source, keep: int, n: int):
    """T2: kept elements by position modulo 4, 8 ... 256; n is a multiple of 256."""
    counts = source(KEY, OFFSET, n, keep).reshape(-1, LANES[-1]).sum(axis=0)
    return [position_chi2(counts.reshape(-1, lane).sum(axis=0), n // lane, keep / 65536) for lane in LANES]


def position_uniformity(source, keep: int, n: int, draws: int):
    """T2 for short arrays: kept elements by position in `draws` masks of n elements, which end in a tail."""
    counts = sum(source(KEY, OFFSET + d, n, keep).astype(np.int64) for d in range(draws))
    return position_chi2(counts, draws, keep / 65536)


def byte_patterns(source, keep: int, n: int, shift: int = 0):
    """T3: the 256 patterns of eight neighbours, from element `shift` on; rare patterns are merged."""
    p = keep / 65536
    observed = np.bincount(np.packbits(source(KEY, OFFSET, n + shift, keep)[shift:]), minlength=256)
    kept = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)
    expected = n / 8 * p**kept * (1 - p) ** (8.0 - kept)
    order = np.argsort(expected)
    # The rarest cells become one: all below 5, and as many as it takes to reach 5.
    rare = max(np.searchsorted(expected[order], 5), np.searchsorted(np.cumsum(expected[order]), 5) + 1)
    starts = np.r_[0, rare:256]
    observed, expected = (np.add.reduceat(cells[order], starts) for cells in (observed, expected))
    return chi2_two_sided(np.sum((observed - expected) ** 2 / expected), len(starts) - 1)


def serial_correlation(source, keep: int, n: int, lags=LAGS):
    """T4: sqrt(n - k) r_k at each lag k, with the known mean and variance."""
    bits, p = source(KEY, OFFSET, n, keep), keep / 65536
    z = []
    for k in lags:
        early, late = bits[:-k], bits[k:]
        both, total = np.count_nonzero(early & late), np.count_nonzero(early) + np.count_nonzero(late)
        z.append((both - p * total + (n - k) * p * p) / (math.sqrt(n - k) * p * (1 - p)))
    return normal_two_sided(z)


def runs(source, keep: int, n: int):
    """T5: E R = 1 + 2 (n-1) pq, Var R = 2 pq (2n - 3 - 2 pq (3n - 5))."""
    bits, pq = source(KEY, OFFSET, n, keep), keep * (65536 - keep) / 65536**2
    count = 1 + np.count_nonzero(bits[1:] != bits[:-1])
    return normal_two_sided((count - 1 - 2 * (n - 1) * pq) / math.sqrt(2 * pq * (2 * n - 3 - 2 * pq * (3 * n - 5))))


def margins(source, keep: int, rows: int, columns: int):
    """T6: the sums of a mask's columns and rows."""
    table = source(KEY, OFFSET, rows * columns, keep).reshape(rows, columns)
    return [position_chi2(table.sum(axis=0), rows, keep / 65536),
            position_chi2(table.sum(axis=1), columns, keep / 65536)]


def hamming(source, keep: int, n: int, pair: str):
    """T7: distance ~ Bin(n, 2pq) of two draws' masks, shifted either way by 0 .. 256 and by powers of two to n / 2."""
    a, b = (source(key, offset, n, keep) for key, offset in PAIRS[pair])
    shifts = np.r_[0:257, 2 ** np.arange(9, n.bit_length() - 1)]
    distance = [np.count_nonzero(x[shift:] != y[:n - shift]) for x, y in ((a, b), (b, a)) for shift in shifts]
    return binomial(distance, n - np.r_[shifts, shifts], 2 * keep * (65536 - keep) / 65536**2)


def flips(words, first: int, bits: int):
    """For each of the 192 bits of counter and key: words of many blocks, exclusive-or the words with that bit flipped.

    2^bits blocks from `first` on, a multiple of that: flipping a low bit of the block number meets a block of the same
    array, so that only half of them are independent pairs.
    """
    block = np.arange(2**bits)
    base = words(KEY, OFFSET, first, 2**bits)
    for bit in range(bits):
        clear = block[block >> bit & 1 == 0]
        yield base[clear] ^ base[clear | 1 << bit]
    for bit in range(64):
        if bit >= bits:
            yield base ^ words(KEY, OFFSET, first ^ 1 << bit, 2**bits)
        yield base ^ words(KEY ^ 1 << bit, OFFSET, first, 2**bits)
        yield base ^ words(KEY, OFFSET ^ 1 << bit, first, 2**bits)


def avalanche(words, bits: int = 15):
    """T8: each input bit flips each of 128 output bits half of the time, and 64 of them on average (2^14 samples)."""
    p_values = []
    for changed in flips(words, 0xA4093822 << bits, bits):
        counts = np.unpackbits(changed.view(np.uint8), axis=1).sum(axis=0, dtype=np.int64)
        p_values += [position_chi2(counts, len(changed), 0.5), binomial(counts.sum(), 128 * len(changed), 0.5)]
    return p_values


def two_level(source, keep: int, n: int, replicates: int):
    """T9: the one-sided p-values of T1 under consecutive keys are uniform, and no more even than chance makes them."""
    p = keep / 65536
    counts = [np.count_nonzero(source(KEY + r, OFFSET, n, keep)) for r in range(replicates)]
    return uniform_two_sided(normal_cdf((np.array(counts) - n * p) / math.sqrt(n * p * (1 - p))))


def repeatable(source, keep: int, n: int) -> float:
    """T10: the same draw gives the same mask again, after another draw. 1 or 0."""
    before, _, after = (source(KEY, offset, n, keep) for offset in (OFFSET, OFFSET + 1, OFFSET))
    return float(np.array_equal(before, after))


def exact(source, keep: int, n: int) -> float:
    """T10: the mask is the reference's, element by element. 1 or 0."""
    return float(np.array_equal(source(KEY, OFFSET, n, keep), reference.mask(KEY, OFFSET, n, keep)))


def no_reuse(words) -> float:
    """T11: no two counters near 0, 2^32 and 2^64 (blocks x offsets) give the same block. 1 or 0."""
    ranges = (0, 16), (2**32 - 8, 16), (2**64 - 8, 8)
    blocks = [words(KEY, start + i, first, count)
              for start, length in ranges for i in range(length) for first, count in ranges]
    blocks = np.concatenate(blocks)
    return float(len(np.unique(blocks, axis=0)) == len(blocks))


def edges(source, n: int, chunk: int = 2**24):
    """T12: kept at keep = 1, and dropped at keep = 65535: one in 65536 each, in n elements made chunk by chunk."""
    kept = dropped = 0
    for d in range(n // chunk):
        kept += np.count_nonzero(source(KEY, OFFSET + d, chunk, 1))
        dropped += chunk - np.count_nonzero(source(KEY, OFFSET + d, chunk, 65535))
    return binomial([kept, dropped], n, 1 / 65536)


def estimator(dropout, keep: int, n: int, p: float | None = None):
    """T13: mean 1 and variance (1-p)/p of dropout of ones; p is what was asked for, keep / 65536 if not given.

    The sample variance S2 of a Bernoulli variable has the variance (m4 - s2^2 (n-3)/(n-1)) / n. At p = 1/2 its normal
    part vanishes, so use other p.
    """
    p = keep / 65536 if p is None else p
    y = dropout(KEY, OFFSET, np.ones(n, np.float32), keep).astype(np.float64)
    mean, variance = y.mean(), y.var(ddof=1)
    s2 = (1 - p) / p
    fourth = s2 * ((1 - p) ** 3 + p**3) / p**2
    spread = math.sqrt((fourth - s2 * s2 * (n - 3) / (n - 1)) / n)
    return normal_two_sided([(mean - 1) / math.sqrt(s2 / n), (variance - s2) / spread])
