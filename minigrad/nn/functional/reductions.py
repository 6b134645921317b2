"""What all losses share: how they are reduced, and the warning about shapes."""

from __future__ import annotations

from typing import Any

from minigrad.nn.caller import calling_module, warn

__all__ = ["old_flags", "reduced", "reduction_of", "warn_shapes"]


def reduction_of(reduction: str, size_average: Any = None, reduce: Any = None) -> str:
    """The reduction's name, checked; the two old flags come first."""
    if size_average is not None or reduce is not None:
        reduction = old_flags(size_average, reduce)
    if reduction == "mean" or reduction == "sum" or reduction == "none":
        return reduction
    if reduction == "elementwise_mean":
        warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
        return "mean"
    raise ValueError(f"{reduction} is not a valid value for reduction")


def old_flags(size_average: Any, reduce: Any) -> str:
    """What PyTorch's two old flags mean, with its warning."""
    every, average = reduce is None or reduce, size_average is None or size_average
    reduction = "none" if not every else "mean" if average else "sum"
    warn(f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.")
    return reduction


def reduced(loss: Any, how: str) -> Any:
    return loss if how == "none" else loss.mean() if how == "mean" else loss.sum()


def warn_shapes(input: Any, target: Any, name: str) -> None:
    """Broadcasting a loss is nearly always a mistake: say so, with both shapes and the module, at the caller's line."""
    if input.array.shape != target.array.shape:
        warn(f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) in "
             f"{calling_module('Loss') or name}. This will likely lead to incorrect results due to broadcasting. "
             "Please ensure they have the same size.")
