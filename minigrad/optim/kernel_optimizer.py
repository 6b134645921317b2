"""Optimisers whose step is one kernel call for all parameters of a dtype in a group.

The call's arguments are arrays of pointers. They are made once and kept in a plan; a step only fills in where this
step's gradients are, and the options. Anything that may have moved since is checked, and a plan that is no longer
right is made anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad import tape
from minigrad.engine import make
from minigrad.grad_mode import enable_grad
from minigrad.memory import aligned
from minigrad.native import FLOATS, ffi, options, sizes, writable_pointer
from minigrad.ops.kernel import ptr
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = ["KernelOptimizer"]

_FLOAT64 = np.dtype(np.float64)
_making_plans = threading.Lock()


class _Entry:
    """One parameter in a plan: its array, its state, and where its gradient's pointer goes."""

    __slots__ = ("array", "counter", "dtype", "grads", "number", "param", "shape", "state", "steps", "tensors", "work")

    def __init__(self, param: Tensor) -> None:
        self.param, self.array = param, param.array
        self.shape, self.dtype, self.counter = self.array.shape, self.array.dtype, param.counter()
        contiguous = self.array.flags.c_contiguous
        self.work = self.array if contiguous else np.empty(self.shape, self.dtype)  # what the kernel updates
        self.state: dict[str, Tensor] | None = None      # the optimiser's dict for it; None if it keeps none
        self.tensors: tuple[tuple[str, Tensor, np.ndarray], ...] = ()  # what the kernel uses of it
        self.steps: np.ndarray | None = None             # (1) float64, the number of steps taken

    def state_moved(self, state: dict[str, Tensor] | None) -> bool:
        """Whether the parameter's state is held by other arrays than when the plan was made."""
        if state is not self.state:
            return True
        for name, tensor, array in self.tensors:  # noqa: SIM110 (any() is slower)
            if state.get(name) is not tensor or tensor.array is not array:
                return True
        return False


class _Call:
    """The arguments of one kernel call: the entries of one dtype."""

    def __init__(self, entries: list[_Entry], slots: tuple[str, ...], scalars: tuple[str, ...]) -> None:
        n = self.count = len(entries)
        self.number = entries[0].dtype.num
        self.entries = entries
        self.params, self.grads, self.steps = ffi.new("void *[]", n), ffi.new("void *[]", n), ffi.new("double *[]", n)
        self.slots = [ffi.new("double *[]" if name in scalars else "void *[]", n) for name in slots]
        self.sizes = sizes(tuple(entry.work.size for entry in entries))
        for i, entry in enumerate(entries):
            entry.number, entry.grads = i, self.grads
            self.params[i] = writable_pointer(entry.work)
            self.steps[i] = writable_pointer(entry.steps)
            for name, _, array in entry.tensors:
                if name != "step":
                    self.slots[slots.index(name)][i] = writable_pointer(array)
        self.strided = [entry for entry in entries if entry.work is not entry.array]

    def run(self, kernel: Callable, hyper: Any) -> None:
        for entry in self.strided:
            np.copyto(entry.work, entry.array)
        kernel(self.number, self.params, self.grads, *self.slots, self.steps, self.sizes, self.count, hyper)
        for entry in self.strided:
            np.copyto(entry.array, entry.work)
        for entry in self.entries:
            entry.counter[0] += 1


class _Plan:
    """The calls that make a step of one group, and an entry per parameter, None for one without a gradient."""

    def __init__(self, entries: list[_Entry | None], slots: tuple[str, ...], scalars: tuple[str, ...],
                 used: tuple[str, ...], n_hyper: int) -> None:
        self.entries, self.used = entries, used
        self.hyper = options([0.0] * n_hyper)  # the options; they stay where they are from step to step
        by_dtype: dict[np.dtype, list[_Entry]] = {}
        for entry in entries:
            if entry is not None:
                by_dtype.setdefault(entry.dtype, []).append(entry)
        self.calls = [_Call(group, slots, scalars) for group in by_dtype.values()]


