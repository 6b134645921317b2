"""Layers, losses, initialisers: torch.nn's face."""

from minigrad.nn import activations, containers, distances, functional, init, layers, losses, module, parameter, utils
from minigrad.nn.activations import *
from minigrad.nn.containers import *
from minigrad.nn.distances import *
from minigrad.nn.layers import *
from minigrad.nn.losses import *
from minigrad.nn.module import Module
from minigrad.nn.parameter import Buffer, Parameter

__all__ = ["Buffer", "Module", "Parameter", "functional", "init", "utils", *activations.__all__, *containers.__all__,
           *distances.__all__, *layers.__all__, *losses.__all__]
