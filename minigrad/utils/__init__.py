"""Helpers around training: torch.utils's face."""

from minigrad.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
