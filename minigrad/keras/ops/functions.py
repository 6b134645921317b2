"""The functions of keras.ops: a table of names, and what each does with tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import minigrad.functions as T
from minigrad.keras import nonlinear, tree
from minigrad.keras.config import dtype_of
from minigrad.keras.layers import Layer, registry
from minigrad.keras.losses import crossentropy
from minigrad.keras.naming import auto_name
from minigrad.keras.ops.arrays import ARRAYS
from minigrad.keras.ops.coercion import of_one, of_two, tensor_of
from minigrad.keras.symbolic import KerasTensor, any_symbolic
from minigrad.keras.tensors import readable
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

    @property
    def _type_name(self) -> str:
        """What summary() calls it: TrueDivide for true_divide."""
        return "".join(word.capitalize() for word in self.operation.split("_"))

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return _TABLE[self.operation](*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self._tried(args, kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "operation": self.operation}


registry.objects["Operation"] = Operation


def _public(name: str, function: Callable) -> Callable:
    """The function for users: of KerasTensors a layer, of others computed at once."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return Operation(name, name=auto_name(name))(*args, **kwargs)
        found = function(*args, **kwargs)
        return tree.map_structure(readable, found) if tree.is_nested(found) else readable(found)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = function.__doc__
    _TABLE[name] = function
    return call


def _reduction(name: str) -> Callable:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = tensor_of(x)
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
    return lambda x, axis=None, keepdims=False: getattr(tensor_of(x), name)(axis, keepdims)


def _loss(function: Callable) -> Callable:
    return lambda target, output, from_logits=False, axis=-1: function(
        tensor_of(target), tensor_of(output), from_logits, axis=axis)


def _clip(x: Any, x_min: Any, x_max: Any) -> Any:
    return tensor_of(x).clamp(x_min, x_max)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return tensor_of(x).norm("fro" if ord is None and axis is None else 2 if ord is None else ord, axis, keepdims)


_UNARY = ("abs", "absolute", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "sqrt", "rsqrt", "square", "sign",
          "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh", "floor",
          "ceil", "trunc", "round", "isnan", "isinf", "isfinite", "reciprocal", "erf", "erfinv", "nan_to_num")
_BINARY = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "power": "pow",
           "maximum": "maximum", "minimum": "minimum", "equal": "eq", "not_equal": "ne", "greater": "gt",
           "greater_equal": "ge", "less": "lt", "less_equal": "le", "logical_and": "logical_and",
           "logical_or": "logical_or", "logical_xor": "logical_xor", "mod": "remainder",
           "floor_divide": "floor_divide", "arctan2": "arctan2", "logaddexp": "logaddexp"}
_REDUCTIONS = {"sum": "sum", "mean": "mean", "var": "var", "std": "std", "max": "amax", "min": "amin", "amax": "amax",
               "amin": "amin", "prod": "prod", "any": "any", "all": "all", "logsumexp": "logsumexp"}
_OTHER_ACTIVATIONS = ("linear", "deserialize", "exponential", "get", "serialize")

_FUNCTIONS: dict[str, Callable] = {
    **ARRAYS,
    **{name: of_one(getattr(T, name) if hasattr(T, name) else getattr(Tensor, name)) for name in _UNARY},
    **{name: of_two(getattr(T, own) if hasattr(T, own) else getattr(Tensor, own)) for name, own in _BINARY.items()},
    **{name: _reduction(own) for name, own in _REDUCTIONS.items()},
    **{name: of_one(getattr(nonlinear, name)) for name in nonlinear.__all__ if name not in _OTHER_ACTIVATIONS},
    "gelu": lambda x, approximate=True: nonlinear.gelu(tensor_of(x), approximate),
    "negative": of_one(lambda x: -x), "clip": _clip, "norm": _norm, "argmax": _positions("argmax"),
    "argmin": _positions("argmin"), "isclose": lambda x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False: T.isclose(
        tensor_of(x1), tensor_of(x2, x1), rtol, atol, equal_nan),
    "logical_not": of_one(Tensor.logical_not), "stop_gradient": of_one(Tensor.detach),
    "normalize": lambda x, axis=-1, order=2: F.normalize(tensor_of(x), order, axis),
    **{name: _loss(getattr(crossentropy, name)) for name in ("categorical_crossentropy",
                                                             "sparse_categorical_crossentropy")},
    "binary_crossentropy": lambda target, output, from_logits=False: crossentropy.binary_crossentropy(
        tensor_of(target).unsqueeze(-1), tensor_of(output).unsqueeze(-1), from_logits)}

PUBLIC = {name: _public(name, function) for name, function in _FUNCTIONS.items()}
for _name in nonlinear.__all__:
    if _name in PUBLIC and _name != "gelu":  # which has another default here
        PUBLIC[_name]._in_layers = getattr(nonlinear, _name)


def _operator(name: str, reflected: bool) -> Callable:
    function = PUBLIC[name]
    return (lambda self, other: function(other, self)) if reflected else (lambda self, other: function(self, other))


_REFLECTED = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "pow": "power",
              "matmul": "matmul", "mod": "mod", "floordiv": "floor_divide", "and": "logical_and", "or": "logical_or"}
_PLAIN = {"gt": "greater", "ge": "greater_equal", "lt": "less", "le": "less_equal", "ne": "not_equal",
          "getitem": "get_item"}
for _symbol, _name in {**_REFLECTED, **_PLAIN}.items():
    setattr(KerasTensor, f"__{_symbol}__", _operator(_name, False))
    if _symbol in _REFLECTED:
        setattr(KerasTensor, f"__r{_symbol}__", _operator(_name, True))
for _symbol, _name in {"__neg__": "negative", "__abs__": "absolute", "__invert__": "logical_not",
                       "reshape": "reshape", "squeeze": "squeeze"}.items():
    setattr(KerasTensor, _symbol, PUBLIC[_name])
