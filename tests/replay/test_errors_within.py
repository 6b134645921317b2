"""What goes wrong within a step leaves everything as a plain run does."""

from __future__ import annotations

import signal
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import tape
from minigrad.compiler import NotRecordable

from .twins import sink, state_of, world_of


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("error", (ValueError, KeyboardInterrupt, NotRecordable))
def test_errors_within(at, error):
    """Raised at call `at`: while recording, while verifying, and in a replay's place; then all goes on."""
    def make():
        failing = []

        def inside(w, loss, y):
            if failing:
                raise error("now")

        world = world_of(inside)()
        inner = world.step
        world.step = lambda x, y: inner(x, y)
        world.failing = failing
        return world

    def states(wrap):
        minigrad.manual_seed(0)
        world = make()
        step = wrap(world.step)
        for k in range(10):
            world.failing[:] = [1] if k == at else []
            try:
                step(*world.batch(k))
            except error:
                assert k == at
            else:
                assert k != at
            yield state_of(world)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert list(states(lambda step: step)) == list(states(minigrad.compile))


def test_interrupted():
    """Ctrl-C at any moment of recording, verifying and replaying: it arrives, and plain steps are right afterwards."""
    def alarm(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, alarm)
    rng, hit = np.random.default_rng(3), 0
    try:
        for _ in range(60):
            world = world_of(sink)()
            step = minigrad.compile(world.step)
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, 4e-3))
                for k in range(200):
                    step(*world.batch(k))
            except KeyboardInterrupt:
                hit += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert tape.active is None
            start = {name: t.clone() for name, t in world.model.state_dict().items()}
            twin = world_of(sink)()
            twin.model.load_state_dict(start)
            for k in range(4):
                world.step(*world.batch(k))
                twin.step(*twin.batch(k))
            assert [p.tolist() for p in world.model.parameters()] == [p.tolist() for p in twin.model.parameters()]
    finally:
        signal.signal(signal.SIGALRM, before)
    assert hit > 10


@pytest.mark.parametrize("at", (0, 1, 2, 5))
def test_a_class_out_of_range(at):
    """IndexError as in a plain run; what came before it happened; and training goes on."""
    def make():
        world = world_of(sink)()
        own = world.batch
        world.batch = lambda k: (own(k)[0], own(k)[1] + (7 if k == at else 0))
        return world

    def states(wrap):
        minigrad.manual_seed(0)
        world = make()
        step, seen = wrap(world.step), []
        for k in range(10):
            try:
                step(*world.batch(k))
            except IndexError as error:
                seen.append((k, str(error)))
            yield seen.copy(), state_of(world)

    plain = list(states(lambda step: step))
    assert plain[-1][0][0][0] == at and "out of bounds" in plain[-1][0][0][1]
    for (seen, state), (want_seen, want) in zip(states(lambda step: minigrad.compile(step, fullgraph=True)), plain):
        assert seen == want_seen
        assert [name for name in want if state[name] != want[name]] == []


def test_other_shapes_and_types_that_do_not_fit():
    world = world_of(sink)()
    step = minigrad.compile(world.step)
    for k in range(4):
        step(*world.batch(k))
    x, y = world.batch(0)
    for bad, error in (((x[:, :3], y), RuntimeError), ((x, y[:4]), (RuntimeError, ValueError)), ((), TypeError),
                       ((x.long(), y), RuntimeError), ((x,), TypeError), ((x.numpy(), y), (TypeError, AttributeError))):
        with pytest.raises(error):
            step(*bad)
        world.step(x, y)
        assert step(x, y) is None
