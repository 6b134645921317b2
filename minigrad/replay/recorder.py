"""Recorder: runs a function once, as it is, and notes what its kernels did and what was told to tape.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock, get_ident
from typing import Any, NamedTuple

import numpy as np

from minigrad import memory, native, tape
from minigrad.native import ffi, lib
from minigrad.ops import kernel
from minigrad.replay.calls import Call, calls_of
from minigrad.replay.traced import Traced

__all__ = ["Block", "NotRecordable", "Recorder", "SideEffect", "Update", "address_of", "plain"]

PACKAGE = str(Path(__file__).resolve().parents[1])
_one_at_a_time = Lock()


class NotRecordable(RuntimeError):
    """A step did something that a replay could not do again. The message names the operation and the line."""


class SideEffect(NotRecordable):
    """The step changed something that kernels do not know of. A first call may do that once, to get ready."""


class Block(NamedTuple):
    """Memory that came into being while recording."""

    start: int
    size: int
    position: int          # how many words there were
    shape: tuple[int, ...]
    dtype: np.dtype
    keep: Any              # keeps the memory alive


class Change(NamedTuple):
    """An array was changed in place."""

    start: int
    size: int
    position: int
    where: str


class Update(NamedTuple):
    """An optimiser made a step of a group."""

    optimizer: Any
    number: int  # of the group
    plan: Any
    group: dict  # as it was


def address_of(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


class Recorder:
    """What happened in one run of a function, in one thread."""

    def __init__(self, strict: bool = False) -> None:
        self.thread = get_ident()
        self.strict = strict             # whether to raise at once, or to go on without recording
        self.failure: NotRecordable | None = None
        self._before: Any = None         # what _start replaced
        self.blocks: list[Block] = []                    # results
        self.others: list[Block] = []                    # arrays whose pointers kernels got, made elsewhere
        self.places: dict[int, str] = {}                 # address of one of those -> the operation and the line
        self.constants: dict[int, tuple[Block, bytes]] = {}  # address -> where, and the content
        self.changes: list[Change] = []
        self.updates: list[Update] = []
        self.calls: list[Call] = []

    def run(self, function: Callable[[], Any]) -> Any:
        """function(), recorded. If something cannot be, `failure` says what; strict, it is raised."""
        with _one_at_a_time:
            try:
                self._start()
                result = function()
                if self.failure is None:
                    self._read()
                return result
            finally:
                try:
                    self._stop()
                finally:
                    self._stop()  # all of it, if Ctrl-C came in between

    def _start(self) -> None:
        small, large, from_buffer = self._before = native.empty, memory.empty, native.from_buffer
        kernel.allocate_by(self._allocate(small), self._allocate(large))
        native.from_buffer = self._from_buffer(from_buffer)
        tape.active = self
        lib.mg_record_start()

    def _stop(self) -> None:
        if self._before is not None:
            lib.mg_record_stop(ffi.NULL)
            small, large, native.from_buffer = self._before
            kernel.allocate_by(small, large)
            tape.active = self._before = None

    def _read(self) -> None:
        used = lib.mg_record_used()
        if used < 0:
            raise MemoryError("no memory for the recording")
        words = ffi.new("int64_t[]", used)
        lib.mg_record_stop(words)
        self.calls = calls_of(list(words))

    # -- what the package tells ----------------------------------------------------------------------------------------

    def _allocate(self, otherwise: Callable) -> Callable:
        """What `kernel.new` takes its memory from: a block for each result, which stays."""

        def allocate(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
            if get_ident() != self.thread:
                return otherwise(shape, dtype)
            size = dtype.itemsize
            for length in shape:
                size *= length
            block = memory.new_block(size)
            array = Traced(shape, dtype, block, block.offset)
            self.blocks.append(Block(address_of(array), size, lib.mg_record_used(), tuple(shape), dtype, block))
            return array

        return allocate

    def _from_buffer(self, otherwise: Callable) -> Callable:
        """What `native.pointer` makes pointers with: it notes arrays that are no results."""

        def from_buffer(ctype: Any, array: np.ndarray, **options: Any) -> Any:
            pointer = otherwise(ctype, array, **options)
            if get_ident() == self.thread and not isinstance(array, Traced):
                start = int(ffi.cast("intptr_t", pointer))
                self.others.append(Block(start, array.nbytes, lib.mg_record_used(), array.shape, array.dtype, array))
                self.places.setdefault(start, where())
            return pointer

        return from_buffer

    def plans(self) -> list[Any]:
        """The plans of all updates, each once."""
        return list({id(update.plan): update.plan for update in self.updates}.values())

    def constant(self, array: np.ndarray) -> None:
        """The array holds what no tensor's elements have gone into."""
        if get_ident() == self.thread:
            start = address_of(array)
            block = Block(start, array.nbytes, lib.mg_record_used(), array.shape, array.dtype, array)
            self.constants[start] = block, array.tobytes()

    def rewritten(self, array: np.ndarray, how: str) -> None:
        """The array holds other constants now."""
        if get_ident() != self.thread:
            return
        if address_of(array) not in self.constants:
            self.refuse(how)
        self.constant(array)

    def changed(self, array: np.ndarray) -> None:
        """The array was changed in place: a kernel must have done it."""
        if get_ident() == self.thread and not isinstance(array, Traced):
            self.changes.append(Change(address_of(array), array.nbytes, lib.mg_record_used(), where()))

    def update(self, optimizer: Any, index: int, plan: Any) -> None:
        """The optimiser has made a step of its group of that number."""
        if get_ident() == self.thread:
            if optimizer._hooks["step_pre"] or optimizer._hooks["step_post"]:
                self.refuse("an optimizer's step with hooks")
            self.updates.append(Update(optimizer, index, plan, dict(optimizer.param_groups[index])))

    def refuse(self, what: str) -> None:
        """What happens now cannot be recorded. Unless strict, the function runs on as if nothing were."""
        if get_ident() == self.thread and self.failure is None:
            self.failure = NotRecordable(f"{where()}: {what} cannot be recorded")
            if self.strict:
                raise self.failure
            self._stop()


def where() -> str:
    """The operation at work and the user's line: "Softmax, train.py:12"."""
    frame: Any = sys._getframe(1)
    operation = ""
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        if frame.f_code.co_name in ("forward", "backward") and "ctx" in frame.f_locals and not operation:
            operation = type(frame.f_locals["ctx"]).__name__
        frame = frame.f_back
    line = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "?"
    return f"{operation}, {line}" if operation else line


def plain(tensor: Any) -> None:
    """Let a tensor hold its memory as an array like any other."""
    array = tensor.array
    if isinstance(array, Traced) and isinstance(array.base, memory.Block):
        place = address_of(array) - address_of(array.base)
        tensor.array = np.ndarray(array.shape, array.dtype, array.base, place, array.strides)
        if tensor._pointer is not None:
            tensor._pointer = None
            kernel.ptr(tensor)


def _after_fork() -> None:
    """In the child: the thread that recorded, if there was one, is not here."""
    global _one_at_a_time
    _one_at_a_time = Lock()
    if tape.active is not None and tape.active.thread != get_ident():
        tape.active._stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
