"""Padding layers: F.pad with a mode, for one dimension or two."""

from __future__ import annotations

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.functional.sizes import numbers
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["CircularPad1d", "CircularPad2d", "ConstantPad1d", "ConstantPad2d", "ReflectionPad1d", "ReflectionPad2d",
           "ReplicationPad1d", "ReplicationPad2d", "ZeroPad1d", "ZeroPad2d"]


class _Pad(Module):
    """padding: one number for all sides, or (left, right, top, bottom), of 1-D signals (left, right)."""

    _mode: str
    _dims: int

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = numbers(padding, 2 * self._dims, type(self).__name__, "padding")

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    _mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    extra_repr = _Pad.extra_repr


class _Circular(_Pad):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self._dims + 1, self._dims + 2):
            raise ValueError(f"expected {self._dims + 1}D or {self._dims + 2}D input (got {input.ndim}D input)")
        return super().forward(input)


class ConstantPad1d(_ConstantPad):
    """A value around x (.., L)."""

    _dims = 1


class ConstantPad2d(_ConstantPad):
    """A value around x (.., H, W)."""

    _dims = 2


class ZeroPad1d(_ZeroPad):
    """Zeros around x (.., L)."""

    _dims = 1


class ZeroPad2d(_ZeroPad):
    """Zeros around x (.., H, W)."""

    _dims = 2


class ReflectionPad1d(_Pad):
    """The mirror image around x (.., L), without the border itself."""

    _mode, _dims = "reflect", 1


class ReflectionPad2d(_Pad):
    """The mirror image around x (.., H, W), without the border itself."""

    _mode, _dims = "reflect", 2


class ReplicationPad1d(_Pad):
    """The border repeated around x (.., L)."""

    _mode, _dims = "replicate", 1


class ReplicationPad2d(_Pad):
    """The border repeated around x (.., H, W)."""

    _mode, _dims = "replicate", 2


class CircularPad1d(_Circular):
    """Around x (.., L) the elements from its other end."""

    _dims = 1


class CircularPad2d(_Circular):
    """Around x (.., H, W) the elements from its other end."""

    _dims = 2
