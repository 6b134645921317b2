"""Intel's library, which is not used: the kernels are minigrad's own."""

from __future__ import annotations


def is_available() -> bool:
    return False
