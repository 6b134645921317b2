"""Hooks of an optimiser. Without any, none of this is on the way of a step: what wants to see steps puts a wrapper in
front of `step`, in that one instance, for as long as it is needed."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from minigrad.parts import RemovableHandle

__all__ = ["Hooks"]

_KINDS = ("step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_pre", "load_post")


class Hooks:
    """The part of Optimizer that registers hooks. Each method returns a handle whose remove() takes the hook off.

    Copies and pickles of an optimiser have no hooks, as in PyTorch.
    """

    _hooks: Mapping[str, dict[int, Callable]] = MappingProxyType({kind: {} for kind in _KINDS})  # until the first
    step: Callable
    _opt_called = False  # whether step was called since a scheduler began to watch

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) before step; it may return new (args, kwargs). args[0] is it."""
        self._watch_steps()
        return self._register("step_pre", hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) after step."""
        self._watch_steps()
        return self._register("step_post", hook)

    def register_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer) before state_dict is made."""
        return self._register("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer, state_dict) when it is made; what it returns, unless None, replaces it."""
        return self._register("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer, state_dict) before it is loaded; what it returns, unless None, replaces it."""
        return self._register("load_pre", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer) when a state_dict was loaded."""
        return self._register("load_post", hook, prepend)

    def _register(self, kind: str, hook: Callable, prepend: bool = False) -> RemovableHandle:
        if "_hooks" not in self.__dict__:
            self._hooks = {kind: {} for kind in _KINDS}
        return RemovableHandle(self._hooks[kind], hook, prepend)

    def _run_hooks(self, kind: str, value: Any = None) -> Any:
        """Call the hooks of a kind with the optimiser, and with the value if there is one, which they may replace."""
        for hook in tuple(self._hooks[kind].values()):
            result = hook(self) if value is None else hook(self, value)
            value = value if result is None else result
        return value

    # -- around the step -----------------------------------------------------------------------------------------------

    def _watch_steps(self) -> None:
        """Put a wrapper in front of step. It goes away by itself after a step when no hook is left."""
        inner = self.__dict__.get("step")
        if getattr(inner, "watches_steps", False):
            return
        me = weakref.ref(self)  # else the optimiser would own itself

        def step(*args: Any, **kwargs: Any) -> Any:
            optimizer: Any = me()
            optimizer._opt_called = True
            result = optimizer._step_with_hooks(inner, args, kwargs)
            hooks = optimizer._hooks
            if not (inner or hooks["step_pre"] or hooks["step_post"]) and optimizer.__dict__.get("step") is step:
                del optimizer.step
            return result

        step.watches_steps = True  # type: ignore[attr-defined]
        self.step = step

    def _step_with_hooks(self, inner: Callable | None, args: tuple, kwargs: dict) -> Any:
        """inner, in place of the class's own step, or that, with the hooks around it."""
        args = (self, *args)
        for hook in tuple(self._hooks["step_pre"].values()):
            result = hook(self, args, kwargs)
            if result is not None:
                if not isinstance(result, tuple) or len(result) != 2:
                    raise RuntimeError(f"{type(self).step} must return None or a tuple of (new_args, new_kwargs), but "
                                       f"got {result}.")
                args, kwargs = result
        out = inner(*args[1:], **kwargs) if inner else type(self).step(*args, **kwargs)
        for hook in tuple(self._hooks["step_post"].values()):
            hook(self, args, kwargs)
        return out
