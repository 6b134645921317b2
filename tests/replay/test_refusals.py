"""What cannot be recorded: an error that names the operation and the line, or one warning and right numbers for ever.
And what goes wrong within a step, or around it, leaves everything as a plain run does."""

from __future__ import annotations

import copy
import inspect
import itertools
import os
import pickle
import random
import signal
import threading
import time
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import memory, optim, tape
from minigrad.compiler import NotRecordable
from minigrad.nn import functional as F
from minigrad.ops import kernel

from .twins import World, assert_twins, batches, bits, mlp, state_of


@pytest.fixture(autouse=True)
def nothing_is_left_recording():
    before = kernel.empty, memory.empty
    yield
    assert tape.active is None and not minigrad.compiler.is_compiling()
    assert (kernel.empty, memory.empty) == before


def world_of(inside):
    """A world whose step calls inside(world, loss, logits) between backward and the optimiser."""
    def make():
        model = mlp(4, 8, 3)
        world = World(model=model, optimizer=optim.SGD(model.parameters(), lr=0.1), batch=batches((6, 4), 3), count=0,
                      kept=[])

        def step(x, y):
            world.optimizer.zero_grad()
            logits = world.model(x)
            loss = F.cross_entropy(logits, y)
            loss.backward()
            result = inside(world, loss, logits)
            world.optimizer.step()
            return result

        world.step = step
        return world
    return make


# -- what is refused, and how ------------------------------------------------------------------------------------------


def sink(*args):
    return None


REFUSED = {  # a line each, and what the message names
    "item": (lambda w, loss, y: loss.item(), "item"),
    "float": (lambda w, loss, y: float(loss), "number"),
    "int": (lambda w, loss, y: int(loss * 100), "number"),
    "bool": (lambda w, loss, y: 1.0 if loss > 0.5 else 2.0, "bool|greater"),
    "tolist": (lambda w, loss, y: y.tolist(), "tolist"),
    "numpy": (lambda w, loss, y: y.detach().numpy().sum(), "numpy"),
    "array": (lambda w, loss, y: float(np.asarray(y.detach()).sum()), "numpy"),
    "str": (lambda w, loss, y: str(loss), "text"),
    "format": (lambda w, loss, y: f"{loss:.3f}", "item|text|number"),
    "sort": (lambda w, loss, y: y.detach().sort()[0], "sort"),
    "cumsum": (lambda w, loss, y: y.detach().cumsum(0), "cumsum|accumulate|NumPy"),
    "nonzero": (lambda w, loss, y: (y > 0).nonzero(), "nonzero|greater"),
    "fancy index": (lambda w, loss, y: y.detach()[[0, 2]], "index"),
    "mask": (lambda w, loss, y: y.detach()[y > 0], "index|greater"),
    "topk": (lambda w, loss, y: y.detach().topk(2)[0], "NumPy|partition"),
    "unique": (lambda w, loss, y: y.argmax(1).unique(), "NumPy|unique"),
    "isnan": (lambda w, loss, y: loss.isnan().any().item(), "isnan|item"),
    "randn": (lambda w, loss, y: minigrad.randn(2), "normal"),
    "contains": (lambda w, loss, y: 0.5 in y.detach(), "in"),
    "iterate": (lambda w, loss, y: [float(v) for v in y.detach()[0]], "index|number"),
    "numpy's own": (lambda w, loss, y: minigrad.from_numpy(np.sqrt(y.detach().abs().array)), "sqrt"),
    "array write": (lambda w, loss, y: w.model[0].weight.grad.array.__setitem__(0, 0.0), "setitem"),
    "state_dict": (lambda w, loss, y: {k: v.numpy().sum() for k, v in w.optimizer.state_dict().items()
                                       if hasattr(v, "numpy")} or w.model[0].weight.detach().numpy().sum(), "numpy"),
    "disabled": (lambda w, loss, y: disabled(loss), "disabled"),
    "manual_seed of a known generator": (lambda w, loss, y: minigrad.manual_seed(5) and None, "manual_seed"),
    "get_rng_state": (lambda w, loss, y: minigrad.get_rng_state(), "get_state"),
}


