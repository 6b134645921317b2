"""Philox4x32-R in NumPy integers, written from the paper and sharing nothing with csrc/philox.h.

Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011, section 3.3.
"""

from __future__ import annotations

import numpy as np

MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85
LOW = 0xFFFFFFFF


def philox(counter, key, rounds: int = 10) -> np.ndarray:
    """uint32 (n, 4): the block of each counter (n, 4) under the two words of key."""
    c0, c1, c2, c3 = np.asarray(counter, np.uint64).T
    for r in range(rounds):
        k0, k1 = ((word + r * step) & LOW for word, step in zip(key, KEY_STEPS))
        product0, product1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = product1 >> 32 ^ c1 ^ k0, product1 & LOW, product0 >> 32 ^ c3 ^ k1, product0 & LOW
    return np.stack((c0, c1, c2, c3), axis=-1).astype(np.uint32)


def words(key: int, offset: int, first: int, blocks: int, rounds: int = 10) -> np.ndarray:
    """uint32 (blocks, 4): what masks.words must give. Block numbers are 64 bits and wrap around."""
    block = np.arange(blocks, dtype=np.uint64) + np.uint64(first)
    counter = np.empty((blocks, 4), np.uint64)
    counter[:, 0], counter[:, 1] = block & LOW, block >> 32
    counter[:, 2], counter[:, 3] = offset & LOW, offset >> 32
    return philox(counter, (key & LOW, key >> 32), rounds)


def mask(key: int, offset: int, n: int, keep: int) -> np.ndarray:
    """bool (n): what masks.mask must give. Number i of a draw has 1, 8 or 16 bits, the fewest that give keep / 65536
    exactly, and starts at bit i * bits % 32 of word i * bits // 32, counted from the low end."""
    width = next(b for b in (1, 8, 16) if keep * 2**b % 65536 == 0)
    at = np.arange(n) * width
    word = words(key, offset, 0, n * width // 128 + 1).reshape(-1)[at // 32]
    return (word >> (at % 32).astype(np.uint32)) % 2**width < keep * 2**width // 65536
