"""Recorded kernel calls, read from the words that C wrote down (csrc/record.h)."""

from __future__ import annotations

import re
import struct
from functools import cache
from typing import NamedTuple

from minigrad.native import ffi, lib

__all__ = ["ARRAYS", "FIXED", "NUMBERS", "READ", "WRITTEN", "Call", "Param", "calls_of", "kernel_params", "number_of"]

READ = {"IN", "INOUT", "INDEX", "INDEX_INOUT", "BYTES", "DRAW", "DRAW_INOUT", "PTRS", "PTRS_IN", "STEPS"}
WRITTEN = {"OUT", "INOUT", "INDEX_OUT", "INDEX_INOUT", "BYTES_OUT", "WORDS_OUT", "DRAW_OUT", "DRAW_INOUT", "PTRS",
           "STEPS"}
ARRAYS = {"PTRS", "PTRS_IN", "STEPS"}  # arrays of pointers
NUMBERS = {"INT", "WORD", "NUM"}
FIXED = {"SIZES", "HYPER"}             # numbers that describe the operation


class Param(NamedTuple):
    kind: str
    name: str


class Call(NamedTuple):
    """One call: its arguments as words, and what its arrays of pointers pointed at, by parameter."""

    kernel: int
    name: str
    dtype: int  # NumPy's number; 0 for kernels without one
    params: tuple[Param, ...]
    words: list[int]
    pointed: dict[str, list[int]]
    position: int  # where its words start

    def word(self, name: str) -> int:
        return next(word for param, word in zip(self.params, self.words) if param.name == name)


@cache
def kernel_params(kernel: int) -> tuple[str, tuple[Param, ...]]:
    """A kernel's name and parameters, from kernels.def."""
    text = ffi.string(lib.mg_kernel_params(kernel)).decode()
    name = ffi.string(lib.mg_kernel_name(kernel)).decode()
    return name, tuple(Param(kind, param) for kind, param in re.findall(r"(\w+)\((\w+)\)", text))


def calls_of(words: list[int]) -> list[Call]:
    """The calls that the words say."""
    calls, at = [], 0
    while at < len(words):
        length, kernel, dtype = words[at:at + 3]
        name, params = kernel_params(kernel)
        first = at + 3 + len(params)
        call = Call(kernel, name, dtype, params, words[at + 3:first], {}, at)
        for param in params:
            if param.kind in ARRAYS:
                count = call.word("count")
                call.pointed[param.name] = words[first:first + count]
                first += count
        calls.append(call)
        at += length
    return calls


def number_of(word: int) -> float:
    """The double whose bits a word is."""
    return struct.unpack("d", struct.pack("q", word))[0]
