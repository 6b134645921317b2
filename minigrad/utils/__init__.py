"""Helpers around training: torch.utils's face."""

from typing import TYPE_CHECKING

from minigrad.names import package_getattr

if TYPE_CHECKING:  # loaded on first use
    from minigrad.utils import checkpoint, data

__all__ = ["checkpoint", "data"]

__getattr__ = package_getattr("minigrad.utils", late={name: f"minigrad.utils.{name}" for name in __all__})
