"""One kernel call for all variables of an optimizer: minigrad.optim's machinery with Keras's options."""

from __future__ import annotations

from typing import Any

from minigrad.optim.kernel_optimizer import KernelOptimizer

__all__ = ["Stepper"]


class Stepper(KernelOptimizer):
    """The variables of a Keras optimizer and their state, which it makes; what it says about its kernel is used here.

    owner   has _kernel, _slots, _n_hyper, and _hyper(weight_decay) with the options of the next step
    slots   the names of the state that its options need; numbers are those that hold one number for each variable
    """

    _options_elsewhere = True

    def __init__(self, owner: Any, decayed: list[Any], others: list[Any], slots: tuple[str, ...],
                 numbers: tuple[str, ...]) -> None:
        self._owner = owner
        self._kernel, self._slots, self._n_hyper = owner._kernel, owner._slots, owner._n_hyper
        self._used, self._scalars = ("step", *slots, *numbers), ("step", *numbers)
        super().__init__([{"params": params, "decays": decays} for params, decays in ((decayed, True), (others, False))
                          if params], {})

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        owner = self._owner
        return owner._hyper((owner.weight_decay or 0.0) if group["decays"] else 0.0)
