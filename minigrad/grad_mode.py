"""Whether operations are recorded: no_grad, enable_grad, set_grad_enabled, inference_mode. The mode is per thread."""

from __future__ import annotations

import functools
import inspect
import threading
import types
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["enable_grad", "inference_mode", "is_grad_enabled", "is_inference_mode_enabled", "no_grad",
           "set_grad_enabled"]


class _Mode(threading.local):
    enabled = True
    inference = False  # within inference_mode, which is no_grad by another name


mode = _state = _Mode()  # _state where a parameter is called mode

_F = TypeVar("_F", bound=Callable[..., Any])


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require grad are recorded, in this thread."""
    return mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether inference_mode is on, in this thread."""
    return mode.inference


class _Switch:
    """A context manager, and a decorator of functions and generators, that sets the mode and restores it."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = bool(enabled)
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(mode.enabled)
        mode.enabled = self._enabled

    def __exit__(self, *exc: Any) -> None:
        mode.enabled = self._before.pop()

    def _fresh(self) -> _Switch:
        """A switch for one call: calls of a decorated function may nest, or run in several threads."""
        return _Switch(self._enabled)

    def __call__(self, function: _F) -> _F:
        if inspect.isclass(function):
            raise RuntimeError("Cannot decorate classes; it is ambiguous whether only the constructor of "
                               f"{function.__name__} or all methods are meant: decorate each method instead")
        if inspect.isasyncgenfunction(function):
            raise TypeError(f"can't decorate the asynchronous generator {function.__name__}: use the context manager "
                            "inside")
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)
        if inspect.iscoroutinefunction(function):
            return self._wrap_coroutine(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._fresh():
                return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    def _wrap_coroutine(self, function: Any) -> Any:
        """The mode holds while the coroutine runs, not while others do: it runs as a generator inside."""

        def steps(coroutine: Any) -> Any:
            return (yield from coroutine.__await__())

        run = types.coroutine(self._wrap_generator(steps))

        @functools.wraps(function)
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await run(function(*args, **kwargs))

        return call

    def _wrap_generator(self, function: Any) -> Any:
        """The mode holds while the generator runs, not while its caller does."""

        @functools.wraps(function)
        def generate(*args: Any, **kwargs: Any) -> Any:
            iterator = function(*args, **kwargs)
            resume, value = iterator.send, None
            while True:
                try:
                    with self._fresh():
                        item = resume(value)
                except StopIteration as stop:
                    return stop.value
                try:
                    resume, value = iterator.send, (yield item)
                except GeneratorExit:
                    with self._fresh():
                        iterator.close()
                    raise
                except BaseException as error:
                    resume, value = iterator.throw, error

        return generate


class _FixedSwitch(_Switch):
    """A switch usable with and without parentheses as a decorator: @no_grad and @no_grad()."""

    fixed = False

    def __new__(cls, function: Any = None) -> Any:
        switch = super().__new__(cls)
        if function is None:
            return switch
        _Switch.__init__(switch, cls.fixed)
        return switch(function)

    def __init__(self, function: Any = None) -> None:
        super().__init__(self.fixed)


class no_grad(_FixedSwitch):
    """Operations inside are not recorded: their results do not require grad."""


class enable_grad(_FixedSwitch):
    """Operations inside are recorded, also within no_grad."""

    fixed = True


class inference_mode(_Switch):
    """Like no_grad; inference_mode(False) leaves recording on. What is made inside are tensors like any other."""

    def __new__(cls, mode: Any = True) -> Any:
        switch = super().__new__(cls)
        if not callable(mode):
            return switch
        inference_mode.__init__(switch)
        return switch(mode)

    def __init__(self, mode: bool | Callable[..., Any] = True) -> None:
        super().__init__(not mode)
        self._outside: list[bool] = []

    def __enter__(self) -> None:
        super().__enter__()
        self._outside.append(mode.inference)
        mode.inference = not self._enabled

    def __exit__(self, *exc: Any) -> None:
        super().__exit__()
        mode.inference = self._outside.pop()

    def _fresh(self) -> inference_mode:
        return inference_mode(not self._enabled)


class set_grad_enabled(_Switch):
    """Switch recording on or off, at once; as a context manager the previous mode comes back at its end."""

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError("set_grad_enabled(): argument 'enabled' (position 1) must be bool, not "
                            f"{type(mode).__name__}")
        super().__init__(mode)
        self._at_once = _state.enabled
        _state.enabled = mode

    def __enter__(self) -> None:
        self._before.append(self._at_once)
        mode.enabled = self._enabled

    def __call__(self, function: _F) -> _F:
        mode.enabled = self._at_once  # a decorator changes nothing until the function runs
        return super().__call__(function)
