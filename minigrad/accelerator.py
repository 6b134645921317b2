"""PyTorch's name for whatever device is there beside the CPU: here, none."""

from __future__ import annotations

from typing import Any

__all__ = ["current_accelerator", "device_count", "is_available", "synchronize"]


def is_available() -> bool:
    return False


def current_accelerator(check_available: bool = False) -> Any:
    return None


def device_count() -> int:
    return 0


def synchronize(device: Any = None) -> None:
    """Nothing runs ahead: there is nothing to wait for."""
