"""R-Drop: two passes with different masks should agree (Liang et al.: R-Drop, NeurIPS 2021)."""

from __future__ import annotations

from typing import Any

from minigrad.nn.functional.class_losses import cross_entropy
from minigrad.nn.functional.noises import check_size
from minigrad.nn.functional.reductions import reduced, reduction_of
from minigrad.ops.kernel import require_tensor
from minigrad.ops.softmax import log_softmax

__all__ = ["r_drop_loss"]


def r_drop_loss(input1: Any, input2: Any, target: Any, alpha: float = 1.0, reduction: str = "mean") -> Any:
    """CE(z1, t) + CE(z2, t) + alpha / 2 (KL(P1 | P2) + KL(P2 | P1)), the P = softmax(z) along the last dimension.

    input1, input2   logits (N, C) of two passes over the same batch, with different masks
    target           classes (N), or probabilities (N, C), as for cross_entropy
    The sum of the two divergences is sum (P1 - P2) (log P1 - log P2) >= 0, and 0 where the passes agree.
    """
    for position, tensor in enumerate((input1, input2), 1):
        require_tensor(tensor, "r_drop_loss", f"input{position}", position)
    alpha, reduction = check_size(alpha, "r_drop_loss: alpha"), reduction_of(reduction)
    if input1.array.ndim != 2 or input1.array.shape != input2.array.shape:
        raise RuntimeError("r_drop_loss: expected two inputs of one shape (N, C), but got "
                           f"{list(input1.array.shape)} and {list(input2.array.shape)}")
    a, b = log_softmax(input1, 1), log_softmax(input2, 1)
    apart = ((a.exp() - b.exp()) * (a - b)).sum(1)
    fit = cross_entropy(input1, target, reduction="none") + cross_entropy(input2, target, reduction="none")
    return reduced(fit + apart * (alpha * 0.5), reduction)
