"""torch.autograd's face: grad, backward, Function, the grad modes, anomaly mode, functional, gradcheck and graph."""

from typing import TYPE_CHECKING

from minigrad.autograd import anomaly_mode, function, functional, graph, variable
from minigrad.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from minigrad.autograd.function import Function
from minigrad.autograd.grad import backward, grad
from minigrad.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from minigrad.autograd.variable import Variable
from minigrad.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from minigrad.names import package_getattr

__all__ = ["Function", "GradcheckError", "Variable", "anomaly_mode", "backward", "detect_anomaly", "enable_grad",
           "function", "functional", "grad", "gradcheck", "gradgradcheck", "graph", "inference_mode", "no_grad",
           "set_detect_anomaly", "set_grad_enabled", "variable"]

_ABSENT = {
    "profiler": "use Python's cProfile, or time with time.perf_counter",
    "forward_ad": "there is no forward mode; use autograd.functional.jvp, or grad",
}

if not TYPE_CHECKING:  # to a type checker what is absent is absent
    __getattr__ = package_getattr("minigrad.autograd", _ABSENT)
