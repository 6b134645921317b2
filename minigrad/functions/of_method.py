"""Functions that are a method of their first argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.engine import TensorBase
from minigrad.names import named
from minigrad.tensor import Tensor

__all__ = ["of_method"]


def of_method(name: str) -> Callable[..., Any]:
    """f(x, ...) for a method x.f(...)."""
    method = getattr(Tensor, name)

    def function(input: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(input, TensorBase):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        return method(input, *args, **kwargs)

    return named(function, name, method.__doc__ or f"The method Tensor.{name}.")
