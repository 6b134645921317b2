"""minigrad: an autograd engine from scratch, with PyTorch's names.

    import minigrad as torch

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                                   # tensor([2., 4.])
"""

from minigrad import autograd, cuda, func, linalg, nn, optim, random, utils
from minigrad.autograd import enable_grad, inference_mode, no_grad, set_grad_enabled
from minigrad.autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
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
from minigrad.func import vmap
from minigrad.functions import *
from minigrad.grad_mode import is_grad_enabled, is_inference_mode_enabled
from minigrad.native import get_num_threads, set_num_threads, show_config
from minigrad.ops.dropout import dropout_mask
from minigrad.parts import Device as device
from minigrad.parts import Size
from minigrad.printing import set_printoptions
from minigrad.random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from minigrad.serialization import load, save
from minigrad.tensor import Tensor

__version__ = "0.1.0"

_ABSENT = {
    **dict.fromkeys(("float16", "half", "bfloat16", "complex64", "complex128", "int8", "int16", "short", "cfloat"),
                    "the element types are float32, float64, int64, int32, uint8 and bool"),
    **dict.fromkeys(("jit", "compile", "export", "fx", "distributed", "multiprocessing"), "it is not offered"),
    **dict.fromkeys(("sparse", "sparse_coo_tensor", "quantization", "fft"), "it is not offered; use NumPy"),
}


def __getattr__(name: str):
    """A clear word on what PyTorch has and minigrad does not."""
    reason = _ABSENT.get(name)
    raise AttributeError(f"module 'minigrad' has no attribute '{name}'" + (f": {reason}" if reason else ""))
