"""minigrad: an autograd engine from scratch, with PyTorch's names.

    import minigrad as torch

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                                   # tensor([2., 4.])
"""

from typing import TYPE_CHECKING

from minigrad import cuda, random
from minigrad.creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    linspace,
    normal,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    scalar_tensor,
    tensor,
    zeros,
    zeros_like,
)
from minigrad.dtypes import (
    bool,
    double,
    dtype,
    float,
    float32,
    float64,
    int,
    int32,
    int64,
    long,
    set_default_dtype,
    uint8,
)
from minigrad.functions import *
from minigrad.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from minigrad.names import package_getattr
from minigrad.native import get_num_threads, set_num_threads, show_config
from minigrad.ops.dropout import dropout_mask
from minigrad.parts import Device as device
from minigrad.parts import Size
from minigrad.printing import set_printoptions
from minigrad.random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from minigrad.tensor import Tensor

if TYPE_CHECKING:  # loaded on first use: see _LATE
    from minigrad import autograd, func, linalg, nn, optim, utils
    from minigrad.autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
    from minigrad.func import vmap
    from minigrad.serialization import load, save

__version__ = "0.1.0"

_LATE = {
    **{name: f"minigrad.{name}" for name in ("autograd", "func", "linalg", "nn", "optim", "utils")},
    **dict.fromkeys(("is_anomaly_check_nan_enabled", "is_anomaly_enabled"), "minigrad.autograd.anomaly_mode"),
    **dict.fromkeys(("load", "save"), "minigrad.serialization"), "vmap": "minigrad.func",
}
_ABSENT = {
    **dict.fromkeys(("float16", "half", "bfloat16", "complex64", "complex128", "int8", "int16", "short", "cfloat"),
                    "the element types are float32, float64, int64, int32, uint8 and bool"),
    **dict.fromkeys(("jit", "compile", "export", "fx", "distributed", "multiprocessing"), "it is not offered"),
    **dict.fromkeys(("sparse", "sparse_coo_tensor", "quantization", "fft"), "it is not offered; use NumPy"),
}

__getattr__ = package_getattr("minigrad", _ABSENT, _LATE)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
