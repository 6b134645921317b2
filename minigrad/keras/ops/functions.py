"""The functions of keras.ops: a table of names, and what each does with tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad.functions as T
from minigrad import creation
from minigrad.engine import make
from minigrad.keras import activations
from minigrad.keras.config import dtype_of
from minigrad.keras.layers import Layer, registry
from minigrad.keras.naming import auto_name
from minigrad.keras.symbolic import KerasTensor, any_symbolic
from minigrad.keras.tensors import as_array, readable
from minigrad.nn import functional as F
from minigrad.tensor import Tensor

__all__ = ["PUBLIC", "Operation"]

_TABLE: dict[str, Callable] = {}


class Operation(Layer):
    """A call of one of these functions in a functional model; summary() shows it, but it is none of model.layers."""

    _listed = False

    def __init__(self, operation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.operation = operation

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return _TABLE[self.operation](*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self._tried(args, kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "operation": self.operation}


registry.objects["Operation"] = Operation


def _tensor(x: Any, like: Any = None) -> Any:
    """x as a tensor; numbers of the type of another tensor, if there is one."""
    if isinstance(x, Tensor):
        return x
    array = np.asarray(x)
    kind = like.array.dtype if isinstance(like, Tensor) and (array.ndim == 0 or array.dtype.kind == "f") else None
    if kind is None or (kind.kind != "f" and array.dtype.kind == "f"):
        kind = dtype_of() if array.dtype.kind == "f" else array.dtype
    return make(np.array(array, kind))


def _public(name: str, function: Callable) -> Callable:
    """The function for users: of KerasTensors a layer, of others computed at once."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return Operation(name, name=auto_name(name))(*args, **kwargs)
        return readable(function(*args, **kwargs))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = function.__doc__
    _TABLE[name] = function
    return call


def _of_one(function: Callable) -> Callable:
    return lambda x, *args, **kwargs: function(_tensor(x), *args, **kwargs)


def _of_two(function: Callable) -> Callable:
    def call(x1: Any, x2: Any) -> Any:
        a = _tensor(x1, x2)
        return function(a, _tensor(x2, a))

    return call


def _reduction(name: str) -> Callable:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = _tensor(x)
        x = x.to(dtype_of()) if name in ("mean", "var", "std", "logsumexp") and x.array.dtype.kind != "f" else x
        if name in ("amax", "amin", "logsumexp", "any", "all", "prod"):
            axes = range(x.array.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
            for one in sorted((a % max(x.array.ndim, 1) for a in axes), reverse=True):
                x = getattr(x, name)(one, True)
            return x if keepdims else x.squeeze(tuple(axes)) if len(axes) else x
        options = {"correction": 0} if name in ("var", "std") else {}
        return getattr(x, name)(axis, keepdim=keepdims, **options)

    return reduce


def _positions(name: str) -> Callable:
    return lambda x, axis=None, keepdims=False: getattr(_tensor(x), name)(axis, keepdims)


def _clip(x: Any, x_min: Any, x_max: Any) -> Any:
    return _tensor(x).clamp(x_min, x_max)


def _transpose(x: Any, axes: Any = None) -> Any:
    x = _tensor(x)
    return x.permute(*(axes if axes is not None else range(x.array.ndim)[::-1]))


def _one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Any:
    hot = make((as_array(x)[..., None] == np.arange(num_classes)).astype(dtype_of(dtype)))
    return hot if axis == -1 else hot.movedim(-1, axis)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return _tensor(x).norm("fro" if ord is None and axis is None else 2 if ord is None else ord, axis, keepdims)


def _take(x: Any, indices: Any, axis: int | None = None) -> Any:
    x = _tensor(x) if axis is not None else _tensor(x).flatten()
    index = make(np.asarray(as_array(indices), np.int64))
    shape = x.array.shape
    at = (axis or 0) % len(shape)
    return x.index_select(at, index.reshape(-1)).reshape(*shape[:at], *index.array.shape, *shape[at + 1:])


def _made(function: Callable) -> Callable:
    return lambda shape, dtype=None: function(tuple(shape) if isinstance(shape, (list, tuple)) else (shape,),
                                              dtype=dtype_of(dtype))


_UNARY = ("abs", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "square", "sign", "sin", "cos", "tan", "floor",
          "ceil", "round", "isnan", "isinf", "isfinite", "reciprocal", "erf")
_BINARY = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow", "maximum": "maximum",
           "minimum": "minimum", "equal": "eq", "not_equal": "ne", "greater": "gt", "greater_equal": "ge", "less": "lt",
           "less_equal": "le", "matmul": "matmul", "logical_and": "logical_and", "logical_or": "logical_or",
           "mod": "remainder", "floor_divide": "floor_divide"}
