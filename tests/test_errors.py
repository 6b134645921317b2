"""Hostile input: every call here is refused with the right error, and the process lives.

The table of calls is engine/hostile_input.py.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from engine.face import find, in_child, needs_fork, needs_torch, ours, theirs
from engine.hostile_input import OURS, SAME_CLASS, SAME_TEXT

UNARY = ("exp", "log", "sqrt", "rsqrt", "sigmoid", "tanh", "relu", "sum", "mean", "erf", "log1p", "flatten", "isnan",
         "numel", "nn.functional.silu", "nn.functional.elu", "abs", "neg", "square", "sign", "var", "std", "amax",
         "amin", "argmax", "argmin", "squeeze", "clone")
NOT_TENSORS = ([1.0], 3.0, "a", None, {}, object(), np.zeros(2))


def evaluate(expression: str, library) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        eval(expression, {"t": library, "F": library.nn.functional, "np": np})


def raises(expression: str, library, error: type, text: str) -> None:
    with pytest.raises(Exception) as caught:
        evaluate(expression, library)
    assert caught.type is error or (error is MemoryError and issubclass(caught.type, MemoryError)), repr(caught.value)
    assert text in str(caught.value)


@needs_fork
def test_the_process_lives():
    """All of it in a child first, where a crash is seen as one. The others would take pytest with them."""
    def work():
        for expression, *_ in (*SAME_TEXT, *SAME_CLASS, *OURS):
            print(expression, flush=True)
            try:
                evaluate(expression, ours)
            except Exception:
                continue
        for name in UNARY:
            for value in NOT_TENSORS:
                try:
                    find(ours, name)(value)
                except Exception:
                    continue

    assert in_child(work) == 0, "the last expression that was printed ended the process"


@pytest.mark.parametrize(("expression", "error", "text"), [*SAME_TEXT, *SAME_CLASS, *(row[:3] for row in OURS)],
                         ids=lambda value: value if isinstance(value, str) else "")
def test_minigrad_refuses(expression, error, text):
    raises(expression, ours, error, text)


@needs_torch
@pytest.mark.parametrize(("expression", "error", "text"), [
    *SAME_TEXT, *((row[0], row[1], "") for row in SAME_CLASS)],
                         ids=lambda value: value if isinstance(value, str) else "")
def test_so_does_pytorch(expression, error, text):
    raises(expression, theirs(), error, text)


@pytest.mark.parametrize("name", UNARY)
def test_what_is_no_tensor_is_refused(name):
    for value in NOT_TENSORS:
        with pytest.raises(TypeError, match="must be Tensor, not"):
            find(ours, name)(value)


def test_nested_lists_without_end():
    endless: list = []
    endless.append(endless)
    with pytest.raises((RecursionError, ValueError)):
        ours.tensor(endless)
    deep: list = [1.0]
    for _ in range(100):
        deep = [deep]
    with pytest.raises((ValueError, RuntimeError)):
        ours.tensor(deep)


def test_a_refused_call_leaves_nothing_behind():
    """No partial result, no switched mode, no moved generator."""
    x = ours.ones(3)
    state = ours.get_rng_state().tolist()
    for expression, *_ in (*SAME_TEXT, *SAME_CLASS, *OURS):
        if "rand" in expression or "dropout" in expression or "cross" in expression:
            with pytest.raises(Exception):  # noqa: B017
                evaluate(expression, ours)
    assert ours.is_grad_enabled() and ours.get_rng_state().tolist() == state and x.tolist() == [1.0] * 3
