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

_get_grad = attrgetter("_grad")


class Gradients:
    """The parameters that had a gradient before the recorded run or have one after it.

    start  for each what it had: None, True for a gradient whose elements the step does not read, or that gradient
    final  what it has afterwards
    made   number of the parameter -> (tensor, region) of a gradient that the step makes: it stays where it is
    """

    def __init__(self, reached: Reachable, before: dict, memory_map: Regions) -> None:
        self.params: list[Any] = []
        self.start: list[Any] = []
        self.final: list[Any] = []
        self.made: dict[int, tuple[Any, Region]] = {}
        for _, tensor in reached.tensors.values():
            had, has = before.get(tensor), tensor._grad
            if had is None and has is None:
                continue
            if has is not None and has is not had:
                self.made[len(self.params)] = has, _made_by_kernel(has, memory_map)
            self.params.append(tensor)
            self.start.append(had)
            self.final.append(has)

    def note_uses(self, used: set[Region], memory_map: Regions) -> None:
        """A gradient that was there, and that the step reads, must be the same one again; of others, any will do."""
        for number, had in enumerate(self.start):
            if had is not None:
                ref = memory_map.find(address_of(had.array), 1 << 62)
                if ref is None or ref.region not in used:
                    self.start[number] = True

    def count_references(self) -> None:
        """Note how many references there are to each gradient that the step makes while nobody else keeps it."""
        self._steady = self.repeat
        self._alone: dict[int, int] = {}
        for number, (tensor, _) in self.made.items():
            self._alone[number] = getrefcount(tensor) + getrefcount(tensor.array)

    @property
    def repeat(self) -> bool:
        """Whether the step leaves gradients where it finds them."""
        return all((had is None) == (has is None) and (had is None or had is True or had is has)
                   for had, has in zip(self.start, self.final))

    def ready(self, pointers: dict[Region, list[tuple[int, int]]]) -> bool:
        """Whether there are gradients where there were at the start of the recorded run; makes room for the next."""
        if self._steady and all(map(is_, map(_get_grad, self.params), self.final)) and self._are_ours():
            return True
        for param, want in zip(self.params, self.start):
            have = param._grad
            if (have is None) != (want is None) or (want is not None and want is not True and have is not want):
                return False
        self._make_room(pointers)
        return True

    def _are_ours(self) -> bool:
        return all(getrefcount(tensor) + getrefcount(tensor.array) == self._alone[number]
                   for number, (tensor, _) in self.made.items())

    def _make_room(self, pointers: dict[Region, list[tuple[int, int]]]) -> None:
        """A gradient that somebody has kept stays as it is: the program gets other memory for the next."""
        for number, (tensor, region) in self.made.items():
            taken = self.params[number]._grad is not tensor  # by zero_grad, say
            if getrefcount(tensor) + getrefcount(tensor.array) == self._alone[number] - taken:
                continue
            block = memory.Block((region.size + 64,), np.uint8)
            region.keep, offset = block, -address_of(block) % 64
            region.start = address_of(block) + offset
            for where, inside in pointers.get(region, ()):
                ffi.cast("int64_t *", where)[0] = region.start + inside
            fresh = make(np.ndarray(region.shape, region.dtype, block, offset))
            ptr(fresh)
            self.made[number], self.final[number] = (fresh, region), fresh

    def install(self) -> None:
        """Let every parameter have the gradient that the step leaves."""
        for param, grad in zip(self.params, self.final):
            param._grad = grad

    def take_away(self) -> None:
        """What the step has made is incomplete: no gradient, as after zero_grad."""
        for param, grad in zip(self.params, self.final):
            if grad is not None:
                param._grad = None


def _made_by_kernel(grad: Any, memory_map: Regions) -> Region:
    """The region of a gradient, which then holds its memory as a plain array."""
    ref = memory_map.find(address_of(grad.array), 1 << 62)
    if ref is None or ref.region.kind != "result" or ref.offset:
        raise NotRecordable("a gradient that no kernel made")
    region = ref.region
    grad.array = np.ndarray(grad.array.shape, grad.array.dtype, region.keep, region.start - address_of(region.keep))
    grad._pointer = None
    ptr(grad)
    return region
