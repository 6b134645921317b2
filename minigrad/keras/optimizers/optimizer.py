"""Optimizer: a step from gradients, with clipping, accumulation, weight decay, averages and constraints."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from typing import Any

from minigrad.keras.constraints import Constraint
from minigrad.keras.losses.pairs import as_tensor
from minigrad.keras.optimizers import clipping
from minigrad.keras.optimizers.base import OptimizerBase
from minigrad.tensor import Tensor

__all__ = ["Optimizer"]


def _name(variable: Any) -> str:
    return getattr(variable, "path", getattr(variable, "name", "variable"))


def _set(variable: Tensor, array: Any) -> None:
    """New values in the memory that a variable has."""
    variable.array[...] = array
    variable.count_change()


class Optimizer(OptimizerBase):
    """The base of optimizers. A subclass defines update_step(gradient, variable, learning_rate), and build, where it
    makes its state.

    learning_rate       a float, a LearningRateSchedule, or a function without arguments
    weight_decay        variables shrink by 1 - learning_rate * weight_decay before each update
    clipnorm, clipvalue, global_clipnorm  limits of each gradient's norm, of its elements, of the norm of all of them
    use_ema             keep moving averages, average = ema_momentum average + (1 - ema_momentum) variable, which every
                        ema_overwrite_frequency steps, and when training ends, take the place of the variables
    loss_scale_factor   what scale_loss multiplies the loss with, and the gradients are divided by
    gradient_accumulation_steps   variables are updated at every so manieth step, by the mean gradient since then
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        raise NotImplementedError("an Optimizer subclass defines update_step(self, gradient, variable, learning_rate)")

    def step(self) -> None:
        """Update by the gradients that the variables hold, as after loss.backward()."""
        self.apply([variable._grad for variable in self._trainable_variables])

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """Update by pairs of a gradient and its variable."""
        grads, variables = zip(*grads_and_vars)
        self.apply(grads, variables)
        return self._iterations

    def apply(self, grads: Any, trainable_variables: Iterable[Any] | None = None) -> None:
        """Update by these gradients of these variables, or of those that it was built for. None is no gradient.

        ValueError if there is no gradient at all, or a variable is none of those.
        """
        grads = list(grads)
        if not grads:
            return
        grads, variables = self._with_gradient(grads, self._checked_variables(grads, trainable_variables))
        if self.loss_scale_factor is not None:
            grads = clipping.scaled(grads, 1.0 / self.loss_scale_factor)
        mean = self._accumulate(grads, variables) if self.gradient_accumulation_steps else grads
        if mean is not None:
            self._update(self._clipped(mean), variables)
        if self.use_ema:
            self._average()
        self._constrain(variables)
        self._iterations.array += 1

    def _checked_variables(self, grads: list[Any], given: Iterable[Any] | None) -> list[Any]:
        if given is None:
            if not self.built:
                raise ValueError("When passing `grads` without `variables`, the optimizer must already be built on a "
                                 "list of variables. Call `optimizer.build(trainable_variables)` first. ")
            if len(grads) != len(self._trainable_variables):
                raise ValueError("When passing `grads` as a list of gradient tensors, the gradients must match "
                                 f"`optimizer.variables` one-to-one. Received a list of {len(grads)} gradients, but "
                                 f"the optimizer is tracking {len(self._trainable_variables)} trainable variables.")
            return self._trainable_variables
        variables = list(given)
        if not self.built:
            self.build(variables)
        for variable in variables:
            if id(variable) not in self._positions:
                raise ValueError(f"Unknown variable: {variable}. This optimizer can only be called for the variables "
                                 "it was originally built with. When working with a new set of variables, you should "
                                 "recreate a new optimizer instance.")
        return variables

    def _with_gradient(self, grads: list[Any], variables: list[Any]) -> tuple[list[Tensor], list[Any]]:
        """The gradients that there are, as tensors, and their variables; with a warning of those without one."""
        pairs = [(as_tensor(grad, variable.array.dtype), variable) for grad, variable in zip(grads, variables)
                 if grad is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        if len(pairs) < len(grads):
            missing = [_name(variable) for grad, variable in zip(grads, variables) if grad is None]
            warnings.warn(f"Gradients do not exist for variables {missing} when minimizing the loss. If using "
                          "`model.compile()`, did you forget to provide a `loss` argument?", stacklevel=3)
        return [grad for grad, _ in pairs], [variable for _, variable in pairs]

    # -- parts of a step -----------------------------------------------------------------------------------------------

    def _accumulate(self, grads: list[Tensor], variables: list[Any]) -> list[Tensor] | None:
        """The mean gradients if this is the step for an update, else None."""
        steps = self.gradient_accumulation_steps or 1
        sums = [self._accumulated[self._get_variable_index(variable)] for variable in variables]
        for total, grad in zip(sums, grads):
            _set(total, total.array + grad.array)
        if (int(self._iterations.array) + 1) % steps:
            return None
        mean = clipping.scaled(sums, 1.0 / steps)
        for total in self._accumulated:
            _set(total, 0.0)
        return mean

    def _clipped(self, grads: list[Tensor]) -> list[Tensor]:
        if self.clipnorm:
            return clipping.by_norm(grads, self.clipnorm)
        if self.global_clipnorm:
            return clipping.by_global_norm(grads, self.global_clipnorm)
        return clipping.by_value(grads, self.clipvalue) if self.clipvalue else grads

    def _update(self, grads: list[Tensor], variables: list[Any]) -> None:
        """Weight decay, and each variable's own update."""
        rate = self.learning_rate
        if self.weight_decay is not None:
            shrink = 1.0 - self._rate() * self.weight_decay
            for variable in filter(self._use_weight_decay, variables):
                _set(variable, variable.array * variable.array.dtype.type(shrink))
        for grad, variable in zip(grads, variables):
            self.update_step(grad, variable, rate)

    @staticmethod
    def _constrain(variables: list[Any]) -> None:
        for variable in variables:
            constraint = getattr(variable, "constraint", None)
            if isinstance(constraint, Constraint):
                constraint.constrain_(variable)
            elif constraint is not None:  # a function of the user's
                _set(variable, as_tensor(constraint(variable)).array)

    # -- weight decay --------------------------------------------------------------------------------------------------

    def exclude_from_weight_decay(self, var_list: Iterable[Any] | None = None,
                                  var_names: Iterable[str] | None = None) -> None:
        """These variables, and those in whose names one of var_names is found, do not shrink. Before it is built."""
        if self.built:
            raise ValueError("`exclude_from_weight_decay()` can only be configured before the optimizer is built.")
        self._excluded = {id(variable) for variable in var_list or ()}, "|".join(sorted(set(var_names or ())))

    def _use_weight_decay(self, variable: Any) -> bool:
        known, pattern = self._excluded
        return id(variable) not in known and not (pattern and re.search(pattern, getattr(variable, "name", "")))

    # -- averages of the variables -------------------------------------------------------------------------------------

    def _average(self) -> None:
        """average = momentum average + (1 - momentum) variable, at first the variable itself; and maybe the reverse."""
        done = self._updates()
        momentum = self.ema_momentum if done else 0.0
        for variable, average in zip(self._trainable_variables, self._averages):
            new, scalar = variable.array, variable.array.dtype.type
            _set(average, scalar(momentum) * average.array + scalar(1.0 - momentum) * new)
        if self.ema_overwrite_frequency and (done + 1) % self.ema_overwrite_frequency == 0:
            self.finalize_variable_values(self._trainable_variables)

    def finalize_variable_values(self, var_list: Iterable[Any]) -> None:
        """Give the variables their averages, where there are any: at the end of training."""
        if self.use_ema:
            for variable, average in zip(var_list, self._averages):
                _set(variable, average.array)
