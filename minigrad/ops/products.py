"""Products made of matmul and mul: outer, inner, tensordot, kron, and those that add (addmm and its kin).

All are compositions of differentiable operations, so they have gradients of any order.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from minigrad.engine import T, TensorBase, make
from minigrad.names import named
from minigrad.ops import arithmetic
from minigrad.ops.choice import fill
from minigrad.ops.join import broadcast_tensors, listed, tensors_of
from minigrad.ops.kernel import broadcast, require_tensor
from minigrad.ops.matmul import bmm, matmul, mm
from minigrad.ops.operands import operands
from minigrad.ops.rearrange import roll
from minigrad.ops.shape import Reshape, axis_of, permute

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm", "chain_matmul", "cross", "dot", "inner", "kron", "mv",
           "outer", "tensordot", "vdot"]


def dot(x: T, other: Any) -> T:
    """sum_i x_i y_i of two vectors of one length."""
    require_tensor(x, "dot")
    require_tensor(other, "dot", "tensor", 2)
    if x.array.ndim != 1 or other.array.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {x.array.ndim}D and {other.array.ndim}D tensors")
    if x.array.size != other.array.size:
        n, m = x.array.size, other.array.size
        raise RuntimeError(f"inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same number of "
                           f"elements, but got {n} and {m} elements respectively")
    if x.array.dtype is not other.array.dtype:
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {x.dtype} and {other.dtype}")
    return matmul(x, other)


def vdot(x: T, other: Any) -> T:
    """dot(x, other): the numbers are real."""
    return dot(x, other)


def mv(x: T, vec: Any) -> T:
    """x @ vec of a matrix and a vector."""
    require_tensor(x, "mv")
    require_tensor(vec, "mv", "vec", 2)
    if x.array.ndim != 2 or vec.array.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {x.array.ndim}, {vec.array.ndim}")
    if x.array.shape[1] != vec.array.size:
        raise RuntimeError(f"size mismatch, got input ({x.array.shape[0]}), mat ({x.array.shape[0]}x{x.array.shape[1]})"
                           f", vec ({vec.array.size})")
    return matmul(x, vec)


def outer(x: T, vec2: Any) -> T:
    """z[i, j] = x[i] y[j]"""
    for v in (x, vec2):
        require_tensor(v, "outer")
        if v.array.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument, but got {v.array.ndim}-D")
    return Reshape.apply(x, (x.array.size, 1)) * vec2


def inner(x: T, other: Any) -> T:
    """z[..., ...] = sum_i x[..., i] y[..., i]; a product where one has no dimension."""
    require_tensor(x, "inner")
    require_tensor(other, "inner", "other", 2)
    if not x.array.ndim or not other.array.ndim:
        return arithmetic.mul(x, other)
    if x.array.shape[-1] != other.array.shape[-1]:
        raise RuntimeError(f"inner() the last dimension must match on both input tensors but got shapes "
                           f"{list(x.array.shape)} and {list(other.array.shape)}")
    return tensordot(x, other, ([-1], [-1]))


def tensordot(a: T, b: Any, dims: Any = 2) -> T:
    """The sum of products over dims: (those of a, those of b), or how many of a's last and b's first."""
    require_tensor(a, "tensordot", "a")
    require_tensor(b, "tensordot", "b", 2)
    if isinstance(dims, TensorBase):
        dims = dims.array.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.array.ndim, b.array.ndim):
            raise RuntimeError("tensordot expects dims < ndim_a or ndim_b, but got "
                               f"dims={dims}, with {a.array.ndim} and {b.array.ndim} dimensions")
        dims = range(a.array.ndim - dims, a.array.ndim), range(dims)
    ours, its = ([axis_of(d, t.array.ndim) for d in ([ds] if isinstance(ds, int) else ds)]
                 for t, ds in zip((a, b), dims))
    if len(ours) != len(its):
        raise RuntimeError(f"both dimension lists should have same length, got {len(ours)} and {len(its)}")
    for i, j in zip(ours, its):
        n, m = a.array.shape[i], b.array.shape[j]
        if n != m and 1 not in (n, m):
            raise RuntimeError(f"contracted dimensions need to match, but first has size {n} in dim {i} and second has "
                               f"size {m} in dim {j}")
        if n != m:  # the 1 stretches
            a, b = (a.sum(i, True).to(a.dtype), b) if m == 1 else (a, b.sum(j, True).to(b.dtype))
    rest_a = [i for i in range(a.array.ndim) if i not in ours]
    rest_b = [j for j in range(b.array.ndim) if j not in its]
    lead, tail = [a.array.shape[i] for i in rest_a], [b.array.shape[j] for j in rest_b]
    n = math.prod(a.array.shape[i] for i in ours)
    left = Reshape.apply(permute(a, (*rest_a, *ours)), (math.prod(lead), n))
    right = Reshape.apply(permute(b, (*its, *rest_b)), (n, math.prod(tail)))
    return Reshape.apply(matmul(left, right), (*lead, *tail))


def kron(x: T, other: Any) -> T:
    """z[i n + k, j m + l] = x[i, j] y[k, l] of matrices, and likewise in any number of dimensions."""
    require_tensor(x, "kron")
    require_tensor(other, "kron", "other", 2)
    ndim = max(x.array.ndim, other.array.ndim)
    a, b = ((1,) * (ndim - t.array.ndim) + t.array.shape for t in (x, other))
    wide = Reshape.apply(x, tuple([s for n in a for s in (n, 1)]))
    thin = Reshape.apply(other, tuple([s for n in b for s in (1, n)]))
    return Reshape.apply(wide * thin, tuple([n * m for n, m in zip(a, b)]))


def cross(x: T, other: Any, dim: int | None = None) -> T:
    """z_i = x_(i+1) y_(i+2) - x_(i+2) y_(i+1), indices modulo 3, along dim: the first of size 3 unless given."""
    require_tensor(x, "cross")
    require_tensor(other, "cross", "other", 2)
    if dim is None:
        dim = next((i for i, n in enumerate(x.array.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    if x.array.ndim != other.array.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = axis_of(dim, x.array.ndim)
    for t in (x, other):
        if not t.array.ndim or t.array.shape[axis] != 3:
            raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got "
                               f"{x.array.shape[axis] if x.array.ndim else 1} and "
                               f"{other.array.shape[axis] if other.array.ndim else 1}")
    x, other = broadcast_tensors(*operands(x, other, "cross"))
    return roll(x, -1, axis) * roll(other, -2, axis) - roll(x, -2, axis) * roll(other, -1, axis)


def chain_matmul(*matrices: Any) -> Any:
    """matrices[0] @ matrices[1] @ ..., in the order that takes the fewest multiplications; the first and the last may
    be vectors (Cormen et al., Introduction to Algorithms, 15.2)."""
    xs = tensors_of(listed(matrices), "multi_dot")
    if len(xs) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(len(xs)))
    first, last = xs[0].array.ndim == 1, xs[-1].array.ndim == 1
    if first:
        xs[0] = Reshape.apply(xs[0], (1, xs[0].array.size))
    if last:
        xs[-1] = Reshape.apply(xs[-1], (xs[-1].array.size, 1))
    for position, x in enumerate(xs):
        if x.array.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {position} must be 2D but got {x.array.ndim}D")
    for a, b in itertools.pairwise(xs):
        if a.array.shape[1] != b.array.shape[0]:
            raise RuntimeError(f"multi_dot(): tensors {list(a.array.shape)} and {list(b.array.shape)} cannot be "
                               "multiplied")
    y = _chain(xs)
    return Reshape.apply(y, y.array.shape[first:2 - last]) if first or last else y


def _chain(xs: list) -> Any:
    """The product of matrices that fit, by dynamic programming over where to cut the chain."""
    sizes, n = [xs[0].array.shape[0], *(x.array.shape[1] for x in xs)], len(xs)
    best = {(i, i): (0, i) for i in range(n)}  # (cost, where to cut)
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            best[i, j] = min((best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                             for k in range(i, j))

    def product(i: int, j: int) -> Any:
        k = best[i, j][1]
        return xs[i] if i == j else mm(product(i, k), product(k + 1, j))

    return product(0, n - 1)


# -- beta * input + alpha * product ------------------------------------------------------------------------------------


def _adding(name: str, formula: str, ndims: tuple[int, int], product: Any, names: tuple[str, str]) -> Any:
    """The function beta * input + alpha * product(a, b)."""
    def function(input: Any, *args: Any, beta: Any = 1, alpha: Any = 1, **keywords: Any) -> Any:
        require_tensor(input, name)
        factors = [*args, *[keywords.pop(key) for key in names[len(args):] if key in keywords]]
        if keywords or len(factors) != 2:
            raise TypeError(f"{name}() takes (input, {names[0]}, {names[1]}, *, beta=1, alpha=1)")
        for position, (x, ndim) in enumerate(zip(factors, ndims)):
            require_tensor(x, name, names[position], position + 2)
            if x.array.ndim != ndim:
                raise RuntimeError(f"{name}: {names[position]} must be a {ndim}-D tensor, but has shape "
                                   f"{list(x.array.shape)}")
        return _sum(name, input, product(*factors), beta, alpha)

    return named(function, name,
                 f"beta * input + alpha * ({formula}); input broadcasts, and counts for nothing if beta is 0.")


def _sum(name: str, x: Any, y: Any, beta: Any, alpha: Any) -> Any:
    """beta * x + alpha * y, of y's shape; where beta is 0, x counts for nothing, NaN or not."""
    if y.array.dtype.kind != "f" and (isinstance(beta, float) or isinstance(alpha, float)):
        raise RuntimeError("For integral input tensors, argument beta and alpha must not be a floating point number.")
    if x.array.dtype is not y.array.dtype and name != "addr":
        raise RuntimeError(f"{name}: self and mat2 must have the same dtype, but got {x.dtype} and {y.dtype}")
    if broadcast(x.array.shape, y.array.shape)[0] != y.array.shape:
        raise RuntimeError(f"{name}: input of shape {list(x.array.shape)} does not broadcast to the product's shape "
                           f"{list(y.array.shape)}")
    if x.array.dtype.kind == "b":
        return make(np.asarray((x.array & bool(beta)) | (y.array & bool(alpha))))
    y = y if alpha == 1 else y * alpha
    return y + (x if beta == 1 else fill(x, 0) if beta == 0 else x * beta)


def _sum_of_products(a: Any, b: Any) -> Any:
    """sum_i a[i] @ b[i], as one product."""
    if a.array.shape[0] != b.array.shape[0] or a.array.shape[2] != b.array.shape[1]:
        bmm(a, b)  # raises
    return tensordot(a, b, ([0, 2], [0, 1]))


addmm = _adding("addmm", "mat1 @ mat2", (2, 2), mm, ("mat1", "mat2"))
addmv = _adding("addmv", "mat @ vec", (2, 1), mv, ("mat", "vec"))
addr = _adding("addr", "outer(vec1, vec2)", (1, 1), outer, ("vec1", "vec2"))
baddbmm = _adding("baddbmm", "batch1 @ batch2", (3, 3), bmm, ("batch1", "batch2"))
addbmm = _adding("addbmm", "sum_i batch1[i] @ batch2[i]", (3, 3), _sum_of_products, ("batch1", "batch2"))
