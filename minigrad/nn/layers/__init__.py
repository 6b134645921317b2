"""The layers, a file per family."""

from typing import TYPE_CHECKING

from minigrad.nn.layers import (
    basic,
    convolution,
    dropping,
    lookup,
    noise,
    normalization,
    padding,
    pooling,
    structures,
    weight_noise,
)
from minigrad.nn.layers.basic import *
from minigrad.nn.layers.convolution import *
from minigrad.nn.layers.dropping import *
from minigrad.nn.layers.lookup import *
from minigrad.nn.layers.noise import *
from minigrad.nn.layers.normalization import *
from minigrad.nn.layers.padding import *
from minigrad.nn.layers.pooling import *
from minigrad.nn.layers.structures import *
from minigrad.nn.layers.weight_noise import *

if not TYPE_CHECKING:  # which can't read a computed list: to it, all names here are public
    __all__ = [
        *basic.__all__,
        *convolution.__all__,
        *dropping.__all__,
        *lookup.__all__,
        *noise.__all__,
        *normalization.__all__,
        *padding.__all__,
        *pooling.__all__,
        *structures.__all__,
        *weight_noise.__all__,
    ]
