"""torch.nn.functional's face: PyTorch's signatures over the operations."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.methods import become, in_place
from minigrad.nn.loss_functions import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
from minigrad.ops import activation, choice
from minigrad.ops import softmax as softmax_ops
from minigrad.ops.dropout import check_probability
from minigrad.ops.dropout import dropout as drop
from minigrad.ops.gather import rows
from minigrad.ops.kernel import require_tensor
from minigrad.ops.matmul import linear
from minigrad.random import Generator

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "dropout", "elu", "embedding",
           "gelu", "hardtanh", "huber_loss", "kl_div", "l1_loss", "leaky_relu", "linear", "log_softmax", "logsigmoid",
           "mse_loss", "nll_loss", "normalize", "one_hot", "relu", "relu6", "selu", "sigmoid", "silu", "smooth_l1_loss",
           "softmax", "softplus", "softsign", "tanh", "tanhshrink"]

sigmoid, tanh, softplus = activation.sigmoid, activation.tanh, activation.softplus


# -- activations -------------------------------------------------------------------------------------------------------


def _activation(function: Any, inplace: bool, *args: Any) -> Any:
    """function(*args), or with inplace the same in the memory of the first argument."""
    return (in_place(function) if inplace else function)(*args)


def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0)"""
    return _activation(activation.relu, True, input) if inplace else activation.relu(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x if x > 0 else negative_slope * x"""
    return _activation(activation.leaky_relu, inplace, input, negative_slope)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x if x > 0 else alpha (e^x - 1)"""
    return _activation(activation.elu, inplace, input, alpha)


def selu(input: Any, inplace: bool = False) -> Any:
    """1.0507 (x if x > 0 else 1.6733 (e^x - 1))"""
    return _activation(activation.selu, inplace, input)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x Phi(x)"""
    return activation.gelu(input, approximate)


def silu(input: Any, inplace: bool = False) -> Any:
    """x sigmoid(x)"""
    return _activation(activation.silu, inplace, input)


def _softmax_dim(input: Any, dim: int | None, name: str, stacklevel: int) -> int:
    """PyTorch's old guess of the dimension, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
                  "argument.", stacklevel=stacklevel)
    return 0 if input.array.ndim in (0, 1, 3) else 1


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """e^x / sum e^x along dim"""
    return softmax_ops.softmax(input, _softmax_dim(input, dim, "softmax", _stacklevel), dtype)


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """x - log sum e^x along dim"""
    return softmax_ops.log_softmax(input, _softmax_dim(input, dim, "log_softmax", _stacklevel), dtype)


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *,
            generator: Generator | None = None, seed: int | None = None, noise_shape: Any = None, mask: Any = None,
            return_mask: bool = False) -> Any:
    """In training, y_i = x_i / (1 - p) with probability 1 - p, else 0; otherwise x itself (Srivastava et al., 2014).

    p            probability of dropping, in [0, 1]. It is realised in 1/65536ths, and kept values are scaled by the
                 exact inverse of the realised probability, so the mean of y is x.
    generator    where to draw from, in place of the default generator
    seed         draw from this seed's own stream: the same seed gives the same mask, and no generator moves
    noise_shape  shape of the mask, 1 where it is shared along a dimension, None for the input's own size
    mask         a bool tensor of what to keep, in place of a draw; p still gives the scale
    return_mask  return (y, mask)

    Unlike PyTorch: a dropped infinity or NaN gives 0, p = 1 gives +0, p = NaN is a ValueError, and the mask depends on
    seed and position alone. Nothing is stored for backward but the draw's sixteen bytes.
    """
    p = check_probability(p)
    if not training or (p == 0.0 and mask is None):
        require_tensor(input, "dropout")
        return (input, make(np.ones(input.array.shape, bool))) if return_mask else input
    y = drop(input, p, generator=generator, seed=seed, noise_shape=noise_shape, mask=mask, return_mask=return_mask)
    if not inplace:
        return y
    return (become(input, y[0]), y[1]) if return_mask else become(input, y)


# -- the rest ----------------------------------------------------------------------------------------------------------


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """int64 (..., C): 1 at each class, 0 elsewhere"""
    classes = tensor.array
    if classes.dtype.kind not in "iu":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if classes.size and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        if not classes.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(classes.max()) + 1
    elif classes.size and classes.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return make((classes[..., None] == np.arange(num_classes)).astype(np.int64))


def embedding(input: Any, weight: Any) -> Any:
    """weight[t] for integers t of any shape"""
    y = rows(weight, input.reshape(-1))
    return y.reshape(*input.array.shape, *weight.array.shape[1:])


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """x / max(|x|_p, eps) along dim"""
    return input / input.norm(p, dim, True).clamp(min=eps)


# -- activations made of other operations ------------------------------------------------------------------------------


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """min(max(x, min_val), max_val)"""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return _activation(choice.clamp, inplace, input, min_val, max_val)


def relu6(input: Any, inplace: bool = False) -> Any:
    """min(max(x, 0), 6)"""
    return hardtanh(input, 0.0, 6.0, inplace)


def logsigmoid(input: Any) -> Any:
    """-ln(1 + e^-x)"""
    return -softplus(-input, 1.0, float("inf"))


def softsign(input: Any) -> Any:
    """x / (1 + |x|)"""
    return input / (input.abs() + 1.0)


def tanhshrink(input: Any) -> Any:
    """x - tanh x"""
    return input - tanh(input)
