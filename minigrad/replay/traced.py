"""Arrays whose elements nobody may look at while a step is recorded.

A recording knows what the kernels do. What NumPy or Python computes from the elements of a result would be missing in
it, or stay as it was at the recording. So results are held by this class meanwhile: views of them are fine, and
whatever reads or writes elements says that it cannot be recorded. Outside a recording it is an array like any other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.tape import refuse

__all__ = ["Traced"]

# What looks at shapes and strides alone, or makes views.
_HARMLESS = {np.broadcast_to, np.broadcast_arrays, np.transpose, np.moveaxis, np.swapaxes, np.expand_dims, np.squeeze,
             np.shape, np.ndim, np.size, np.may_share_memory, np.shares_memory, np.rollaxis, np.split, np.array_split,
             np.lib.stride_tricks.as_strided, np.lib.stride_tricks.sliding_window_view, np.result_type, np.can_cast,
             np.zeros_like, np.ones_like, np.empty_like, np.full_like}


class Traced(np.ndarray):
    """A result of a recorded kernel."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        refuse(f"NumPy's {ufunc.__name__}")
        if out is not None:
            kwargs["out"] = tuple(_plain(o) for o in out)
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in _HARMLESS:
            refuse(f"NumPy's {function.__name__}")
        found = super().__array_function__(function, [t for t in types if t is not Traced] + [np.ndarray], args, kwargs)
        return _traced(found, args)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if not isinstance(found, np.ndarray) or (found.size and not np.may_share_memory(found, self)):
            refuse("an index that takes elements out")
        return found

    def reshape(self, *shape: Any, **kwargs: Any) -> Any:
        found = super().reshape(*shape, **kwargs)
        return found if np.may_share_memory(found, self) else found.view(Copied)


class Copied(np.ndarray):
    """What a reshape copied. It is only good for its shape: a kernel makes the copy that counts."""

    __slots__ = ()


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, Traced) else x


def _traced(found: Any, args: Any) -> Any:
    """Views that NumPy made of a result, some functions as plain arrays: they are results still."""
    if isinstance(found, (list, tuple)):
        return [_traced(one, args) for one in found]
    if type(found) is np.ndarray and any(isinstance(x, Traced) and np.may_share_memory(found, x) for x in args):
        return found.view(Traced)
    return found


def _refusing(name: str) -> Any:
    method = getattr(np.ndarray, name)

    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        refuse(f"ndarray.{name.strip('_')}")
        return method(self, *args, **kwargs)

    guarded.__name__ = name
    return guarded


for _name in ("__bool__", "__complex__", "__contains__", "__copy__", "__deepcopy__", "__float__", "__index__",
              "__int__", "__iter__", "__reduce__", "__reduce_ex__", "__repr__", "__setitem__", "__str__", "argmax",
              "argmin", "argpartition", "argsort", "astype", "byteswap", "choose", "compress", "copy", "cumprod",
              "cumsum", "dot", "dump", "dumps", "fill", "flatten", "item", "nonzero", "partition", "put", "ravel",
              "repeat", "resize", "searchsorted", "sort", "take", "tobytes", "tofile", "tolist", "trace"):
    setattr(Traced, _name, _refusing(_name))
