"""state_dict and load_state_dict: a module's parameters and buffers by path, out and in."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from minigrad.grad_mode import no_grad
from minigrad.nn.parameter import Parameter
from minigrad.parts import RemovableHandle
from minigrad.tensor import Tensor

__all__ = ["StateDict"]

EXTRA_STATE = "_extra_state"  # the key of what get_extra_state returns


class IncompatibleKeys(NamedTuple):
    """What load_state_dict(strict=False) returns: keys that the checkpoint lacks, and keys that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"

    __str__ = __repr__


def _returning_nothing(hook: Callable, *args: Any) -> None:
    if hook(*args) is not None:
        raise RuntimeError("state_dict post-hook must return None")


def _without_module(hook: Callable, module: Any, *args: Any) -> None:
    hook(*args)


class StateDict:
    """The part of Module that saves and restores."""

    _version = 1
    _state_hooks: dict[str, dict[int, Any]] | None = None  # when they are called -> the hooks, by number

    # -- hooks ---------------------------------------------------------------------------------------------------------

    def _register_state_hook(self, when: str, hook: Any) -> RemovableHandle:
        if self._state_hooks is None:
            self._state_hooks = {"before saving": {}, "after saving": {}, "before loading": {}, "after loading": {}}
        return RemovableHandle(self._state_hooks[when], hook)

    def _hooks_of_state(self, when: str) -> list[Any]:
        return list(self._state_hooks[when].values()) if self._state_hooks else []

    def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, prefix, keep_vars) before state_dict collects this module."""
        return self._register_state_hook("before saving", hook)

    def register_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, state_dict, prefix, local_metadata) after; it may change the state_dict in place."""
        return self._register_state_hook("after saving", partial(_returning_nothing, hook))

    def _register_state_dict_hook(self, hook: Callable) -> RemovableHandle:
        """The same, but what hook returns, unless None, is what state_dict of this module returns."""
        return self._register_state_hook("after saving", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        before this module takes its part of a copy of the state_dict."""
        return self._register_state_hook("before loading", hook)

    def _register_load_state_dict_pre_hook(self, hook: Callable, with_module: bool = False) -> RemovableHandle:
        """The same, without the module."""
        return self._register_state_hook("before loading", hook if with_module else partial(_without_module, hook))

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, incompatible_keys) after this module and those below; it may change the lists in place."""
        return self._register_state_hook("after loading", hook)

    # -- what is saved -------------------------------------------------------------------------------------------------

    def get_extra_state(self) -> Any:
        """Override, with set_extra_state, to keep something in the state_dict that is no parameter or buffer."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: it does not override get_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take what get_extra_state returned."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: it does not override set_extra_state")

    def _has_extra_state(self) -> bool:
        """Whether this module has an entry for extra state."""
        return type(self).get_extra_state is not StateDict.get_extra_state

    def _own_state(self) -> Iterator[tuple[str, Tensor]]:
        """Its parameters and persistent buffers, not those of submodules."""
        for name, parameter in self._parameters.items():
            if parameter is not None:
                yield name, parameter
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                yield name, buffer

    def state_dict(self, *args: Any, destination: dict | None = None, prefix: str = "",
                   keep_vars: bool = False) -> dict[str, Any]:
        """Parameters and persistent buffers by path, such as "0.weight". They share memory with the module's own.

        keep_vars: the very parameters, not detached ones.
        """
        if args:
            warnings.warn("Positional args are being deprecated, use kwargs instead.", FutureWarning, stacklevel=2)
            given = dict(zip(("destination", "prefix", "keep_vars"), args))
            return self.state_dict(**{"destination": destination, "prefix": prefix, "keep_vars": keep_vars, **given})
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._hooks_of_state("before saving"):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._hooks_of_state("after saving"):
            changed = hook(self, destination, prefix, local_metadata)
            destination = destination if changed is None else changed
        return destination

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        """Put this module's own entries into destination. May be overridden."""
        for name, tensor in self._own_state():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if self._has_extra_state():
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True,
                        assign: bool = False) -> IncompatibleKeys:
        """Copy a state_dict into the parameters and buffers, in place: optimisers and views go on working.

        strict   RuntimeError unless the keys are the same
        assign   put the checkpoint's tensors in place of the module's own (then make the optimiser afterwards)

        RuntimeError that lists every missing or unexpected key and every wrong shape.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None) or {}
        self._load(OrderedDict(state_dict), "", metadata, assign, missing, unexpected, errors)
        if strict:
            lists = (("Missing", missing), ("Unexpected", unexpected))
            errors = [f"{what} key(s) in state_dict: {', '.join(f'{chr(34)}{key}{chr(34)}' for key in keys)}. "
                      for what, keys in lists if keys] + errors
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors))
        return IncompatibleKeys(missing, unexpected)

    def _load(self, state_dict: dict, prefix: str, metadata: dict, assign: bool, *reports: list) -> None:
        """Load itself, then each submodule with its part of the entries."""
        local = dict(metadata.get(prefix[:-1], {}), **({"assign_to_params_buffers": True} if assign else {}))
        for hook in self._hooks_of_state("before loading"):
            hook(self, state_dict, prefix, local, True, *reports)
        self._load_from_state_dict(state_dict, prefix, local, True, *reports)
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}{name}."
                part = {key: value for key, value in state_dict.items() if key.startswith(below)}
                module._load(part, below, metadata, assign, *reports)
        for hook in self._hooks_of_state("after loading"):
            if hook(self, IncompatibleKeys(*reports[:2])) is not None:
                raise AssertionError("Hooks registered with ``register_load_state_dict_post_hook`` are not expected to "
                                     "return new values, if incompatible_keys need to be modified, it should be done "
                                     "inplace.")

    def _load_from_state_dict(self, state_dict: dict, prefix: str, local_metadata: dict, strict: bool,
                              missing_keys: list, unexpected_keys: list, error_msgs: list) -> None:
        """Take this module's own entries from state_dict, and report what does not fit. May be overridden."""
        own = dict(self._own_state())
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                error = self._take(name, key, tensor, state_dict[key], assign)
                if error:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)
        extra = prefix + EXTRA_STATE
        if self._has_extra_state():
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            unexpected_keys.extend(key for key in state_dict if key.startswith(prefix) and key != extra
                                   and not self._knows(key[len(prefix):], own))

    def _knows(self, key: str, own: dict) -> bool:
        """Whether a key belongs to one of its own tensors, or to a submodule (which checks the rest of the key)."""
        first, dot, _ = key.partition(".")
        return first in (self._modules if dot else own)

    def _take(self, name: str, key: str, tensor: Tensor, value: Any, assign: bool) -> str | None:
        """Copy value into one of its tensors, or assign it; returns what is wrong, or None."""
        if not isinstance(value, Tensor):
            return (f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from '
                    f"checkpoint but received {type(value)}")
        if tensor.ndim == 0 and value.shape == (1,):
            value = value[0]
        if value.shape != tensor.shape:
            return (f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape in "
                    f"current model is {tensor.shape}.")
        try:
            with no_grad():
                if not assign:
                    tensor.copy_(value)
                else:
                    if isinstance(tensor, Parameter):
                        value = value if isinstance(value, Parameter) else Parameter(value, tensor.requires_grad)
                        value.requires_grad_(tensor.requires_grad)
                    setattr(self, name, value)
        except Exception as error:
            return (f'While copying the parameter named "{key}", whose dimensions in the model are {tensor.shape} and '
                    f"whose dimensions in the checkpoint are {value.shape}, an exception occurred : {error.args}.")
        return None
