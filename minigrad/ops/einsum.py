"""einsum: sums of products by index letters, as a chain of matrix products, two operands at a time from the left.

    einsum("bij,bjk->bik", x, y)      z[b, i, k] = sum_j x[b, i, j] y[b, j, k]

Each step permutes both operands to (batch, own, summed) and (batch, summed, own), and multiplies: so it runs in the
matrix kernels and has gradients of any order.
"""

from __future__ import annotations

import math
import string
from typing import Any

from minigrad.engine import TensorBase
from minigrad.ops.join import same_type, tensors_of
from minigrad.ops.matmul import matmul
from minigrad.ops.pieces import diagonal
from minigrad.ops.shape import Reshape, expand, permute

__all__ = ["einsum"]

_LETTERS = string.ascii_uppercase + string.ascii_lowercase  # the order of an implicit output
_DOTS = 52                                                  # the label of the first dimension of an ellipsis


def einsum(*args: Any) -> Any:
    """einsum("ij,jk->ik", x, y), einsum("ij,jk", [x, y]), or einsum(x, [0, 1], y, [1, 2], [0, 2]).

    Without -> the output has the letters that occur once, in alphabetical order, after what ... stands for.
    """
    inputs, output, xs = _parse(args)
    dots = max([x.array.ndim - len(labels) + 1 for labels, x in zip(inputs, xs) if ... in labels], default=0)
    subscripts = [_spread(labels, x.array.ndim, dots, position) for position, (labels, x) in enumerate(zip(inputs, xs))]
    every = [label for labels in subscripts for label in labels]
    if output is None:
        wanted = [*range(_DOTS, _DOTS + dots), *sorted(n for n in set(every) if n < _DOTS and every.count(n) == 1)]
    else:
        wanted = [label for item in output for label in (range(_DOTS, _DOTS + dots) if item is ... else [item])]
    for label in wanted:
        if wanted.count(label) > 1:
            raise RuntimeError(f"einsum(): output subscript {_name(label)} appears more than once in the output")
        if label not in every and label < _DOTS:
            raise RuntimeError(f"einsum(): output subscript {_name(label)} does not appear in the equation for any "
                               "input operand")
    sizes = _sizes(subscripts, xs)
    terms = [_merge_repeated(x, labels) for x, labels in zip(same_type(xs), subscripts)]
    x, labels = terms[0]
    for position, (y, other) in enumerate(terms[1:], 1):
        needed = set(wanted).union(*[labels for _, labels in terms[position + 1:]])
        x, labels = _contract(x, labels, y, other, needed, sizes)
    x, labels = _sum_out(x, labels, set(wanted))
    missing = [label for label in wanted if label not in labels]  # what ... stands for in none of the operands
    x = Reshape.apply(x, (*x.array.shape, *(1,) * len(missing))) if missing else x
    labels = [*labels, *missing]
    return permute(x, tuple([labels.index(label) for label in wanted])) if labels != wanted else x


