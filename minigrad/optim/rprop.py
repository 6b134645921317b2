"""Rprop, by the gradient's sign alone, and ASGD, gradient descent that averages its way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.native import lib
from minigrad.optim.kernel_optimizer import KernelOptimizer
from minigrad.optim.options import checked, in_scalar_precision, scalars_are_single
from minigrad.tensor import Tensor

__all__ = ["ASGD", "Rprop"]


class Rprop(KernelOptimizer):
    """p -= sign(g) size, where size, lr at first, grows by the factor etas[1] while g keeps its sign, and shrinks by
    etas[0] where g changes it: there p stays for one step. size stays within step_sizes  (Riedmiller and Braun, 1993).

    maximize: with -g. An element whose gradient is NaN stays, as in PyTorch.
    """

    _kernel = staticmethod(lib.mg_rprop)
    _slots = ("prev", "step_size")
    _used = ("step", *_slots)
    _n_hyper = 5

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
                 step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False,
                 foreach: bool | None = None, maximize: bool = False, differentiable: bool = False) -> None:
        options = checked(lr=lr, etas=etas, step_sizes=step_sizes, foreach=foreach, maximize=maximize,
                          differentiable=differentiable, capturable=capturable)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, options)

    def _start(self, name: str, group: dict[str, Any]) -> float:
        return float(group["lr"]) if name == "step_size" else 0.0

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return (*group["etas"], *group["step_sizes"], group["maximize"])


class ASGD(KernelOptimizer):
    """p = (1 - lambd eta) p - eta g;  ax += mu (p - ax), the average;  then eta = lr / (1 + lambd lr t)^alpha and
    mu = 1 / max(1, t - t0)  (Polyak and Juditsky, 1992; as Bottou, 2010).

    weight_decay is added to the gradient, g + weight_decay p; maximize: with -g. The average is
    state[p]["ax"]. eta and mu are kept in the default dtype's precision, as in PyTorch.
    """

    _kernel = staticmethod(lib.mg_asgd)
    _slots = ("ax", "eta", "mu")
    _used = ("step", *_slots)
    _scalars = ("step", "eta", "mu")
    _n_hyper = 7

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1e-2, lambd: float = 1e-4, alpha: float = 0.75,
                 t0: float = 1e6, weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False,
                 differentiable: bool = False, capturable: bool = False) -> None:
        options = checked(lr=lr, weight_decay=weight_decay, foreach=foreach, maximize=maximize,
                          differentiable=differentiable, capturable=capturable)
        super().__init__(params, {**options, "lambd": lambd, "alpha": alpha, "t0": t0})

    def _start(self, name: str, group: dict[str, Any]) -> float:
        return {"eta": in_scalar_precision(group["lr"]), "mu": 1.0}.get(name, 0.0)

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        return (group["lr"], group["lambd"], group["alpha"], group["t0"], group["weight_decay"], group["maximize"],
                scalars_are_single())
