"""Dropout of what belongs together: blocks of a feature map, whole samples on a path, one mask for a sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.creation import ones
from minigrad.dtypes import float64
from minigrad.methods import become
from minigrad.nn.functional.dropouts import dropout
from minigrad.nn.functional.noises import check_count
from minigrad.ops.dropout import Dropout as DropoutOperator
from minigrad.ops.dropout import check_probability, kept_of, require_floats
from minigrad.ops.kernel import require_tensor
from minigrad.ops.noise import DropBlock, block_probability
from minigrad.random import Generator, stream

__all__ = ["drop_block1d", "drop_block2d", "drop_path", "hold_dropout", "locked_dropout",
           "stochastic_depth", "stochastic_depth_rates"]


# -- blocks ------------------------------------------------------------------------------------------------------------


def drop_block1d(input: Any, p: float = 0.1, block_size: Any = 7, training: bool = True, inplace: bool = False, *,
                 generator: Generator | None = None, seed: int | None = None) -> Any:
    """drop_block2d for x (N, C, L) or (C, L)."""
    return _drop_block("drop_block1d", 1, input, p, block_size, training, inplace, generator, seed)


def drop_block2d(input: Any, p: float = 0.1, block_size: Any = 7, training: bool = True, inplace: bool = False, *,
                 generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, blocks of each map of x (N, C, H, W) or (C, H, W) become 0, and the rest is scaled by count / kept.

    Seeds are drawn where a whole block fits, with probability gamma = p / b^2 F^2 / (F - b + 1)^2, b = block_size, F
    the size of a map (Ghiasi, Lin, Le: DropBlock, NeurIPS 2018). As blocks overlap, a little less than p is dropped.
    The scale counts over the whole tensor and is taken as constant: dx = dy m count / kept. A block larger than the map
    is the map.
    """
    return _drop_block("drop_block2d", 2, input, p, block_size, training, inplace, generator, seed)


def _drop_block(name: str, dims: int, input: Any, p: float, block_size: Any, training: bool, inplace: bool,
                generator: Generator | None, seed: int | None) -> Any:
    p = check_probability(p)
    require_tensor(input, name)
    sizes = tuple(block_size) if isinstance(block_size, (tuple, list)) else (block_size,) * dims
    if len(sizes) != dims or any(isinstance(b, bool) or not isinstance(b, int) or b < 1 for b in sizes):
        raise ValueError(f"{name}: block_size must be a positive int, or {dims} of them, but got {block_size!r}")
    if input.array.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}: Expected {dims + 1}D or {dims + 2}D input, but received a {input.array.ndim}D "
                           "input: (N, C, ...) or (C, ...)")
    if not training or p in (0.0, 1.0) or not input.array.size:
        return dropout(input, p, training, inplace)
    require_floats(input)
    spatial = input.array.shape[-dims:]
    block = tuple(min(b, f) for b, f in zip(sizes, spatial))
    y = DropBlock.apply(input, stream(generator, seed).draw(), block_probability(p, spatial, block), block)
    return become(input, y) if inplace else y


# -- whole samples -----------------------------------------------------------------------------------------------------


def drop_path(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *,
              generator: Generator | None = None, seed: int | None = None) -> Any:
    """In training, each sample x[n] is 0 with probability p, else x[n] / (1 - p): what a residual branch gives, before
    it is added (Huang et al.: Deep networks with stochastic depth, 2016). E y = x."""
    require_tensor(input, "drop_path")
    shape = input.array.shape
    rows = (*shape[:1], *[1] * (len(shape) - 1)) if input.array.size and shape else None
    return dropout(input, p, training, inplace, generator=generator, seed=seed, noise_shape=rows)


def check_mode(mode: str) -> str:
    if mode not in ("batch", "row"):
        raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
    return mode


def stochastic_depth(input: Any, p: float, mode: str, training: bool = True, *, generator: Generator | None = None,
                     seed: int | None = None) -> Any:
    """drop_path by torchvision's name: mode "row" drops each sample by itself, "batch" all of them together."""
    if check_mode(mode) == "row":
        return drop_path(input, p, training, generator=generator, seed=seed)
    require_tensor(input, "stochastic_depth")
    return dropout(input, p, training, generator=generator, seed=seed,
                   noise_shape=(1,) * input.array.ndim if input.array.size else None)


def stochastic_depth_rates(depth: int, p_last: float = 0.5) -> list[float]:
    """The linear rule: block l of 1 .. depth is dropped with probability l / depth p_last (Huang et al., 2016)."""
    depth, p_last = check_count(depth, "stochastic_depth_rates: depth"), check_probability(p_last)
    return [layer / depth * p_last for layer in range(1, depth + 1)]


# -- one mask for a sequence -------------------------------------------------------------------------------------------


def locked_dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *,
                   batch_first: bool = False, generator: Generator | None = None, seed: int | None = None) -> Any:
    """Dropout of x (T, N, C), or (N, T, C) with batch_first, whose mask is the same at every time t (Gal, Ghahramani:
    A theoretically grounded application of dropout in recurrent neural networks, 2016). Also of (T, C)."""
    require_tensor(input, "locked_dropout")
    shape = input.array.shape
    if len(shape) not in (2, 3):
        raise RuntimeError(f"locked_dropout: Expected 2D or 3D input, but received a {len(shape)}D input: (T, N, C), "
                           "(N, T, C) with batch_first, or (T, C)")
    time = 1 if batch_first and len(shape) == 3 else 0
    mask = tuple(1 if axis == time else size for axis, size in enumerate(shape))
    return dropout(input, p, training, inplace, generator=generator, seed=seed,
                   noise_shape=mask if input.array.size else None)


def hold_dropout(p: float = 0.5, training: bool = True, *, generator: Generator | None = None,
                 seed: int | None = None) -> Callable[[Any], Any]:
    """A function x -> dropout(x, p) that uses the same mask at every call, for the steps of a recurrence:

        drop = hold_dropout(0.3)
        for x in sequence:
            h = cell(x, drop(h))

    It holds a draw, not a mask; x must have the same shape at every call.
    """
    p = check_probability(p)
    if not training or p in (0.0, 1.0):
        return lambda input: dropout(input, p, training)
    draw, shapes = stream(generator, seed).draw(), []

    def held(input: Any) -> Any:
        require_floats(input)
        shapes[:] = shapes or [input.array.shape]
        if input.array.shape != shapes[0]:
            raise RuntimeError(f"hold_dropout: the mask has shape {list(shapes[0])}, but the input has "
                               f"{list(input.array.shape)}: hold another one")
        return DropoutOperator.apply(input, draw, kept_of(p))

    return held


def batch_scale(p: float, generator: Generator | None) -> float:
    """One draw for all: 1 / (1 - p) if it is kept, else 0."""
    return dropout(ones(1, dtype=float64), p, generator=generator).item()
