"""Variable: the name that a tensor with a history had once. Old scripts call it."""

from __future__ import annotations

from typing import Any

from minigrad.tensor import Tensor

__all__ = ["Variable"]


class _AnyTensor(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_AnyTensor):
    """Variable(data, requires_grad=False) is a tensor: data's memory, without its history."""

    def __new__(cls, data: Any = None, requires_grad: bool = False) -> Any:
        if data is not None and not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return (Tensor() if data is None else data.detach()).requires_grad_(requires_grad)
