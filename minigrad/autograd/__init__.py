"""torch.autograd's face: grad, backward, Function, the grad modes, gradcheck and gradgradcheck."""

from minigrad.autograd import function
from minigrad.autograd.function import Function
from minigrad.autograd.grad import backward, grad
from minigrad.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from minigrad.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from minigrad.tensor import Tensor as Variable

__all__ = ["Function", "GradcheckError", "Variable", "backward", "enable_grad", "function", "grad", "gradcheck",
           "gradgradcheck", "inference_mode", "no_grad", "set_grad_enabled"]
