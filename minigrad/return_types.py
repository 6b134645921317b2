"""What functions with several results return: named tuples that print as PyTorch's do, one type for each function."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

__all__ = ["Histogram", "MinMax", "SlogDet", "ValuesIndices", "aminmax", "cummax", "cummin", "histogram", "kthvalue",
           "max", "median", "min", "mode", "nanmedian", "slogdet", "sort", "topk"]


class ValuesIndices(NamedTuple):
    """Elements, and where they were."""

    values: Any
    indices: Any


class MinMax(NamedTuple):
    min: Any
    max: Any


class Histogram(NamedTuple):
    hist: Any
    bin_edges: Any


class SlogDet(NamedTuple):
    sign: Any
    logabsdet: Any


R = TypeVar("R", bound=tuple)


def _shown(result: Any) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(result._fields, result))
    return f"torch.return_types.{type(result).__name__}(\n{fields})"


def _of(base: type[R], name: str) -> type[R]:
    """The result type of the function of that name."""
    return type(name, (base,), {"__slots__": (), "__module__": __name__, "__repr__": _shown})


max, min, sort, topk, kthvalue, mode, median, nanmedian, cummax, cummin = (_of(ValuesIndices, name) for name in (
    "max", "min", "sort", "topk", "kthvalue", "mode", "median", "nanmedian", "cummax", "cummin"))
aminmax, histogram, slogdet = _of(MinMax, "aminmax"), _of(Histogram, "histogram"), _of(SlogDet, "slogdet")
