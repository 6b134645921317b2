"""Functions that arrange, join, select or multiply tensors: torch.cat(xs), torch.matmul(a, b) and so on."""

from __future__ import annotations

from minigrad.functions.of_method import of_method
from minigrad.ops import indexing, shape
from minigrad.ops import matmul as products

__all__ = [
    "bmm", "broadcast_to", "cat", "clone", "concat", "concatenate", "dot", "flatten", "index_select", "matmul", "mm",
    "movedim", "permute", "reshape", "squeeze", "stack", "swapaxes", "t", "transpose", "unsqueeze",
]

matmul, mm, bmm = products.matmul, products.mm, products.bmm
cat, concat, concatenate, stack = indexing.cat, indexing.cat, indexing.cat, indexing.stack
flatten = shape.flatten
clone, broadcast_to, dot, t, index_select = map(of_method, ("clone", "expand", "dot", "t", "index_select"))
squeeze, unsqueeze, transpose, swapaxes, movedim, reshape, permute = map(
    of_method, ("squeeze", "unsqueeze", "transpose", "transpose", "movedim", "reshape", "permute"))
