"""weight_norm in PyTorch's first form: parameters weight_g and weight_v of the module itself."""

from __future__ import annotations

from typing import TypeVar

from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.nn.utils.computed import compute, is_computed, norm_but, normalised, stop_computing
from minigrad.tensor import Tensor

__all__ = ["remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """module.weight = weight_g weight_v / |weight_v|, the norm over all dimensions but dim (None: over all); both are
    parameters. See parametrizations.weight_norm for the form that PyTorch prefers."""
    weight = getattr(module, name)
    if is_computed(module, name):
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    g, v = f"{name}_g", f"{name}_v"

    def put(self: Module, value: Tensor) -> None:
        getattr(self, g).copy_(norm_but(value, dim))
        getattr(self, v).copy_(value)

    value = weight.detach().clone()
    compute(module, name, lambda self: normalised(getattr(self, g), getattr(self, v), dim), put,
            type(module).__name__)
    module.register_parameter(g, Parameter(norm_but(value, dim)))
    module.register_parameter(v, Parameter(value))
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """The weight as a parameter of its own again, with the value that it has."""
    if not is_computed(module, name) or f"{name}_g" not in module._parameters:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    stop_computing(module, name)
    del module._parameters[f"{name}_g"], module._parameters[f"{name}_v"]
    return module
