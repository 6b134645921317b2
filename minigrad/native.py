"""The one door to C: the library, its configuration, memory for results, and pointers to arrays.

Nothing else in the package imports `minigrad._native`. A kernel is called as `lib.mg_relu(dtype, y, x, n)`, where dtype
is NumPy's type number (11 for float32, 12 for float64) and the pointers come from `pointer`; csrc/minigrad.h describes
every kernel.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from minigrad._native import ffi, lib

__all__ = ["CTYPES", "FLOATS", "empty", "ffi", "from_buffer", "get_isa", "get_num_threads", "lib", "new_position",
           "options", "pointer", "read_by_c", "set_isa", "set_num_threads", "show_config", "sizes",
           "writable_pointer"]

from_buffer = ffi.from_buffer
# C array types by NumPy's type number, so that cffi itself refuses an int64 array where a kernel wants floats.
CTYPES = {np.dtype(name).num: ffi.typeof(ctype) for name, ctype in (
    ("bool", "uint8_t[]"), ("uint8", "uint8_t[]"), ("int32", "int32_t[]"), ("uint32", "uint32_t[]"),
    ("int64", "int64_t[]"), ("uint64", "uint64_t[]"), ("float32", "float[]"), ("float64", "double[]"))}
FLOATS = {lib.MG_F32: np.dtype(np.float32), lib.MG_F64: np.dtype(np.float64)}  # what kernels with a dtype accept
empty = np.empty  # the one place where results get their memory
read_by_c: Any = weakref.WeakValueDictionary()  # address -> sizes and options of an operation, as C reads them
new_position = partial(ffi.new, ffi.typeof("int64_t *"))  # for a kernel's `bad`: p[0] is the position, or -1


@lru_cache(maxsize=4096)
def sizes(values: tuple[int, ...]) -> Any:
    """Whole numbers that describe an operation, for C to read. They are never changed: equal ones are the same."""
    return _known(ffi.new("int64_t[]", list(values)))


def options(values: Iterable[float]) -> Any:
    """Doubles for C to read, which may be changed. Keep them: C does not."""
    return _known(ffi.new("double[]", list(values)))


def _known(numbers: Any) -> Any:
    read_by_c[int(ffi.cast("intptr_t", numbers))] = numbers
    return numbers


def pointer(array: np.ndarray):
    """The address of a C-contiguous array's first element, as a cffi pointer that keeps the array alive.

    ValueError if the array is not C-contiguous.
    """
    return from_buffer(CTYPES[array.dtype.num], array)


def writable_pointer(array: np.ndarray):
    """Like `pointer`, for an array that C will write; ValueError if NumPy marks it read-only."""
    return from_buffer(CTYPES[array.dtype.num], array, require_writable=True)


# -- instruction set and threads ---------------------------------------------------------------------------------------


def set_isa(name: str = "") -> str:
    """Choose the kernels' instruction set: "scalar", "avx2", "avx512" or "neon"; "" is the best this CPU has."""
    chosen = lib.mg_set_isa(name.encode())
    if chosen == ffi.NULL:
        have = [isa for isa in ("avx512", "avx2", "neon", "scalar") if _supported(isa)]
        raise ValueError(f"instruction set {name!r} is not available on this CPU; choose one of {', '.join(have)}")
    return ffi.string(chosen).decode()


def _supported(name: str) -> bool:
    before = lib.mg_get_isa()
    found = lib.mg_set_isa(name.encode()) != ffi.NULL
    lib.mg_set_isa(before)
    return found


def get_isa() -> str:
    return ffi.string(lib.mg_get_isa()).decode()


def set_num_threads(n: int) -> None:
    """Let kernels use up to n threads (n >= 1). The results do not depend on it."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, but got {n}")
    lib.mg_set_num_threads(min(n, 256))


def get_num_threads() -> int:
    return lib.mg_get_num_threads()


def _usable_cores() -> int:
    """The cores this process may use: its affinity, limited by the container's CPU quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError):
        return cores


def _threads_from_environment() -> int:
    own = os.environ.get("MINIGRAD_NUM_THREADS")
    if own:
        if not own.strip().isdigit() or int(own) < 1:
            raise ValueError(f"MINIGRAD_NUM_THREADS must be a positive integer, but is {own!r}")
        return int(own)
    shared = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # may be a list, one entry per nesting level
    return int(shared) if shared.isdigit() and int(shared) > 0 else _usable_cores()


def show_config() -> None:
    """Print what this build is, and what it chose."""
    print(f"instruction set: {get_isa()} (MINIGRAD_ISA={os.environ.get('MINIGRAD_ISA', '')!r})",
          f"threads:         {get_num_threads()} of {_usable_cores()} cores",
          f"compiler:        {ffi.string(lib.mg_compiler()).decode()}",
          f"NumPy:           {np.__version__}", sep="\n")


set_isa(os.environ.get("MINIGRAD_ISA", ""))
set_num_threads(_threads_from_environment())
