"""Hooks of a module: functions to call before and after its forward, and when gradients pass through it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from minigrad.engine import Function, TensorBase, zeros
from minigrad.grad_mode import mode
from minigrad.parts import RemovableHandle

__all__ = ["Hooks", "call_with_hooks"]


class _Hook(NamedTuple):
    function: Callable
    with_kwargs: bool = False
    always_call: bool = False


class _HookTable:
    """The hooks of one module, each kind by number in the order of calling."""

    def __init__(self) -> None:
        self.forward_pre: dict[int, _Hook] = {}
        self.forward: dict[int, _Hook] = {}
        self.backward_pre: dict[int, _Hook] = {}
        self.backward: dict[int, _Hook] = {}


class Hooks:
    """The part of Module that registers hooks. Each method returns a handle whose remove() takes the hook off."""

    _hooks: _HookTable | None = None  # None until the first hook: calls without hooks skip all this

    def _register_hook(self, kind: str, hook: _Hook, prepend: bool) -> RemovableHandle:
        if self._hooks is None:
            self._hooks = _HookTable()
        return RemovableHandle(getattr(self._hooks, kind), hook, prepend)

    def register_forward_pre_hook(self, hook: Callable, *, prepend: bool = False,
                                  with_kwargs: bool = False) -> RemovableHandle:
        """Call hook(module, args) before forward; what it returns, unless None, replaces the arguments.

        with_kwargs: hook(module, args, kwargs) returns (args, kwargs) or None.
        """
        return self._register_hook("forward_pre", _Hook(hook, with_kwargs), prepend)

    def register_forward_hook(self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False,
                              always_call: bool = False) -> RemovableHandle:
        """Call hook(module, args, output) after forward; what it returns, unless None, replaces the output.

        with_kwargs: hook(module, args, kwargs, output). always_call: also if forward raises (output is None then).
        """
        return self._register_hook("forward", _Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_output) before gradients pass through; what it returns replaces grad_output."""
        return self._register_hook("backward_pre", _Hook(hook), prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_input, grad_output) when the gradients of the positional inputs are known.

        Both are tuples, None where an argument is no tensor or needs no gradient. What the hook returns, unless None,
        replaces grad_input.
        """
        return self._register_hook("backward", _Hook(hook), prepend)


def call_with_hooks(module: Any, args: tuple, kwargs: dict) -> Any:
    """module.forward(*args, **kwargs) with the module's hooks around it."""
    table = module._hooks
    pending = dict(table.forward)  # the forward hooks that have not run
    output = None
    try:
        args, kwargs = _run_forward_pre(module, table.forward_pre, args, kwargs)
        gate = _BackwardGate(module, table) if table.backward or table.backward_pre else None
        if gate:
            args = gate.guard_inputs(args)
        output = module.forward(*args, **kwargs)
        for number, hook in list(table.forward.items()):
            pending.pop(number, None)
            changed = _run_forward(hook, module, args, kwargs, output)
            output = output if changed is None else changed
        return gate.guard_outputs(output) if gate else output
    except Exception:
        for hook in pending.values():
            if hook.always_call:
                output = _run_silently(hook, module, args, kwargs, output)
        raise


