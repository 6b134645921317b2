"""Optimizer: parameter groups, their state, and saving both. How a step is taken is up to the subclasses."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from minigrad.optim.hooks import Hooks
from minigrad.tape import bump
from minigrad.tensor import Tensor

__all__ = ["Optimizer", "required"]


class _Required:
    """The default of an option that every parameter group must give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer(Hooks):
    """The base of optimisers.

    params    tensors, (name, tensor) pairs, or dicts {"params": ..., option: value} that each make a group
    defaults  the options of groups that do not give them

    Attributes: param_groups, a list of dicts that may be changed between steps (param_groups[0]["lr"] = 0.01), and
    state, which holds a dict per parameter.
    """

    _scalars: tuple[str, ...] = ("step",)  # parts of a parameter's state that are one number, whatever its shape

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError("params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                            f"{type(params).__name__}")
        self.defaults = defaults
        self.state: defaultdict[Any, dict] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients. closure, if given, computes the loss anew; it is returned."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to 0."""
        for group in self.param_groups:
            for parameter in group["params"]:
                grad = parameter._grad
                if grad is not None:
                    if set_to_none:
                        parameter._grad = None
                    else:
                        grad.detach_().zero_()

    # -- parameter groups ----------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group {"params": ..., option: value}; options not given take the defaults.

        TypeError for what is no tensor, ValueError for a tensor that is no leaf or is in another group.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections, but the ordering of "
                            "tensors in sets will change between runs. Please use a list instead.")
        given = [given] if isinstance(given, Tensor) else list(given)
        names = [item[0] for item in given if isinstance(item, tuple)]
        param_group["params"] = params = [item[1] if isinstance(item, tuple) else item for item in given]
        if names:
            if len(names) != len(params):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = names
        self._check_params(params)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        self._check_group(param_group)
        self.param_groups.append(param_group)
        bump()

    def _check_params(self, params: list[Any]) -> None:
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}")
            if not (param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")

    def _check_group(self, param_group: dict[str, Any]) -> None:
        """Refuse a group that does not go with the others."""
        params = param_group["params"]
        if len(params) != len(set(params)):
            warnings.warn("optimizer contains a parameter group with duplicate parameters; in future, this will cause "
                          "an error; see github.com/pytorch/pytorch/issues/40967 for more information", stacklevel=3)
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                how = "with names" if "param_names" in param_group else "without names"
                raise ValueError("all optimizer param groups should be with/without names. cannot add param group "
                                 f"{how} to the optimizer")
        if not set(params).isdisjoint(chain.from_iterable(group["params"] for group in self.param_groups)):
            raise ValueError("some parameters appear in more than one parameter group")

    # -- saving --------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """{"state": {number of parameter: its state}, "param_groups": [options and "params", the numbers]}, PyTorch's
        format. The tensors are the optimiser's own: copy.deepcopy to keep a snapshot."""
        self._run_hooks("state_dict_pre")
        numbers: dict[Tensor, int] = {}
        groups, start = [], 0
        for group in self.param_groups:
            for number, param in enumerate(group["params"], start):
                numbers.setdefault(param, number)
            start += len(group["params"])
            options = {name: value for name, value in group.items() if name != "params"}
            groups.append({**options, "params": [numbers[param] for param in group["params"]]})
        state = {numbers[key] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        return self._run_hooks("state_dict_post", {"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where state_dict was called: training goes on bit for bit. Tensors are copied.

        ValueError if the number of groups, or of parameters in one, is another.
        """
        state_dict = self._run_hooks("load_pre", dict(state_dict))
        saved_groups = deepcopy(state_dict["param_groups"])
        if len(self.param_groups) != len(saved_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(group["params"]) != len(saved["params"]) for group, saved in zip(self.param_groups, saved_groups)):
            raise ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's "
                             "group")
        params = dict(zip(chain.from_iterable(saved["params"] for saved in saved_groups),
                          chain.from_iterable(group["params"] for group in self.param_groups)))
        state: defaultdict[Any, dict] = defaultdict(dict)
        for number, value in state_dict["state"].items():
            if number in params:
                state[params[number]] = self._copied(value, params[number])
            else:
                state[number] = value
        for group, saved in zip(self.param_groups, saved_groups):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved_groups})
        self._run_hooks("load_post")

    def _copied(self, value: Any, param: Tensor, name: Any = None) -> Any:
        """A copy of a parameter's state, tensors in the parameter's dtype, except those that are one number."""
        if isinstance(value, Tensor):
            floating = param.is_floating_point() and name not in self._scalars
            return value.detach().to(param.dtype if floating else value.dtype, copy=True).contiguous()
        if isinstance(value, dict):
            return {key: self._copied(item, param, key) for key, item in value.items()}
        if isinstance(value, (list, tuple, set)):
            return type(value)(self._copied(item, param) for item in value)
        return value

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for group in self.param_groups:  # options that an older checkpoint does not know
            for name, default in self.defaults.items():
                group.setdefault(name, default)

    def __repr__(self) -> str:
        groups = ["\n".join([f"Parameter Group {number}", *(
            f"    {name}: {group[name]}" for name in sorted(group) if name != "params")])
            for number, group in enumerate(self.param_groups)]
        return f"{type(self).__name__} (\n" + "\n\n".join(groups) + "\n)"
