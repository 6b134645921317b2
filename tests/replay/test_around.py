"""What happens around a compiled step: copies, threads, signals, forks, other recordings."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import threading
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import tape
from minigrad.nn import functional as F

from .twins import World, batches, bits, mlp, sink, world_of


def test_copies_and_pickles_of_the_model():
    world = world_of(sink)()
    step = minigrad.compile(world.step, fullgraph=True)
    copies = []
    for k in range(8):
        step(*world.batch(k))
        weights = [p.tolist() for p in world.model.parameters()]
        copies.append((copy.deepcopy(world.model), pickle.loads(pickle.dumps(world.model)), weights))
        pickle.loads(pickle.dumps(world.optimizer.state_dict()))
        copy.deepcopy(world.optimizer)
    for deep, pickled, weights in copies:
        assert [p.tolist() for p in deep.parameters()] == weights == [p.tolist() for p in pickled.parameters()]
        assert all(p.grad is None or p.grad.shape == p.shape for p in deep.parameters())
        other = World(**{**vars(world), "model": deep})
        F.cross_entropy(other.model(world.batch(0)[0]), world.batch(0)[1]).backward()


def test_copies_of_what_is_compiled():
    compiled = minigrad.compile(mlp(4, 8, 3))
    x = minigrad.ones(2, 4)
    with minigrad.no_grad():
        want = compiled(x).tolist()
        for _ in range(3):
            compiled(x)
        assert copy.deepcopy(compiled)(x).tolist() == want


def test_threads():
    """Several threads call one compiled step, each with its own data; every result is one that a plain call gives."""
    model = mlp(4, 64, 3).eval()

    @minigrad.compile
    def step(x):
        with minigrad.no_grad():
            return model(x)

    batch, wrong = batches((6, 4), 3), []
    wants = {k: model(batch(k)[0]).tolist() for k in range(7)}

    def work(seed):
        for k in np.random.default_rng(seed).integers(0, 7, 300):
            if step(batch(int(k))[0]).tolist() != wants[int(k)]:
                wrong.append(int(k))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert not wrong and not any(thread.is_alive() for thread in threads)


def test_plain_work_in_another_thread():
    """While one thread records again and again, another trains plainly."""
    stop, failures = threading.Event(), []
    world = world_of(sink)()
    twin = world_of(sink)()
    twin.model.load_state_dict(world.model.state_dict())
    calls = 0

    def plainly():
        nonlocal calls
        try:
            while not stop.is_set():
                world.step(*world.batch(calls))
                calls += 1
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=plainly)
    thread.start()
    other = world_of(sink)()
    for _ in range(30):
        step = minigrad.compile(other.step, fullgraph=True)
        for k in range(4):
            step(*other.batch(k))
    stop.set()
    thread.join(60)
    assert not failures
    for k in range(calls):
        twin.step(*twin.batch(k))
    assert [bits(p.detach()) for p in world.model.parameters()] == [bits(p.detach()) for p in twin.model.parameters()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork():
    world = world_of(sink)()
    step = minigrad.compile(world.step, fullgraph=True)
    for k in range(4):
        step(*world.batch(k))
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            signal.alarm(60)
            for k in range(4, 8):
                step(*world.batch(k))
            os.write(writer, str(world.model[0].weight.tolist()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    for k in range(4, 8):
        step(*world.batch(k))
    with os.fdopen(reader, "rb") as pipe:
        found = pipe.read().decode()
    os.waitpid(child, 0)
    assert found == str(world.model[0].weight.tolist())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_while_another_thread_records():
    """The child has no recording under way, and can make its own."""
    recording, done = threading.Event(), threading.Event()

    @minigrad.compile
    def slow(x):
        recording.set()
        done.wait(30)
        return x * 2

    thread = threading.Thread(target=slow, args=(minigrad.ones(2),))
    thread.start()
    assert recording.wait(30)
    child = os.fork()
    if child == 0:
        step = minigrad.compile(lambda x: x + 1, fullgraph=True)
        good = tape.active is None and all(step(minigrad.ones(2)).tolist() == [2.0, 2.0] for _ in range(4))
        os._exit(0 if good else 1)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("make", [lambda k: k, lambda k: k / 7, str], ids=["int", "float", "str"])
def test_an_argument_that_changes_with_every_call(make):
    """After a while no more recordings are made, with one warning; those there are serve on."""
    step = minigrad.compile(lambda x, k: x * 2)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for k in range(60):
            assert step(minigrad.ones(2), make(k)).tolist() == [2.0, 2.0]
    assert len(said) == 1 and "changes as a tensor" in str(said[0].message)


def test_compiler_functions():
    seen = []

    def inner(x):
        seen.append(minigrad.compiler.is_compiling())
        return x * 2

    step = minigrad.compile(inner)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(4):
            step(minigrad.ones(2))
    assert seen[0] and not minigrad.compiler.is_compiling()

    double = minigrad.compile(lambda x: x * 2, fullgraph=True)
    with pytest.raises(RuntimeError, match="no recording"):
        double.program()
    for _ in range(3):
        double(minigrad.ones(2))
    text = str(double.program())
    assert "mg_mul" in text and len(double.program()) == 1
    minigrad.compiler.reset()
    with pytest.raises(RuntimeError, match="no recording"):
        double.program()
    assert double(minigrad.ones(2)).tolist() == [2, 2]


def test_nested_compiled_functions():
    inner = minigrad.compile(lambda x: x * 2, fullgraph=True)
    outer = minigrad.compile(lambda x: inner(x) + inner(x + 1), fullgraph=True)
    for k in range(8):
        assert outer(minigrad.tensor([1.0, k])).tolist() == [6, 4 * k + 2]
        assert inner(minigrad.tensor([1.0, k])).tolist() == [2, 2 * k]


def test_recursion():
    @minigrad.compile
    def fall(x, n):
        return x if n == 0 else fall(x * 2, n - 1)

    for _ in range(5):
        assert fall(minigrad.ones(1), 5).tolist() == [32]
