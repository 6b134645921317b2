"""Activation layers: a table of functions, settings and formulas."""

from __future__ import annotations

from functools import partial

from minigrad.nn import functional as F
from minigrad.nn.function_module import FunctionModule

__all__ = ["ELU", "GELU", "SELU", "Hardtanh", "LeakyReLU", "LogSigmoid", "LogSoftmax", "ReLU", "ReLU6", "SiLU",
           "Sigmoid", "Softmax", "Softplus", "Softsign", "Tanh", "Tanhshrink"]


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


class LeakyReLU(_Activation, function=F.leaky_relu, negative_slope=0.01, inplace=False):
    """x if x > 0 else negative_slope x"""


class ELU(_Activation, function=F.elu, alpha=1.0, inplace=False):
    """x if x > 0 else alpha (e^x - 1)  (Clevert et al., 2016)"""


class SELU(_Activation, function=F.selu, inplace=False):
    """1.0507 (x if x > 0 else 1.6733 (e^x - 1))  (Klambauer et al., 2017)"""


class GELU(_Activation, function=F.gelu, approximate="none"):
    """x Phi(x), Phi the normal distribution's; approximate="tanh" for an approximation (Hendrycks and Gimpel, 2016)"""


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
