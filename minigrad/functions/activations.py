"""Activations that the top namespace has, too: torch.celu(x), torch.relu_(x) and so on."""

from __future__ import annotations

from minigrad.methods import in_place
from minigrad.ops.activation import celu, relu, selu, sigmoid, tanh
from minigrad.ops.composed_activation import hardshrink, prelu, rrelu, threshold

__all__ = ["celu", "celu_", "hardshrink", "prelu", "relu_", "rrelu", "rrelu_", "selu", "selu_", "sigmoid_", "tanh_",
           "threshold", "threshold_"]

relu_, sigmoid_, tanh_, celu_, selu_, rrelu_, threshold_ = map(
    in_place, (relu, sigmoid, tanh, celu, selu, rrelu, threshold))
