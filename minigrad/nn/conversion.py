"""A module's tensors in another type: to, float, double. The parameters stay the same objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import make
from minigrad.native import empty
from minigrad.parts import Device
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Conversion"]


class Conversion:
    """The part of Module that converts parameters and buffers, in place."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Give every parameter, gradient and buffer the elements fn(tensor)."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                parameter.data = fn(parameter.data)
                if parameter.grad is not None:
                    parameter.grad.data = fn(parameter.grad.data)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def _cast(self, dtype: np.dtype) -> Self:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def to(self, *args: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False,
           memory_format: Any = None) -> Self:
        """to(dtype), to(device, dtype) or to(tensor): floating-point tensors in that dtype. The device is the CPU."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.dtype
            elif isinstance(arg, (str, Device)):
                device = arg
            elif arg is not None and not isinstance(arg, bool):
                dtype = arg
        if device is not None:
            Device(device)
        if dtype is None:
            return self
        wanted = dtypes.resolve(dtype)
        if wanted.kind != "f":
            raise TypeError("nn.Module.to only accepts floating point or complex dtypes, but got desired "
                            f"dtype={dtypes.of(wanted)}")
        return self._cast(wanted)

    def float(self) -> Self:
        """Floating-point parameters and buffers as float32."""
        return self._cast(dtypes.float32.dtype)

    def double(self) -> Self:
        """Floating-point parameters and buffers as float64."""
        return self._cast(dtypes.float64.dtype)

    def half(self) -> Self:
        """TypeError: half precision is not offered."""
        return self._cast(dtypes.resolve("float16"))

    def bfloat16(self) -> Self:
        """TypeError: half precision is not offered."""
        return self._cast(dtypes.resolve("bfloat16"))

    def to_empty(self, *, device: Any = None, recurse: bool = True) -> Self:
        """New memory, not set, for all parameters and buffers; the device is the CPU."""
        if device is not None:
            Device(device)
        return self._apply(lambda t: make(empty(t.array.shape, t.array.dtype)), recurse)

    def type(self, dst_type: Any) -> Self:
        """All parameters and buffers in this type."""
        wanted = dtypes.resolve(dst_type)
        return self._apply(lambda t: t.to(wanted))

    def cpu(self) -> Self:
        return self

    def cuda(self, device: Any = None) -> Self:
        Device("cuda")
        return self
