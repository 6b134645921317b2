"""Functions that make fewer elements of many: torch.sum(x), torch.max(x) and so on."""

from __future__ import annotations

from minigrad.functions.of_method import of_method
from minigrad.ops import reduce

__all__ = ["all", "amax", "amin", "any", "argmax", "argmin", "max", "mean", "min", "norm", "std", "sum", "var"]

sum, mean = reduce.sum, reduce.mean
var, std, norm, amax, amin, argmax, argmin = map(of_method, ("var", "std", "norm", "amax", "amin", "argmax", "argmin"))
max, min, all, any = map(of_method, ("max", "min", "all", "any"))
