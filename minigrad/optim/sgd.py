"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.native import lib
from minigrad.optim.kernel_optimizer import KernelOptimizer
from minigrad.optim.options import checked
from minigrad.tensor import Tensor

__all__ = ["SGD"]


class SGD(KernelOptimizer):
    """g += weight_decay p;  v = momentum v + (1 - dampening) g, v = g at first;  p -= lr v, or lr (g + momentum v) with
    nesterov. maximize: with -g  (Sutskever et al., 2013).

    foreach and fused do nothing: one C call updates all parameters of a dtype.
    """

    _kernel = staticmethod(lib.mg_sgd)
    _slots = _late = _momentum = ("momentum_buffer",)
    _n_hyper = 6

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1e-3, momentum: float = 0, dampening: float = 0,
                 weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False,
                 foreach: bool | None = None, differentiable: bool = False, fused: bool | None = None) -> None:
        options = checked(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov,
                          maximize=maximize, foreach=foreach, differentiable=differentiable, fused=fused)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, options)

    def _used_slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._momentum if group["momentum"] != 0 else ()

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return (group["lr"], group["momentum"], group["dampening"], group["weight_decay"], group["nesterov"],
                group["maximize"])
