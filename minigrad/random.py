"""The random numbers: a counter-based generator (Philox4x32-10) whose whole state is (key, offset).

The key is the seed and the offset counts the draws. A draw names an unlimited stream of words that depends on (key,
offset) alone: not on threads, vector width or what was drawn before. So a generator is sixteen bytes, a stream can be
made again later (dropout's backward does), and nothing needs to be stored.
"""

from __future__ import annotations

import contextlib
import math
import os
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.engine import TensorBase, make
from minigrad.native import empty, lib, pointer
from minigrad.tape import constant, refuse, rewritten

__all__ = ["Generator", "default_generator", "fork_rng", "get_rng_state", "go_to", "initial_seed", "manual_seed",
           "philox", "positions", "replayed", "seed", "set_rng_state", "stream"]

_generators: set[weakref.ref[Generator]] = set()  # all that there are


class Generator:
    """A stream of random numbers: Generator().manual_seed(7).

    Attributes: state, a uint64 array (key, offset) that the kernels read.
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.state = constant(np.zeros(2, np.uint64))
        self._pointer = pointer(self.state)
        _generators.add(weakref.ref(self, _generators.discard))
        self.manual_seed(67280421310721)  # PyTorch's default seed

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of this seed, 64 bits; a negative one counts from 2^64 down."""
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise TypeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError(f"Overflow when unpacking long: a seed has 64 bits, but got {seed}")
        self.state[:] = int(seed) % (1 << 64), 0
        rewritten(self.state, "manual_seed()")
        return self

    def seed(self) -> int:
        """Start the stream of a seed from the operating system, and return it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self.initial_seed()

    def initial_seed(self) -> int:
        return int(self.state[0])

    def get_state(self) -> Any:
        """(key, offset) as a uint8 tensor of 16 bytes."""
        refuse("get_state()")
        return make(np.frombuffer(self.state.astype("<u8").tobytes(), np.uint8).copy())

    def set_state(self, state: Any) -> Generator:
        """Go on where get_state was called."""
        refuse("set_state()")
        if not isinstance(state, TensorBase) or state.array.dtype != np.uint8:
            raise TypeError("expected a torch.ByteTensor: what get_state returned")
        if state.array.shape != (16,):
            raise RuntimeError(f"expected the 16 bytes that get_state gave, but got shape {list(state.array.shape)}")
        self.state[:] = np.frombuffer(state.array.tobytes(), "<u8")
        return self

    def clone_state(self) -> Generator:
        """Another generator at the same position."""
        other = Generator()
        other.state[:] = self.state
        return other

    @property
    def device(self) -> str:
        return "cpu"

    def __getstate__(self) -> tuple[int, int]:
        return int(self.state[0]), int(self.state[1])

    def __setstate__(self, state: tuple[int, int]) -> None:
        Generator.__init__(self)
        self.state[:] = state

    # -- draws ---------------------------------------------------------------------------------------------------------

    def draw(self) -> np.ndarray:
        """(key, offset) of the next draw; the offset moves on."""
        draw = empty(2, np.uint64)
        lib.mg_draw(pointer(draw), self._pointer)
        return draw

    def words(self, n: int) -> np.ndarray:
        """The first n 32-bit words of the next draw."""
        blocks = -(-n // 4)
        words = empty(4 * blocks, np.uint32)
        lib.mg_philox(pointer(words), pointer(self.draw()), 0, blocks)
        return words[:n]

    def uniform(self, shape: Any, dtype: np.dtype, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Uniform on [low, high): 24 bits for float32, 53 for float64."""
        array = empty(shape, dtype)
        lib.mg_uniform(array.dtype.num, pointer(array), pointer(self.draw()), array.size, low, high)
        return array

    def normal(self, shape: Any, dtype: np.dtype) -> np.ndarray:
        """Standard normal, by Box and Muller: sqrt(-2 ln u) cos(2 pi v) and the same with sin, in double."""
        refuse("normal random numbers, which NumPy computes")
        n = math.prod(shape)
        u, v = self.uniform((2, (n + 1) // 2), np.dtype(np.float64))
        radius, angle = np.sqrt(-2.0 * np.log1p(-u)), 2.0 * np.pi * v
        return np.concatenate((radius * np.cos(angle), radius * np.sin(angle)))[:n].astype(dtype).reshape(shape)

    def integers(self, low: int, high: int, shape: Any) -> np.ndarray:
        """Uniform on low .. high - 1, as int64; the bias is below (high - low) / 2^64."""
        refuse("random integers, which NumPy computes")
        n = math.prod(shape)
        wide = self.words(2 * n).view(np.uint64) % np.uint64(high - low)
        return (wide.astype(np.int64) + low).reshape(shape)

    def permutation(self, n: int) -> np.ndarray:
        """0 .. n - 1 in random order: the order of n random 64-bit numbers."""
        refuse("a random permutation")
        keys, order, room = self.words(2 * n), empty(n, np.int64), empty(n + 1, np.int64)
        lib.mg_order(pointer(order), pointer(room), pointer(keys), n)
        return order


default_generator = Generator()


def stream(generator: Generator | None, seed: int | None = None) -> Generator:
    """Where to draw from: a generator, the start of a seed's own stream, or the default generator."""
    if generator is not None and seed is not None:
        raise ValueError("dropout takes generator= or seed=, not both")
    if seed is not None:
        return Generator().manual_seed(seed)
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"generator must be a minigrad.Generator, but got {type(generator).__name__}")
    return generator or default_generator


def manual_seed(seed: int) -> Generator:
    """Seed the generator that everything uses unless told otherwise."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed it from the operating system, and return the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The default generator's position, as a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    default_generator.set_state(new_state)


def positions() -> list[tuple[Generator, np.ndarray]]:
    """Where every generator stands: the default one, and those of modules and users."""
    return [(generator, generator.state.copy()) for one in list(_generators) if (generator := one()) is not None]


def go_to(start: list[tuple[Generator, np.ndarray]]) -> None:
    """Set generators back to where positions() found them."""
    for generator, state in start:
        generator.state[:] = state


@contextlib.contextmanager
def replayed(start: list[tuple[Generator, np.ndarray]]) -> Iterator[None]:
    """Within, the generators go on from where positions() found them; at the end they are back where they were."""
    now = positions()
    go_to(start)
    try:
        yield
    finally:
        go_to(now)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """What is drawn inside leaves the default generator where it was."""
    before = default_generator.state.copy()
    try:
        yield
    finally:
        if enabled:
            default_generator.state[:] = before


def philox(key: Any, counter: Any) -> tuple[int, int, int, int]:
    """The four words of Philox4x32-10 (Salmon et al., SC 2011) for a key of two and a counter of four 32-bit words.

    >>> [hex(word) for word in philox((0, 0), (0, 0, 0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    key, counter = _words(key, 2, "key"), _words(counter, 4, "counter")
    draw = np.array([key[0] | key[1] << 32, counter[2] | counter[3] << 32], np.uint64)
    words = empty(4, np.uint32)
    lib.mg_philox(pointer(words), pointer(draw), counter[0] | counter[1] << 32, 1)
    a, b, c, d = (int(word) for word in words)
    return a, b, c, d


def _words(values: Any, count: int, name: str) -> list[int]:
    words = [int(value) for value in values]
    if len(words) != count or any(not 0 <= word < 1 << 32 for word in words):
        raise ValueError(f"philox: {name} must be {count} integers of 32 bits, but got {values!r}")
    return words
