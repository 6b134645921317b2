"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.native import lib
from minigrad.optim.kernel_optimizer import KernelOptimizer
from minigrad.optim.options import checked
from minigrad.tensor import Tensor

__all__ = ["Adam", "AdamW"]


class Adam(KernelOptimizer):
    """m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t);
    p -= lr m^ / (sqrt(v^) + eps)  (Kingma and Ba, 2015).

    weight_decay is added to the gradient, g + weight_decay p, or with decoupled_weight_decay shrinks the parameter
    first, p *= 1 - lr weight_decay. amsgrad: the largest v so far in place of v (Reddi et al., 2018). maximize: with
    -g. foreach, capturable and fused do nothing: one C call updates all parameters of a dtype.
    """

    _kernel = staticmethod(lib.mg_adam)
    _slots = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    _late = ("max_exp_avg_sq",)
    _n_hyper = 9
    _plain = ("step", "exp_avg", "exp_avg_sq")
    _amsgrad = (*_plain, "max_exp_avg_sq")

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None,
                 maximize: bool = False, capturable: bool = False, differentiable: bool = False,
                 fused: bool | None = None, decoupled_weight_decay: bool = False) -> None:
        options = checked(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize,
                          foreach=foreach, capturable=capturable, differentiable=differentiable, fused=fused,
                          decoupled_weight_decay=decoupled_weight_decay)
        super().__init__(params, {**options, "betas": (float(betas[0]), float(betas[1]))})  # were they tensors

    def _used_slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._amsgrad if group["amsgrad"] else self._plain

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        beta1, beta2 = group["betas"]
        return (group["lr"], beta1, beta2, group["eps"], group["weight_decay"], group["decoupled_weight_decay"],
                group["maximize"], group["amsgrad"], 0)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter: p *= 1 - lr weight_decay  (Loshchilov and Hutter, 2019)."""

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
                 foreach: bool | None = None, capturable: bool = False, differentiable: bool = False,
                 fused: bool | None = None) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
                         capturable=capturable, differentiable=differentiable, fused=fused, decoupled_weight_decay=True)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # whatever an older or an Adam's checkpoint says
            group["decoupled_weight_decay"] = True
