"""Helpers around training: torch.utils's face."""

from minigrad.utils import data

__all__ = ["data"]
