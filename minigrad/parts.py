"""What a tensor's attributes are made of: its device, its shape, and the handles of its hooks."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Device", "RemovableHandle", "Size"]


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
    """A shape."""

    __slots__ = ()

    def numel(self) -> int:
        return int(np.prod(self, dtype=np.int64))

    def __repr__(self) -> str:
        return f"minigrad.Size({list(self)})"


class RemovableHandle:
    """What register_hook returns: remove() takes the hook off. Also a context manager that does."""

    _next = 0

    def __init__(self, hooks: dict, hook: Any, prepend: bool = False) -> None:
        RemovableHandle._next += 1
        self.id, self._hooks = RemovableHandle._next, hooks
        before = list(hooks.items()) if prepend else []
        hooks[self.id] = hook
        for number, earlier in before:  # put them behind the new one
            del hooks[number]
            hooks[number] = earlier

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()
