"""What a script sees as `torch`: minigrad's public names, and PyTorch itself where it is installed.

A scenario is a function of one argument, the library. Its asserts hold for both libraries, and what it returns, or
raises, is the same from both.
"""

from __future__ import annotations

import faulthandler
import functools
import importlib.util
import os
import signal
import traceback
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minigrad as ours

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="compares with PyTorch, which is not installed")


@functools.cache
def theirs() -> Any:
    """PyTorch, on one thread; the test is skipped if there is none."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch


def find(library: Any, path: str) -> Any:
    """The object at a dotted path such as "nn.functional.relu"."""
    return functools.reduce(getattr, path.split("."), library)


def needs_fork(test: Any) -> Any:
    test = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")(test)
    return pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")(test)


def in_child(work: Callable, seconds: int = 60) -> int:
    """The exit status of a child process that calls work(): 0 when it returned, 1 when it raised, negative when a
    signal ended it. What may crash the process is tried out in one."""
    child = os.fork()
    if not child:
        status = 1
        try:
            signal.alarm(seconds)
            faulthandler.disable()
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def leaf(library: Any, *values: float) -> Any:
    """A vector of float64 that requires grad: (1, 2) unless told."""
    return library.tensor(values or (1.0, 2.0), dtype=library.float64, requires_grad=True)


def array_of(value: Any) -> np.ndarray:
    """The elements of a tensor of either library, history or not."""
    return np.array(value.detach().numpy())


def outcome(scenario: Callable, library: Any) -> Any:
    """What a scenario returns, in a form that compares across libraries; for an exception, its class and text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _plain(scenario(library), library)
        except (ArithmeticError, AttributeError, IndexError, KeyError, MemoryError, RuntimeError, TypeError,
                ValueError) as error:
            return error


def _plain(value: Any, library: Any) -> Any:
    if isinstance(value, library.Tensor):
        array = array_of(value)
        return SimpleNamespace(array=array, shape=tuple(value.shape), dtype=array.dtype.name,
                               requires_grad=value.requires_grad)
    if isinstance(value, dict):
        return {key: _plain(item, library) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, library) for item in value]
    return value


def assert_same(got: Any, want: Any, where: str = "result", tolerance: float = 1e-5) -> None:
    """Two outcomes agree: tensors in shape, dtype, requires_grad and values, exceptions in class, the rest by ==."""
    if isinstance(got, Exception) or isinstance(want, Exception):
        assert isinstance(want, Exception), f"{where}: raised {got!r}; PyTorch returned {want}"
        assert isinstance(got, Exception), f"{where}: returned {got}; PyTorch raised {want!r}"
        assert type(got) is type(want), f"{where}: raised {got!r}; PyTorch raised {want!r}"
    elif isinstance(want, SimpleNamespace):
        for name in ("shape", "dtype", "requires_grad"):
            assert getattr(got, name) == getattr(want, name), f"{where}.{name}"
        np.testing.assert_allclose(got.array, want.array, tolerance, tolerance, err_msg=where)
    elif isinstance(want, (list, dict)):
        assert len(got) == len(want), where
        for key in want if isinstance(want, dict) else range(len(want)):
            assert_same(got[key], want[key], f"{where}[{key!r}]", tolerance)
    else:
        assert got == want, where


def same_as_torch(scenario: Callable) -> Callable:
    """A test of a scenario: run it with minigrad; then, where PyTorch is installed, compare with PyTorch."""
    @pytest.mark.parametrize("against_torch", [False, pytest.param(True, marks=needs_torch)], ids=["minigrad", "torch"])
    def test(against_torch: bool) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not against_torch:
                scenario(ours)
                return
            assert_same(_plain(scenario(ours), ours), _plain(scenario(theirs()), theirs()))

    test.__name__, test.__doc__, test.__module__ = scenario.__name__, scenario.__doc__, scenario.__module__
    return test
