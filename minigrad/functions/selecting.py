"""Functions that pick, place, order and count elements: torch.gather(x, 0, index), torch.sort(x) and so on."""

from __future__ import annotations

from minigrad.functions.of_method import of_method
from minigrad.ops import sorting

__all__ = [
    "argsort", "argwhere", "bincount", "bucketize", "gather", "histc", "histogram", "index_add", "index_copy",
    "index_fill", "index_put", "index_reduce", "index_select", "kthvalue", "masked_fill", "masked_scatter",
    "masked_select", "msort", "nonzero", "scatter", "scatter_add", "scatter_reduce", "searchsorted", "sort", "take",
    "take_along_dim", "topk", "unique", "unique_consecutive",
]

gather, scatter, scatter_add, scatter_reduce, take, take_along_dim = map(
    of_method, ("gather", "scatter", "scatter_add", "scatter_reduce", "take", "take_along_dim"))
index_select, index_add, index_copy, index_fill, index_put, index_reduce = map(
    of_method, ("index_select", "index_add", "index_copy", "index_fill", "index_put", "index_reduce"))
masked_fill, masked_select, masked_scatter = map(of_method, ("masked_fill", "masked_select", "masked_scatter"))

sort, argsort, msort, topk, kthvalue = map(of_method, ("sort", "argsort", "msort", "topk", "kthvalue"))
searchsorted, bucketize = sorting.searchsorted, sorting.bucketize
unique, unique_consecutive, bincount, histc, histogram, nonzero, argwhere = map(
    of_method, ("unique", "unique_consecutive", "bincount", "histc", "histogram", "nonzero", "argwhere"))
