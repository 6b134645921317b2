"""The functions of the top namespace, torch.exp(x), torch.cat(xs) and so on: the same operations as the methods."""

from typing import TYPE_CHECKING

from minigrad.functions.activations import *
from minigrad.functions.calling import PLAIN, callable_as_torch
from minigrad.functions.inspect import *
from minigrad.functions.pointwise import *
from minigrad.functions.products import *
from minigrad.functions.random import *
from minigrad.functions.reductions import *
from minigrad.functions.selecting import *
from minigrad.functions.structure import *

if not TYPE_CHECKING:  # which can't read a computed list: to it, all names here are public
    from minigrad.functions import activations, inspect, pointwise, products, random, reductions, selecting, structure

    __all__ = [*activations.__all__, *inspect.__all__, *pointwise.__all__, *products.__all__, *random.__all__,
               *reductions.__all__, *selecting.__all__, *structure.__all__]
    globals().update({name: callable_as_torch(name, globals()[name]) for name in
                      {*pointwise.__all__, *products.__all__, *random.__all__, *reductions.__all__, *selecting.__all__,
                       *structure.__all__} - PLAIN})
