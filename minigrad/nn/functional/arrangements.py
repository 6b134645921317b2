"""Products of two inputs, and channels moved to places and back."""

from __future__ import annotations

from typing import Any

from minigrad.ops.kernel import require_tensor

__all__ = ["bilinear", "channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """y_o = sum over i, j of x1_i weight[o, i, j] x2_j + bias_o of x1 (..., in1), x2 (..., in2), weight (out, in1,
    in2)."""
    for position, (name, tensor) in enumerate((("input1", input1), ("input2", input2), ("weight", weight)), 1):
        require_tensor(tensor, "bilinear", name, position)
    first, second, sizes = input1.array.shape, input2.array.shape, weight.array.shape
    if len(first) != len(second) or len(sizes) != 3 or not first:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {len(first)} and {len(second)}, and a "
                           f"weight of {len(sizes)} dimensions, not 3")
    for dim, (a, b) in enumerate(zip(first[:-1], second[:-1])):
        if a != b:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {dim}: got {a} and {b}")
    for name, got, expected in (("input1", first[-1], sizes[1]), ("input2", second[-1], sizes[2])):
        if got != expected:
            raise RuntimeError(f"bilinear(): {name} size does not match weight size: got {got} but expected "
                               f"{expected}")
    if bias is not None and bias.array.shape != sizes[:1]:
        raise RuntimeError(f"bilinear(): bias size does not match weight size: got {bias.array.shape[0]} but expected "
                           f"{sizes[0]}")
    outputs, in1, in2 = sizes
    x1, x2 = input1.reshape(-1, in1) if in1 else input1, input2.reshape(-1, in2) if in2 else input2
    rows = x1 @ weight.permute(1, 0, 2).reshape(in1, outputs * in2)  # (n, outputs in2)
    y = (rows.reshape(-1, outputs, in2) * x2.unsqueeze(1)).sum(-1).reshape(*first[:-1], outputs)
    y = y.to(input1.dtype)  # sums of integers are int64
    return y if bias is None else y + bias


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """x (..., C r^2, H, W) as (..., C, H r, W r): r^2 channels become the places of a square."""
    *lead, channels, height, width = _image("pixel_shuffle", input, upscale_factor, "upscale_factor")
    r = upscale_factor
    if channels % r**2:
        raise RuntimeError("pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
                           f"upscale_factor, but input.size(-3)={channels} is not divisible by {r**2}")
    split = input.reshape(*lead, channels // r**2, r, r, height, width)
    n = len(lead)
    return split.permute(*range(n + 1), n + 3, n + 1, n + 4, n + 2).reshape(*lead, channels // r**2, height * r,
                                                                           width * r)


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """x (..., C, H r, W r) as (..., C r^2, H, W): the reverse of pixel_shuffle."""
    *lead, channels, height, width = _image("pixel_unshuffle", input, downscale_factor, "downscale_factor")
    r = downscale_factor
    for name, at, size in (("height", -2, height), ("width", -1, width)):
        if size % r:
            raise RuntimeError(f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                               f"input.size({at})={size} is not divisible by {r}")
    split = input.reshape(*lead, channels, height // r, r, width // r, r)
    n = len(lead)
    return split.permute(*range(n + 1), n + 2, n + 4, n + 1, n + 3).reshape(*lead, channels * r**2, height // r,
                                                                           width // r)


def _image(name: str, input: Any, factor: int, what: str) -> tuple[int, ...]:
    require_tensor(input, name)
    if input.array.ndim < 3:
        raise RuntimeError(f"{name} expects input to have at least 3 dimensions, but got input with "
                           f"{input.array.ndim} dimension(s)")
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {what}, but got {factor}")
    return input.array.shape


def channel_shuffle(input: Any, groups: int) -> Any:
    """The channels of x (N, C, ...) dealt out: the first of each group, then the second of each, and so on."""
    require_tensor(input, "channel_shuffle")
    shape = input.array.shape
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if shape[1] % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} "
                           "groups.")
    return input.reshape(shape[0], groups, shape[1] // groups, -1 if input.array.size else 0).transpose(
        1, 2).reshape(shape)
