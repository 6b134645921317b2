"""What memory a recorded call's pointers mean: results, tensors that were there before, inputs, constants."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.memory import Block
from minigrad.native import ffi, read_by_c
from minigrad.replay.calls import ARRAYS, FIXED, NUMBERS, READ, WRITTEN, Call
from minigrad.replay.reachable import Reachable
from minigrad.replay.recorder import NotRecordable, Recorder, address_of

__all__ = ["Ref", "Region", "Regions", "refs", "regions_of", "resolve"]


class Region:
    """A piece of memory that calls read and write.

    kind  "result": made by the step; "input": an argument; "held": there before, or there afterwards (a parameter, a
          gradient); "constant": made by the step, from nothing; "position": where a kernel says that an index is bad
    """

    def __init__(self, kind: str, start: int, size: int, name: str = "", shape: tuple[int, ...] = (),
                 dtype: Any = None, keep: Any = None, position: int = 0) -> None:
        self.kind, self.start, self.size, self.name = kind, start, size, name
        self.shape, self.dtype, self.keep, self.position = shape, dtype, keep, position
        self.content: bytes | None = None  # of a constant
        self.slot = -1                     # of an input or an output

    def snapshot(self) -> bytes:
        """A copy of the content."""
        return bytes(ffi.buffer(ffi.cast("char *", self.start), self.size))

    def holds(self, content: bytes) -> bool:
        """Whether the content is this."""
        return ffi.buffer(ffi.cast("char *", self.start), self.size) == content

    def fill(self, content: bytes) -> None:
        """Put a copied content back."""
        ffi.buffer(ffi.cast("char *", self.start), self.size)[:] = content


class Ref:
    """A pointer: so many bytes into a region."""

    __slots__ = ("offset", "region")

    def __init__(self, region: Region, offset: int) -> None:
        self.region, self.offset = region, offset


class Regions:
    """Regions by address. They do not overlap, since all memory is kept while recording; except inputs, which may lie
    in others and come first."""

    def __init__(self) -> None:
        self.inputs: list[Region] = []
        self.regions: dict[int, Region] = {}
        self.starts: list[int] = []

    def add(self, region: Region) -> None:
        if region.kind == "input":
            self.inputs.append(region)
        else:
            self.regions.setdefault(region.start, region)

    def sort(self) -> None:
        self.starts = sorted(self.regions)

    def find(self, address: int, position: int | None = None) -> Ref | None:
        """What lies at an address; or lay there when there were so many words."""
        for region in self.inputs:
            if region.start <= address < region.start + max(region.size, 1):
                return Ref(region, address - region.start)
        at = bisect_right(self.starts, address) - 1
        if at < 0:
            return None
        region = self.regions[self.starts[at]]
        inside = address < region.start + max(region.size, 1) and (position is None or region.position <= position)
        return Ref(region, address - region.start) if inside else None


def owner_of(array: np.ndarray) -> np.ndarray:
    """The array whose memory this one shows."""
    while isinstance(array.base, np.ndarray) and not isinstance(array.base, Block):
        array = array.base
    return array


def _held(name: str, array: np.ndarray) -> Region:
    owner = owner_of(array)
    return Region("held", address_of(owner), owner.nbytes, name, array.shape, array.dtype, owner)


def regions_of(recorder: Recorder, reached: Reachable, inputs: Iterable[Any]) -> Regions:
    """Every piece of memory that the calls may mean."""
    found = Regions()
    for slot, tensor in enumerate(inputs):
        array = tensor.array
        region = Region("input", address_of(array), array.nbytes, f"input{slot}", array.shape, array.dtype, array)
        region.slot = slot
        found.add(region)
    for block in recorder.blocks:
        found.add(Region("result", block.start, block.size, "", block.shape, block.dtype, block.keep, block.position))
    for block, content in recorder.constants.values():
        region = Region("constant", block.start, block.size, "constant", block.shape, block.dtype, block.keep,
                        block.position)
        region.content = content
        found.add(region)
    for path, tensor in reached.tensors.values():
        found.add(_held(path, tensor.array))
        if tensor._grad is not None and not any(b.keep is tensor._grad.array.base for b in recorder.blocks):
            grad = tensor._grad.array  # itself, not what it may be a part of: others may come in its place
            found.add(Region("held", address_of(grad), grad.nbytes, f"{path}.grad", grad.shape, grad.dtype, grad.base))
    for path, array in reached.arrays.values():
        found.add(_held(path, array))
    for path, generator in reached.generators.values():
        found.add(_held(path, generator.state))
    for plan in recorder.plans():
        for entry in plan.entries:
            if entry is not None:
                if entry.work is not entry.array:
                    raise NotRecordable("a parameter that is not contiguous cannot be updated by a recorded step")
                found.add(_held("parameter", entry.array))
                found.add(_held("steps", entry.steps))
                for name, _, array in entry.tensors:
                    found.add(_held(name, array))
    found.sort()
    for block in recorder.others:  # whatever else kernels saw: all right where a kernel wrote it first
        if found.find(block.start) is None:
            found.add(Region("result", block.start, block.size, "", block.shape, block.dtype, block.keep,
                             block.position))
            found.sort()
    return found


def resolve(recorder: Recorder, memory: Regions) -> list[tuple[Call, dict[str, Any]]]:
    """Every call with its arguments: a Ref for a pointer, a list of Refs for an array of them, None for NULL, the word
    for a number, and for numbers that describe the operation their address. NotRecordable if memory was used that
    neither a kernel wrote nor the function reaches."""
    written: set[Region] = set()
    resolved = []
    for call in recorder.calls:
        arguments: dict[str, Any] = {}
        for param, word in zip(call.params, call.words):
            if param.kind in NUMBERS:
                arguments[param.name] = word
            elif word == 0:
                arguments[param.name] = None
            elif param.kind in ARRAYS:
                arguments[param.name] = [None if address == 0 else _known(memory, address, call, param, recorder)
                                         for address in call.pointed[param.name]]
            elif param.kind in FIXED:
                arguments[param.name] = _numbers(word, call)
            elif param.name == "bad":
                arguments[param.name] = Ref(Region("position", 0, 8, "bad", (), np.dtype(np.int64)), 0)
            else:
                arguments[param.name] = _known(memory, word, call, param, recorder)
        _check_order(call, arguments, written, recorder)
        resolved.append((call, arguments))
    _check_changes(recorder, resolved)
    for block, content in recorder.constants.values():
        region = memory.find(block.start)
        if region is not None and region.region not in written and block.keep.tobytes() != content:
            raise NotRecordable(f"a tensor {list(block.shape)} of constants was changed by NumPy afterwards: that "
                                "cannot be recorded")
    return resolved


def _numbers(address: int, call: Call) -> Any:
    found = read_by_c.get(address)
    if found is None:
        raise NotRecordable(f"{call.name}: its options lie at an address that nothing known has")
    return found


def _known(memory: Regions, address: int, call: Call, param: Any, recorder: Recorder) -> Ref:
    ref = memory.find(address, call.position)
    if ref is None:
        raise NotRecordable(f"{_place(recorder, address, call)}: {call.name} was given {param.name}, which neither a "
                            "kernel computed nor the function reaches")
    return ref


def _place(recorder: Recorder, address: int, call: Call) -> str:
    return recorder.places.get(address, call.name)


def refs(arguments: dict[str, Any], call: Call, kinds: set[str]) -> list[Ref]:
    """The arguments of these kinds that are memory."""
    found: list[Ref] = []
    for param in call.params:
        if param.kind in kinds:
            value = arguments[param.name]
            found += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Ref)]
    return found


def _check_order(call: Call, arguments: dict[str, Any], written: set[Region], recorder: Recorder) -> None:
    """A result must be written by a kernel before it is read."""
    for ref in refs(arguments, call, READ):
        region = ref.region
        if region.kind == "result" and region not in written and region.size:
            place = _place(recorder, region.start + ref.offset, call)
            raise NotRecordable(f"{place}: {call.name} reads an array {list(region.shape)} of {region.dtype} that "
                                "NumPy made: what NumPy computes cannot be recorded")
    written.update(ref.region for ref in refs(arguments, call, WRITTEN))


def _check_changes(recorder: Recorder, resolved: list) -> None:
    """What was changed in place must have been changed by a kernel."""
    spans = [(call.position, ref.region.start + ref.offset) for call, arguments in resolved
             for ref in refs(arguments, call, WRITTEN)]
    for change in recorder.changes:
        if change.size and not any(position < change.position and change.start <= start < change.start + change.size
                                   for position, start in spans):
            raise NotRecordable(f"{change.where}: a tensor was changed in place by NumPy: that cannot be recorded")
