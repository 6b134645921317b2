"""Memory for results. Small ones come from NumPy; large ones from a pool of blocks that are used again.

A fresh large array costs a page fault per 4 KiB, more than most kernels that fill it. So blocks stay here, and one is
free again as soon as no array over it is left: nothing has to be given back by hand. The pool keeps the blocks that
were in use at once, so its size is the high-water mark of live results; `empty_cache` lets the free ones go.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
import threading

import numpy as np

__all__ = ["LARGE", "Block", "aligned", "empty", "empty_cache", "new_block", "owns_memory",
           "pooled_bytes"]

LARGE = 1 << 15  # elements from which on a result comes from the pool
_ALIGN = 64      # a cache line
_PAGE = 4096
_places = itertools.count()
_KEEP = 1 << 30  # free bytes beyond which blocks of other sizes are let go

_blocks: dict[int, list[Block]] = {}  # by size
_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # another thread may hold the lock while this one forks
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


class Block(np.ndarray):
    """Bytes for results. An array made over a block has it as its base, and keeps it from being free; views of
    that array have the array as theirs."""

    offset = 0  # of the first aligned byte


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """A large array, its elements not set, at a multiple of 64 bytes."""
    size = dtype.itemsize
    for length in shape:
        size *= length
    with _lock:
        block = _find(size)
        if block is None:
            block = _add(size)
        return np.ndarray(shape, dtype, block, block.offset)


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array that stays, its elements not set. From two pages on it starts at a multiple of 64 bytes, and each at
    another place in its page: an optimiser goes along several at once, which would meet in the same few lines of a
    cache."""
    size = dtype.itemsize * math.prod(shape)
    if size < 1 << 13:
        return np.empty(shape, dtype)
    block = Block((size + _PAGE,), np.uint8)
    place = next(_places) * 9 * _ALIGN % _PAGE
    return np.ndarray(shape, dtype, block, (place - block.ctypes.data) % _PAGE)


def owns_memory(array: np.ndarray) -> bool:
    """Whether an array is no view of another."""
    return array.base is None or type(array.base) is Block


def _find(size: int) -> Block | None:
    blocks = _blocks.get(size, [])
    for i, references in enumerate(_references(blocks)):
        if references == _FREE:
            return blocks[i]
    return None


def new_block(size: int) -> Block:
    """A block that the pool does not know, for so many bytes from its offset on."""
    block = Block((size + _ALIGN,), np.uint8)
    block.offset = -block.ctypes.data % _ALIGN
    return block


def _add(size: int) -> Block:
    if sum(_free(blocks) * size for size, blocks in _blocks.items()) > _KEEP:
        _drop_free()
    block = new_block(size)
    _blocks.setdefault(size, []).append(block)
    return block


def _references(blocks: list[Block]) -> list[int]:
    return [sys.getrefcount(block) for block in blocks]


_FREE = _references([Block((1,), np.uint8)])[0]  # of a block over which there is no array


def _free(blocks: list[Block]) -> int:
    return _references(blocks).count(_FREE)


def _drop_free() -> None:
    for size, blocks in list(_blocks.items()):
        _blocks[size] = [blocks[i] for i, references in enumerate(_references(blocks)) if references != _FREE]


def empty_cache() -> None:
    """Let the free blocks go."""
    with _lock:
        _drop_free()


def pooled_bytes() -> int:
    """How much memory the pool holds, free and in use."""
    with _lock:
        return sum(size * len(blocks) for size, blocks in _blocks.items())