def _parse(args: tuple) -> tuple[list, Any, list]:
    """(labels of each input, labels of the output or None, the operands); labels are numbers and ... ."""
    if len(args) < 2:
        raise ValueError("einsum(): must specify the equation string and at least one operand, or at least one operand "
                         "and its subscripts list")
    if isinstance(args[0], TensorBase):
        inputs = [_from_list(labels) for labels in args[1::2][:len(args) // 2]]
        output = _from_list(args[-1]) if len(args) % 2 else None
        return inputs, output, tensors_of(args[:len(args) // 2 * 2:2], "einsum")
    equation, *operands = args
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = operands[0]
    left, arrow, right = equation.replace(" ", "").partition("->")
    inputs = [_from_text(text) for text in left.split(",")]
    xs = tensors_of(operands, "einsum")
    if len(inputs) != len(xs):
        few = "fewer" if len(xs) < len(inputs) else "more"
        raise RuntimeError(f"einsum(): {few} operands were provided than specified in the equation")
    return inputs, _from_text(right) if arrow else None, xs


def _from_text(text: str) -> list:
    labels: list = []
    for position, part in enumerate(text.split("...")):
        if position:
            labels.append(...)
        for letter in part:
            if letter not in _LETTERS:
                raise RuntimeError(f"einsum(): invalid subscript given: {letter!r}, subscripts must be in [a-zA-Z]"
                                   if letter != "." else "einsum(): found '.' that is not part of any ellipsis")
            labels.append(_LETTERS.index(letter))
    return labels


def _from_list(labels: Any) -> list:
    for label in labels:
        if label is not ... and not (isinstance(label, int) and 0 <= label < _DOTS):
            raise RuntimeError(f"einsum(): subscript {label} is not within the valid range [0, {_DOTS})")
    return list(labels)


def _name(label: int) -> str:
    return _LETTERS[label] if label < _DOTS else "..."


def _spread(labels: list, ndim: int, dots: int, position: int) -> list[int]:
    """A label per dimension: ... becomes numbers that end where those of the longest ... end."""
    own = ndim - len(labels) + (... in labels)
    if labels.count(...) > 1 or own < 0 or (... not in labels and own):
        raise RuntimeError(f"einsum(): the number of subscripts in the equation ({len(labels) - labels.count(...)}) "
                           f"does not match the number of dimensions ({ndim}) for operand {position} and no ellipsis "
                           "was given")
    at = [n for item in labels for n in (range(_DOTS + dots - own, _DOTS + dots) if item is ... else [item])]
    return at


def _sizes(subscripts: list[list[int]], xs: list) -> dict[int, int]:
    """The size of each label; 1 stretches to whatever else it has."""
    sizes: dict[int, int] = {}
    for position, (labels, x) in enumerate(zip(subscripts, xs)):
        for label, size in zip(labels, x.array.shape):
            have = sizes.setdefault(label, size)
            if have == 1:
                sizes[label] = size
            elif size not in (1, have):
                raise RuntimeError(f"einsum(): subscript {_name(label)} has size {size} for operand {position} which "
                                   f"does not broadcast with previously seen size {have}")
    return sizes


def _merge_repeated(x: Any, labels: list[int]) -> tuple[Any, list[int]]:
    """x with the diagonal in place of dimensions of one label."""
    labels = list(labels)
    for label in set(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            if x.array.shape[first] != x.array.shape[second]:
                raise RuntimeError(f"einsum(): subscript {_name(label)} is repeated for one operand but the sizes do "
                                   f"not match, {x.array.shape[second]} != {x.array.shape[first]}")
            x = diagonal(x, 0, first, second)
            labels = [n for i, n in enumerate(labels) if i not in (first, second)] + [label]
    return x, labels


def _sum_out(x: Any, labels: list[int], needed: set) -> tuple[Any, list[int]]:
    """x summed over the dimensions whose labels nobody needs."""
    axes = tuple([i for i, label in enumerate(labels) if label not in needed])
    return (x.sum(axes), [label for label in labels if label in needed]) if axes else (x, labels)


def _contract(x: Any, left: list[int], y: Any, right: list[int], needed: set, sizes: dict) -> tuple[Any, list[int]]:
    """The product of two operands, summed over the labels that both have and nobody needs any more."""
    x, left = _sum_out(x, left, needed | set(right))
    y, right = _sum_out(y, right, needed | set(left))
    x, y = same_type([x, y])  # a sum of integers is one of int64
    both = [label for label in left if label in right]
    summed, batch = [n for n in both if n not in needed], [n for n in both if n in needed]
    x_only, y_only = [n for n in left if n not in both], [n for n in right if n not in both]
    x, y = (_stretch(t, labels, both, sizes) for t, labels in ((x, left), (y, right)))
    lengths = {**dict(zip(left, x.array.shape)), **dict(zip(right, y.array.shape))}
    shape = tuple([lengths[n] for n in (*batch, *x_only, *y_only)])
    b, m, k, n = (math.prod(lengths[label] for label in group) for group in (batch, x_only, summed, y_only))
    a = permute(x, tuple([left.index(label) for label in (*batch, *x_only, *summed)]))
    c = permute(y, tuple([right.index(label) for label in (*batch, *summed, *y_only)]))
    product = matmul(Reshape.apply(a, (b, m, k) if batch else (m, k)), Reshape.apply(c, (b, k, n) if batch else (k, n)))
    return Reshape.apply(product, shape), [*batch, *x_only, *y_only]


def _stretch(x: Any, labels: list[int], both: list[int], sizes: dict) -> Any:
    """x with its dimensions of length 1 as long as the other operand's."""
    shape = tuple([sizes[label] if label in both else size for label, size in zip(labels, x.array.shape)])
    return x if shape == x.array.shape else expand(x, shape)
