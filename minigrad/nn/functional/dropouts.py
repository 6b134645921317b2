"""Dropout: PyTorch's signatures, and what they lack, over the operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.methods import become
from minigrad.nn.caller import warn
from minigrad.ops.dropout import check_probability, kept_of, require_floats
from minigrad.ops.dropout import dropout as drop
from minigrad.ops.kernel import require_tensor
from minigrad.random import Generator
from minigrad.tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

SELU_LIMIT = 1.7580993408473766  # alpha * scale of SELU: what large negative numbers become is -SELU_LIMIT


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *,
            generator: Generator | None = None, seed: int | None = None, noise_shape: Any = None, mask: Any = None,
            return_mask: bool = False) -> Tensor:
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


# -- whole channels ----------------------------------------------------------------------------------------------------


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, **options: Any) -> Tensor:
    """In training, each channel of x (N, C, L) or (C, L) is 0 with probability p, else it is divided by 1 - p.

    Options: generator, seed, mask, return_mask, as dropout. RuntimeError for an input of other dimensions.
    """
    require_tensor(input, "dropout1d")
    check_probability(p)
    ndim = input.array.ndim
    if ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d "
                           "exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel "
                           "dimension, and an optional batch dimension (i.e. 2D or 3D inputs).")
    return _channels(dropout, input, ndim == 3, p, training, inplace, options)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, **options: Any) -> Tensor:
    """dropout1d for x (N, C, H, W); a 3-D input is taken as (N, C, L), as in PyTorch, with a warning."""
    require_tensor(input, "dropout2d")
    check_probability(p)
    _warn_of_rank("dropout2d", 2, input.array.ndim, (3, 4))
    if input.array.ndim == 3:
        warn("dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is "
             "desired - input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change "
             "in a future release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To "
             "maintain the 1D channel-wise dropout behavior, please switch to using dropout1d instead.")
    return _channels(dropout, input, True, p, training, inplace, options)


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, **options: Any) -> Tensor:
    """dropout1d for x (N, C, D, H, W) or (C, D, H, W)."""
    require_tensor(input, "dropout3d")
    check_probability(p)
    _warn_of_rank("dropout3d", 3, input.array.ndim, (4, 5))
    return _channels(dropout, input, input.array.ndim == 5, p, training, inplace, options)


def _warn_of_rank(name: str, spatial: int, ndim: int, wanted: tuple[int, int]) -> None:
    if ndim not in wanted:
        warn(f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a "
             "future release. To retain the behavior and silence this warning, please use dropout instead. Note that "
             f"{name} exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel "
             f"dimension, and an optional batch dimension (i.e. {wanted[0]}D or {wanted[1]}D inputs).")


def _channels(function: Any, input: Any, batched: bool, p: float, training: bool, inplace: bool, options: dict) -> Any:
    """function with a mask per channel: of (N, C), or of (C) without a batch."""
    shape = input.array.shape
    lead = 2 if batched else 1
    if "noise_shape" in options:
        raise TypeError("dropout of whole channels has a noise_shape of its own: use dropout for another one")
    if training and check_probability(p) > 0 and len(shape) < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    if not input.array.size or options.get("mask") is not None:
        return function(input, p, training, inplace, **options)
    return function(input, p, training, inplace, noise_shape=(*shape[:lead], *[1] * (len(shape) - lead)), **options)


# -- for SELU: the mean and the variance stay --------------------------------------------------------------------------


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, **options: Any) -> Tensor:
    """In training, a x + A a p with probability 1 - p, else -A a (1 - p): A = 1.758, a = ((A^2 p + 1) (1 - p))^-1/2.

    So numbers of mean 0 and variance 1 keep both (Klambauer et al., 2017). p = 1 gives 0. Options: generator, seed,
    noise_shape, mask, return_mask, as dropout.
    """
    require_tensor(input, "alpha_dropout")
    p = check_probability(p)
    if not training or (p == 0.0 and options.get("mask") is None):
        return dropout(input, p, training, inplace, **options)
    require_floats(input)
    kept = drop(input + SELU_LIMIT, p, **options)  # scale (x + A), or 0
    y, mask = kept if options.get("return_mask") else (kept, None)
    if p < 1.0:
        a = ((SELU_LIMIT**2 * p + 1.0) * (1.0 - p)) ** -0.5
        y = y * (a * (1.0 if p == 0.0 else kept_of(p) / 65536)) - SELU_LIMIT * a * (1.0 - p)
    y = become(input, y) if inplace else y
    return y if mask is None else (y, mask)


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False,
                          **options: Any) -> Tensor:
    """alpha_dropout of whole channels of x (N, C, ...)."""
    require_tensor(input, "feature_alpha_dropout")
    return _channels(alpha_dropout, input, True, p, training, inplace, options)
