"""What scripts call of PyTorch's torch.nn.utils.parametrize after parametrizations.weight_norm."""

from __future__ import annotations

from typing import TypeVar

from minigrad.names import package_getattr
from minigrad.nn.module import Module
from minigrad.nn.utils.computed import is_computed, stop_computing

__all__ = ["is_parametrized", "remove_parametrizations"]

M = TypeVar("M", bound=Module)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether this tensor of the module, or any, is computed from others."""
    return "parametrizations" in module._modules and is_computed(module, tensor_name)


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """The tensor as a parameter of its own again, with the value that it has."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    if not leave_parametrized:
        raise ValueError("Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in "
                         "terms of a sequence of tensors.")
    stop_computing(module, tensor_name)
    del module.parametrizations._modules[tensor_name]
    if not len(module.parametrizations):
        del module._modules["parametrizations"]
    return module


_ABSENT = {"register_parametrization": "only parametrizations.weight_norm is offered; for others compute the weight in "
                                       "forward",
           "cached": "a parametrized weight is computed each time it is read"}

__getattr__ = package_getattr("minigrad.nn.utils.parametrize", _ABSENT)
