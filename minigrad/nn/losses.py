"""Loss layers: a table of functions, settings and formulas. loss = criterion(input, target)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.distances import PairwiseDistance
from minigrad.nn.function_module import FunctionModule
from minigrad.nn.functional.reductions import old_flags
from minigrad.tensor import Tensor

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss",
           "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss",
           "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PoissonNLLLoss",
           "RDropLoss", "SmoothL1Loss", "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss"]

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
            settings["reduction"] = old_flags(size_average, reduce)
        for name in ("weight", "pos_weight"):
            if name in settings:
                self.register_buffer(name, settings.pop(name))
        super()._configure(**settings)


def _forward(function: Callable, names: tuple[str, ...]) -> Callable:
    """A forward that looks the settings up at each call, and passes them by name."""

    def forward(self: _Loss, *inputs: Tensor, **named: Tensor) -> Tensor:
        buffers = self._buffers
        return function(*inputs, **named, **{name: buffers[name] if name in buffers else getattr(self, name)
                                             for name in names})

    return forward


# -- of an input and a target of one shape -----------------------------------------------------------------------------


class MSELoss(_Loss, function=F.mse_loss, **_OLD, reduction="mean"):
    """(x - t)^2"""


class L1Loss(_Loss, function=F.l1_loss, **_OLD, reduction="mean"):
    """|x - t|"""


class SmoothL1Loss(_Loss, function=F.smooth_l1_loss, **_OLD, reduction="mean", beta=1.0):
    """d^2 / (2 beta) where d = |x - t| < beta, else d - beta / 2"""


class HuberLoss(_Loss, function=F.huber_loss, reduction="mean", delta=1.0):
    """d^2 / 2 where d = |x - t| < delta, else delta (d - delta / 2)"""

    def _configure(self, **settings: Any) -> None:
        if not isinstance(settings["delta"], (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(settings['delta'])}")
        super()._configure(**settings)


class BCELoss(_Loss, function=F.binary_cross_entropy, weight=None, **_OLD, reduction="mean"):
    """-(t ln x + (1 - t) ln(1 - x)) of probabilities x, the logarithms no less than -100"""


class BCEWithLogitsLoss(_Loss, function=F.binary_cross_entropy_with_logits, weight=None, **_OLD, reduction="mean",
                        pos_weight=None):
    """-(pos_weight t ln s + (1 - t) ln(1 - s)), s = sigmoid(x), without overflow"""


class RDropLoss(_Loss, function=F.r_drop_loss, alpha=1.0, reduction="mean"):
    """CE(z1, t) + CE(z2, t) + alpha / 2 (KL(P1 | P2) + KL(P2 | P1)) of two passes z1, z2 with different masks"""


class KLDivLoss(_Loss, function=F.kl_div, **_OLD, reduction="mean", log_target=False):
    """t (ln t - x) of log-probabilities x; with log_target, e^t (t - x)"""


class PoissonNLLLoss(_Loss, function=F.poisson_nll_loss, log_input=True, full=False, size_average=None, eps=1e-8,
                     reduce=None, reduction="mean"):
    """e^x - t x; with log_input=False, x - t ln(x + eps); full adds Stirling's approximation of ln t!"""


class GaussianNLLLoss(_Loss, function=F.gaussian_nll_loss, full=False, eps=1e-6, reduction="mean"):
    """(ln v + (x - t)^2 / v) / 2 of input, target and variance v >= eps"""


class SoftMarginLoss(_Loss, function=F.soft_margin_loss, **_OLD, reduction="mean"):
    """ln(1 + e^(-t x)), t = 1 or -1"""


class HingeEmbeddingLoss(_Loss, function=F.hinge_embedding_loss, margin=1.0, **_OLD, reduction="mean"):
    """x where t = 1, max(0, margin - x) where t = -1"""


# -- of classes --------------------------------------------------------------------------------------------------------


class CrossEntropyLoss(_Loss, function=F.cross_entropy, weight=None, size_average=None, ignore_index=-100, reduce=None,
                       reduction="mean", label_smoothing=0.0):
    """-w_t ln softmax(x)_t of logits x (N, C), (C) or (N, C, d...) and classes t, or of probabilities t in x's shape.

    The mean is over the weights of the targets that are not ignore_index. weight (C) is a buffer.
    """


class NLLLoss(_Loss, function=F.nll_loss, weight=None, size_average=None, ignore_index=-100, reduce=None,
              reduction="mean"):
    """-w_t x_t of log-probabilities x (N, C), (C) or (N, C, d...) and classes t"""


class MultiMarginLoss(_Loss, function=F.multi_margin_loss, p=1, margin=1.0, weight=None, **_OLD, reduction="mean"):
    """w_t / C sum_(c != t) max(0, margin - x_t + x_c)^p"""

    def _configure(self, **settings: Any) -> None:
        if settings["p"] not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if settings["weight"] is not None and settings["weight"].ndim != 1:
            raise ValueError("MultiMarginLoss: expected weight to be None or 1D tensor, got "
                             f"{settings['weight'].ndim}D instead")
        super()._configure(**settings)


class MultiLabelMarginLoss(_Loss, function=F.multilabel_margin_loss, **_OLD, reduction="mean"):
    """1 / C sum_(j in T) sum_(i not in T) max(0, 1 - (x_j - x_i)), T the classes that the target lists before a -1"""


class MultiLabelSoftMarginLoss(_Loss, function=F.multilabel_soft_margin_loss, weight=None, **_OLD, reduction="mean"):
    """-1 / C sum_c w_c (t_c ln s_c + (1 - t_c) ln(1 - s_c)), s = sigmoid(x)"""


# -- of several vectors ------------------------------------------------------------------------------------------------


class CosineEmbeddingLoss(_Loss, function=F.cosine_embedding_loss, margin=0.0, **_OLD, reduction="mean"):
    """1 - cos(x1, x2) where t = 1, max(0, cos(x1, x2) - margin) where t = -1"""


class MarginRankingLoss(_Loss, function=F.margin_ranking_loss, margin=0.0, **_OLD, reduction="mean"):
    """max(0, margin - t (x1 - x2))"""


class TripletMarginLoss(_Loss, function=F.triplet_margin_loss, margin=1.0, p=2.0, eps=1e-6, swap=False, **_OLD,
                        reduction="mean"):
    """max(0, margin + |a - p| - |a - n|) of anchor, positive and negative"""

    def _configure(self, **settings: Any) -> None:
        _check_margin(self, settings["margin"])
        super()._configure(**settings)


class TripletMarginWithDistanceLoss(_Loss, function=F.triplet_margin_with_distance_loss, distance_function=None,
                                    margin=1.0, swap=False, reduction="mean"):
    """max(0, margin + distance(a, p) - distance(a, n)); the distance is PairwiseDistance, unless another is given"""

    def _configure(self, **settings: Any) -> None:
        _check_margin(self, settings["margin"])
        settings["distance_function"] = settings["distance_function"] or PairwiseDistance()
        super()._configure(**settings)


def _check_margin(loss: _Loss, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"{type(loss).__name__}: expected margin to be greater than 0, got {margin} instead")
