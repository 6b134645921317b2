"""Gradient descent with momentum, and with steps scaled by what the gradients were so far."""

from __future__ import annotations

from typing import Any

from minigrad.keras.optimizers.base import COMMON
from minigrad.keras.optimizers.fused import Fused
from minigrad.native import lib

__all__ = ["SGD", "Adadelta", "Adagrad", "RMSprop"]


class SGD(Fused, learning_rate=0.01, momentum=0.0, nesterov=False, **COMMON):
    """v = momentum v - lr g;  p += v, or with nesterov p += momentum v - lr g. PyTorch's velocity is without lr."""

    _kernel, _slots, _n_hyper = staticmethod(lib.mg_keras_sgd), ("velocity",), 4

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not isinstance(self.momentum, float) or not 0 <= self.momentum <= 1:
            raise ValueError("`momentum` must be a float between [0, 1].")

    def _parts(self) -> list[dict[str, str]]:
        return [{"velocity": "momentum"}] if self.momentum else []

    def _hyper(self, weight_decay: float) -> tuple[float, ...]:
        return self._rate(), self.momentum, self.nesterov, weight_decay


class RMSprop(Fused, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **COMMON):
    """v = rho v + (1 - rho) g^2;  d = lr g / sqrt(v + epsilon);  p -= d, or with momentum b = momentum b + d;  p -= b
    (Tieleman and Hinton, 2012). PyTorch's has sqrt(v) + epsilon, and b without lr.

    centered: with the variance v - m^2, m = rho m + (1 - rho) g, in place of v; it never falls below 0, where rounding
    gives Keras a NaN.
    """

    _kernel, _slots, _n_hyper = staticmethod(lib.mg_keras_rmsprop), ("m", "v", "buffer"), 6

    def _parts(self) -> list[dict[str, str]]:
        return [{"v": "velocity"}, *([{"buffer": "momentum"}] if self.momentum > 0 else []),
                *([{"m": "average_gradient"}] if self.centered else [])]

    def _hyper(self, weight_decay: float) -> tuple[float, ...]:
        return self._rate(), self.rho, self.epsilon, self.momentum, self.centered, weight_decay


class Adagrad(Fused, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **COMMON):
    """v += g^2, from initial_accumulator_value on;  p -= lr g / sqrt(v + epsilon)  (Duchi, Hazan and Singer, 2011).
    PyTorch's has sqrt(v) + epsilon."""

    _kernel, _slots, _n_hyper = staticmethod(lib.mg_keras_adagrad), ("sum",), 3

    @property
    def _start(self) -> float:
        return self.initial_accumulator_value

    def _parts(self) -> list[dict[str, str]]:
        return [{"sum": "accumulator"}]

    def _hyper(self, weight_decay: float) -> tuple[float, ...]:
        return self._rate(), self.epsilon, weight_decay


class Adadelta(Fused, learning_rate=0.001, rho=0.95, epsilon=1e-7, **COMMON):
    """v = rho v + (1 - rho) g^2;  d = sqrt(u + epsilon) / sqrt(v + epsilon) g;  u = rho u + (1 - rho) d^2;  p -= lr d
    (Zeiler, 2012)."""

    _kernel, _slots, _n_hyper = staticmethod(lib.mg_keras_adadelta), ("v", "u"), 4

    def _parts(self) -> list[dict[str, str]]:
        return [{"v": "accumulated_grad", "u": "accumulated_delta_var"}]

    def _hyper(self, weight_decay: float) -> tuple[float, ...]:
        return self._rate(), self.rho, self.epsilon, weight_decay
