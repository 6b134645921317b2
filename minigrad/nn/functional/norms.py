"""Normalisations."""

from __future__ import annotations

from typing import Any

__all__ = ["normalize"]


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """x / max(|x|_p, eps) along dim"""
    return input / input.norm(p, dim, True).clamp(min=eps)
