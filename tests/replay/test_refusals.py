"""What cannot be recorded: an error that names the operation and the line, or one warning and right numbers."""

from __future__ import annotations

import inspect
import itertools
import os
import random
import time
import warnings

import numpy as np
import pytest

import minigrad
from minigrad.compiler import NotRecordable
from minigrad.nn import functional as F

from .twins import assert_twins, sink, world_of

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
