"""What a step sees outside of itself is changed between calls, in Python or among the settings: a compiled step must do
what the plain one does from then on."""

from __future__ import annotations

import argparse
import contextlib
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from minigrad import native

from .changes import AT, CALLS, base, changed, option, train
from .twins import assert_twins

SCALE = 1.0


# -- what Python's code sees -------------------------------------------------------------------------------------------


class Settings:
    shared = 1.0

    def __init__(self):
        self.scale, self.nested, self.items = 1.0, SimpleNamespace(scale=1.0), [1.0, {"scale": 1.0}]

    @property
    def double(self):
        return 2 * self.scale


class Slotted:
    __slots__ = ("scale",)

    def __init__(self):
        self.scale = 1.0


def scaled(read):
    return lambda w: lambda x, y: train(w, x, y, read(w.settings))


VALUES = {
    "attribute": (Settings, lambda s: s.scale, lambda s: setattr(s, "scale", 3.0)),
    "property": (Settings, lambda s: s.double, lambda s: setattr(s, "scale", 3.0)),
    "class attribute": (Settings, lambda s: s.shared, lambda s: setattr(s, "shared", 3.0)),
    "namespace in it": (Settings, lambda s: s.nested.scale, lambda s: setattr(s.nested, "scale", 3.0)),
    "list in it": (Settings, lambda s: s.items[0], lambda s: s.items.__setitem__(0, 3.0)),
    "dict in it": (Settings, lambda s: s.items[1]["scale"], lambda s: s.items[1].update(scale=3.0)),
    "length": (Settings, lambda s: float(len(s.items)), lambda s: s.items.append(3.0)),
    "slots": (Slotted, lambda s: s.scale, lambda s: setattr(s, "scale", 3.0)),
    "SimpleNamespace": (lambda: SimpleNamespace(scale=1.0), lambda s: s.scale, lambda s: setattr(s, "scale", 3.0)),
    "argparse": (lambda: argparse.Namespace(scale=1.0), lambda s: s.scale, lambda s: setattr(s, "scale", 3.0)),
    "set": (lambda: {1, 2}, lambda s: float(sum(s)), lambda s: s.add(7)),
    "keys": (lambda: {1.0: 0}, lambda s: next(iter(s)), lambda s: (s.clear(), s.update({3.0: 0}))),
    "array": (lambda: np.ones(3), lambda s: float(s[0]), lambda s: s.__setitem__(0, 3.0)),
    "tensor": (lambda: minigrad.ones(1), lambda s: s, lambda s: s.fill_(3.0)),
    "partial": (lambda: [lambda: 1.0], lambda s: s[0](), lambda s: s.__setitem__(0, lambda: 3.0)),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    make, read, change = VALUES[name]
    changed(lambda w: change(w.settings), scaled(read), settings=make, runs=CALLS, may_warn=True)


def test_closure_variable():
    def make():
        scale = 1.0

        def change(w, k):
            nonlocal scale
            scale = 1.0 if k < AT else 3.0

        world = base(lambda w: lambda x, y: train(w, x, y, scale))()
        world.change = change
        return world

    assert_twins(make, CALLS, lambda w, k: w.change(w, k), runs=6)


def test_global_variable(monkeypatch):
    def between(w, k):
        monkeypatch.setitem(globals(), "SCALE", 1.0 if k < AT else 3.0)

    assert_twins(base(lambda w: lambda x, y: train(w, x, y, SCALE)), CALLS, between, runs=6)


def test_global_function(monkeypatch):
    def between(w, k):
        monkeypatch.setitem(globals(), "scale_of", (lambda: 1.0) if k < AT else (lambda: 3.0))

    assert_twins(base(lambda w: lambda x, y: train(w, x, y, scale_of())), CALLS, between, runs=CALLS, may_warn=True)


def scale_of():
    return 1.0


def test_learning_rate_that_the_step_reads():
    def step(w):
        def inner(x, y):
            loss = train(w, x, y)
            return loss.detach() * w.optimizer.param_groups[0]["lr"], w.optimizer.param_groups[0]["lr"]
        return inner

    changed(option("lr", 0.01), step)


# -- settings ----------------------------------------------------------------------------------------------------------


def test_default_dtype():
    def step(w):
        return lambda x, y: (train(w, x, y), minigrad.ones(2) * 2, (y * 0.5).sum())
    def between(w, k):
        minigrad.set_default_dtype(minigrad.float32 if k < AT else minigrad.float64)

    minigrad.set_default_dtype(minigrad.float32)
    try:
        assert_twins(lambda: (minigrad.set_default_dtype(minigrad.float32), base(step)())[1], CALLS, between, runs=6)
    finally:
        minigrad.set_default_dtype(minigrad.float32)


@pytest.mark.parametrize("first", (True, False))
def test_grad_mode_around(first):
    """The step only evaluates."""
    def make():
        world = base(lambda w: lambda x, y: (w.model(x).detach(), minigrad.is_grad_enabled()))()
        world.stack = contextlib.ExitStack()
        return world

    def between(w, k):
        minigrad.set_grad_enabled(first if k < AT else not first)

    try:
        assert_twins(make, CALLS, between, runs=6)
    finally:
        minigrad.set_grad_enabled(True)


def test_threads_and_instruction_sets():
    before = native.get_num_threads(), native.get_isa()

    def between(w, k):
        minigrad.set_num_threads(1 + k % 2)
        native.set_isa("scalar" if k > AT else before[1])

    try:
        assert_twins(base(), CALLS, between)
    finally:
        minigrad.set_num_threads(before[0])
        native.set_isa(before[1])


def test_anomaly_mode():
    def between(w, k):
        minigrad.autograd.set_detect_anomaly(k >= AT)
        if k == AT + 2:
            with minigrad.no_grad():
                w.model[4].weight.fill_(float("nan"))

    def failing(w):
        def step(x, y):
            try:
                return train(w, x, y)
            except RuntimeError as error:
                return str(error).splitlines()[0]
        return step

    try:
        assert_twins(base(failing), CALLS, between, runs=CALLS, may_warn=True)
    finally:
        minigrad.autograd.set_detect_anomaly(False)