_REDUCTIONS = {"sum": "sum", "mean": "mean", "var": "var", "std": "std", "max": "amax", "min": "amin", "prod": "prod",
               "any": "any", "all": "all", "logsumexp": "logsumexp"}
_ACTIVATIONS = ("relu", "relu6", "sigmoid", "softmax", "log_softmax", "tanh", "softplus", "softsign", "silu", "swish",
                "elu", "selu", "leaky_relu", "hard_sigmoid", "log_sigmoid", "mish")

_FUNCTIONS: dict[str, Callable] = {
    **{name: _of_one(getattr(T, name) if hasattr(T, name) else getattr(Tensor, name)) for name in _UNARY},
    **{name: _of_two(getattr(Tensor, own)) for name, own in _BINARY.items()},
    **{name: _reduction(own) for name, own in _REDUCTIONS.items()},
    **{name: _of_one(getattr(activations, name)) for name in _ACTIVATIONS},
    "gelu": lambda x, approximate=True: activations.gelu(_tensor(x), approximate),
    "negative": _of_one(lambda x: -x), "clip": _clip, "transpose": _transpose, "one_hot": _one_hot, "norm": _norm,
    "take": _take, "argmax": _positions("argmax"), "argmin": _positions("argmin"), "dot": _of_two(Tensor.matmul),
    "logical_not": _of_one(Tensor.logical_not), "stop_gradient": _of_one(Tensor.detach),
    "reshape": lambda x, newshape: _tensor(x).reshape(tuple(newshape)),
    "expand_dims": lambda x, axis: _tensor(x).unsqueeze(axis),
    "squeeze": lambda x, axis=None: _tensor(x).squeeze() if axis is None else _tensor(x).squeeze(axis),
    "concatenate": lambda xs, axis=0: T.cat([_tensor(x) for x in xs], axis),
    "stack": lambda x, axis=0: T.stack([_tensor(one) for one in x], axis),
    "where": lambda condition, x1, x2: T.where(_tensor(condition), _tensor(x1, x2), _tensor(x2, x1)),
    "cumsum": lambda x, axis=0: _tensor(x).cumsum(axis), "flip": lambda x, axis=0: _tensor(x).flip(axis),
    "cast": lambda x, dtype: _tensor(x).to(dtype_of(dtype)),
    "convert_to_tensor": lambda x, dtype=None: _tensor(x) if dtype is None else _tensor(x).to(dtype_of(dtype)),
    "zeros_like": _of_one(creation.zeros_like), "ones_like": _of_one(creation.ones_like),
    "normalize": lambda x, axis=-1, order=2: F.normalize(_tensor(x), order, axis),
    "zeros": _made(creation.zeros), "ones": _made(creation.ones),
    "arange": lambda *args, dtype=None: make(np.arange(*args, dtype=None if dtype is None else dtype_of(dtype)))}

PUBLIC = {name: _public(name, function) for name, function in _FUNCTIONS.items()}


def _operator(name: str, reflected: bool) -> Callable:
    function = PUBLIC[name]
    return (lambda self, other: function(other, self)) if reflected else (lambda self, other: function(self, other))


for _symbol, _name in {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power",
                       "matmul": "matmul", "gt": "greater", "lt": "less"}.items():
    setattr(KerasTensor, f"__{_symbol}__", _operator(_name, False))
    if _symbol not in ("gt", "lt"):
        setattr(KerasTensor, f"__r{_symbol}__", _operator(_name, True))
KerasTensor.__neg__ = PUBLIC["negative"]
