"""What Keras's users hold: Variables, which layers train, and the results of calling a layer, which can be read at any
time though gradients flow through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.config import dtype_of
from minigrad.keras.naming import auto_name
from minigrad.memory import aligned
from minigrad.nn.parameter import Parameter
from minigrad.tensor import Tensor

__all__ = ["EagerTensor", "Variable", "as_array", "readable"]


class _Readable(Tensor):
    """A tensor that becomes an array without being detached first. What its operators and methods give is such a one,
    too."""

    @property
    def shape(self) -> Any:
        return self.array.shape

    @property
    def dtype(self) -> Any:
        """NumPy's element type, which prints as its name and equals it: "float32"."""
        return self.array.dtype

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The values, as an array of their own."""
        return self.array.copy()


class EagerTensor(_Readable):
    """What a layer or model gives for arrays or tensors."""


def readable(x: Any) -> Any:
    """The tensor as one that can be read at any time; other things as they are."""
    if type(x) is Tensor:
        x.__class__ = EagerTensor
    return x


def _keeping(method: Callable) -> Callable:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return readable(method(self, *args, **kwargs))

    call.__name__, call.__doc__ = getattr(method, "__name__", ""), method.__doc__
    return call


for _name in ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__", "__rtruediv__",
              "__pow__", "__rpow__", "__matmul__", "__rmatmul__", "__neg__", "__abs__", "__getitem__", "sum", "mean",
              "exp", "log", "sqrt", "abs", "square", "softmax", "sigmoid", "reshape", "t", "clamp", "pow"):
    setattr(_Readable, _name, _keeping(getattr(Tensor, _name)))


def as_array(x: Any) -> np.ndarray:
    """The array of a tensor, or of anything that NumPy takes."""
    return x.array if isinstance(x, Tensor) else np.asarray(x)


class Variable(_Readable, Parameter):
    """A weight.

    initializer  its first value, or a function (shape, dtype) that makes it
    trainable    whether optimizers change it
    regularizer, constraint  what the layer that made it was given for it
    """

    def __init__(self, initializer: Any, shape: Any = None, dtype: Any = None, trainable: bool = True,
                 autocast: bool = True, aggregation: str = "none", name: str | None = None) -> None:
        if callable(initializer):
            if shape is None:
                raise ValueError("When creating a Variable from an initializer, the `shape` argument should be "
                                 f"specified. Received: initializer={initializer} and shape={shape}")
            initializer = initializer(tuple(shape), dtype=dtype_of(dtype).name)
        array = as_array(initializer)
        if dtype is None and array.dtype == np.float64 and not isinstance(initializer, (np.ndarray, Tensor)):
            dtype = dtype_of()
        own = aligned(array.shape, array.dtype if dtype is None else np.dtype(dtype_of(dtype)))
        np.copyto(own, array, casting="unsafe")
        array = own
        Parameter.__init__(self, make(array), trainable and array.dtype.kind == "f")
        self.name = name or auto_name("variable")
        self.path = self.name
        self._trainable = trainable
        self.regularizer: Any = None
        self.constraint: Any = None

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        self.requires_grad_(self._trainable and self.array.dtype.kind == "f")

    @property
    def value(self) -> Variable:
        return self

    def assign(self, value: Any) -> Variable:
        """Take new values, of the same shape, into the memory that it has."""
        array = as_array(value)
        if array.shape != self.array.shape:
            raise ValueError("The shape of the target variable and the shape of the target value in "
                             f"`variable.assign(value)` must match. variable.shape={self.array.shape}, Received: "
                             f"value.shape={array.shape}. Target variable: {self!r}")
        self.array[...] = array
        self.count_change()
        return self

    def assign_add(self, value: Any) -> Variable:
        return self.assign(self.array + as_array(value))

    def assign_sub(self, value: Any) -> Variable:
        return self.assign(self.array - as_array(value))

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.array.shape}, dtype={self.array.dtype}, value={self.array}>"
