"""Preparation of data: sequences of one length. For numbers see layers.Normalization and layers.Rescaling."""

from minigrad.keras.preprocessing import sequence
from minigrad.names import package_getattr

__all__ = ["sequence"]

_ABSENT = {"image": "read the files with a library of your choice, and give fit NumPy arrays",
           "text": "make numbers of the words with Python, and give fit NumPy arrays"}

__getattr__ = package_getattr("minigrad.keras.preprocessing", _ABSENT)
