"""New tensors: from data, filled, counted and random."""

from minigrad.creation import filled, from_data, random
from minigrad.creation.filled import *
from minigrad.creation.from_data import *
from minigrad.creation.random import *

__all__ = [*filled.__all__, *from_data.__all__, *random.__all__]
