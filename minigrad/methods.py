"""The methods of Tensor that compute: a line each, naming the operation in ops/ that does it."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import DETACHED, TensorBase, alias, make, view_needs_grad
from minigrad.grad_mode import mode
from minigrad.ops import (
    activation,
    arithmetic,
    choice,
    elementwise,
    gather,
    indexing,
    matmul,
    operands,
    reduce,
    shape,
    softmax,
    views,
)
from minigrad.ops.kernel import require_tensor
from minigrad.random import default_generator

__all__ = ["InPlaceMethods", "MathMethods", "Operators", "ShapeMethods", "become", "in_place"]


def become(x: Any, result: Any) -> Any:
    """Give x the elements and the history of result, in x's own memory: how every in-place method ends."""
    if mode.enabled and x.needs_grad and x.node is None:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    if result.array.shape != x.array.shape:
        raise RuntimeError(f"output with shape {list(x.array.shape)} doesn't match the broadcast shape "
                           f"{list(result.array.shape)}")
    kinds = result.array.dtype.kind + x.array.dtype.kind
    if kinds != "iu" and not np.can_cast(result.array.dtype, x.array.dtype, "same_kind"):  # NumPy has "iu" as unsafe
        raise RuntimeError(f"result type {dtypes.of(result.array.dtype)} can't be cast to the desired output type "
                           f"{x.dtype}")
    if not x.array.flags.writeable:
        raise RuntimeError("this tensor's array is read-only (it is expanded, or NumPy marks it so): clone() it first")
    recorded = mode.enabled and (result.needs_grad or x.needs_grad)
    through = x._base if recorded and x._base_node is not DETACHED else None  # x is a view: its base gets the history
    changed = result if through is None else views.put_view(x, result)
    np.copyto(x.array, result.array, casting="unsafe")
    x.count_change()
    if recorded:
        owner = x if through is None else through
        owner.node, owner.index, owner.needs_grad = changed.node, changed.index, changed.needs_grad
        if through is not None:
            views.follow_base(x)
    return x


