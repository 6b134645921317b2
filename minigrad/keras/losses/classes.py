"""The classes of losses: each wraps its function, whose options are its arguments."""

from __future__ import annotations

from typing import Any

from minigrad.keras.declared import Declared
from minigrad.keras.losses import crossentropy, elementwise
from minigrad.keras.losses.loss import Loss, LossFunctionWrapper

__all__ = ["BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
           "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "CosineSimilarity", "Dice", "Hinge", "Huber",
           "KLDivergence", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
           "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge", "Tversky"]

_MEAN: Any = {"reduction": "sum_over_batch_size"}
_LOGITS: Any = {"from_logits": False, "label_smoothing": 0.0, "axis": -1, **_MEAN}


class _FunctionLoss(Declared, LossFunctionWrapper):
    """The loss of a function, with its options as attributes, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = self._bound(args, kwargs)
        super().__init__(self._function, given.pop("reduction"), given.pop("name"), given.pop("dtype"), **given)
        for name, value in given.items():
            setattr(self, name, value)

    def get_config(self) -> dict[str, Any]:
        return {**Loss.get_config(self), **self._fn_kwargs}


class MeanSquaredError(_FunctionLoss, function=elementwise.mean_squared_error, **_MEAN, name="mean_squared_error",
                       dtype=None):
    pass


class MeanAbsoluteError(_FunctionLoss, function=elementwise.mean_absolute_error, **_MEAN, name="mean_absolute_error",
                        dtype=None):
    pass


class MeanAbsolutePercentageError(_FunctionLoss, function=elementwise.mean_absolute_percentage_error, **_MEAN,
                                  name="mean_absolute_percentage_error", dtype=None):
    pass


class MeanSquaredLogarithmicError(_FunctionLoss, function=elementwise.mean_squared_logarithmic_error, **_MEAN,
                                  name="mean_squared_logarithmic_error", dtype=None):
    pass


class CosineSimilarity(_FunctionLoss, function=elementwise.cosine_similarity, axis=-1, **_MEAN,
                       name="cosine_similarity", dtype=None):
    pass


class Huber(_FunctionLoss, function=elementwise.huber, delta=1.0, **_MEAN, name="huber_loss", dtype=None):
    pass


class LogCosh(_FunctionLoss, function=elementwise.log_cosh, **_MEAN, name="log_cosh", dtype=None):
    pass


class Hinge(_FunctionLoss, function=elementwise.hinge, **_MEAN, name="hinge", dtype=None):
    pass


class SquaredHinge(_FunctionLoss, function=elementwise.squared_hinge, **_MEAN, name="squared_hinge", dtype=None):
    pass


class CategoricalHinge(_FunctionLoss, function=elementwise.categorical_hinge, **_MEAN, name="categorical_hinge",
                       dtype=None):
    pass


class KLDivergence(_FunctionLoss, function=elementwise.kl_divergence, **_MEAN, name="kl_divergence", dtype=None):
    pass


class Poisson(_FunctionLoss, function=elementwise.poisson, **_MEAN, name="poisson", dtype=None):
    pass


class BinaryCrossentropy(_FunctionLoss, function=crossentropy.binary_crossentropy, **_LOGITS,
                         name="binary_crossentropy", dtype=None):
    pass


class BinaryFocalCrossentropy(_FunctionLoss, function=crossentropy.binary_focal_crossentropy,
                              apply_class_balancing=False, alpha=0.25, gamma=2.0, **_LOGITS,
                              name="binary_focal_crossentropy", dtype=None):
    pass


class CategoricalCrossentropy(_FunctionLoss, function=crossentropy.categorical_crossentropy, **_LOGITS,
                              name="categorical_crossentropy", dtype=None):
    pass


class CategoricalFocalCrossentropy(_FunctionLoss, function=crossentropy.categorical_focal_crossentropy, alpha=0.25,
                                   gamma=2.0, **_LOGITS, name="categorical_focal_crossentropy", dtype=None):
    pass


class SparseCategoricalCrossentropy(_FunctionLoss, function=crossentropy.sparse_categorical_crossentropy,
                                    from_logits=False, ignore_class=None, **_MEAN, axis=-1,
                                    name="sparse_categorical_crossentropy", dtype=None):
    pass


class CategoricalGeneralizedCrossEntropy(_FunctionLoss, function=crossentropy.categorical_generalized_cross_entropy,
                                         q=0.5, **_MEAN, name="categorical_generalized_cross_entropy", dtype=None):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not 0 < self._fn_kwargs["q"] < 1:
            raise ValueError("q must be in the interval (0, 1)")


class Dice(_FunctionLoss, function=crossentropy.dice, **_MEAN, name="dice", axis=None, dtype=None):
    pass


class Tversky(_FunctionLoss, function=crossentropy.tversky, alpha=0.5, beta=0.5, **_MEAN, name="tversky", axis=None,
              dtype=None):
    pass
