"""Loss layers: a table of functions, settings and formulas. loss = criterion(input, target)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.function_module import FunctionModule
from minigrad.tensor import Tensor

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "NLLLoss",
           "SmoothL1Loss"]

_OLD = {"size_average": None, "reduce": None}  # PyTorch's two old flags; reduction takes their place


class _Loss(FunctionModule):
    """A function of input and target, reduced to its "mean", its "sum" or not at all ("none")."""

    def __init_subclass__(cls, function: Any = None, **settings: Any) -> None:
        super().__init_subclass__(function, **settings)
        if function is not None:
            cls._settings = tuple(name for name in settings if name not in _OLD)
            cls.forward = _forward(function, cls._settings)

    def _configure(self, **settings: Any) -> None:
        size_average, reduce = (settings.pop(name, None) for name in _OLD)
        if size_average is not None or reduce is not None:
            settings["reduction"] = "none" if reduce is False else "sum" if size_average is False else "mean"
            warnings.warn("size_average and reduce args will be deprecated, please use "
                          f"reduction='{settings['reduction']}' instead.", stacklevel=3)
        for name in ("weight", "pos_weight"):
            if name in settings:
                self.register_buffer(name, settings.pop(name))
        super()._configure(**settings)


def _forward(function: Callable, names: tuple[str, ...]) -> Callable:
    """A forward that looks the settings up at each call, and passes them by name."""

    def forward(self: _Loss, input: Tensor, target: Tensor) -> Tensor:
        buffers = self._buffers
        return function(input, target, **{name: buffers[name] if name in buffers else getattr(self, name)
                                          for name in names})

    return forward


class MSELoss(_Loss, function=F.mse_loss, **_OLD, reduction="mean"):
    """(x - t)^2"""


class L1Loss(_Loss, function=F.l1_loss, **_OLD, reduction="mean"):
    """|x - t|"""


class SmoothL1Loss(_Loss, function=F.smooth_l1_loss, **_OLD, reduction="mean", beta=1.0):
    """d^2 / (2 beta) where d = |x - t| < beta, else d - beta / 2"""


class HuberLoss(_Loss, function=F.huber_loss, reduction="mean", delta=1.0):
    """d^2 / 2 where d = |x - t| < delta, else delta (d - delta / 2)"""


class CrossEntropyLoss(_Loss, function=F.cross_entropy, weight=None, size_average=None, ignore_index=-100, reduce=None,
                       reduction="mean", label_smoothing=0.0):
    """-w_t ln softmax(x)_t of logits x (N, C), (C) or (N, C, d...) and classes t, or of probabilities t in x's shape.

    The mean is over the weights of the targets that are not ignore_index. weight (C) is a buffer.
    """


class NLLLoss(_Loss, function=F.nll_loss, weight=None, size_average=None, ignore_index=-100, reduce=None,
              reduction="mean"):
    """-w_t x_t of log-probabilities x (N, C), (C) or (N, C, d...) and classes t"""


class BCELoss(_Loss, function=F.binary_cross_entropy, weight=None, **_OLD, reduction="mean"):
    """-(t ln x + (1 - t) ln(1 - x)) of probabilities x, the logarithms no less than -100"""


class BCEWithLogitsLoss(_Loss, function=F.binary_cross_entropy_with_logits, weight=None, **_OLD, reduction="mean",
                        pos_weight=None):
    """-(pos_weight t ln s + (1 - t) ln(1 - s)), s = sigmoid(x), without overflow"""


class KLDivLoss(_Loss, function=F.kl_div, **_OLD, reduction="mean", log_target=False):
    """t (ln t - x) of log-probabilities x; with log_target, e^t (t - x)"""