def _run_forward_pre(module: Any, hooks: dict, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    for hook in list(hooks.values()):
        if hook.with_kwargs:
            changed = hook.function(module, args, kwargs)
            if changed is not None:
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise RuntimeError("forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                                       f"got {changed}.")
                args, kwargs = changed
        else:
            changed = hook.function(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
    return args, kwargs


def _run_forward(hook: _Hook, module: Any, args: tuple, kwargs: dict, output: Any) -> Any:
    return hook.function(module, args, kwargs, output) if hook.with_kwargs else hook.function(module, args, output)


def _run_silently(hook: _Hook, module: Any, args: tuple, kwargs: dict, output: Any) -> Any:
    """A hook with always_call after an error: its own error becomes a warning."""
    try:
        changed = _run_forward(hook, module, args, kwargs, output)
    except Exception as error:
        warnings.warn("module forward hook with ``always_call=True`` raised an exception that was silenced as another "
                      f"error was raised in forward: {error}", stacklevel=4)
        return output
    return output if changed is None else changed


# -- gradients ---------------------------------------------------------------------------------------------------------


class ModuleBoundary(Function):
    """The identity, on all tensors that enter or leave a module: backward shows the gradients to `passing`."""

    @staticmethod
    def forward(ctx, passing, *xs):
        ctx.passing = passing
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*[x for x in xs if not x.needs_grad])
        return xs

    @staticmethod
    def backward(ctx, *dys):
        return None, *ctx.passing(dys)


class _BackwardGate:
    """One call of a module with backward hooks: its inputs and outputs go through a boundary each."""

    def __init__(self, module: Any, table: _HookTable) -> None:
        self.module = module
        self.pre_hooks, self.hooks = list(table.backward_pre.values()), list(table.backward.values())
        self.inputs, self.n_inputs = None, 0       # positions of the tensors among the arguments; None: none needs grad
        self.like: list[tuple] = []                # shape and dtype of those tensors
        self.outputs, self.n_outputs = None, 0
        self.grad_output: tuple | None = None

    def guard_inputs(self, args: tuple) -> tuple:
        self.n_inputs = len(args)
        guarded, self.inputs = _through_boundary(args, self.inputs_passing)
        self.like = [(args[i].array.shape, args[i].array.dtype) for i in self.inputs or ()]
        return guarded

    def guard_outputs(self, result: Any) -> Any:
        if not isinstance(result, (TensorBase, tuple)):
            warnings.warn("For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                          f"received {type(result)}", stacklevel=4)
        outs = result if isinstance(result, tuple) else (result,)
        self.n_outputs = len(outs)
        outs, self.outputs = _through_boundary(outs, self.outputs_passing)
        return outs if isinstance(result, tuple) else outs[0]

    def outputs_passing(self, dys: tuple) -> list:
        """Gradients of the outputs have come: run the pre hooks, and the hooks if no input waits for a gradient."""
        grads = _spread(self.outputs, dys, self.n_outputs)
        for hook in self.pre_hooks:
            grads = _replaced(hook.function(self.module, grads), grads, "Backward pre hook", "grad_output")
        self.grad_output = grads
        if self.inputs is None:
            self._run_without_inputs()
        return [grads[i] for i in self.outputs]

    def inputs_passing(self, dxs: tuple) -> list:
        """Gradients of the inputs are known, 0 for those that had no influence: run the hooks."""
        dxs = [zeros(*like) if dx is None else dx for dx, like in zip(dxs, self.like)]
        if self.grad_output is None:  # they did not come through the outputs, as in a double backward
            return dxs
        grads = _spread(self.inputs, dxs, self.n_inputs)
        for hook in self.hooks:
            changed = hook.function(self.module, grads, self.grad_output)
            grads = _replaced(changed, grads, "Backward hook", "grad_input")
        self.grad_output = None
        return [grads[i] for i in self.inputs]

    def _run_without_inputs(self) -> None:
        if self.hooks:
            warnings.warn("Full backward hook is firing when gradients are computed with respect to module outputs "
                          "since no inputs require gradients.", stacklevel=2)
        for hook in self.hooks:
            changed = hook.function(self.module, (None,) * self.n_inputs, self.grad_output)
            if changed is not None and not (isinstance(changed, tuple) and all(g is None for g in changed)):
                raise RuntimeError("Backward hook for Modules where no input requires gradient should always return "
                                   "None or None for all gradients.")
        self.grad_output = None


def _through_boundary(values: tuple, passing: Callable) -> tuple[tuple, list[int] | None]:
    """The values with their tensors passed through a ModuleBoundary, and where those are; None if none needs grad."""
    at = [i for i, value in enumerate(values) if isinstance(value, TensorBase)]
    if not mode.enabled or not any(values[i].needs_grad for i in at):
        return values, None
    passed = list(values)
    for i, value in zip(at, ModuleBoundary.apply(passing, *[values[i] for i in at])):
        passed[i] = value
    if hasattr(values, "_fields"):
        return type(values)(*passed), at
    return tuple(passed), at


def _spread(at: list[int], grads: Iterable, n: int) -> tuple:
    """grads at their positions among n values, None elsewhere."""
    spread: list = [None] * n
    for i, grad in zip(at, grads):
        spread[i] = grad
    return tuple(spread)


def _replaced(changed: Any, grads: tuple, who: str, what: str) -> tuple:
    """What a backward hook returned, or the gradients as they were if it returned None."""
    if changed is None:
        return grads
    changed = changed if isinstance(changed, (tuple, list)) else (changed,)
    if len(changed) != len(grads):
        raise RuntimeError(f"{who} returned an invalid number of {what}, got {len(changed)}, but expected {len(grads)}")
    return tuple(changed)
