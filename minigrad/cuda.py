"""There is no GPU here: what scripts ask before they choose a device, answered truthfully."""

from __future__ import annotations

__all__ = ["device_count", "empty_cache", "is_available", "is_initialized", "manual_seed", "manual_seed_all",
           "max_memory_allocated", "memory_allocated", "reset_peak_memory_stats", "synchronize"]


def is_available() -> bool:
    return False


def device_count() -> int:
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to seed."""


def manual_seed_all(seed: int) -> None:
    """Nothing to seed."""


def empty_cache() -> None:
    """Nothing to empty."""


def is_initialized() -> bool:
    return False


def synchronize(device: object = None) -> None:
    """Nothing to wait for."""


def memory_allocated(device: object = None) -> int:
    return 0


def max_memory_allocated(device: object = None) -> int:
    return 0


def reset_peak_memory_stats(device: object = None) -> None:
    """Nothing to reset."""