def in_place(function: Any) -> Any:
    """The method x.f_(...) that gives x the result of f(x, ...)."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        x = self
        if x._base is not None:
            view_needs_grad(x)  # lets it follow its base first
        if mode.enabled and (x.needs_grad or any(isinstance(a, TensorBase) and a.needs_grad for a in args)):
            x = alias(self)  # f may save x, whose memory is about to change: let it save a copy
            x.array, x._pointer, x._counter = self.array.copy(), None, None
            x.node, x.index, x.needs_grad = self.node, self.index, self.needs_grad
        return become(self, function(x, *args, **kwargs))

    method.__name__ = method.__qualname__ = function.__name__ + "_"
    method.__doc__ = f"In place: {function.__doc__ or function.__name__}"
    return method


class MathMethods:
    """Functions of one tensor, or of a tensor and a second operand."""

    neg, negative, sign, square = arithmetic.neg, arithmetic.neg, elementwise.sign, elementwise.square
    abs, absolute = elementwise.abs, elementwise.abs
    sqrt, rsqrt, reciprocal = elementwise.sqrt, elementwise.rsqrt, elementwise.reciprocal
    exp, expm1, log, log1p, erf = (
        elementwise.exp, elementwise.expm1, elementwise.log, elementwise.log1p, elementwise.erf)
    mul, multiply = arithmetic.mul, arithmetic.mul
    div, divide, true_divide = arithmetic.div, arithmetic.div, arithmetic.div
    pow, floor_divide, remainder = arithmetic.pow, arithmetic.floor_divide, arithmetic.remainder
    maximum, minimum, clamp, clip = choice.maximum, choice.minimum, choice.clamp, choice.clamp
    matmul, mm, bmm = matmul.matmul, matmul.mm, matmul.bmm
    relu, sigmoid, tanh = activation.relu, activation.sigmoid, activation.tanh
    softmax, log_softmax = softmax.softmax, softmax.log_softmax
    sum, mean, var, std, norm = reduce.sum, reduce.mean, reduce.var, reduce.std, reduce.norm
    amax, amin, argmax, argmin = reduce.amax, reduce.amin, reduce.argmax, reduce.argmin

    def add(self, other: Any, *, alpha: Any = 1) -> Any:
        return arithmetic.add(self, other if alpha == 1 else other * alpha)

    def sub(self, other: Any, *, alpha: Any = 1) -> Any:
        return arithmetic.sub(self, other if alpha == 1 else other * alpha)

    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        return reduce.extreme(self, dim, keepdim, True)

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        return reduce.extreme(self, dim, keepdim, False)

    def dot(self, other: Any) -> Any:
        if self.array.ndim != 1 or other.array.ndim != 1:
            raise RuntimeError(f"1D tensors expected, but got {self.array.ndim}D and {other.array.ndim}D tensors")
        return matmul.matmul(self, other)

    # Not differentiable, by NumPy:

    def all(self, dim: Any = None, keepdim: bool = False) -> Any:
        return make(np.asarray(self.array.all(axis=reduce.axes_of(dim, self.array.ndim), keepdims=keepdim)))

    def any(self, dim: Any = None, keepdim: bool = False) -> Any:
        return make(np.asarray(self.array.any(axis=reduce.axes_of(dim, self.array.ndim), keepdims=keepdim)))

    def isnan(self) -> Any:
        return make(np.asarray(np.isnan(self.array)))

    def isinf(self) -> Any:
        return make(np.asarray(np.isinf(self.array)))

    def isfinite(self) -> Any:
        return make(np.asarray(np.isfinite(self.array)))

    def equal(self, other: Any) -> builtins.bool:
        require_tensor(other, "equal", "other", 2)
        return self.array.shape == other.array.shape and np.array_equal(self.array, other.array)

    def allclose(self, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> builtins.bool:
        require_tensor(other, "allclose", "other", 2)
        return builtins.bool(np.allclose(self.array, other.array, rtol, atol, equal_nan))


class ShapeMethods:
    """The same elements in another shape, order or type."""

    follow_base = views.follow_base

    flatten, squeeze, unsqueeze = shape.flatten, shape.squeeze, shape.unsqueeze
    transpose, swapaxes, movedim = shape.transpose, shape.transpose, shape.movedim

    def size(self, dim: Any = None) -> Any:
        return self.shape if dim is None else self.array.shape[shape.axis_of(dim, self.array.ndim)]

    def dim(self) -> int:
        return self.array.ndim

    def numel(self) -> int:
        return self.array.size

    nelement = numel

    def stride(self, dim: int | None = None) -> Any:
        strides = tuple(s // self.array.itemsize for s in self.array.strides)
        return strides if dim is None else strides[dim]

    def data_ptr(self) -> int:
        return self.array.__array_interface__["data"][0]

    def view(self, *sizes: Any) -> Any:
        if len(sizes) == 1 and isinstance(sizes[0], dtypes.dtype):
            raise NotImplementedError("view(dtype) is not offered; use .to(dtype) to convert the elements")
        return shape.view(self, shape.sizes_of(sizes, "view"))

    def reshape(self, *sizes: Any) -> Any:
        return shape.reshape(self, shape.sizes_of(sizes, "reshape"))

    def view_as(self, other: Any) -> Any:
        return shape.view(self, other.array.shape)

    def reshape_as(self, other: Any) -> Any:
        return shape.reshape(self, other.array.shape)

    def permute(self, *dims: Any) -> Any:
        return shape.permute(self, shape.sizes_of(dims, "permute"))

    def expand(self, *sizes: Any) -> Any:
        return shape.expand(self, shape.sizes_of(sizes, "expand"))

    def expand_as(self, other: Any) -> Any:
        return shape.expand(self, other.array.shape)

    def t(self) -> Any:
        if self.array.ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.array.ndim}D")
        return self.T

    def sum_to_size(self, *sizes: Any) -> Any:
        return shape.sum_to_size(self, shape.sizes_of(sizes, "sum_to_size"))

    def index_select(self, dim: int, index: Any) -> Any:
        moved = shape.transpose(self, 0, dim)
        return shape.transpose(gather.rows(moved, index), 0, dim)

    def contiguous(self, memory_format: Any = None) -> Any:
        return self if self.array.flags.c_contiguous else shape.clone(self)

    def is_contiguous(self) -> bool:
        return self.array.flags.c_contiguous

    def clone(self, *, memory_format: Any = None) -> Any:
        return shape.clone(self)

    def float(self) -> Any:
        return self.to(dtypes.float32)

    def double(self) -> Any:
        return self.to(dtypes.float64)

    def long(self) -> Any:
        return self.to(dtypes.int64)

    def int(self) -> Any:
        return self.to(dtypes.int32)

    def bool(self) -> Any:
        return self.to(dtypes.bool)

    def byte(self) -> Any:
        return self.to(dtypes.uint8)

    def type_as(self, other: Any) -> Any:
        return self.to(other.array.dtype)


def _reflected(function: Any) -> Any:
    return lambda self, other: function(other, self)


def _comparison(ufunc: Any) -> Any:
    return lambda self, other: arithmetic.compare(ufunc, self, other)


def _logical(ufunc: Any) -> Any:
    def operator(self: Any, other: Any) -> Any:
        x, y = operands.operands(self, other, ufunc.__name__)
        if x.array.dtype.kind == "f":
            raise NotImplementedError(f"\"{ufunc.__name__}\" not implemented for floating-point tensors")
        return make(np.asarray(ufunc(x.array, y.array)))

    return operator


class Operators:
    """+ - * / // % ** @, comparisons, & | ^ ~, and indexing."""

    __add__, __sub__, __mul__, __truediv__ = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div
    __floordiv__, __mod__, __pow__, __matmul__ = (
        arithmetic.floor_divide, arithmetic.remainder, arithmetic.pow, matmul.matmul)
    __radd__, __rmul__ = arithmetic.add, arithmetic.mul
    __rsub__, __rtruediv__ = _reflected(arithmetic.sub), _reflected(arithmetic.div)
    __rfloordiv__, __rmod__ = _reflected(arithmetic.floor_divide), _reflected(arithmetic.remainder)
    __rpow__, __rmatmul__ = _reflected(arithmetic.pow), _reflected(matmul.matmul)
    __neg__, __abs__ = arithmetic.neg, elementwise.abs
    __lt__, __le__ = _comparison(np.less), _comparison(np.less_equal)
    __gt__, __ge__ = _comparison(np.greater), _comparison(np.greater_equal)
    lt, le, gt, ge = __lt__, __le__, __gt__, __ge__
    eq, ne = _comparison(np.equal), _comparison(np.not_equal)
    __and__, __or__, __xor__ = _logical(np.bitwise_and), _logical(np.bitwise_or), _logical(np.bitwise_xor)
    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __pos__(self) -> Any:
        return self

    def __eq__(self, other: Any) -> Any:
        return False if other is None or isinstance(other, str) else self.eq(other)

    def __ne__(self, other: Any) -> Any:
        return True if other is None or isinstance(other, str) else self.ne(other)

    def __invert__(self) -> Any:
        if self.array.dtype.kind == "f":
            raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
        return make(np.asarray(~self.array))

    logical_not = __invert__

    def __getitem__(self, key: Any) -> Any:
        return indexing.index(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        become(self, indexing.put(self, key, value))

    __iadd__, __isub__ = in_place(arithmetic.add), in_place(arithmetic.sub)
    __imul__, __itruediv__ = in_place(arithmetic.mul), in_place(arithmetic.div)
    __ipow__ = in_place(arithmetic.pow)


class InPlaceMethods:
    """Methods that end in _ change the tensor itself, and count a version."""

    add_, sub_, mul_, div_ = (in_place(MathMethods.add), in_place(MathMethods.sub), in_place(arithmetic.mul),
                              in_place(arithmetic.div))
    pow_, clamp_, neg_ = in_place(arithmetic.pow), in_place(choice.clamp), in_place(arithmetic.neg)
    relu_, sqrt_, exp_ = in_place(activation.relu), in_place(elementwise.sqrt), in_place(elementwise.exp)

    def fill_(self, value: Any) -> Any:
        return become(self, choice.fill(self, value))

    def zero_(self) -> Any:
        return self.fill_(0)

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        source = src if src.array.dtype is self.array.dtype else src.to(self.array.dtype)
        return become(self, shape.expand(source, self.array.shape))

    def normal_(self, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        array = (generator or default_generator).normal(self.array.shape, self.array.dtype)
        return become(self, make(array * np.asarray(std, array.dtype) + np.asarray(mean, array.dtype)))

    def uniform_(self, from_: float = 0, to: float = 1, *, generator: Any = None, **kwargs: Any) -> Any:
        low = kwargs.get("from", from_)  # PyTorch's name of it is a keyword of Python
        if not low <= to:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={to}")
        return become(self, make((generator or default_generator).uniform(
            self.array.shape, self.array.dtype, float(low), float(to))))

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Any:
        p = p.array if isinstance(p, TensorBase) else p
        if not np.all((np.asarray(p) >= 0) & (np.asarray(p) <= 1)):
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        u = (generator or default_generator).uniform(self.array.shape, np.dtype(np.float64))
        return become(self, make((u < p).astype(self.array.dtype)))
