"""Dropout: PyTorch's signatures, and what they lack, over the operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.methods import become
from minigrad.ops.dropout import check_probability
from minigrad.ops.dropout import dropout as drop
from minigrad.ops.kernel import require_tensor
from minigrad.random import Generator

__all__ = ["dropout"]


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *,
            generator: Generator | None = None, seed: int | None = None, noise_shape: Any = None, mask: Any = None,
            return_mask: bool = False) -> Any:
    """In training, y_i = x_i / (1 - p) with probability 1 - p, else 0; otherwise x itself (Srivastava et al., 2014).

    p            probability of dropping, in [0, 1]. It is realised in 1/65536ths, and kept values are scaled by the
                 exact inverse of the realised probability, so the mean of y is x.
    generator    where to draw from, in place of the default generator
    seed         draw from this seed's own stream: the same seed gives the same mask, and no generator moves
    noise_shape  shape of the mask, 1 where it is shared along a dimension, None for the input's own size
    mask         a bool tensor of what to keep, in place of a draw; p still gives the scale
    return_mask  return (y, mask)

    Unlike PyTorch: a dropped infinity or NaN gives 0, p = 1 gives +0, p = NaN is a ValueError, and the mask depends on
    seed and position alone. Nothing is stored for backward but the draw's sixteen bytes.
    """
    p = check_probability(p)
    if not training or (p == 0.0 and mask is None):
        require_tensor(input, "dropout")
        return (input, make(np.ones(input.array.shape, bool))) if return_mask else input
    y = drop(input, p, generator=generator, seed=seed, noise_shape=noise_shape, mask=mask, return_mask=return_mask)
    if not inplace:
        return y
    return (become(input, y[0]), y[1]) if return_mask else become(input, y)
