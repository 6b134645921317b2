"""Activation layers: a table of functions, settings and formulas."""

from __future__ import annotations

from functools import partial
from typing import Any

from minigrad.creation import empty
from minigrad.nn import functional as F
from minigrad.nn.function_module import REQUIRED, FunctionModule
from minigrad.nn.init import constant_
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.tensor import Tensor

__all__ = ["CELU", "ELU", "GELU", "GLU", "SELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
           "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SiLU", "Sigmoid", "Softmax",
           "Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold"]


class _Activation(FunctionModule):
    """An element-by-element function. inplace=True overwrites the input."""

    def extra_repr(self) -> str:
        values = {name: getattr(self, name) for name in self._settings}
        return ", ".join(f"{name}={value!r}" for name, value in values.items() if name != "inplace" or value)


class ReLU(_Activation, function=F.relu, inplace=False):
    """max(x, 0)"""


class ReLU6(_Activation, function=F.relu6, inplace=False):
    """min(max(x, 0), 6)"""


class Hardtanh(_Activation, function=F.hardtanh, min_val=-1.0, max_val=1.0, inplace=False):
    """min(max(x, min_val), max_val)"""

    def _configure(self, **settings: Any) -> None:
        super()._configure(**settings)
        if self.max_val <= self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")


class Hardsigmoid(_Activation, function=F.hardsigmoid, inplace=False):
    """min(max(x + 3, 0), 6) / 6"""

    def extra_repr(self) -> str:
        return ""


class Hardswish(_Activation, function=F.hardswish, inplace=False):
    """x min(max(x + 3, 0), 6) / 6  (Howard et al., 2019)"""

    def extra_repr(self) -> str:
        return ""


class Threshold(_Activation, function=F.threshold, threshold=REQUIRED, value=REQUIRED, inplace=False):
    """x if x > threshold else value"""


class Hardshrink(_Activation, function=F.hardshrink, lambd=0.5):
    """x if |x| > lambd else 0"""

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(_Activation, function=F.softshrink, lambd=0.5):
    """x - lambd if x > lambd, x + lambd if x < -lambd, else 0"""

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class LeakyReLU(_Activation, function=F.leaky_relu, negative_slope=0.01, inplace=False):
    """x if x > 0 else negative_slope x"""


class PReLU(Module):
    """x if x > 0 else weight x; the weight, a parameter, has one element or one per channel (He et al., 2015)."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """The weight as it started."""
        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(_Activation, function=F.rrelu, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
    """x if x > 0 else a x, a uniform between lower and upper in training, their mean in evaluation (Xu et al., 2015)"""

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class CELU(_Activation, function=F.celu, alpha=1.0, inplace=False):
    """x if x > 0 else alpha (e^(x / alpha) - 1)  (Barron, 2017)"""


class ELU(_Activation, function=F.elu, alpha=1.0, inplace=False):
    """x if x > 0 else alpha (e^x - 1)  (Clevert et al., 2016)"""


class SELU(_Activation, function=F.selu, inplace=False):
    """1.0507 (x if x > 0 else 1.6733 (e^x - 1))  (Klambauer et al., 2017)"""


class GELU(_Activation, function=F.gelu, approximate="none"):
    """x Phi(x), Phi the normal distribution's; approximate="tanh" for an approximation (Hendrycks and Gimpel, 2016)"""


class Mish(_Activation, function=F.mish, inplace=False):
    """x tanh(ln(1 + e^x))  (Misra, 2019)"""


class GLU(_Activation, function=F.glu, dim=-1):
    """a / (1 + e^-b), a and b the halves of x along dim  (Dauphin et al., 2017)"""


class SiLU(_Activation, function=F.silu, inplace=False):
    """x / (1 + e^-x), also called swish"""


class Sigmoid(_Activation, function=F.sigmoid):
    """1 / (1 + e^-x)"""


class LogSigmoid(_Activation, function=F.logsigmoid):
    """-ln(1 + e^-x)"""


class Tanh(_Activation, function=F.tanh):
    """(e^x - e^-x) / (e^x + e^-x)"""


class Tanhshrink(_Activation, function=F.tanhshrink):
    """x - tanh x"""


class Softsign(_Activation, function=F.softsign):
    """x / (1 + |x|)"""


class Softplus(_Activation, function=F.softplus, beta=1.0, threshold=20.0):
    """ln(1 + e^(beta x)) / beta; x itself where beta x > threshold"""


class Softmax(_Activation, function=partial(F.softmax, _stacklevel=5), dim=None):
    """e^x / sum e^x along dim"""


class LogSoftmax(_Activation, function=partial(F.log_softmax, _stacklevel=5), dim=None):
    """x - ln sum e^x along dim"""


class Softmin(_Activation, function=partial(F.softmin, _stacklevel=5), dim=None):
    """e^-x / sum e^-x along dim"""


class Softmax2d(Module):
    """e^x / sum e^x over the channels of (N, C, H, W) or (C, H, W)"""

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)
