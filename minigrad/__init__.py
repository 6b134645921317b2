"""minigrad: an autograd engine from scratch, with PyTorch's names.

    import minigrad as torch

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                                   # tensor([2., 4.])
"""

from math import e as e, inf as inf, nan as nan, pi as pi
from typing import TYPE_CHECKING

from minigrad import parts, random, return_types, version
from minigrad.creation import *
from minigrad.dtypes import (
    bool as bool,
    double as double,
    dtype as dtype,
    finfo as finfo,
    float as float,
    float32 as float32,
    float64 as float64,
    iinfo as iinfo,
    int as int,
    int32 as int32,
    int64 as int64,
    long as long,
    set_default_dtype as set_default_dtype,
    uint8 as uint8,
)
from minigrad.functions import *
from minigrad.grad_mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    is_grad_enabled as is_grad_enabled,
    is_inference_mode_enabled as is_inference_mode_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from minigrad.names import package_getattr
from minigrad.native import (
    get_num_threads as get_num_threads,
    set_num_threads as set_num_threads,
    show_config as show_config,
)
from minigrad.ops.dropout import dropout_mask as dropout_mask
from minigrad.parts import (
    Size as Size,
    channels_last as channels_last,
    contiguous_format as contiguous_format,
    preserve_format as preserve_format,
    strided as strided,
)
from minigrad.printing import set_printoptions as set_printoptions
from minigrad.random import (
    Generator as Generator,
    default_generator as default_generator,
    get_rng_state as get_rng_state,
    initial_seed as initial_seed,
    manual_seed as manual_seed,
    seed as seed,
    set_rng_state as set_rng_state,
)
from minigrad.switches import *
from minigrad.tensor import Tensor as Tensor
from minigrad.typed_tensors import (
    BoolTensor as BoolTensor,
    ByteTensor as ByteTensor,
    DoubleTensor as DoubleTensor,
    FloatTensor as FloatTensor,
    IntTensor as IntTensor,
    LongTensor as LongTensor,
    set_default_tensor_type as set_default_tensor_type,
)

if TYPE_CHECKING:  # loaded on first use: see _LATE
    from minigrad import (
        accelerator,
        autograd,
        backends,
        compiler,
        cuda,
        distributions,
        func,
        keras,
        linalg,
        nn,
        optim,
        utils,
    )
    from minigrad.autograd.anomaly_mode import (
        is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled,
        is_anomaly_enabled as is_anomaly_enabled,
    )
    from minigrad.func import vmap as vmap
    from minigrad.nn.functional import cosine_similarity as cosine_similarity, pairwise_distance as pairwise_distance
    from minigrad.nn.monte_carlo import mc_dropout as mc_dropout
    from minigrad.replay.public import compile as compile
    from minigrad.serialization import load as load, save as save

device = parts.Device

__version__ = version.__version__
newaxis = None

_LATE = {
    **{name: f"minigrad.{name}" for name in (
        "accelerator", "autograd", "backends", "compiler", "cuda", "distributions", "func", "keras", "linalg", "nn",
        "optim", "utils")},
    **dict.fromkeys(("is_anomaly_check_nan_enabled", "is_anomaly_enabled"), "minigrad.autograd.anomaly_mode"),
    **dict.fromkeys(("load", "save"), "minigrad.serialization"), "vmap": "minigrad.func",
    "mc_dropout": "minigrad.nn.monte_carlo", "compile": "minigrad.replay.public",
    **dict.fromkeys(("cosine_similarity", "pairwise_distance"), "minigrad.nn.functional"),
}
_ABSENT = {
    **dict.fromkeys(("float16", "half", "bfloat16", "complex64", "complex128", "int8", "int16", "short", "cfloat"),
                    "the element types are float32, float64, int64, int32, uint8 and bool"),
    **dict.fromkeys(("jit", "export", "fx", "distributed", "multiprocessing"), "it is not offered"),
    **dict.fromkeys(("amp", "autocast"), "it is not offered: all is computed in float32 or float64; leave it out"),
    **dict.fromkeys(("sparse", "sparse_coo_tensor", "quantization", "fft"), "it is not offered; use NumPy"),
}

if not TYPE_CHECKING:  # to a type checker what is absent is absent
    __getattr__ = package_getattr("minigrad", _ABSENT, _LATE)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
