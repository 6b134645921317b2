"""The gradients that a recorded step leaves: where it finds them, which it makes, and which it takes away."""

from __future__ import annotations

from operator import attrgetter, is_
from sys import getrefcount
from typing import Any

import numpy as np

from minigrad import memory
from minigrad.engine import make
from minigrad.native import ffi
from minigrad.ops.kernel import ptr
from minigrad.replay.reachable import Reachable
from minigrad.replay.recorder import NotRecordable, address_of
from minigrad.replay.regions import Region, Regions

__all__ = ["Gradients"]

THERE = object()
_get_grad = attrgetter("_grad")


class Gradients:
    """The parameters that had a gradient before the recorded run or have one after it.

    start  for each whether it had one
    final  what it has afterwards: None, the gradient that the step makes, or THERE: that which it had
    made   number of the parameter -> (tensor, region) of a gradient that the step makes: it stays where it is
    read   number -> (region, place in it) of a gradient that the step reads: pointers follow where it is
    """

    def __init__(self, reached: Reachable, before: dict, memory_map: Regions) -> None:
        self.params: list[Any] = []
        self.start: list[bool] = []
        self.final: list[Any] = []
        self.made: dict[int, tuple[Any, Region]] = {}
        self.read: dict[int, tuple[Region, int]] = {}
        self._installed = False  # whether every parameter has its final gradient already
        for _, tensor in reached.tensors.values():
            had, has = before.get(tensor), tensor._grad
            if had is None and has is None:
                continue
            number = len(self.params)
            if had is not None and (ref := memory_map.find(address_of(had.array))) is not None:
                self.read[number] = ref.region, ref.offset
            if has is not None and has is not had:
                self.made[number] = has, _made_by_kernel(has, memory_map)
            self.params.append(tensor)
            self.start.append(had is not None)
            self.final.append(THERE if has is had else has)

    def regions(self) -> set[Region]:
        """Where gradients are that stay: pointers to them may have to change."""
        return {region for region, _ in (*self.read.values(), *((region, 0) for _, region in self.made.values()))}

    def settle(self, used: set[Region]) -> None:
        """Forget of the gradients that were there those that the step does not look at; and count references."""
        self.read = {number: read for number, read in self.read.items() if read[0] in used}
        self._steady = all(self.start) and len(self.made) == len(self.params) and not self.read
        self._count()

    @property
    def repeat(self) -> bool:
        """Whether the step leaves gradients where it finds them."""
        return all(had == (has is not None) for had, has in zip(self.start, self.final))

    def ready(self, pointers: dict[Region, list[tuple[int, int]]]) -> bool:
        """Whether there are gradients where there were at the start of the recorded run; makes room for the next."""
        self._installed = self._steady and all(map(is_, map(_get_grad, self.params), self.final))
        if self._installed and self._are_ours():
            return True
        self._installed = False
        for param, had in zip(self.params, self.start):
            if (param._grad is not None) != had:
                return False
        for number, (region, offset) in self.read.items():
            array = self.params[number]._grad.array
            if not array.flags.c_contiguous:
                return False
            _move(region, address_of(array) - offset, pointers)
            region.keep = array
        self._make_room(pointers)
        return True

    def _count(self) -> None:
        """Note how often each gradient that the step makes is referred to while nobody else keeps it."""
        self._tensors = [tensor for tensor, _ in self.made.values()]
        self._arrays = [tensor.array for tensor in self._tensors]
        self._alone = list(map(getrefcount, self._tensors)), list(map(getrefcount, self._arrays))

    def _are_ours(self) -> bool:
        return (list(map(getrefcount, self._tensors)), list(map(getrefcount, self._arrays))) == self._alone

    def _make_room(self, pointers: dict[Region, list[tuple[int, int]]]) -> None:
        """A gradient that somebody has kept stays as it is: the program gets other memory for the next."""
        counts = zip(map(getrefcount, self._tensors), map(getrefcount, self._arrays), *self._alone)
        for at, ((number, (_, region)), (tensors, arrays, *alone)) in enumerate(zip(list(self.made.items()), counts)):
            taken = self.params[number]._grad is not self.final[number]  # by zero_grad, say
            if [tensors + taken, arrays] == alone:
                continue
            block = region.keep = memory.new_block(region.size)
            _move(region, address_of(block) + block.offset, pointers)
            fresh = make(np.ndarray(region.shape, region.dtype, block, block.offset))
            ptr(fresh)
            self.made[number], self.final[number] = (fresh, region), fresh
            self._tensors[at], self._arrays[at] = fresh, fresh.array

    def install(self) -> None:
        """Let every parameter have the gradient that the step leaves."""
        if not self._installed:
            for param, grad in zip(self.params, self.final):
                if grad is not THERE:
                    param._grad = grad

    def take_away(self) -> None:
        """What the step has made is incomplete: no gradient, as after zero_grad."""
        for param, grad in zip(self.params, self.final):
            if grad is not THERE:
                param._grad = None


def _move(region: Region, start: int, pointers: dict[Region, list[tuple[int, int]]]) -> None:
    """Let the program find a region at another address."""
    if region.start != start:
        region.start = start
        for where, inside in pointers.get(region, ()):
            ffi.cast("int64_t *", where)[0] = start + inside


def _made_by_kernel(grad: Any, memory_map: Regions) -> Region:
    """The region of a gradient, which then holds its memory as a plain array."""
    ref = memory_map.find(address_of(grad.array))
    if ref is None or ref.region.kind != "result" or ref.offset:
        raise NotRecordable("a gradient that no kernel made")
    region = ref.region
    grad.array = np.ndarray(grad.array.shape, grad.array.dtype, region.keep, region.start - address_of(region.keep))
    grad._pointer = None
    ptr(grad)
    return region
