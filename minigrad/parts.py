"""What a tensor's attributes are made of: its device, its shape, and the handles of its hooks."""

from __future__ import annotations

import math
from typing import Any, SupportsIndex, overload

from minigrad.tape import bump

__all__ = ["Device", "RemovableHandle", "Size", "channels_last", "contiguous_format", "preserve_format", "strided"]

# What scripts say about memory; elements lie in rows here, whatever they say.
strided, preserve_format, contiguous_format, channels_last = (
    "strided", "preserve_format", "contiguous_format", "channels_last")


class Device:
    """Where a tensor lives: the CPU, whatever a script says about it."""

    type: str

    def __init__(self, device: Any = "cpu", index: int | None = None) -> None:
        name = device.type if isinstance(device, Device) else str(device).split(":")[0]
        if name != "cpu":
            raise RuntimeError(f"minigrad computes on the CPU only: device {str(device)!r} is not available; use 'cpu'")
        self.type, self.index = "cpu", index

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Device)

    def __hash__(self) -> int:
        return hash("cpu")


class Size(tuple[int, ...]):
    """A shape: a tuple of ints."""

    __slots__ = ()

    def __new__(cls, sizes: Any = ()) -> Size:
        """TypeError if one of the sizes is no int."""
        size = tuple.__new__(cls, sizes)
        for position, item in enumerate(size):
            if type(item) is not int:
                if not hasattr(item, "__index__"):
                    raise TypeError(f"Size() takes an iterable of 'int' (item {position} is '{type(item).__name__}')")
                return tuple.__new__(cls, [n.__index__() for n in size])
        return size

    def numel(self) -> int:
        return math.prod(self)

    def __add__(self, other: tuple) -> Size:
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other: tuple) -> Size:
        return Size(tuple(other) + tuple(self))

    def __mul__(self, times: SupportsIndex) -> Size:
        return Size(tuple(self) * times)

    def __rmul__(self, times: SupportsIndex) -> Size:
        return self * times

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Size: ...
    def __getitem__(self, key: Any) -> Any:
        item = tuple.__getitem__(self, key)
        return Size(item) if isinstance(key, slice) else item

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"


class RemovableHandle:
    """What register_hook returns: remove() takes the hook off. Also a context manager that does."""

    _next = 0

    def __init__(self, hooks: dict, hook: Any, prepend: bool = False) -> None:
        bump()
        RemovableHandle._next += 1
        self.id, self._hooks = RemovableHandle._next, hooks
        before = list(hooks.items()) if prepend else []
        hooks[self.id] = hook
        for number, earlier in before:  # put them behind the new one
            del hooks[number]
            hooks[number] = earlier

    def remove(self) -> None:
        bump()
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()
