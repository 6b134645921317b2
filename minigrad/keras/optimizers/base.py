"""What an optimizer is between its steps: options, learning rate, variables; configured, saved and loaded."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.keras import initializers
from minigrad.keras.config import floatx
from minigrad.keras.naming import auto_name
from minigrad.keras.optimizers import schedules
from minigrad.keras.optimizers.schedules import LearningRateSchedule
from minigrad.keras.tensors import Variable
from minigrad.tensor import Tensor

__all__ = ["COMMON", "OptimizerBase"]

# The arguments that all optimizers have, after their own.
COMMON: dict[str, Any] = {
    "weight_decay": None, "clipnorm": None, "clipvalue": None, "global_clipnorm": None, "use_ema": False,
    "ema_momentum": 0.99, "ema_overwrite_frequency": None, "loss_scale_factor": None,
    "gradient_accumulation_steps": None, "name": None}


class OptimizerBase:
    """Options, learning rate and variables of an optimizer."""

    def __init__(self, learning_rate: Any, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
                 ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
                 loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
                 name: str | None = None, **kwargs: Any) -> None:
        if kwargs.pop("decay", None) is not None:
            warnings.warn("Argument `decay` is no longer supported and will be ignored.", stacklevel=3)
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay, self.loss_scale_factor = weight_decay, loss_scale_factor
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_options()
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Tensor] = []
        self._positions: dict[int, int] = {}
        self._excluded: tuple[set[int], Any] = (set(), None)
        self._iterations = self._track(Variable(np.int32(0), trainable=False, name="iteration"))
        self._learning_rate = self._checked_rate(learning_rate)
        if not callable(self._learning_rate):
            self._learning_rate = self._track(Variable(self._learning_rate, dtype=floatx(), trainable=False,
                                                       name="learning_rate"))

    def _check_options(self) -> None:
        steps, frequency = self.gradient_accumulation_steps, self.ema_overwrite_frequency
        if steps and not steps >= 2:
            raise ValueError("`gradient_accumulation_steps` must be an integer >= 2. Received: "
                             f"gradient_accumulation_steps={steps}")
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={self.ema_momentum}")
        if self.use_ema and frequency and (not isinstance(frequency, int) or frequency < 1):
            raise ValueError("`ema_overwrite_frequency` must be an integer >= 1 or None. Received: "
                             f"ema_overwrite_frequency={frequency}")
        limits = {name: getattr(self, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
        if sum(limit is not None for limit in limits.values()) > 1:
            raise ValueError("Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: " +
                             ", ".join(f"{name}={limit}" for name, limit in limits.items()))

    @staticmethod
    def _checked_rate(rate: Any) -> Any:
        if not callable(rate) and not isinstance(rate, (float, np.floating)):
            raise ValueError("Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a "
                             "callable (that takes in the current iteration value and returns the corresponding "
                             f"learning rate value). Received instead: learning_rate={rate}")
        return rate

    # -- the learning rate, and the number of steps --------------------------------------------------------------------

    @property
    def iterations(self) -> Any:
        """The number of updates so far."""
        if self.gradient_accumulation_steps:
            return self._iterations // self.gradient_accumulation_steps
        return self._iterations

    def _updates(self) -> int:
        """The same as an int."""
        return int(self._iterations.array) // (self.gradient_accumulation_steps or 1)

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step: a Variable, or what the schedule says."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        return rate() if callable(rate) else rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        before = self._learning_rate
        if callable(learning_rate):
            self._variables = [variable for variable in self._variables if variable is not before]
            self._learning_rate = learning_rate
        elif isinstance(before, LearningRateSchedule):
            raise TypeError("This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` "
                            "constructor argument, hence its learning rate is not settable. If you need the learning "
                            "rate to be settable, you should instantiate the optimizer with a float `learning_rate` "
                            "argument.")
        else:
            self._learning_rate.assign(learning_rate)

    def _rate(self) -> float:
        """The learning rate as a float."""
        rate = self._learning_rate
        return float(rate.array if isinstance(rate, Variable) else self.learning_rate)

    def scale_loss(self, loss: Any) -> Any:
        """The loss to differentiate, where there is a loss_scale_factor."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # -- variables -----------------------------------------------------------------------------------------------------

    @property
    def variables(self) -> list[Variable]:
        """The number of steps, the learning rate, and the state: in the order in which they were made."""
        return list(self._variables)

    def _track(self, variable: Variable) -> Variable:
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def build(self, variables: Iterable[Any]) -> None:
        """Make the state for these variables. Calling apply does it, if need be."""
        self._trainable_variables = list(variables)
        self._positions = {id(variable): i for i, variable in enumerate(self._trainable_variables)}
        if self.use_ema:
            self._averages = self.add_optimizer_variables(self._trainable_variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated = self.add_optimizer_variables(self._trainable_variables, "gradient_accumulator")
        self.built = True

    def add_variable(self, shape: Any, initializer: Any = "zeros", dtype: Any = None, aggregation: str = "none",
                     layout: Any = None, name: str | None = None) -> Variable:
        """A variable of the optimizer's own, which is saved with it."""
        return self._track(Variable(initializers.get(initializer), shape, dtype, trainable=False, name=name))

    def add_variable_from_reference(self, reference_variable: Any, name: str | None = None,
                                    initializer: Any = "zeros") -> Variable:
        """A variable of the shape and type of another."""
        path = str(getattr(reference_variable, "path", "variable")).replace("/", "_")
        return self.add_variable(reference_variable.array.shape, initializer, reference_variable.array.dtype,
                                 name=f"{path}_{name or 'var'}")

    def add_optimizer_variables(self, trainable_variables: Iterable[Any], name: Any, initializer: Any = "zeros") -> Any:
        """For each variable one of its shape; with several names, a list of them for each."""
        names = [name] if isinstance(name, str) else list(name)
        starts = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        made = [[self.add_variable_from_reference(variable, one, start) for one, start in zip(names, starts)]
                for variable in trainable_variables]
        columns = tuple([row[i] for row in made] for i in range(len(names)))
        return columns[0] if isinstance(name, str) else columns

    def _get_variable_index(self, variable: Any) -> int:
        return self._positions[id(variable)]

    def set_weights(self, weights: Iterable[Any]) -> None:
        """New values for all of `variables`."""
        if not self.built:
            raise ValueError("You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                             "`optimizer.build(trainable_variables)` to create the optimizer weights before calling "
                             "`set_weights()`.")
        for variable, weight in zip(self._variables, weights):
            variable.assign(weight)

    def save_own_variables(self, store: Any) -> None:
        """Put the variables into a dict of arrays, by their numbers."""
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take them from there; a warning if their number is another."""
        if len(store) != len(self._variables):
            warnings.warn(f"Skipping variable loading for optimizer '{self.name}', because it has "
                          f"{len(self._variables)} variables whereas the saved optimizer has {len(store)} variables. ",
                          stacklevel=2)
            return
        for i, variable in enumerate(self._variables):
            variable.assign(store[str(i)])

    def assign(self, variable: Any, value: Any) -> None:
        variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        variable.assign_add(value)

    def assign_sub(self, variable: Any, value: Any) -> None:
        variable.assign_sub(value)

    # -- configuration -------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            rate = schedules.serialize(rate)
        elif not callable(rate):
            rate = float(rate.array)
        order = ("weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum",
                 "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps")
        return {"name": self.name, "learning_rate": rate, **{name: getattr(self, name) for name in order}}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config = {**config, "learning_rate": schedules.registry.deserialize(rate, custom_objects)}
        return cls(**config)
