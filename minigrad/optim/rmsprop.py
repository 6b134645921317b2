"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.native import lib
from minigrad.optim.kernel_optimizer import KernelOptimizer
from minigrad.optim.options import checked
from minigrad.tensor import Tensor

__all__ = ["RMSprop"]


class RMSprop(KernelOptimizer):
    """v = alpha v + (1 - alpha) g^2;  d = g / (sqrt(v) + eps);  p -= lr d, or with momentum b = momentum b + d and
    p -= lr b  (Tieleman and Hinton, 2012; centered: Graves, 2013).

    centered: with the variance v - m^2, m = alpha m + (1 - alpha) g, in place of v; it never falls below 0, where
    rounding gives PyTorch a NaN. weight_decay is added to the gradient, g + weight_decay p; maximize: with -g.
    """

    _kernel = staticmethod(lib.mg_rmsprop)
    _slots = ("grad_avg", "square_avg", "momentum_buffer")
    _late = ("grad_avg", "momentum_buffer")
    _n_hyper = 7

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
                 weight_decay: float = 0, momentum: float = 0, centered: bool = False, capturable: bool = False,
                 foreach: bool | None = None, maximize: bool = False, differentiable: bool = False) -> None:
        super().__init__(params, checked(
            lr=lr, momentum=momentum, alpha=alpha, eps=eps, centered=centered, weight_decay=weight_decay,
            capturable=capturable, foreach=foreach, maximize=maximize, differentiable=differentiable))

    def _used_slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        centered = ("grad_avg",) if group["centered"] else ()
        momentum = ("momentum_buffer",) if group["momentum"] > 0 else ()
        return ("step", "square_avg", *centered, *momentum)

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return (group["lr"], group["alpha"], group["eps"], group["weight_decay"], group["momentum"], group["centered"],
                group["maximize"])
