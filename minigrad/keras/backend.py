"""keras.backend: what scripts of old ask for."""

from typing import Any

import numpy as np

from minigrad.keras.config import backend, dtype_of, epsilon, floatx, image_data_format, set_epsilon, set_floatx
from minigrad.keras.utils import clear_session, is_keras_tensor

__all__ = ["backend", "clear_session", "epsilon", "floatx", "image_data_format", "is_float_dtype", "is_int_dtype",
           "is_keras_tensor", "result_type", "set_epsilon", "set_floatx", "standardize_dtype"]


def standardize_dtype(dtype: Any) -> str:
    """The name of an element type: "float32"; floatx for None."""
    return dtype_of(dtype).name


def is_float_dtype(dtype: Any) -> bool:
    return dtype_of(dtype).kind == "f"


def is_int_dtype(dtype: Any) -> bool:
    return dtype_of(dtype).kind in "iu"


def result_type(*dtypes: Any) -> str:
    """The element type of a result: that of the floats among them, if there are any."""
    kinds = [dtype_of(dtype) for dtype in dtypes]
    floats = [kind for kind in kinds if kind.kind == "f"]
    return np.result_type(*(floats or kinds)).name
