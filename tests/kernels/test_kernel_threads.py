"""The pool: the same bits for any number of threads, no sharing of small work, fork, and several callers at once."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
from kernel_harness import FLOATS, Canaries, call, in_child, needs_fork, ready_call
from kernel_rows import ROWS

from minigrad import native
from minigrad.native import lib

SHARED = [row for row in ROWS.values() if row.large]


def large(row) -> tuple[int, ...]:
    """A size whose work is shared even if a sleeping thread must be woken for it."""
    first, *others = row.large
    return (3 * first, *others)


@pytest.fixture
def two_threads():
    native.set_num_threads(2)


def bits(row, dtype, values, expected) -> bytes:
    """Everything that the kernel writes."""
    arrays = call(row.name, dtype, values, expected, Canaries())
    outputs = [arrays[param] for param in expected]
    return b"".join(a.tobytes() for output in outputs for a in (output if isinstance(output, list) else [output])
                    if a is not None)


@pytest.mark.parametrize("row", SHARED, ids=lambda row: row.name)
def test_same_bits_for_any_number_of_threads(row, isa, dtype, rng):
    values, _, expected = row.prepare(dtype, row.make(rng, *large(row)))
    want = bits(row, dtype, values, expected)
    for threads in (2, 3):
        native.set_num_threads(threads)
        before = lib.mg_jobs_shared()
        assert bits(row, dtype, values, expected) == want, f"{threads} threads give other bits than one"
        assert lib.mg_jobs_shared() > before, "this size should have been shared"


def test_small_work_never_wakes_the_pool(two_threads, isa, dtype, rng):
    def ready(row, size):
        values, _, expected = row.prepare(dtype, row.make(rng, *size))
        return ready_call(row.name, dtype, values, expected, Canaries())[1]

    big = ready(ROWS["mg_exp"], large(ROWS["mg_exp"]))
    for row in ROWS.values():
        sizes = list(row.sizes)
        size = sizes[min(len(sizes) // 2 + 1, len(sizes) - 1)]
        small = ready(row, size)
        for _ in range(5):
            big()  # the pool is awake now: the lower of its thresholds holds
            before = lib.mg_jobs_shared()
            small()
            assert lib.mg_jobs_shared() == before, f"{row.name}{size} was shared"


def test_large_work_by_one_thread(dtype, rng):
    """It is right, and it is not shared."""
    before = lib.mg_jobs_shared()
    for row in SHARED:
        row.run(dtype, row.make(rng, *large(row)), Canaries())
    assert lib.mg_jobs_shared() == before


# -- fork --------------------------------------------------------------------------------------------------------------

CHECKED = ("mg_matmul", "mg_sum", "mg_dropout", "mg_adam")


def work_to_check(dtype, rng):
    """A function that runs some kernels at sizes that are shared and raises if a bit is wrong."""
    cases = []
    for row in map(ROWS.__getitem__, CHECKED):
        values, _, expected = row.prepare(dtype, row.make(rng, *large(row)))
        cases.append((row, dtype, values, expected, bits(row, dtype, values, expected)))

    def work():
        for *case, want in cases:
            assert bits(*case) == want, f"{case[0].name} gave other bits"

    return work


@needs_fork
def test_fork(dtype, rng):
    """A child computes with threads of its own, before and after its parent did; so does a grandchild."""
    work = work_to_check(dtype, rng)
    native.set_num_threads(2)

    def shared_work():
        before = lib.mg_jobs_shared()
        work()
        assert lib.mg_jobs_shared() >= before + len(CHECKED)

    def with_child():
        shared_work()
        assert in_child(shared_work) == 0

    for _ in range(5):
        assert in_child(with_child) == 0
        shared_work()


@needs_fork
def test_fork_while_the_pool_is_busy(rng):
    """Another thread is in the middle of a kernel, with the pool, when this one forks."""
    work = work_to_check(np.float32, rng)
    native.set_num_threads(2)
    stop = threading.Event()

    def keep_busy():
        while not stop.is_set():
            work()

    busy = threading.Thread(target=keep_busy)
    busy.start()
    try:
        assert [in_child(work) for _ in range(10)] == [0] * 10
    finally:
        stop.set()
        busy.join()


# -- several callers ---------------------------------------------------------------------------------------------------


def run_threads(count: int, work) -> None:
    """Call work(i) in `count` Python threads; raises what they raise."""
    errors = []

    def guarded(i):
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_callers_at_once(two_threads, rng):
    """Each Python thread has its own results: one gets the pool, the other works alone."""
    works = [work_to_check(dtype, rng) for dtype in FLOATS + FLOATS]
    run_threads(len(works), lambda i: [works[i]() for _ in range(10)])


def test_number_of_threads_may_change_at_any_time(rng):
    work = work_to_check(np.float32, rng)

    def change_or_work(i):
        for n in range(60):
            if i:
                native.set_num_threads(1 + n % 4)
                time.sleep(0.001)
            elif n % 4 == 0:
                work()

    run_threads(2, change_or_work)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs /proc")
def test_threads_that_are_not_wanted_end(rng):
    work = work_to_check(np.float32, rng)

    def settled(count, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(os.listdir("/proc/self/task")) > count:
            work()
            time.sleep(0.01)
        return len(os.listdir("/proc/self/task"))

    native.set_num_threads(2)
    work()
    few = settled(0, seconds=0.3)
    native.set_num_threads(6)
    work()
    assert len(os.listdir("/proc/self/task")) > few
    native.set_num_threads(2)
    assert settled(few) <= few


def test_limits():
    for asked, got in ((1, 1), (7, 7), (10**6, 256)):
        native.set_num_threads(asked)
        assert lib.mg_get_num_threads() == got
    lib.mg_set_num_threads(-5)
    assert lib.mg_get_num_threads() == 1
