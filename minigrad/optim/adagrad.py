"""Adagrad and Adadelta: steps scaled by all gradients so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.native import lib
from minigrad.optim.kernel_optimizer import KernelOptimizer
from minigrad.optim.options import checked
from minigrad.tensor import Tensor

__all__ = ["Adadelta", "Adagrad"]


class Adagrad(KernelOptimizer):
    """v += g^2;  p -= lr / (1 + (t - 1) lr_decay) g / (sqrt(v) + eps)  (Duchi, Hazan and Singer, 2011).

    v starts at initial_accumulator_value, of each group its own. weight_decay is added to the gradient,
    g + weight_decay p; maximize: with -g.
    """

    _kernel = staticmethod(lib.mg_adagrad)
    _slots = ("sum",)
    _used = ("step", "sum")
    _n_hyper = 5

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
                 initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
                 maximize: bool = False, differentiable: bool = False, fused: bool | None = None) -> None:
        super().__init__(params, checked(
            lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value, foreach=foreach, maximize=maximize,
            differentiable=differentiable, fused=fused))

    def _start(self, name: str, group: dict[str, Any]) -> float:
        return group["initial_accumulator_value"] if name == "sum" else 0.0

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return group["lr"], group["lr_decay"], group["eps"], group["weight_decay"], group["maximize"]


class Adadelta(KernelOptimizer):
    """v = rho v + (1 - rho) g^2;  d = sqrt(u + eps) / sqrt(v + eps) g;  u = rho u + (1 - rho) d^2;  p -= lr d
    (Zeiler, 2012).

    weight_decay is added to the gradient, g + weight_decay p; maximize: with -g.
    """

    _kernel = staticmethod(lib.mg_adadelta)
    _slots = ("square_avg", "acc_delta")
    _used = ("step", *_slots)
    _n_hyper = 5

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1.0, rho: float = 0.9, eps: float = 1e-6,
                 weight_decay: float = 0, foreach: bool | None = None, *, capturable: bool = False,
                 maximize: bool = False, differentiable: bool = False) -> None:
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        super().__init__(params, checked(
            lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize, capturable=capturable,
            foreach=foreach, differentiable=differentiable))

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return group["lr"], group["rho"], group["eps"], group["weight_decay"], group["maximize"]
