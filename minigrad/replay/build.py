"""From resolved calls to a program that C replays: what is dead is left out, and results share one arena."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.memory import new_block
from minigrad.native import ffi, sizes
from minigrad.replay.calls import ARRAYS, FIXED, NUMBERS, READ, WRITTEN, Call, Param, kernel_params
from minigrad.replay.recorder import address_of
from minigrad.replay.regions import Ref, Region, refs

__all__ = ["Code", "Operation", "build"]

_ALIGN = 64
_UINT8 = np.dtype(np.uint8).num
_COPY = next(k for k in range(1 << 10) if kernel_params(k)[0] == "mg_copy")


class Operation(NamedTuple):
    """A call that is replayed."""

    call: Call
    arguments: dict[str, Any]

    def touches(self, kinds: set[str]) -> list[Region]:
        return [ref.region for ref in refs(self.arguments, self.call, kinds)]


class Code(NamedTuple):
    """A program as C reads it (mg_replay), and what keeps its memory alive."""

    operations: list[Operation]
    words: np.ndarray
    moves: np.ndarray          # (where, slot, offset) of pointers that change from call to call
    pointers: dict[Region, list[tuple[int, int]]]  # (where, offset) of the pointers into a region that may move
    positions: dict[int, tuple[Operation, Any]]    # of operations that may find a bad index: by number, with its cell
    arena: np.ndarray
    arena_bytes: int
    result_bytes: int          # what the results would take without sharing
    keep: list[Any]


def build(resolved: list[tuple[Call, dict[str, Any]]], outputs: set[Region], kept: set[Region]) -> Code:
    """Outputs: regions that each call of the program puts somewhere else; kept: those that stay where they are."""
    operations = _with_constants([Operation(*one) for one in resolved])
    operations = _living(operations, outputs | kept)
    results = {region for op in operations for region in op.touches(READ | WRITTEN) if region.kind == "result"}
    places, arena_bytes = _arena(operations, results - outputs - kept)
    arena = new_block(arena_bytes)
    start = address_of(arena) + arena.offset
    for region, place in places.items():
        region.start = start + place
    return _write(operations, outputs, kept, arena, arena_bytes, sum(region.size for region in results))


def _with_constants(operations: list[Operation]) -> list[Operation]:
    """A constant that a kernel writes to gets its content anew each time; others get memory of their own."""
    written = {region for op in operations for region in op.touches(WRITTEN) if region.kind == "constant"}
    done: set[Region] = set()
    found = []
    for op in operations:
        for region in op.touches(READ | WRITTEN):
            if region.kind != "constant" or region in done:
                continue
            done.add(region)
            content = np.frombuffer(bytearray(region.content or b"\0"), np.uint8)
            if region not in written:
                region.kind, region.keep, region.start = "held", content, address_of(content)
                continue
            region.kind = "result"
            found.append(_copy(region, Region("held", address_of(content), content.nbytes, "constant", region.shape,
                                              region.dtype, content)))
        found.append(op)
    return found


def _copy(to: Region, source: Region) -> Operation:
    name, params = kernel_params(_COPY)
    arguments = {"y": Ref(to, 0), "x": Ref(source, 0), "layout": sizes((source.size, 1, 1)), "ndim": 1, "to": _UINT8,
                 "from": _UINT8}
    return Operation(Call(_COPY, name, 0, params, [], {}, 0), arguments)


def _living(operations: list[Operation], wanted: set[Region]) -> list[Operation]:
    """Those whose results somebody sees: outputs, memory that is there afterwards, or a refused index."""
    wanted = set(wanted)
    found = []
    for op in reversed(operations):
        writes = op.touches(WRITTEN)
        if any(region.kind != "result" or region in wanted for region in writes):
            found.append(op)
            wanted.update(op.touches(READ))
    return found[::-1]


def _arena(operations: list[Operation], results: set[Region]) -> tuple[dict[Region, int], int]:
    """A place for each result, which others may have before its first use and after its last: largest first, each at
    the lowest place that is free while it lives."""
    first: dict[Region, int] = {}
    last: dict[Region, int] = {}
    for number, op in enumerate(operations):
        for region in op.touches(READ | WRITTEN):
            if region in results:
                first.setdefault(region, number)
                last[region] = number
    placed: list[tuple[int, int, Region]] = []  # (start, end, region)
    for region in sorted(first, key=lambda region: (-region.size, first[region])):
        size = max(-(-region.size // _ALIGN), 1) * _ALIGN
        at = 0
        together = [(start, end) for start, end, other in placed
                    if first[other] <= last[region] and first[region] <= last[other]]
        for start, end in sorted(together):
            if at + size <= start:
                break
            at = max(at, end)
        placed.append((at, at + size, region))
    return {region: start for start, _, region in placed}, max((end for _, end, _ in placed), default=0)


class _Writer:
    """Words, and where the pointers are in them that change."""

    def __init__(self, outputs: set[Region], kept: set[Region]) -> None:
        self.slots = outputs
        self.kept = kept
        self.keep: list[Any] = []
        self.moves: list[tuple[int, int, int]] = []
        self.pointers: dict[Region, list[tuple[int, int]]] = {}

    def pointer(self, ref: Ref | None, where: int) -> int:
        """The word of a pointer that stands at the address `where`."""
        if ref is None:
            return 0
        region, offset = ref.region, ref.offset
        self.keep.append(region.keep)
        if region.kind == "input" or region in self.slots:
            self.moves.append((where, region.slot, offset))
            return 0
        if region in self.kept:
            self.pointers.setdefault(region, []).append((where, offset))
        return region.start + offset


def _length(op: Operation) -> int:
    return 4 + len(op.call.params)


def _write(operations: list[Operation], outputs: set[Region], kept: set[Region], arena: np.ndarray, arena_bytes: int,
           result_bytes: int) -> Code:
    words = np.zeros(sum(map(_length, operations)) + 1, np.int64)
    base, at = address_of(words), 0
    writer = _Writer(outputs, kept)
    positions: dict[int, tuple[Operation, Any]] = {}
    for number, op in enumerate(operations):
        words[at:at + 4] = _length(op), op.call.kernel, op.call.dtype, 0
        for i, param in enumerate(op.call.params):
            where = base + 8 * (at + 4 + i)
            if param.name == "bad":
                cell = ffi.new("int64_t *", -1)
                positions[number] = op, cell
                words[at + 3] = words[at + 4 + i] = int(ffi.cast("intptr_t", cell))
            else:
                words[at + 4 + i] = _word(op.arguments[param.name], param, where, writer)
        at += _length(op)
    return Code(operations, words, np.array(writer.moves, np.int64).reshape(-1, 3), writer.pointers, positions, arena,
                arena_bytes, result_bytes, writer.keep)


def _word(value: Any, param: Param, where: int, writer: _Writer) -> int:
    if param.kind in NUMBERS:
        return value
    if param.kind in ARRAYS:
        table = np.zeros(max(len(value), 1), np.int64)
        writer.keep.append(table)
        for i, ref in enumerate(value):
            table[i] = writer.pointer(ref, address_of(table) + 8 * i)
        return address_of(table)
    if param.kind in FIXED:
        writer.keep.append(value)
        return int(ffi.cast("intptr_t", value))
    return writer.pointer(value, where)
