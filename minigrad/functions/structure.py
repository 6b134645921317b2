"""Functions that arrange, join or split tensors: torch.cat(xs), torch.split(x, 2) and so on."""

from __future__ import annotations

from typing import Any

from minigrad.functions.of_method import of_method
from minigrad.ops import einsum as einsums
from minigrad.ops import join, rearrange, shape
from minigrad.parts import Size

__all__ = [
    "adjoint", "as_strided", "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes",
    "broadcast_tensors", "broadcast_to", "cartesian_prod", "cat", "chunk", "clone", "column_stack", "combinations",
    "concat", "concatenate", "diag", "diag_embed", "diagflat", "diagonal", "dsplit", "dstack", "einsum", "flatten",
    "flip", "fliplr", "flipud", "hsplit", "hstack", "meshgrid", "moveaxis", "movedim", "narrow", "permute", "ravel",
    "repeat_interleave", "reshape", "roll", "rot90", "row_stack", "select", "split", "split_with_sizes", "squeeze",
    "stack", "swapaxes", "swapdims", "t", "tensor_split", "tile", "trace", "transpose", "tril", "tril_indices", "triu",
    "triu_indices", "unbind", "unflatten", "unsqueeze", "vsplit", "vstack",
]

cat, concat, concatenate, stack = join.cat, join.cat, join.cat, join.stack
hstack, vstack, dstack, row_stack, column_stack = join.hstack, join.vstack, join.dstack, join.vstack, join.column_stack
atleast_1d, atleast_2d, atleast_3d, block_diag = join.atleast_1d, join.atleast_2d, join.atleast_3d, join.block_diag
broadcast_tensors, meshgrid, cartesian_prod = join.broadcast_tensors, join.meshgrid, join.cartesian_prod
combinations, einsum = join.combinations, einsums.einsum

flatten, ravel, t, unflatten = shape.flatten, shape.ravel, shape.t, shape.unflatten
clone, broadcast_to, reshape, permute, squeeze, unsqueeze, transpose, adjoint = map(
    of_method, ("clone", "broadcast_to", "reshape", "permute", "squeeze", "unsqueeze", "transpose", "adjoint"))
swapaxes, swapdims, movedim, moveaxis = transpose, transpose, shape.movedim, shape.movedim

split, split_with_sizes, chunk, tensor_split = (of_method("split"), of_method("split_with_sizes"), of_method("chunk"),
                                                of_method("tensor_split"))
hsplit, vsplit, dsplit, unbind = map(of_method, ("hsplit", "vsplit", "dsplit", "unbind"))
narrow, select, diagonal, as_strided = map(of_method, ("narrow", "select", "diagonal", "as_strided"))

flip, fliplr, flipud, roll, rot90, tile, repeat_interleave = map(
    of_method, ("flip", "fliplr", "flipud", "roll", "rot90", "tile", "repeat_interleave"))
tril, triu, diag, diag_embed, diagflat, trace = map(
    of_method, ("tril", "triu", "diag", "diag_embed", "diagflat", "trace"))
tril_indices, triu_indices = rearrange.tril_indices, rearrange.triu_indices


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape of tensors of these shapes together."""
    return Size(join.broadcast_shapes(*shapes))
