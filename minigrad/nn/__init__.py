"""Layers, losses, initialisers: torch.nn's face."""

from typing import TYPE_CHECKING

from minigrad.names import package_getattr
from minigrad.nn import (
    activations,
    containers,
    distances,
    functional,
    init,
    layers,
    losses,
    module,
    parameter,
    parameter_containers,
    utils,
)
from minigrad.nn.absent import ABSENT
from minigrad.nn.activations import *
from minigrad.nn.containers import *
from minigrad.nn.distances import *
from minigrad.nn.layers import *
from minigrad.nn.losses import *
from minigrad.nn.module import Module as Module
from minigrad.nn.parameter import Buffer as Buffer, Parameter as Parameter
from minigrad.nn.parameter_containers import *

if not TYPE_CHECKING:  # which can't read a computed list: to it, all names here are public
    __all__ = ["Buffer", "Module", "Parameter", "functional", "init", "utils", *activations.__all__,
               *containers.__all__, *distances.__all__, *layers.__all__, *losses.__all__,
               *parameter_containers.__all__]

    __getattr__ = package_getattr("minigrad.nn", ABSENT)
