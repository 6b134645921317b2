"""The layers, a file per family."""

from minigrad.nn.layers import basic, dropping, normalization
from minigrad.nn.layers.basic import *
from minigrad.nn.layers.dropping import *
from minigrad.nn.layers.normalization import *

__all__ = [*basic.__all__, *dropping.__all__, *normalization.__all__]
