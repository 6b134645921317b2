"""FloatTensor, LongTensor and so on, which older scripts call: constructors by type, and names of types."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.engine import TensorBase, make
from minigrad.ops.making import of_type

__all__ = ["BoolTensor", "ByteTensor", "DoubleTensor", "FloatTensor", "IntTensor", "LongTensor",
           "set_default_tensor_type"]


class _TypedTensor(type):
    """The class of the constructors: isinstance(x, LongTensor) asks for x's type."""

    dtype: np.dtype

    def __call__(cls, *args: Any) -> Any:
        """LongTensor([1, 2]) has these elements; LongTensor(2, 3) has this shape, its elements not set."""
        return make(of_type(args, cls.dtype))

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, TensorBase) and x.array.dtype == cls.dtype


def _typed(dtype: dtypes.dtype) -> Any:
    return _TypedTensor(f"{dtypes.title(dtype.dtype)}Tensor", (), {"dtype": dtype.dtype, "__module__": "minigrad"})


FloatTensor, DoubleTensor, LongTensor = _typed(dtypes.float32), _typed(dtypes.float64), _typed(dtypes.int64)
IntTensor, ByteTensor, BoolTensor = _typed(dtypes.int32), _typed(dtypes.uint8), _typed(dtypes.bool)


def set_default_tensor_type(t: Any) -> None:
    """The older form of set_default_dtype: takes FloatTensor or DoubleTensor, or "torch.DoubleTensor"."""
    dtypes.set_default_dtype(dtypes.of(dtypes.resolve(t)))
