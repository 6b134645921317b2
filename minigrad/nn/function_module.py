"""Modules that are one function of nn.functional and its settings, so that activations and losses are a table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["REQUIRED", "FunctionModule"]

REQUIRED = inspect.Parameter.empty  # the "default" of a setting that has none


class FunctionModule(Module):
    """y = function(*inputs, *settings). A subclass names the function, and its settings with their defaults:

        class ELU(FunctionModule, function=F.elu, alpha=1.0, inplace=False): ...

    The settings are the constructor's parameters, in that order, and attributes, which may be changed later; tensors
    among them are buffers.
    """

    _settings: tuple[str, ...] = ()

    def __init__(self, *settings: Any, **more: Any) -> None:
        super().__init__()

    def __init_subclass__(cls, function: Callable | None = None, **settings: Any) -> None:
        super().__init_subclass__()
        if function is not None:
            cls._settings = tuple(settings)
            cls.__init__ = _constructor(cls, settings)
            if "forward" not in cls.__dict__:
                cls.forward = _forward(function, cls._settings)

    def _configure(self, **settings: Any) -> None:
        """Keep the settings as attributes."""
        for name, value in settings.items():
            setattr(self, name, value)


def _forward(function: Callable, names: tuple[str, ...]) -> Callable:
    """A forward that looks the settings up at each call, and passes them in their order."""
    values = attrgetter(*names) if names else None

    def forward(self: FunctionModule, *inputs: Tensor) -> Tensor:
        return function(*inputs)

    def forward_1(self: FunctionModule, *inputs: Tensor) -> Tensor:
        return function(*inputs, values(self))

    def forward_n(self: FunctionModule, *inputs: Tensor) -> Tensor:
        return function(*inputs, *values(self))

    return (forward, forward_1, forward_n)[min(len(names), 2)]


def _constructor(cls: type[FunctionModule], settings: dict[str, Any]) -> Callable:
    """An __init__ whose parameters are the settings."""
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
                  for name, default in settings.items()]
    signature = inspect.Signature(parameters)

    def __init__(self: FunctionModule, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.__init__(): {error}; its parameters are {signature}") from None
        self._configure(**{**settings, **given})

    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    __init__.__signature__ = signature.replace(
        parameters=[inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *parameters])
    return __init__
