"""An attribute of a module that is computed from parameters each time it is read: what weight normalisation needs.

weight = g v / |v|  (Salimans and Kingma, 2016), the norm over all dimensions but dim; g has the size of that norm.
"""

from __future__ import annotations

from collections.abc import Callable

from minigrad.grad_mode import no_grad
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.tensor import Tensor

__all__ = ["compute", "is_computed", "norm_but", "normalised", "stop_computing"]


def norm_but(v: Tensor, dim: int | None) -> Tensor:
    """|v| over all dimensions but dim, which stay with length 1; over all, 0-d, if dim is None or -1."""
    if dim is None or dim == -1:
        return v.norm()
    axes = [axis for axis in range(v.ndim) if axis != dim % v.ndim]
    return v.norm(2, axes, True) if axes else v.abs()


def normalised(g: Tensor, v: Tensor, dim: int | None) -> Tensor:
    """g v / |v|"""
    return v * (g / norm_but(v, dim))


def compute(module: Module, name: str, get: Callable[[Module], Tensor], put: Callable[[Module, Tensor], None],
            class_name: str) -> None:
    """Make module.name get(module) from now on; assigning to it calls put. The module's class becomes one of its own,
    which is a subclass of what it was."""
    plain = type(module)
    del module._parameters[name]

    def assign(self: Module, value: Tensor) -> None:
        with no_grad():
            put(self, value)

    module.__class__ = type(class_name, (plain,), {
        name: property(get, assign), "__module__": plain.__module__, "__qualname__": class_name,
        "_plain_class": plain, "_computed": {**getattr(plain, "_computed", {}), name: get}})


def is_computed(module: Module, name: str | None = None) -> bool:
    """Whether this attribute, or any, is computed."""
    names = getattr(type(module), "_computed", {})
    return bool(names) if name is None else name in names


def stop_computing(module: Module, name: str, keep: bool = True) -> None:
    """The class as it was, and the value, if it is to be kept, as a parameter."""
    if next(reversed(type(module)._computed)) != name:
        raise RuntimeError(f"remove the normalisations of {module._get_name()} in the reverse order: {name!r} was not "
                           "the last")
    with no_grad():
        value = getattr(module, name).clone() if keep else None
    module.__class__ = type(module)._plain_class
    if value is not None:
        module.register_parameter(name, Parameter(value))
