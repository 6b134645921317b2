"""Whether a program shares its work with the pool: decided by the times of trials, and decided again."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from minigrad.native import get_num_threads, lib, set_num_threads
from minigrad.nn import Linear
from minigrad.replay import sharing


class Machine:
    """A clock, and replays that take as long as is said: seconds[shared]."""

    def __init__(self, monkeypatch, alone, shared, threads=2):
        self.now, self.seconds, self.made = 0.0, [alone, shared], []
        monkeypatch.setattr(sharing, "perf_counter", lambda: self.now)
        monkeypatch.setattr(sharing, "lib", SimpleNamespace(mg_replay=self.replay))
        monkeypatch.setattr(sharing, "get_num_threads", lambda: threads)
        self.sharing = sharing.Sharing()

    def replay(self, steps, share, _):
        self.now += steps * self.seconds[share]
        self.made.append(int(share))
        return -1

    def run(self, calls, steps=1):
        """How the calls were made."""
        self.made.clear()
        for _ in range(calls):
            assert self.sharing.replay((), steps) == -1
        return list(self.made)


def test_the_faster_way_stays(monkeypatch):
    machine = Machine(monkeypatch, 1e-3, 6e-4)
    assert machine.run(20) == [0, 1] * 10
    assert machine.run(100) == [1] * 100
    machine = Machine(monkeypatch, 1e-3, 9.8e-4)  # not worth two processors
    assert machine.run(20) == [0, 1] * 10
    assert machine.run(100) == [0] * 100


def test_tried_again(monkeypatch):
    """Alone, after two seconds; shared, as soon as it is slower than it was alone."""
    machine = Machine(monkeypatch, 2**-7, 2**-6)
    assert machine.run(276) == [0, 1] * 10 + [0] * 256
    machine.seconds[1] = 2**-8
    assert machine.run(20) == [0, 1] * 10 and machine.run(30) == [1] * 30
    machine.seconds[1] = 2**-6
    assert machine.run(1) == [1]
    assert machine.run(22) == [0, 1] * 10 + [0] * 2


def test_many_steps_need_few_trials(monkeypatch):
    machine = Machine(monkeypatch, 1e-3, 6e-4)
    assert machine.run(6, steps=64) == [0, 1, 0, 1, 1, 1]


@pytest.mark.parametrize("seconds, threads", [(1e-5, 2), (1e-3, 1)], ids=["short", "one thread"])
def test_not_tried(monkeypatch, seconds, threads):
    machine = Machine(monkeypatch, seconds, seconds / 10, threads)
    assert machine.run(1000) == [0] * 1000


def test_alone_is_alone():
    """A replay that shares nothing gives the pool no work, where plain calls would; its results are the same."""
    before = get_num_threads()
    set_num_threads(2)
    try:
        layer, x = Linear(512, 512), minigrad.ones(512, 512)
        with minigrad.no_grad():
            step = minigrad.compile(lambda x: layer(x))
            for _ in range(3):
                step(x)
            recording = step._last
            results = []
            for share in (0, 1):
                recording._sharing.share, recording._sharing._left, recording._sharing._alone = share, 10**9, 1e9
                shared = lib.mg_jobs_shared()
                results.append(step(x).numpy())
                assert (lib.mg_jobs_shared() > shared) == share
            np.testing.assert_array_equal(*results)
    finally:
        set_num_threads(before)
