"""FloatTensor, LongTensor and so on, which older scripts call: constructors by type, and names of types."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.creation import tensor
from minigrad.engine import TensorBase, make

__all__ = ["BoolTensor", "ByteTensor", "DoubleTensor", "FloatTensor", "IntTensor", "LongTensor"]


class _TypedTensor(type):
    """The class of the constructors: isinstance(x, LongTensor) asks for x's type."""

    dtype: np.dtype

    def __call__(cls, *args: Any) -> Any:
        """LongTensor([1, 2]) has these elements; LongTensor(2, 3) has this shape, and zeros."""
        if len(args) == 1 and not isinstance(args[0], (int, np.integer)):
            value = args[0]
            return value.to(cls.dtype) if isinstance(value, TensorBase) else tensor(value, dtype=cls.dtype)
        return make(np.zeros(args or (0,), cls.dtype))

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, TensorBase) and x.array.dtype == cls.dtype


def _typed(dtype: dtypes.dtype) -> Any:
    return _TypedTensor(f"{dtypes.title(dtype.dtype)}Tensor", (), {"dtype": dtype.dtype})


FloatTensor, DoubleTensor, LongTensor = _typed(dtypes.float32), _typed(dtypes.float64), _typed(dtypes.int64)
IntTensor, ByteTensor, BoolTensor = _typed(dtypes.int32), _typed(dtypes.uint8), _typed(dtypes.bool)