class KernelOptimizer(Optimizer):
    """An Optimizer over one kernel(dtype, params, grads, *slots, steps, sizes, count, hyper) of csrc/optim.inc."""

    _kernel: Callable
    _slots: tuple[str, ...] = ()   # the names of the kernel's state tensors, in its order
    _late: tuple[str, ...] = ()    # those that start when an option first asks for them, maybe after some steps
    _used: tuple[str, ...] = ()    # what _used_slots says, where that does not depend on options
    _n_hyper = 0
    _options_elsewhere = False     # whether _hyper reads more than the group

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self._plans: dict[int, _Plan] = {}  # by the number of the group
        super().__init__(params, defaults)

    def _used_slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        """Which tensors the options need in a parameter's state: slots, and "step". The kernel gets NULL for others."""
        return self._used

    def _hyper(self, group: dict[str, Any]) -> tuple[float, ...]:
        """The options, as the kernel wants them."""
        raise NotImplementedError

    def _start(self, name: str, group: dict[str, Any]) -> float:
        """What this part of a parameter's state is before the first step."""
        return 0.0

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. closure, if given, computes the loss anew; it is returned.

        RuntimeError, before anything changes in its group, if a gradient has another shape or dtype than its parameter.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        plans = self._plans
        for index, group in enumerate(self.param_groups):
            used = self._used_slots(group)
            plan = plans.pop(index, None)  # taken out while in use: another thread makes its own
            alive = None if plan is None else self._point_at_gradients(plan, group["params"], used)
            if alive is None:
                with _making_plans:  # another thread may step the same optimiser: it must not see a state half made
                    plan = self._make_plan(group, used)
                alive = self._point_at_gradients(plan, group["params"], used)
            if alive:
                plan.hyper[0:self._n_hyper] = self._hyper(group)
                for call in plan.calls:
                    call.run(self._kernel, plan.hyper)
            plans[index] = plan
            if tape.active is not None:
                tape.active.update(self, index, plan)
        return loss

    def _point_at_gradients(self, plan: _Plan, params: list[Tensor], used: tuple[str, ...]) -> list | None:
        """Fill in the pointers to this step's gradients, and return them: they keep the memory alive until the kernel
        is done. None if the plan is not right any more."""
        if plan.used != used or len(plan.entries) != len(params):
            return None
        state, alive = self.state, []
        for param, entry in zip(params, plan.entries):
            grad = param._grad
            if grad is None or entry is None:
                if grad is not entry:  # not both None
                    return None
                continue
            if param is not entry.param or param.array is not entry.array or (
                    used and entry.state_moved(state.get(param))):
                return None
            array = grad.array
            if array.dtype is not entry.dtype or array.shape != entry.shape or not entry.array.flags.writeable:
                self._check_gradient(param)
            pointer = grad._pointer
            if pointer is None:
                pointer = ptr(grad)
            entry.grads[entry.number] = pointer
            alive.append(pointer)
        return alive

    def _check_gradient(self, param: Tensor) -> None:
        grad, name = param._grad.array, type(self).__name__
        if param.array.dtype.num not in FLOATS:
            raise RuntimeError(f"{name}: expected a parameter of float32 or float64, but got {param.dtype} with a "
                               f"gradient, of shape {list(param.shape)}")
        if grad.shape != param.array.shape or grad.dtype != param.array.dtype:
            raise RuntimeError(f"{name}: a parameter's gradient must have its shape and dtype: expected "
                               f"{list(param.shape)} {param.array.dtype}, but got {list(grad.shape)} {grad.dtype}")
        if not param.array.flags.writeable:
            raise RuntimeError(f"{name}: can't update a parameter of shape {list(param.shape)}: its array is read-only "
                               "(an expanded view, or NumPy marks it so). Give it a copy: p.data = p.data.clone()")

    def _make_plan(self, group: dict[str, Any], used: tuple[str, ...]) -> _Plan:
        """Check parameters and gradients, and make their state where there is none yet."""
        live = [param if param._grad is not None else None for param in group["params"]]
        for param in live:
            if param is not None:
                self._check_gradient(param)
        first: dict[Tensor, _Entry] = {}  # a parameter that is there twice is updated twice
        entries: list[_Entry | None] = []
        for param in live:
            entry = None if param is None else _Entry(param)
            if entry is not None:
                known = self._make_state(entry, used, group) if used else False
                entry.steps = entry.state["step"].array if "step" in used else np.full((), float(known))
                twin = first.setdefault(param, entry)
                entry.steps, entry.work = twin.steps, twin.work
            entries.append(entry)
        return _Plan(entries, self._slots, self._scalars, used, self._n_hyper)

    def _make_state(self, entry: _Entry, used: tuple[str, ...], group: dict[str, Any]) -> bool:
        """Fill entry.state and entry.tensors, from self.state or anew; whether there was a state before."""
        state = entry.state = self.state[entry.param]
        known = all(state.get(name) is not None for name in used)
        if state and not known and any(state.get(name) is None for name in used if name not in self._late):
            raise KeyError(f"{type(self).__name__}: the state of a parameter holds {sorted(map(str, state))}, where "
                           f"{list(used)} are needed: was it loaded from another optimiser?")
        for name in used:
            shape, dtype = ((), _FLOAT64) if name in self._scalars else (entry.shape, entry.dtype)
            value = state.get(name)
            if value is None:
                state[name] = make(aligned(shape, dtype))
                state[name].array.fill(self._start(name, group))
            else:
                state[name] = self._usable(value, name, shape, dtype)
        entry.tensors = tuple((name, state[name], state[name].array) for name in used)
        return known

    def _usable(self, value: Any, name: str, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
        """A tensor of the state as the kernel can use it, of this shape and dtype, contiguous and writable."""
        array = value.array if isinstance(value, Tensor) else np.asarray(value)
        if array.shape != shape:
            raise RuntimeError(f"{type(self).__name__}: {name} in the state must have its parameter's shape, "
                               f"{list(shape)}, but has {list(array.shape)}")
        fits = isinstance(value, Tensor) and array.dtype is dtype and array.flags.c_contiguous and array.flags.writeable
        return value if fits else make(np.array(array, dtype, order="C"))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._plans = {}
        tape.bump()
