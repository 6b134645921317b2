"""Adam's relatives: Adamax, NAdam and RAdam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.native import lib
from minigrad.optim.kernel_optimizer import KernelOptimizer
from minigrad.optim.options import checked, scalars_are_single
from minigrad.tensor import Tensor

__all__ = ["Adamax", "NAdam", "RAdam"]


class Adamax(KernelOptimizer):
    """m = beta1 m + (1 - beta1) g;  u = max(beta2 u, |g| + eps);  p -= lr / (1 - beta1^t) m / u
    (Kingma and Ba, 2015, section 7.1).

    weight_decay is added to the gradient, g + weight_decay p; maximize: with -g.
    """

    _kernel = staticmethod(lib.mg_adamax)
    _slots = ("exp_avg", "exp_inf")
    _used = ("step", *_slots)
    _n_hyper = 6

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 2e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False,
                 differentiable: bool = False, capturable: bool = False) -> None:
        super().__init__(params, checked(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, foreach=foreach, maximize=maximize,
            differentiable=differentiable, capturable=capturable))

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return (group["lr"], *group["betas"], group["eps"], group["weight_decay"], group["maximize"])


class NAdam(KernelOptimizer):
    """m and v as Adam's;  mu_t = beta1 (1 - .96^(t momentum_decay) / 2);
    p -= lr (mu_t+1 m / (1 - mu_1 ... mu_t+1) + (1 - mu_t) g / (1 - mu_1 ... mu_t)) / (sqrt(v / (1 - beta2^t)) + eps)
    (Dozat, 2016).

    weight_decay is added to the gradient, or with decoupled_weight_decay p *= 1 - lr weight_decay comes first;
    maximize: with -g. The product of all mu is kept in the default dtype's precision, as in PyTorch.
    """

    _kernel = staticmethod(lib.mg_nadam)
    _slots = ("exp_avg", "exp_avg_sq", "mu_product")
    _used = ("step", *_slots)
    _scalars = ("step", "mu_product")
    _n_hyper = 9

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 2e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, momentum_decay: float = 4e-3,
                 decoupled_weight_decay: bool = False, *, foreach: bool | None = None, maximize: bool = False,
                 capturable: bool = False, differentiable: bool = False) -> None:
        super().__init__(params, checked(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay, maximize=maximize, foreach=foreach, capturable=capturable,
            differentiable=differentiable))

    def _start(self, name: str, group: dict[str, Any]) -> float:
        return float(name == "mu_product")

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return (group["lr"], *group["betas"], group["eps"], group["weight_decay"], group["decoupled_weight_decay"],
                group["maximize"], group["momentum_decay"], scalars_are_single())


class RAdam(KernelOptimizer):
    """m and v as Adam's;  p -= lr m / (1 - beta1^t) r sqrt(1 - beta2^t) / (sqrt(v) + eps), with a factor r that
    rectifies v's variance; p -= lr m / (1 - beta1^t) in the first steps, where it is too large  (Liu et al., 2020).

    weight_decay is added to the gradient, or with decoupled_weight_decay p *= 1 - lr weight_decay comes first;
    maximize: with -g.
    """

    _kernel = staticmethod(lib.mg_radam)
    _slots = ("exp_avg", "exp_avg_sq")
    _used = ("step", *_slots)
    _n_hyper = 7

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, decoupled_weight_decay: bool = False, *,
                 foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
                 differentiable: bool = False) -> None:
        super().__init__(params, checked(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize, foreach=foreach,
            capturable=capturable, decoupled_weight_decay=decoupled_weight_decay, differentiable=differentiable))

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return (group["lr"], *group["betas"], group["eps"], group["weight_decay"], group["decoupled_weight_decay"],
                group["maximize"])
