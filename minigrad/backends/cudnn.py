"""The switches of cuDNN, which is not there."""

from __future__ import annotations

enabled = deterministic = benchmark = allow_tf32 = False


def is_available() -> bool:
    return False


def version() -> None:
    return None
