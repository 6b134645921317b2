"""weight_norm as PyTorch's torch.nn.utils.parametrizations has it: parameters parametrizations.weight.original0 (g) and
original1 (v)."""

from __future__ import annotations

from typing import TypeVar

from minigrad.names import package_getattr
from minigrad.nn.containers import ModuleDict
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.nn.utils.computed import compute, is_computed, norm_but, normalised
from minigrad.tensor import Tensor

__all__ = ["weight_norm"]

M = TypeVar("M", bound=Module)


class _WeightNorm(Module):
    """g v / |v|"""

    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, g: Tensor, v: Tensor) -> Tensor:
        return normalised(g, v, self.dim)


class ParametrizationList(Module):
    """The two parameters, and what makes a weight of them."""

    def __init__(self, weight: Tensor, dim: int | None) -> None:
        super().__init__()
        self.add_module("0", _WeightNorm(dim))
        self.original0, self.original1 = Parameter(norm_but(weight, dim)), Parameter(weight)

    def forward(self) -> Tensor:
        return self._modules["0"](self.original0, self.original1)

    def put(self, weight: Tensor) -> None:
        """Take this weight."""
        self.original0.copy_(norm_but(weight, self._modules["0"].dim))
        self.original1.copy_(weight)


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """module.weight = g v / |v|, the norm over all dimensions but dim (None or -1: over all)  (Salimans and Kingma,
    2016). g and v are parameters of module.parametrizations.weight."""
    weight = getattr(module, name)
    if is_computed(module, name):
        raise RuntimeError(f"{name!r} of {module._get_name()} has a parametrization already")
    value, class_name = weight.detach().clone(), type(module).__name__
    compute(module, name, lambda self: self.parametrizations[name](),
            lambda self, new: self.parametrizations[name].put(new), f"Parametrized{class_name}")
    if "parametrizations" not in module._modules:
        module.parametrizations = ModuleDict()
    module.parametrizations[name] = ParametrizationList(value, dim)
    return module


_ABSENT = {"spectral_norm": "divide the weight by torch.linalg.matrix_norm(w, 2) in forward",
           "orthogonal": "use nn.init.orthogonal_ for an orthogonal start"}

__getattr__ = package_getattr("minigrad.nn.utils.parametrizations", _ABSENT)
