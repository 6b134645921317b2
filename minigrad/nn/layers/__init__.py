"""The layers, a file per family."""

from typing import TYPE_CHECKING

from minigrad.nn.layers import basic, convolution, dropping, lookup, normalization, padding, pooling
from minigrad.nn.layers.basic import *
from minigrad.nn.layers.convolution import *
from minigrad.nn.layers.dropping import *
from minigrad.nn.layers.lookup import *
from minigrad.nn.layers.normalization import *
from minigrad.nn.layers.padding import *
from minigrad.nn.layers.pooling import *

if not TYPE_CHECKING:  # which can't read a computed list: to it, all names here are public
    __all__ = [
        *basic.__all__,
        *convolution.__all__,
        *dropping.__all__,
        *lookup.__all__,
        *normalization.__all__,
        *padding.__all__,
        *pooling.__all__,
    ]
