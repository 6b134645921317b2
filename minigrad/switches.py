"""PyTorch's global switches whose one position minigrad is always in: exact, the same on every run, on the CPU."""

from __future__ import annotations

from typing import Any

from minigrad.parts import Device

__all__ = ["are_deterministic_algorithms_enabled", "get_default_device", "get_float32_matmul_precision",
           "set_default_device", "set_float32_matmul_precision", "use_deterministic_algorithms"]


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted either way: all algorithms are deterministic."""


def are_deterministic_algorithms_enabled() -> bool:
    return True


def set_float32_matmul_precision(precision: str) -> None:
    """Accepted: products of float32 are computed in float32 whatever is allowed."""
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"float32 matmul precision must be 'highest', 'high' or 'medium', but got {precision!r}")


def get_float32_matmul_precision() -> str:
    return "highest"


def set_default_device(device: Any) -> None:
    """Of "cpu" or None; a RuntimeError for others."""
    if device is not None:
        Device(device)


def get_default_device() -> Any:
    return Device("cpu")
