"""Losses: classes, functions and names. A class wraps its function: Huber(delta=2.0)(y_true, y_pred, sample_weight)."""

from __future__ import annotations

from typing import Any

from minigrad.keras.losses import classes, crossentropy, elementwise
from minigrad.keras.losses.classes import *
from minigrad.keras.losses.crossentropy import *
from minigrad.keras.losses.elementwise import *
from minigrad.keras.losses.loss import Loss, LossFunctionWrapper
from minigrad.keras.registry import Registry
from minigrad.names import package_getattr

_NAMED = {name: getattr(module, name) for module in (classes, crossentropy, elementwise) for name in module.__all__}

bce = BCE = crossentropy.binary_crossentropy
mse = MSE = elementwise.mean_squared_error
mae = MAE = elementwise.mean_absolute_error
mape = MAPE = elementwise.mean_absolute_percentage_error
msle = MSLE = elementwise.mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence = elementwise.kl_divergence
logcosh = elementwise.log_cosh

_ALIASES = {
    "bce": bce, "BCE": bce, "mse": mse, "MSE": mse, "mae": mae, "MAE": mae, "mape": mape, "MAPE": mape, "msle": msle,
    "MSLE": msle, "kld": kld, "KLD": kld, "kullback_leibler_divergence": kld, "logcosh": logcosh}

registry = Registry("loss", "keras.losses", {**_NAMED, **_ALIASES})
get, serialize, deserialize = registry.get, registry.serialize, registry.deserialize

__all__ = ["Loss", "LossFunctionWrapper", "deserialize", "for_outputs", "get", "serialize", *_NAMED, *_ALIASES]


def for_outputs(identifier: Any, kind: str | None) -> Any:
    """The Loss for what compile was given; "crossentropy" and "ce" are that of the outputs' kind: "binary",
    "sparse_categorical" or "categorical"."""
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        loss = _NAMED[f"{kind}_crossentropy"]
    else:
        loss = get(identifier)
    if isinstance(loss, Loss):
        return loss
    name = identifier if isinstance(identifier, str) else getattr(loss, "__name__", type(loss).__name__)
    return LossFunctionWrapper(loss, name=name)


_ABSENT = {"CTC": "sequences are not offered", "ctc": "sequences are not offered",
           "Circle": "write it as a function of (y_true, y_pred) and give that to compile",
           "circle": "write it as a function of (y_true, y_pred) and give that to compile"}

__getattr__ = package_getattr("minigrad.keras.losses", _ABSENT)
