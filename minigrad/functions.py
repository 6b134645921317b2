"""The functions of the top namespace, torch.exp(x), torch.cat(xs) and so on: the same operations as the methods."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.creation import as_tensor
from minigrad.engine import TensorBase, make
from minigrad.ops import activation, arithmetic, choice, elementwise, indexing, reduce, shape
from minigrad.ops import matmul as products
from minigrad.ops import softmax as softmaxes
from minigrad.ops.dropout import check_probability
from minigrad.ops.dropout import dropout as drop
from minigrad.random import default_generator
from minigrad.tensor import Tensor

__all__ = [
    "abs", "absolute", "add", "all", "allclose", "amax", "amin", "any", "argmax", "argmin", "bernoulli", "bmm",
    "broadcast_to", "cat", "clamp", "clip", "clone", "concat", "concatenate", "div", "divide", "dot", "dropout",
    "eq", "equal", "erf", "exp", "expm1", "flatten", "floor_divide", "ge", "gt", "index_select",
    "is_floating_point", "is_tensor", "isfinite", "isinf", "isnan", "le", "log", "log1p", "log_softmax",
    "logical_not", "lt", "matmul", "max", "maximum", "mean", "min", "minimum", "mm", "movedim", "mul",
    "multinomial", "multiply", "ne", "neg", "negative", "norm", "numel", "permute", "pow", "reciprocal", "relu",
    "remainder", "reshape", "result_type", "rsqrt", "sigmoid", "sign", "softmax", "sqrt", "square", "squeeze",
    "stack", "std", "sub", "subtract", "sum", "swapaxes", "t", "tanh", "transpose", "true_divide", "unsqueeze",
    "var", "where",
]

exp, expm1, log, log1p, sqrt, rsqrt = (elementwise.exp, elementwise.expm1, elementwise.log, elementwise.log1p,
                                       elementwise.sqrt, elementwise.rsqrt)
erf, reciprocal = elementwise.erf, elementwise.reciprocal
mul, multiply, div, divide = arithmetic.mul, arithmetic.mul, arithmetic.div, arithmetic.div
true_divide, floor_divide, remainder, pow = (arithmetic.div, arithmetic.floor_divide, arithmetic.remainder,
                                             arithmetic.pow)
maximum, minimum, where = choice.maximum, choice.minimum, choice.where
relu, sigmoid, tanh = activation.relu, activation.sigmoid, activation.tanh
softmax, log_softmax = softmaxes.softmax, softmaxes.log_softmax
matmul, mm, bmm = products.matmul, products.mm, products.bmm
cat, concat, concatenate, stack = indexing.cat, indexing.cat, indexing.cat, indexing.stack
flatten = shape.flatten
sum, mean = reduce.sum, reduce.mean


def _of_method(name: str) -> Any:
    """f(x, ...) for a method x.f(...)."""
    method = getattr(Tensor, name)

    def function(input: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(input, TensorBase):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        return method(input, *args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__ or f"The method Tensor.{name}."
    return function


abs, absolute, neg, negative, square, sign = map(_of_method, ("abs", "abs", "neg", "neg", "square", "sign"))
var, std, norm, amax, amin, argmax, argmin = map(
    _of_method, ("var", "std", "norm", "amax", "amin", "argmax", "argmin"))
clamp, clip, clone, broadcast_to = map(_of_method, ("clamp", "clip", "clone", "expand"))
squeeze, unsqueeze, transpose, swapaxes, movedim, reshape, permute = map(
    _of_method, ("squeeze", "unsqueeze", "transpose", "transpose", "movedim", "reshape", "permute"))
add, sub, subtract, max, min, all, any = map(_of_method, ("add", "sub", "sub", "max", "min", "all", "any"))
dot, t, numel, equal, allclose, index_select = map(
    _of_method, ("dot", "t", "numel", "equal", "allclose", "index_select"))
isnan, isinf, isfinite, logical_not = map(_of_method, ("isnan", "isinf", "isfinite", "logical_not"))
eq, ne, lt, le, gt, ge = map(_of_method, ("eq", "ne", "lt", "le", "gt", "ge"))


def dropout(input: Any, p: float, train: builtins.bool) -> Any:
    """PyTorch's low-level form of nn.functional.dropout"""
    return drop(input, p) if train and check_probability(p) else input


def is_tensor(obj: Any) -> builtins.bool:
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> builtins.bool:
    return input.is_floating_point()


def result_type(a: Any, b: Any) -> dtypes.dtype:
    """The dtype that a combined with b would have."""
    return dtypes.of(dtypes.promote(as_tensor(a).array, as_tensor(b).array))


def multinomial(input: Any, num_samples: int, replacement: builtins.bool = False, *, generator: Any = None) -> Any:
    """num_samples indices drawn with the weights in input (n) or each row of (m, n)."""
    weights = np.asarray(input.array, np.float64)
    if (weights < 0).any() or not np.isfinite(weights).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (weights.sum(-1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if not replacement and ((weights > 0).sum(-1) < num_samples).any():
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    source = generator or default_generator
    if replacement:  # by inverting the cumulative distribution
        u = source.uniform((*weights.shape[:-1], num_samples, 1), np.dtype(np.float64))
        edges = np.cumsum(weights, -1)
        picked = (u * edges[..., None, -1:] >= edges[..., None, :]).sum(-1)
    else:  # the largest keys u^(1/w) (Efraimidis and Spirakis, 2006)
        u = source.uniform(weights.shape, np.dtype(np.float64))
        with np.errstate(divide="ignore"):
            keys = np.where(weights > 0, np.log(1.0 - u) / weights, -np.inf)
        picked = np.argsort(-keys, -1, kind="stable")[..., :num_samples]
    return make(picked.astype(np.int64))


def bernoulli(input: Any, *, generator: Any = None) -> Any:
    """1 with the probability that each element gives, else 0."""
    return input.detach().clone().bernoulli_(input, generator=generator)

