"""Callbacks: what happens besides, as training goes on."""

from minigrad.keras.callbacks import monitoring, progbar_logger, simple
from minigrad.keras.callbacks.callback import Callback, CallbackList
from minigrad.keras.callbacks.monitoring import *
from minigrad.keras.callbacks.progbar_logger import *
from minigrad.keras.callbacks.simple import *
from minigrad.names import package_getattr

__all__ = ["Callback", "CallbackList", *monitoring.__all__, *progbar_logger.__all__, *simple.__all__]

_ABSENT = {"TensorBoard": "use CSVLogger, or a Callback of your own", "RemoteMonitor": "use a Callback of your own",
           "SwapEMAWeights": "see use_ema of the optimizers"}

__getattr__ = package_getattr("minigrad.keras.callbacks", _ABSENT)
