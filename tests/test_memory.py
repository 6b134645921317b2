"""The pool of large results: blocks are used again as soon as nothing refers to them, and never before."""

import threading

import numpy as np
import pytest

from minigrad import memory
from minigrad.creation import ones, rand
from minigrad.engine import make

SHAPE = (256, 1024)  # 1 MiB of float32: more than memory.LARGE elements


@pytest.fixture(autouse=True)
def fresh_pool():
    memory.empty_cache()
    yield
    memory.empty_cache()


def address(array):
    return array.__array_interface__["data"][0]


def test_a_block_is_used_again_when_its_array_is_gone():
    first = memory.empty(SHAPE, np.dtype(np.float32))
    where = address(first)
    assert where % 64 == 0
    del first
    assert address(memory.empty(SHAPE, np.dtype(np.float32))) == where


def test_a_block_is_not_used_while_anything_refers_to_it():
    array = memory.empty(SHAPE, np.dtype(np.float32))
    where = address(array)
    holders = [array[3:5], array.T, array.view(np.int32), memoryview(array), make(array),
               np.broadcast_to(array, (2, *SHAPE))]
    del array
    while holders:
        assert address(memory.empty(SHAPE, np.dtype(np.float32))) != where, f"while a {type(holders[-1])} refers to it"
        holders.pop()
    assert address(memory.empty(SHAPE, np.dtype(np.float32))) == where


def test_operations_reuse_blocks():
    x = rand(*SHAPE)
    for _ in range(3):
        y = x + 1.0
        y = y * 2.0
    held = memory.pooled_bytes()
    for _ in range(20):
        y = x + 1.0
        y = y * 2.0
    assert memory.pooled_bytes() == held


def test_results_do_not_share_memory():
    x = ones(*SHAPE)
    results = [x * float(i) for i in range(8)]
    for i, result in enumerate(results):
        assert (result.numpy() == i).all()


def test_a_gradient_from_the_pool_is_not_copied_and_not_shared():
    w = ones(*SHAPE).requires_grad_()
    (w * 3.0).backward(ones(*SHAPE))
    (w * 3.0).sum().backward()
    assert (w.grad.numpy() == 6).all()
    assert memory.owns_memory(w.grad.numpy())


def test_threads_get_different_blocks():
    wrong = []

    def work(value):
        for _ in range(200):
            a = memory.empty(SHAPE, np.dtype(np.float32))
            a[:2] = value
            b = memory.empty(SHAPE, np.dtype(np.float32))
            b[:2] = -value
            if not ((a[:2] == value).all() and (b[:2] == -value).all()):
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(value,)) for value in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_empty_cache_lets_free_blocks_go():
    array = memory.empty(SHAPE, np.dtype(np.float32))
    before = memory.pooled_bytes()
    del array
    memory.empty_cache()
    assert memory.pooled_bytes() < before


def test_odd_shapes_and_types():
    for shape in ((40_001,), (3, 5, 4001), (1, 1, 65536), ()):
        for dtype in (np.float32, np.float64, np.int64, np.bool_):
            array = memory.empty(shape, np.dtype(dtype))
            assert array.shape == shape and array.dtype == dtype and array.flags.c_contiguous and array.flags.writeable
