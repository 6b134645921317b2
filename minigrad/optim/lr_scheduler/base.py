"""LRScheduler: when the learning rate changes, and how that is saved. To what, is up to the subclasses."""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable
from typing import Any

from minigrad.optim.optimizer import Optimizer
from minigrad.tape import refuse
from minigrad.tensor import Tensor

__all__ = ["LRScheduler", "current", "one_per_group", "require_optimizer", "saved_function", "set_option",
           "warn_of_epoch"]

_SEE = "See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"


class LRScheduler:
    """Sets the learning rates of an optimiser's groups at each step.

    A subclass gives get_lr(), the rates at self.last_epoch, one per group; it may use self.base_lrs, the first rates.
    Where a rate is a tensor, its value is changed in place. last_epoch other than -1 goes on from there, with groups
    that hold "initial_lr", as in an optimiser's checkpoint.
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        require_optimizer(optimizer)
        self.optimizer = optimizer
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copy(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{number}] when resuming scheduler with "
                    "last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training from a "
                    "checkpoint but haven't properly loaded the optimizer state\n2. You're using last_epoch >= 0 for a "
                    "fresh training run (not recommended)")
        self.base_lrs = current(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if not optimizer._opt_called:
            optimizer._watch_steps()
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the first rates."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """The rates at self.last_epoch, one per group, for step to set; get_last_lr tells what they are."""
        raise NotImplementedError

    def get_last_lr(self) -> list[Any]:
        """The rates that the last step set."""
        refuse("a scheduler's get_last_lr()")
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on by one epoch, or to the given one."""
        if self._step_count == 1:
            self._warn_of_order()
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _warn_of_order(self) -> None:
        own = self.optimizer.__dict__.get("step")
        if own is not None and not getattr(own, "watches_steps", False):
            warnings.warn("Seems like `optimizer.step()` has been overridden after learning rate scheduler "
                          "initialization. Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`. "
                          + _SEE, UserWarning, stacklevel=3)
        elif not self.optimizer._opt_called:
            warnings.warn("Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and "
                          "later, you should call them in the opposite order: `optimizer.step()` before "
                          "`lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping the first value "
                          "of the learning rate schedule. " + _SEE, UserWarning, stacklevel=3)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed_form = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
        self._set_rates(closed_form or self.get_lr)

    def _set_rates(self, rates: Callable[[], list[Any]]) -> None:
        self._get_lr_called_within_step = True
        try:
            values = rates()
        finally:
            self._get_lr_called_within_step = False
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            set_option(group, "lr", value)
        self._last_lr = current(self.optimizer, "lr")

    def _warn_unless_within_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                          UserWarning, stacklevel=3)

    def state_dict(self) -> dict[str, Any]:
        """All that the scheduler knows but the optimiser, which is saved by itself."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where state_dict was called."""
        self.__dict__.update(state_dict)

    def _load_all_but(self, name: str, state_dict: dict[str, Any]) -> Any:
        """Load the state but for this part, and return that."""
        LRScheduler.load_state_dict(self, {key: value for key, value in state_dict.items() if key != name})
        return state_dict[name]


# -- what several schedulers need --------------------------------------------------------------------------------------


def require_optimizer(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def current(optimizer: Optimizer, option: str) -> list[Any]:
    """The option of each group, tensors copied."""
    return [_copy(group[option]) for group in optimizer.param_groups]


def set_option(group: dict[str, Any], option: str, value: Any) -> None:
    """Set a group's option; a tensor that is there keeps its place."""
    if isinstance(group[option], Tensor):
        group[option].fill_(value.item() if isinstance(value, Tensor) else value)
    else:
        group[option] = value


def one_per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """The values of a list or tuple, or the same for each group."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [_copy(value) for _ in range(count)]
    if len(value) != count:
        raise ValueError(f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
                         f"param_groups has {count}.")
    return [_copy(item) for item in value]


def saved_function(function: Any) -> dict[str, Any] | None:
    """What a checkpoint keeps of a function: the attributes of an object with __call__; nothing of a plain function."""
    return None if function is None or isinstance(function, types.FunctionType) else function.__dict__.copy()


def warn_of_epoch() -> None:
    warnings.warn("The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. "
                  "Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch is different "
                  "from None, the closed form is used instead of the new chainable form, where available. Please open "
                  "an issue if you are unable to replicate your use case: "
                  "https://github.com/pytorch/pytorch/issues/new/choose.", UserWarning, stacklevel=3)