@minigrad.compiler.disable
def disabled(loss):
    return loss.item()


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    inside, names = REFUSED[name]
    world = world_of(inside)()
    step = minigrad.compile(world.step, fullgraph=True)
    line = inspect.getsourcelines(inside)[1]
    lines = [line] if name not in ("disabled", "state_dict") else [line, line + 1, line + 2]
    with pytest.raises(NotRecordable, match=f"(?s)({names})") as caught:
        for k in range(4):
            step(*world.batch(k))
    assert any(f"test_refusals.py:{n}:" in str(caught.value) for n in lines), str(caught.value)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_but_right(name):
    assert_twins(world_of(REFUSED[name][0]), 12, runs=None, warns=True)


def counting(w, loss, y):
    w.count += 1
    return w.count


def keeping(w, loss, y):
    w.kept.append(loss)
    return len(w.kept)


def keeping_a_number(w, loss, y):
    w.kept.append(1)
    return len(w.kept)


def keeping_on_the_module(w, loss, y):
    w.model.last = loss.detach()


def keeping_on_a_function(w, loss, y):
    keeping_on_a_function.last = y.detach()


def changing_the_rate(w, loss, y):
    for group in w.optimizer.param_groups:
        group["lr"] *= 0.9


def replacing_data(w, loss, y):
    w.model[0].weight.data = w.model[0].weight.data * 0.9


def keeping_rarely(w, loss, y):
    w.best = loss.detach()


EFFECTS = [counting, keeping, keeping_a_number, keeping_on_the_module, changing_the_rate, replacing_data,
           keeping_rarely]


@pytest.mark.parametrize("inside", EFFECTS, ids=lambda f: f.__name__)
def test_side_effects(inside):
    assert_twins(world_of(inside), 12, runs=None, warns=True)
    world = world_of(inside)()
    step = minigrad.compile(world.step, fullgraph=True)
    with pytest.raises(NotRecordable, match=r"changes|keeps|something that|no kernel"):
        for k in range(4):
            step(*world.batch(k))


def test_a_result_kept_by_a_function():
    world = world_of(keeping_on_a_function)()
    step = minigrad.compile(world.step)
    with pytest.warns(UserWarning, match="keeps a result"):
        for k in range(4):
            step(*world.batch(k))
            kept = keeping_on_a_function.last
    assert kept is not None


def clock():
    """ns, below 2^20 (float32 holds it exactly; it does not tell seconds of a long uptime apart)."""
    return time.perf_counter_ns() % 2**20


@pytest.mark.parametrize("value", [random.random, clock, itertools.count().__next__, os.urandom],
                         ids=["random", "time", "counter", "urandom"])
def test_what_guards_cannot_see(value):
    """The second call's check finds numbers that differ from call to call."""
    def inside(w, loss, y):
        return y.detach() * (int.from_bytes(value(3), "big") if value is os.urandom else value())

    world = world_of(inside)()
    step = minigrad.compile(world.step, fullgraph=True)
    with pytest.raises(NotRecordable, match="second call"):
        for k in range(4):
            step(*world.batch(k))
    random.seed(1)
    if value is random.random:
        def seeded():
            random.seed(3)
            return world_of(inside)()
        assert_twins(seeded, 10, runs=None, warns=True)


def test_one_warning():
    world = world_of(REFUSED["item"][0])()
    step = minigrad.compile(world.step)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for k in range(10):
            x, y = world.batch(k)
            step(x[:6 - k % 4], y[:6 - k % 4])
    assert len(caught) == 1
    assert "step runs as it is" in str(caught[0].message) and "fullgraph" in str(caught[0].message)
    assert caught[0].filename == __file__, caught[0].filename


def test_results_that_still_need_backward():
    world = world_of(sink)()
    step = minigrad.compile(lambda x, y: F.cross_entropy(world.model(x), y), fullgraph=True)
    with pytest.raises(NotRecordable, match="requires grad"):
        step(*world.batch(0))
    gentle = minigrad.compile(lambda x, y: F.cross_entropy(world.model(x), y))
    with pytest.warns(UserWarning, match="requires grad"):
        for k in range(5):
            world.model.zero_grad()
            gentle(*world.batch(k)).backward()
            want = [p.grad.tolist() for p in world.model.parameters()]
            world.model.zero_grad()
            F.cross_entropy(world.model(world.batch(k)[0]), world.batch(k)[1]).backward()
            assert want == [p.grad.tolist() for p in world.model.parameters()]


def test_what_is_no_function():
    with pytest.raises(RuntimeError, match="function or a module"):
        minigrad.compile(5)
    plain = lambda x: x  # noqa: E731
    assert minigrad.compile(plain, disable=True) is plain


# -- errors within -----------------------------------------------------------------------------------------------------


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


# -- around ------------------------------------------------------------------------------------------------------------


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
