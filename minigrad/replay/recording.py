"""A recording: one run of a function as a program of kernel calls, and what must hold for a replay of it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from operator import is_
from sys import getrefcount
from typing import Any

import numpy as np

from minigrad import memory
from minigrad.engine import TensorBase
from minigrad.grad_mode import mode
from minigrad.native import ffi, lib, pointer
from minigrad.ops.gather import bad_index
from minigrad.ops.kernel import ptr
from minigrad.ops.softmax import bad_target
from minigrad.replay.build import Code, build
from minigrad.replay.calls import READ, WRITTEN
from minigrad.replay.gradients import Gradients
from minigrad.replay.guards import Guards, difference
from minigrad.replay.inputs import Inputs, hold
from minigrad.replay.outputs import Outputs, leaves_of, rebuilt
from minigrad.replay.reachable import Reachable
from minigrad.replay.recorder import NotRecordable, Recorder, SideEffect, address_of, plain
from minigrad.replay.regions import Region, Regions, refs, regions_of, resolve
from minigrad.replay.sharing import Sharing

__all__ = ["MISS", "Recording", "record"]

MISS = object()  # a replay's answer where the recording does not hold
_ROWS = {"mg_gather_rows": "x_rows", "mg_scatter_rows_acc": "y_rows"}  # how many there are to choose from


def record(function: Callable, args: tuple, kwargs: dict, strict: bool) -> tuple[Any, Recording | None, Any]:
    """What function(*args, **kwargs) gives, its recording or None, and why there is none; strict raises that."""
    leaves = leaves_of((args, kwargs))
    tensors = [leaf for leaf in leaves if isinstance(leaf, TensorBase)]
    others = [leaf for leaf in leaves if not isinstance(leaf, TensorBase)]
    before = Reachable(function, *others)
    guards = Guards(before)
    grads = {tensor: tensor._grad for _, tensor in before.tensors.values()}
    inputs = Inputs(tensors)
    recorder = Recorder(strict)
    own = iter(inputs.proxies)
    given = rebuilt((args, kwargs), iter([next(own) if isinstance(leaf, TensorBase) else leaf for leaf in leaves]))
    try:
        result = recorder.run(lambda: function(*given[0], **given[1]))
    finally:
        inputs.write_back()
    reached = Reachable(function, *others)
    recording = None
    failure = recorder.failure or _side_effect(guards, recorder)
    if failure is None:
        try:
            recording = Recording(recorder, reached, grads, inputs, result)
        except NotRecordable as error:
            failure = error
    if failure is not None and strict:
        raise failure
    for _, tensor in reached.tensors.values():
        if tensor._grad is not None:
            plain(tensor._grad)
    return _given_back(result, tensors, inputs.proxies), recording, failure


def _side_effect(before: Guards, recorder: Recorder) -> SideEffect | None:
    """What the run changed that kernels know nothing of. It may change a thing and change it back."""
    changed = difference(before.reached, within=True)
    if changed is None and not before.settings_hold():
        changed = "an attribute, a hook or a setting of a module, a parameter or an optimizer"
    for update in recorder.updates:
        now, then = update.optimizer.param_groups[update.number].values(), update.group.values()
        if changed is None and (len(now) != len(then) or not all(map(is_, now, then))):
            changed = "an option of an optimizer"
    return SideEffect(f"the step itself changes {changed}: a replay would not") if changed else None


def _given_back(result: Any, tensors: list[Any], proxies: list[Any]) -> Any:
    """The result of the recorded run, with the arguments themselves in it, and plain arrays."""
    own = {id(proxy): tensor for proxy, tensor in zip(proxies, tensors)}
    leaves = [own.get(id(leaf), leaf) for leaf in leaves_of(result)]
    for leaf in leaves:
        if isinstance(leaf, TensorBase):
            plain(leaf)
    return rebuilt(result, iter(leaves))


class Recording:
    """A program, where its inputs and outputs go, and what it holds for."""

    def __init__(self, recorder: Recorder, reached: Reachable, grads: dict, inputs: Inputs, result: Any) -> None:
        self.shapes = [tensor.array.shape for tensor in inputs.tensors]
        self.dtypes = [tensor.array.dtype for tensor in inputs.tensors]
        self.grad_mode = mode.enabled
        memory_map = regions_of(recorder, reached, inputs.proxies)
        resolved = resolve(recorder, memory_map)
        written = {ref.region for call, arguments in resolved for ref in refs(arguments, call, WRITTEN)}
        self.outputs = Outputs(result, memory_map, reached, inputs.tensors, inputs.proxies, written)
        self.gradients = Gradients(reached, grads, memory_map)
        kept = self.gradients.regions()
        _require_nothing_kept(recorder, self.outputs.regions | kept)
        self.code: Code = build(resolved, self.outputs.regions, kept)
        read = {ref.region for call, arguments in resolved for ref in refs(arguments, call, READ)}
        self.held = [region for region in written if region.kind == "held" or region in kept]
        self.writes_input = any(region.kind == "input" for region in written)
        self.ties = inputs.ties(reached, read | written, written)
        self.gradients.settle(read | written)
        self.counters = _counters(recorder, reached, written, memory_map)
        self.updates = [_Refresh(update) for update in recorder.updates]
        self.guards = Guards(reached)
        self.verified = False
        self.failure: NotRecordable | None = None  # what verification.py found
        self._prepare()

    # -- replaying -----------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        code, slots = self.code, len(self.shapes) + len(self.outputs.slots)
        self.slots = ffi.new("void *[]", max(2 * slots, 1))  # an address and a stride each
        self._call = (_int64(code.words), len(code.operations), _int64(code.moves), len(code.moves),
                      ffi.cast("int64_t *", self.slots))
        self._sharing = Sharing()
        self._read: list[Any] | None = None  # pointers to the last arguments, which keep them: profile looks at them

    def takes(self, args: tuple) -> bool:
        """Whether these are tensors like those of the recording."""
        if len(args) != len(self.shapes):
            return False
        try:
            for x, shape, dtype in zip(args, self.shapes, self.dtypes):
                array = x.array
                if array.shape != shape or array.dtype is not dtype or x.needs_grad:
                    return False
        except AttributeError:
            return False
        return True

    def replay(self, tensors: Any) -> Any:
        """The outputs for these inputs, which have the shapes and types of the recording; or MISS."""
        if not self.ready():
            return MISS
        slots, at = self.slots, 0
        pointers = [x._pointer or ptr(x) for x in tensors]  # which keep what they point at
        for address in pointers:
            slots[at] = address
            at += 2
        self._read = pointers
        if self.ties and not hold(self.ties, pointers):
            return MISS
        if self.writes_input and not all(x.array.flags.carray for x in tensors):
            return MISS
        fresh = self.outputs.allocate(slots, at)
        self._go(1)
        if self.writes_input:
            for x in tensors:
                x.count_change()
        return self.outputs.result(fresh, tensors)

    @property
    def repeats(self) -> bool:
        """Whether a step can follow another without a look at anything between them."""
        return (self.verified and self.gradients.repeat and not self.writes_input and not self.ties
                and self.outputs.stackable)

    def replay_many(self, rows: np.ndarray) -> Any:
        """The outputs for each row (steps, *shape) of the only input, stacked; or MISS. Only if it `repeats`."""
        if not self.ready():
            return MISS
        steps = len(rows)
        self._read = [pointer(rows)]
        self.slots[0] = self._read[0]
        self.slots[1] = ffi.cast("void *", rows.strides[0])
        fresh = self.outputs.allocate_many(self.slots, 2, steps)
        try:
            self._go(steps)
        finally:
            for at in range(1, 2 * (1 + len(fresh)), 2):
                self.slots[at] = ffi.NULL
        return self.outputs.stacked(fresh, steps)

    def ready(self) -> bool:
        """Whether the recording holds, and all is in place for a replay."""
        if mode.enabled is not self.grad_mode or not self.guards.hold():
            return False
        for update in self.updates:
            if not update.ready():
                return False
        return not self.gradients.params or self.gradients.ready(self.code.pointers)

    def _go(self, steps: int) -> None:
        """The replay itself, and what Python must know of it."""
        stopped = self._sharing.replay(self._call, steps)
        if stopped >= 0:
            self._refuse(stopped)
        for counter in self.counters:
            counter[0] += 1
        self.gradients.install()

    def profile(self, repeats: int) -> list[float]:
        """The mean time of each call in seconds, over replays from the present state, which is put back. They read
        copies of the last arguments, and write results that nobody sees."""
        if self._read is None:
            raise RuntimeError("call the function once more before profile(): it has not been replayed yet")
        saved = [(region, region.snapshot()) for region in self.held]
        times = ffi.new("double[]", len(self.code.operations))
        given = [np.empty(shape, dtype) for shape, dtype in zip(self.shapes, self.dtypes)]
        for copy, address in zip(given, self._read):
            ffi.memmove(ffi.from_buffer(copy), ffi.cast("char *", address), copy.nbytes)
        results = [np.empty(max(region.size, 1), np.uint8) for region in self.outputs.slots]
        for i, array in enumerate((*given, *results)):
            self.slots[2 * i] = ffi.from_buffer(array)
        lib.mg_replay(*self._call, repeats, self._sharing.share, times)
        for region, content in saved:
            region.fill(content)
        return [seconds / repeats for seconds in times]

    def _refuse(self, stopped: int) -> None:
        """The error that the step itself would have raised: a kernel found an index out of range."""
        self.gradients.take_away()
        step, number = divmod(stopped, len(self.code.operations))
        op, cell = self.code.positions[number]
        position = cell[0]
        index = next(op.arguments[name] for kind, name in op.call.params if kind == "INDEX")
        start, slot = index.region.start, 2 * index.region.slot
        if index.region.slot >= 0:
            start, stride = (int(ffi.cast("intptr_t", self.slots[slot + i])) for i in (0, 1))
            start += step * stride
        value = ffi.cast("int64_t *", start + index.offset)[position]
        rows = _ROWS.get(op.call.name)
        raise bad_target(value) if rows is None else bad_index(value, op.arguments[rows])


class _Refresh:
    """The options of an optimiser's group, as the kernel reads them, kept up to date."""

    def __init__(self, update: Any) -> None:
        self.optimizer, self.index, self.plan = update.optimizer, update.number, update.plan
        self.group = update.optimizer.param_groups[update.number]
        self.seen = list(update.group.values())
        self.always = update.optimizer._options_elsewhere or any(isinstance(v, TensorBase) for v in self.seen)

    def ready(self) -> bool:
        """Write the options down if they have changed; False if the step would be another."""
        if self.optimizer._plans.get(self.index) is not self.plan:
            return False
        if not self.always and all(map(is_, self.group.values(), self.seen)) and len(self.group) == len(self.seen):
            return True
        optimizer, plan = self.optimizer, self.plan
        if optimizer._used_slots(self.group) != plan.used:
            return False
        plan.hyper[0:optimizer._n_hyper] = optimizer._hyper(self.group)
        self.seen = list(self.group.values())
        return True


