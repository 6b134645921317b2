"""Padding: by a constant, by the mirror image, by the border, or around in a circle."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.nn.functional.sizes import numbers
from minigrad.ops.indexing import Index
from minigrad.ops.kernel import require_tensor
from minigrad.ops.operands import scalar
from minigrad.ops.pad import pad as surround
from minigrad.tensor import Tensor

__all__ = ["pad"]


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """x with pad[0] elements before and pad[1] after its last dimension, pad[2] and pad[3] the one before that, and so
    on. Negative numbers take elements away.

    mode: "constant" (value, or 0), "reflect" (the mirror image without the border), "replicate" (the border), or
    "circular" (the elements from the other end).
    """
    require_tensor(input, "pad")
    widths, ndim = numbers(tuple(pad), len(pad), "pad", "pad") if len(pad) else (), input.array.ndim
    if len(widths) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(widths) > 2 * ndim:
        raise RuntimeError("Padding length should be less than or equal to two times the input dimension but got "
                           f"padding length {len(widths)} and input of dimension {ndim}")
    pairs = list(zip(widths[::2], widths[1::2]))  # of the last dimension first
    if mode == "constant":
        return _constant(input, pairs, value)
    if mode not in _POSITIONS:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise RuntimeError(f"Padding mode \"{mode}\" doesn't take in value argument")
    if ndim not in (len(pairs) + 1, len(pairs) + 2) or not 1 <= len(pairs) <= 3:
        raise NotImplementedError(f"Padding size {len(widths)} is not supported for {ndim}D input tensor.\n"
                                  "Supported combinations for non-constant padding:\n"
                                  "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
                                  "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
                                  "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)")
    y = input
    for back, (before, after) in enumerate(pairs, 1):
        if before or after:
            axis, length = ndim - back, input.array.shape[-back]
            _check(mode, before, after, axis, length, input.array.shape)
            positions = _POSITIONS[mode](before, after, length)
            y = Index.apply(y, (*[slice(None)] * axis, positions))
    return y if y is not input else input.clone()


def _constant(input: Any, pairs: list, value: Any) -> Any:
    shape = input.array.shape
    widths = ((0, 0),) * (len(shape) - len(pairs)) + tuple(reversed(pairs))
    for (before, after), length in zip(widths, shape):
        if length + before + after < 0 or length + min(before, 0) + min(after, 0) < 0:
            raise RuntimeError(f"narrow(): length must be non-negative: the input has {length} elements along a "
                               f"dimension that is padded by {before} and {after}")
    return surround(input, widths, scalar(0 if value is None else value, input.array.dtype, "pad"))


def _check(mode: str, before: int, after: int, axis: int, length: int, shape: tuple) -> None:
    if length + before + after < 0 or (not length and mode != "circular"):
        raise RuntimeError(f"pad: a dimension of {length} elements cannot be padded by {before} and {after} in mode "
                           f"{mode!r}")
    if mode == "reflect" and max(before, after) >= length:
        raise RuntimeError("Argument #4: Padding size should be less than the corresponding input dimension, but got: "
                           f"padding ({before}, {after}) at dimension {axis} of input {list(shape)}")
    if mode == "circular" and max(before, after) > max(length + min(before, 0) + min(after, 0), 0):
        raise RuntimeError("Padding value causes wrapping around more than once.")


def _reflect(before: int, after: int, length: int) -> np.ndarray:
    i = np.abs(np.arange(-before, length + after))
    return np.where(i >= length, 2 * (length - 1) - i, i)


def _replicate(before: int, after: int, length: int) -> np.ndarray:
    return np.clip(np.arange(-before, length + after), 0, length - 1)


def _circular(before: int, after: int, length: int) -> np.ndarray:
    """What is to be taken away goes first: the circle is of what is left."""
    left = length + min(before, 0) + min(after, 0)
    return np.arange(-max(before, 0), left + max(after, 0)) % max(left, 1) - min(before, 0)


# Where the elements of the result come from, along one axis.
_POSITIONS = {"reflect": _reflect, "replicate": _replicate, "circular": _circular}
