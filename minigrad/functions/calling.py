"""How the functions of the top namespace may be called beside plainly: into a tensor, out=, and with NumPy's names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minigrad import dtypes
from minigrad.engine import TensorBase
from minigrad.grad_mode import mode, no_grad
from minigrad.ops.making import finish

__all__ = ["PLAIN", "callable_as_torch"]

_WITHOUT_OUT = {
    "adjoint", "allclose", "argsort", "argwhere", "as_strided", "atleast_1d", "atleast_2d", "atleast_3d", "bincount",
    "block_diag", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "can_cast", "cartesian_prod", "cdist",
    "celu", "chunk", "clone", "combinations", "corrcoef", "count_nonzero", "cov", "cumulative_trapezoid", "det",
    "diag_embed", "diagflat", "diagonal", "dist", "dropout", "dsplit", "einsum", "equal", "fill", "flatten", "flip",
    "fliplr", "flipud", "hsplit", "index_fill", "index_put", "isclose", "isfinite", "isinf", "isnan", "isreal",
    "logdet", "masked_fill", "masked_scatter", "meshgrid", "moveaxis", "movedim", "narrow", "permute", "positive",
    "prelu", "ravel", "relu", "repeat_interleave", "reshape", "roll", "rot90", "rrelu", "rsub", "select", "selu",
    "split", "split_with_sizes", "squeeze", "swapaxes", "swapdims", "t", "tensor_split", "tile", "trace", "transpose",
    "trapezoid", "trapz", "tril_indices", "triu_indices", "unbind", "unflatten", "unique", "unique_consecutive",
    "unsqueeze", "vsplit",
}
_NAMES = {"axis": "dim", "keepdims": "keepdim"}  # NumPy's, and PyTorch's
_INPUT_IS_NOT_FIRST = {"polygamma", "where"}
PLAIN = {"relu"}  # has no such forms, and is called in every step


def callable_as_torch(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with input= for its first argument, NumPy's axis and keepdims, and out=: a tensor, or as many as
    it has results, resized where the shape is another. Nothing is recorded with out=."""

    @functools.wraps(function)
    def called(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if kwargs:
            if "input" in kwargs and name not in _INPUT_IS_NOT_FIRST:
                args = (kwargs.pop("input"), *args)
            kwargs = {_NAMES.get(key, key): value for key, value in kwargs.items()}
        if out is None:
            return function(*args, **kwargs)
        if name in _WITHOUT_OUT:
            raise TypeError(f"{name}() got an unexpected keyword argument 'out'")
        given = [*args, *kwargs.values(), out]
        if mode.enabled and any(t.needs_grad for a in given for t in (a if isinstance(a, (tuple, list)) else [a])
                                if isinstance(t, TensorBase)):
            raise RuntimeError(f"{name}(): functions with out=... arguments don't support automatic differentiation, "
                               "but one of the arguments requires grad.")
        with no_grad():
            result = function(*args, **kwargs)
        if not isinstance(result, tuple):
            return _fill(name, result, out)
        if not isinstance(out, (tuple, list)) or len(out) != len(result):
            raise TypeError(f"{name}(): argument 'out' must be tuple of {len(result)} Tensors, not "
                            f"{type(out).__name__}")
        return type(result)(*(_fill(name, r, o) for r, o in zip(result, out)))

    called.__name__ = called.__qualname__ = name
    return called


def _fill(name: str, result: Any, out: Any) -> Any:
    if not isinstance(out, TensorBase):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if not dtypes.can_cast(result.array.dtype, out.array.dtype):
        raise RuntimeError(f"result type {dtypes.title(result.array.dtype)} can't be cast to the desired output type "
                           f"{dtypes.title(out.array.dtype)}")
    if not out.array.flags.writeable:
        raise RuntimeError(f"{name}(): the array of out is read-only (it is expanded, or NumPy marks it so)")
    return finish(result.array, out=out)