def _counters(recorder: Recorder, reached: Reachable, written: set[Region], memory_map: Regions) -> list[list[int]]:
    """The version counters of what the step changes in place."""
    found = {id(entry.counter): entry.counter for plan in recorder.plans() for entry in plan.entries if entry}
    for _, tensor in reached.tensors.values():
        ref = memory_map.find(address_of(tensor.array))
        if ref is not None and ref.region in written:
            found[id(tensor.counter())] = tensor.counter()
    return list(found.values())


def _require_nothing_kept(recorder: Recorder, allowed: set[Region]) -> None:
    """No result but outputs and gradients may be left anywhere."""
    starts = {region.start for region in allowed}
    probe = [memory.Block((1,), np.uint8)]
    alone = getrefcount(probe[0]) + 1  # a region knows the block, too
    for attempt in range(2):
        kept = [block for block in recorder.blocks if block.start not in starts and getrefcount(block.keep) > alone]
        if not kept:
            return
        if attempt == 0:
            gc.collect()
    raise SideEffect(f"the step keeps a result {list(kept[0].shape)} of {kept[0].dtype} somewhere: a replay would not")


def _int64(array: np.ndarray) -> Any:
    return ffi.cast("int64_t *", ffi.from_buffer(array)) if array.size else ffi.NULL
