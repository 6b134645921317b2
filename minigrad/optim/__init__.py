"""Optimisers: torch.optim's face."""

from minigrad.names import package_getattr
from minigrad.optim import lr_scheduler
from minigrad.optim.adagrad import Adadelta, Adagrad
from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.adam_family import Adamax, NAdam, RAdam
from minigrad.optim.lbfgs import LBFGS
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.rmsprop import RMSprop
from minigrad.optim.rprop import ASGD, Rprop
from minigrad.optim.sgd import SGD

__all__ = ["ASGD", "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam",
           "RMSprop", "Rprop", "lr_scheduler"]

_ABSENT = {"SparseAdam": "there are no sparse gradients; use Adam", "Adafactor": "use Adam", "Muon": "use AdamW",
           "swa_utils": "average the parameters by hand: ema.mul_(decay).add_(p.detach(), alpha=1 - decay)"}

__getattr__ = package_getattr("minigrad.optim", _ABSENT)
