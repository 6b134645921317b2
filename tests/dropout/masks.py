"""The library's generator as sources, which the tests can exchange for broken ones.

A draw is (key, offset): the seed, and how many draws were made before. Three kinds of source:

    mask(key, offset, n, keep)            bool (n): element i is kept where number i (of 16, 8 or 1 bits) is below keep
    words(key, offset, first, blocks)     uint32 (blocks, 4): the blocks first .. first + blocks - 1
    dropout(key, offset, x, keep)         like x: x * (65536 / keep) where kept, else +0
"""

from __future__ import annotations

import numpy as np

from minigrad.native import lib, pointer, writable_pointer


def draw(key: int, offset: int) -> np.ndarray:
    """The sixteen bytes from which the library makes a mask."""
    return np.array([key, offset], np.uint64)


def mask(key: int, offset: int, n: int, keep: int) -> np.ndarray:
    out = np.empty(n, np.bool_)
    lib.mg_dropout_mask(writable_pointer(out), pointer(draw(key, offset)), n, keep)
    return out


def words(key: int, offset: int, first: int, blocks: int) -> np.ndarray:
    out = np.empty((blocks, 4), np.uint32)
    lib.mg_philox(writable_pointer(out), pointer(draw(key, offset)), first, blocks)
    return out


def dropout(key: int, offset: int, x: np.ndarray, keep: int) -> np.ndarray:
    out = np.empty_like(x)
    lib.mg_dropout(x.dtype.num, writable_pointer(out), pointer(x), pointer(draw(key, offset)), x.size, keep)
    return out


def halves(blocks: np.ndarray) -> np.ndarray:
    """uint16 (..., 8): the words (..., 4) as 16-bit numbers, low half first, on any byte order."""
    return np.stack((blocks & 0xFFFF, blocks >> 16), axis=-1).astype(np.uint16).reshape(*blocks.shape[:-1], 8)


def numbers(key: int, offset: int, n: int) -> np.ndarray:
    """uint16 (n): the numbers of a draw, by way of `words`."""
    return halves(words(key, offset, 0, (n + 7) // 8)).reshape(-1)[:n]
