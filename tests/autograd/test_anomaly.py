"""Anomaly mode: the failing operation and the forward line behind it are named; off, nothing is left of it."""

from __future__ import annotations

import warnings

import pytest
from engine.face import ours, same_as_torch

from minigrad import backward
from minigrad.engine import Function


def told(t, work):
    """The error of work(), and the warnings before it."""
    with warnings.catch_warnings(record=True) as caught, pytest.raises(RuntimeError) as error:
        warnings.simplefilter("always")
        work()
    return str(error.value), [str(w.message) for w in caught]


@same_as_torch
def test_the_forward_line_is_named(t):
    x = t.tensor([0.0, 1.0], requires_grad=True)
    with t.autograd.set_detect_anomaly(True):
        assert t.is_anomaly_enabled() and t.is_anomaly_check_nan_enabled()
        loss = (x.sqrt() * 0.0).sum()  # this line
        error, (story,) = told(t, loss.backward)
    assert error == "Function 'SqrtBackward0' returned nan values in its 0th output."
    assert story.startswith("Error detected in SqrtBackward0. Traceback of forward call that caused the error:\n  ")
    assert story.count("# this line") == 1 and "test_anomaly.py" in story
    assert not t.is_anomaly_enabled()


@same_as_torch
def test_any_error_in_backward(t):
    class Fails(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2.0

        @staticmethod
        def backward(ctx, dy):
            raise RuntimeError("an error of the user's")

    x = t.ones(2, requires_grad=True)
    before = Fails.apply(x).sum()
    with t.autograd.set_detect_anomaly(True):
        error, (story,) = told(t, Fails.apply(x).sum().backward)
        assert error == "an error of the user's" and "FailsBackward. Traceback of forward" in story
        assert "No forward pass information" in told(t, before.backward)[1][0]


@same_as_torch
def test_an_operation_made_by_a_backward(t):
    x = t.tensor([0.0], dtype=t.float64, requires_grad=True)
    with t.autograd.set_detect_anomaly(True):
        (dx,) = t.autograd.grad((x**1.5).sum(), x, create_graph=True)  # finite; its derivative has 0 * infinity
        error, stories = told(t, (dx * 0.0).sum().backward)
    story = "".join(stories)
    assert "nan values" in error and "Previous calculation was induced by PowBackward" in story
    assert "# finite" in story


@same_as_torch
def test_without_looking_for_nan(t):
    x = t.tensor([0.0], requires_grad=True)
    with t.autograd.set_detect_anomaly(True, check_nan=False):
        (x.sqrt() * 0.0).sum().backward()
    return x.grad.isnan()


@same_as_torch
def test_the_context_warns_and_ends(t):
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"), t.autograd.detect_anomaly():
        assert t.is_anomaly_enabled()
    assert not t.is_anomaly_enabled()
    t.autograd.set_detect_anomaly(True)
    t.autograd.set_detect_anomaly(False)
    assert not t.is_anomaly_enabled()


def test_off_means_gone():
    plain = Function._record, backward._call_backward
    with ours.autograd.set_detect_anomaly(True):
        assert Function._record is not plain[0] and backward._call_backward is not plain[1]
    assert (Function._record, backward._call_backward) == plain
