"""Gradient clipping, parameters as one vector, weight normalisation: torch.nn.utils; and what goes with dropout."""

from typing import Any

from minigrad.names import package_getattr
from minigrad.nn import dropout_schedules
from minigrad.nn.dropout_schedules import *
from minigrad.nn.utils import clip_grad, convert_parameters, parametrizations, parametrize
from minigrad.nn.utils.clip_grad import *
from minigrad.nn.utils.convert_parameters import *
from minigrad.nn.utils.folding import fold_dropout_
from minigrad.nn.utils.max_norm import MaxNorm, max_norm_
from minigrad.nn.utils.weight_normalisation import remove_weight_norm, weight_norm

__all__ = ["MaxNorm", "clip_grad", "fold_dropout_", "max_norm_", "parametrizations", "parametrize",
           "remove_weight_norm", "skip_init", "weight_norm", *clip_grad.__all__, *convert_parameters.__all__,
           *dropout_schedules.__all__]


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """module_cls(*args, **kwargs), whose parameters are not to be relied on: here they are drawn all the same."""
    return module_cls(*args, **kwargs)


_ABSENT = {"rnn": "recurrent networks are not offered: stack padded sequences with torch.stack, and loop over time",
           "spectral_norm": "divide the weight by torch.linalg.matrix_norm(w, 2) in forward",
           "remove_spectral_norm": "there is no spectral_norm",
           "stateless": "use minigrad.func.functional_call",
           "clip_grad_norm": "use clip_grad_norm_",
           "prune": "multiply the weight by a mask in forward"}

__getattr__ = package_getattr("minigrad.nn.utils", _ABSENT)
