"""Convolutions of signals (.., C, L) and images (.., C, H, W), and their transposes."""

from __future__ import annotations

import math
from typing import Any

from minigrad.creation import empty
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.functional.sizes import numbers
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.tensor import Tensor

__all__ = ["Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "Fold", "Unfold"]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Module):
    """What all convolutions share: settings, a weight and a bias, both uniform on +-1 / sqrt(fan in) at the start."""

    _dims: int
    _transposed = False

    def _configure(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any, padding: Any,
                   output_padding: Any, dilation: Any, groups: int, bias: bool, padding_mode: str, device: Any,
                   dtype: Any) -> None:
        name = type(self).__name__
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        for what, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{what} must be divisible by groups")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation, self.output_padding = (
            numbers(value, self._dims, name, what) for value, what in (
                (kernel_size, "kernel_size"), (stride, "stride"), (dilation, "dilation"),
                (output_padding, "output_padding")))
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}")
            if padding == "same" and max(self.stride) > 1:
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {set(_PADDING_MODES)}, but got "
                             f"padding_mode='{padding_mode}'")
        self.padding = padding if isinstance(padding, str) else numbers(padding, self._dims, name, "padding")
        self.padding_mode, self.transposed = padding_mode, self._transposed
        channels = (in_channels, out_channels) if self._transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(channels[0], channels[1] // groups, *self.kernel_size, device=device,
                                      dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # a = sqrt(5) makes the bound 1 / sqrt(fan in)
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        zeros, ones = (0,) * self._dims, (1,) * self._dims
        shown = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        for name, usual in (("padding", zeros), ("dilation", ones), ("output_padding", zeros), ("groups", 1)):
            if getattr(self, name) != usual:
                shown.append(f"{name}={getattr(self, name)}")
        if self.bias is None:
            shown.append("bias=False")
        if self.padding_mode != "zeros":
            shown.append(f"padding_mode={self.padding_mode}")
        return ", ".join(shown)


class _Forward(_Conv):
    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
                 dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros",
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self._configure(in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias,
                        padding_mode, device, dtype)

    def _around(self) -> list[int]:
        """The padding as F.pad takes it: both sides of the last axis first."""
        around: list[int] = []
        for i in reversed(range(self._dims)):
            if isinstance(self.padding, str):
                total = self.dilation[i] * (self.kernel_size[i] - 1) if self.padding == "same" else 0
                around += [total // 2, total - total // 2]
            else:
                around += [self.padding[i]] * 2
        return around

    def forward(self, input: Tensor) -> Tensor:
        function = F.conv1d if self._dims == 1 else F.conv2d
        if self.padding_mode == "zeros":
            return function(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        padded = F.pad(input, self._around(), self.padding_mode)
        return function(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class Conv1d(_Forward):
    """y[n, o, l] = bias[o] + sum over c, i of weight[o, c, i] x[n, c, l stride + i dilation - padding].

    x (N, in_channels, L) or (in_channels, L), weight (out_channels, in_channels / groups, kernel_size). padding may be
    "same" or "valid"; padding_mode is "zeros", "reflect", "replicate" or "circular".
    """

    _dims = 1


class Conv2d(_Forward):
    """y[n, o, h, w] = bias[o] + sum over c, i, j of weight[o, c, i, j] x[n, c, h stride + i dilation - padding, ...].

    x (N, in_channels, H, W) or (in_channels, H, W), weight (out_channels, in_channels / groups, kh, kw); see Conv1d.
    """

    _dims = 2


class _Transposed(_Conv):
    _transposed = True

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
                 output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1,
                 padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        self._configure(in_channels, out_channels, kernel_size, stride, numbers(
            padding, self._dims, type(self).__name__, "padding"), output_padding, dilation, groups, bias, padding_mode,
            device, dtype)

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        extra = self.output_padding if output_size is None else self._to_reach(input, output_size)
        function = F.conv_transpose1d if self._dims == 1 else F.conv_transpose2d
        return function(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _to_reach(self, input: Tensor, output_size: Any) -> tuple[int, ...]:
        """The output_padding that makes the result of this size."""
        wanted = tuple(output_size)[-self._dims:]
        if len(output_size) not in (self._dims, self._dims + 2, input.ndim):
            raise ValueError(f"{type(self).__name__}: for {input.ndim}D input, output_size must have {self._dims} or "
                             f"{input.ndim} elements (got {len(output_size)})")
        least = [(length - 1) * s - 2 * p + d * (k - 1) + 1 for length, s, p, d, k in zip(
            input.shape[-self._dims:], self.stride, self.padding, self.dilation, self.kernel_size)]
        most = [low + s - 1 for low, s in zip(least, self.stride)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most)):
            raise ValueError(f"requested an output size of {list(wanted)}, but valid sizes range from {least} to "
                             f"{most} (for an input of {list(input.shape[-self._dims:])})")
        return tuple(size - low for size, low in zip(wanted, least))


class ConvTranspose1d(_Transposed):
    """y[n, o, l stride + i dilation - padding] += weight[c, o, i] x[n, c, l], plus bias[o]: what the gradient of
    Conv1d does."""

    _dims = 1


class ConvTranspose2d(_Transposed):
    """y[n, o, h stride + i dilation - padding, ...] += weight[c, o, i, j] x[n, c, h, w], plus bias[o]: what the
    gradient of Conv2d does."""

    _dims = 2


class _Patches(Module):
    """The four settings that Unfold and Fold share."""

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def _settings(self) -> tuple:
        return self.kernel_size, self.dilation, self.padding, self.stride

    def extra_repr(self) -> str:
        return (f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
                f"stride={self.stride}")


class Unfold(_Patches):
    """The patches that a kernel sees, as columns: x (N, C, H, W) becomes (N, C kh kw, number of positions)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, *self._settings())


class Fold(_Patches):
    """The transpose of Unfold: columns added up to images of output_size."""

    def __init__(self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
                 stride: Any = 1) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, *self._settings())

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
