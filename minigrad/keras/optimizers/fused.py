"""Optimizers whose update is one kernel call for all variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.declared import Declared
from minigrad.keras.initializers import Constant
from minigrad.keras.optimizers.base import COMMON
from minigrad.keras.optimizers.optimizer import Optimizer
from minigrad.keras.optimizers.stepper import Stepper
from minigrad.tensor import Tensor

__all__ = ["Fused"]


class Fused(Declared, Optimizer):
    """An optimizer over a kernel of csrc/. Its own options are attributes, and may be changed between steps.

    _kernel, _slots, _n_hyper  the kernel, what it calls its state, how many options it has
    """

    _kernel: Any
    _slots: tuple[str, ...] = ()
    _n_hyper = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        other = {name: kwargs.pop(name) for name in list(kwargs) if name not in self.__signature__.parameters}
        given = self._bound(args, kwargs)
        self._own = [name for name in given if name not in COMMON and name != "learning_rate"]
        for name in self._own:
            setattr(self, name, given.pop(name))
        super().__init__(**given, **other)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{name: getattr(self, name) for name in self._own}}

    def _parts(self) -> list[dict[str, str]]:
        """The state that the options need: dicts of slot -> Keras's name for it. What is in one dict is made for all
        variables before what is in the next: that is the order of `variables`."""
        raise NotImplementedError

    def _hyper(self, weight_decay: float) -> tuple[float, ...]:
        """The options of the next step, as the kernel takes them."""
        raise NotImplementedError

    _start: Any = 0.0                  # what the state begins with
    _numbers: tuple[str, ...] = ()     # slots that hold one number for each variable, which _number_now() gives

    _synced: int | None = None         # the number of updates that the kernel knows of, if it knows

    def _number_now(self) -> float:
        raise NotImplementedError

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        variables = self._trainable_variables
        state: list[dict[str, Tensor]] = [{} for _ in variables]
        for part in self._parts():
            columns = self.add_optimizer_variables(variables, list(part.values()), Constant(self._start))
            for slot, column in zip(part, columns):
                for own, tensor in zip(state, column):
                    own[slot] = tensor
        slots = tuple(slot for part in self._parts() for slot in part)
        if not variables:
            return
        decayed = [variable for variable in variables if self._use_weight_decay(variable)]
        others = [variable for variable in variables if not self._use_weight_decay(variable)]
        self._stepper = Stepper(self, decayed, others, slots, self._numbers)
        for variable, own in zip(variables, state):
            for name in ("step", *self._numbers):
                own[name] = make(np.zeros((), np.float64))
            self._stepper.state[variable] = own

    def _run(self, everyone: bool) -> None:
        """The kernel, with the gradients that the variables hold; everyone says whether all have one."""
        self.sync()
        self._stepper.step()
        self._synced = self._updates() + 1 if everyone else None  # those left out did not count

    def _tell(self, updates: int) -> None:
        for own in self._stepper.state.values():
            own["step"].array[...] = updates
            for name in self._numbers:
                own[name].array[...] = self._number_now()
        self._synced = updates

    @property
    def is_one_call(self) -> bool:
        """Whether a step is the kernel's call, and constraints, and nothing else that Python does."""
        return bool(self._trainable_variables) and not (
            self.clipnorm or self.global_clipnorm or self.clipvalue or self.use_ema or self.loss_scale_factor
            or self.gradient_accumulation_steps or self._numbers)

    def step(self) -> None:
        variables = self._trainable_variables
        if not self.is_one_call or any(variable._grad is None for variable in variables):
            return super().step()
        self._run(everyone=True)
        self._constrain(variables)
        self._iterations.array += 1

    def kernel_step(self) -> None:
        """The kernel's call alone: note_steps then says how many there were."""
        self._stepper.step()

    def note_steps(self, count: int) -> None:
        """So many kernel_steps were made."""
        self._iterations.array += count
        self._synced = self._updates()

    def sync(self) -> None:
        """Let the kernel know how many updates there were: before the first kernel_step."""
        if (updates := self._updates()) != self._synced:
            self._tell(updates)

    def _update(self, grads: list[Tensor], variables: list[Any]) -> None:
        everyone = self._trainable_variables
        held = [variable._grad for variable in everyone]
        try:
            for variable in everyone:
                variable._grad = None
            for grad, variable in zip(grads, variables):
                variable._grad = grad
            self._run(everyone=len(variables) == len(everyone))
        finally:
            for variable, grad in zip(everyone, held):
                variable._grad = grad
