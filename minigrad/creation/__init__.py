"""New tensors: from data, filled, counted and random."""

from typing import TYPE_CHECKING

from minigrad.creation.filled import *
from minigrad.creation.from_data import *
from minigrad.creation.random import *

if not TYPE_CHECKING:  # which takes every name above, and can't read a computed list
    from minigrad.creation import filled, from_data, random

    __all__ = [*filled.__all__, *from_data.__all__, *random.__all__]
