"""Sequences."""

from minigrad.keras.utils import pad_sequences

__all__ = ["pad_sequences"]
