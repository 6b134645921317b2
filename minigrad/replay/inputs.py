"""The arguments of a recorded function: what the recording is given, and what other arguments it holds for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.native import ffi
from minigrad.replay.reachable import Reachable
from minigrad.replay.recorder import NotRecordable, address_of
from minigrad.replay.regions import Region
from minigrad.replay.traced import Traced

__all__ = ["Inputs", "hold"]


class Inputs:
    """Tensors, and a proxy of each, which the function sees while it is recorded: the same memory, which Python must
    not read; or a copy, of one that is not contiguous, as replays read that.
    """

    def __init__(self, tensors: list[Any]) -> None:
        self.tensors = tensors
        self._copied = [not tensor.array.flags.c_contiguous for tensor in tensors]
        self.proxies = [_proxy(tensor, copied) for tensor, copied in zip(tensors, self._copied)]

    def write_back(self) -> None:
        """What the function wrote to a copy belongs to the argument."""
        for tensor, proxy, copied in zip(self.tensors, self.proxies, self._copied):
            if copied and tensor.array.flags.writeable:
                np.copyto(tensor.array, np.asarray(proxy.array).view(np.ndarray))

    def ties(self, reached: Reachable, used: Iterable[Region], written: Iterable[Region]) -> list[tuple[int, int, int]]:
        """(slot, another or -1, distance) of arguments whose addresses must lie that far apart, or, with -1, from 0.

        For where arguments share memory with each other, or with what the function reaches itself, a recording cannot
        tell which of the two a kernel meant.
        """
        arrays = [proxy.array for proxy in self.proxies]
        places = [address_of(array) for array in arrays]
        ties = [(j, i, places[j] - places[i]) for j in range(len(arrays)) for i in range(j)
                if np.may_share_memory(arrays[i], arrays[j])]
        held = {(address_of(array), array.nbytes) for array in _arrays_of(reached)}
        spans = [(region.start, region.size) for region in used if region.kind == "held"]
        for slot, (array, place) in enumerate(zip(arrays, places)):
            if (place, array.nbytes) in held or any(
                    start < place + array.nbytes and place < start + size for start, size in spans):
                ties.append((slot, -1, place))
        changed = {region.slot for region in written if region.kind == "input"}
        if changed and (any(self._copied) or any({j, i} & changed for j, i, _ in ties)):
            raise NotRecordable("an argument that is changed in place, and is not contiguous or shares memory with "
                                "another or with what the function reaches,")
        return ties


def hold(ties: list[tuple[int, int, int]], pointers: list[Any]) -> bool:
    """Whether arguments at these addresses are tied as those of the recording were."""
    places = [int(ffi.cast("intptr_t", pointer)) for pointer in pointers]
    return all(places[slot] - (places[other] if other >= 0 else 0) == distance for slot, other, distance in ties)


def _proxy(tensor: Any, copied: bool) -> Any:
    array = tensor.array
    if copied:
        array = np.array(array, order="C")
        array.flags.writeable = tensor.array.flags.writeable
    proxy = make(array.view(Traced))
    proxy._counter = tensor.counter()
    return proxy


def _arrays_of(reached: Reachable) -> Iterable[np.ndarray]:
    for _, tensor in reached.tensors.values():
        yield tensor.array
        if tensor._grad is not None:
            yield tensor._grad.array
    yield from (array for _, array in reached.arrays.values())
