"""Adam and its relatives: AdamW, Nadam and Adamax."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.keras.optimizers.base import COMMON
from minigrad.keras.optimizers.fused import Fused
from minigrad.native import lib

__all__ = ["Adam", "AdamW", "Adamax", "Nadam"]


class Adam(Fused, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **COMMON):
    """m += (1 - beta_1) (g - m);  v += (1 - beta_2) (g^2 - v);
    p -= lr sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)  (Kingma and Ba, 2015, before section 2.1).

    PyTorch's Adam has epsilon beside sqrt(v / (1 - beta_2^t)); the kernel knows both. amsgrad: with the
    largest v so far.
    """

    _kernel, _slots, _n_hyper = staticmethod(lib.mg_adam), ("m", "v", "vmax"), 9

    def _parts(self) -> list[dict[str, str]]:
        return [{"m": "momentum", "v": "velocity"}, *([{"vmax": "velocity_hat"}] if self.amsgrad else [])]

    def _hyper(self, weight_decay: float) -> tuple[float, ...]:
        return self._rate(), self.beta_1, self.beta_2, self.epsilon, weight_decay, 1.0, 0.0, self.amsgrad, 1.0


class AdamW(Adam, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False,
            **{name: default for name, default in COMMON.items() if name != "weight_decay"}):
    """Adam with weight decay, p *= 1 - lr weight_decay before each update  (Loshchilov and Hutter, 2019)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.weight_decay is None:
            raise ValueError("Argument `weight_decay` must be a float. Received: weight_decay=None")


class Nadam(Fused, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **COMMON):
    """m and v as Adam's;  mu_t = beta_1 (1 - .96^t / 2);  v^ = v / (1 - beta_2^t);
    p -= lr (mu_t+1 m / (1 - mu_1 ... mu_t+1) + (1 - mu_t) g / (1 - mu_1 ... mu_t)) / (sqrt(v^) + epsilon)
    (Dozat, 2016). PyTorch's has .96^(t / 250)."""

    _kernel, _slots, _n_hyper, _numbers = staticmethod(lib.mg_nadam), ("m", "v", "mu_product"), 9, ("mu_product",)

    def build(self, variables: Any) -> None:
        if not self.built:
            super().build(variables)
            dtype = self._trainable_variables[0].array.dtype if self._trainable_variables else None
            self._u_product = self.add_variable((), "ones", dtype, name="u_product")

    def _parts(self) -> list[dict[str, str]]:
        return [{"m": "momentum", "v": "velocity"}]

    def _number_now(self) -> float:
        return float(self._u_product.array)

    def _run(self, everyone: bool) -> None:
        mu = self.beta_1 * (1.0 - 0.5 * 0.96 ** (self._updates() + 1))
        super()._run(everyone)
        self._u_product.array[...] *= self._u_product.array.dtype.type(mu)

    def _hyper(self, weight_decay: float) -> tuple[float, ...]:
        single = self._u_product.array.dtype == np.float32
        return self._rate(), self.beta_1, self.beta_2, self.epsilon, weight_decay, 1.0, 0.0, 1.0, single


class Adamax(Fused, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **COMMON):
    """m += (1 - beta_1) (g - m);  u = max(beta_2 u, |g|);  p -= lr / (1 - beta_1^t) m / (u + epsilon)
    (Kingma and Ba, 2015, section 7.1). PyTorch's has epsilon beside |g|."""

    _kernel, _slots, _n_hyper = staticmethod(lib.mg_keras_adamax), ("m", "u"), 5

    def _parts(self) -> list[dict[str, str]]:
        return [{"m": "momentum", "u": "norm"}]

    def _hyper(self, weight_decay: float) -> tuple[float, ...]:
        return self._rate(), self.beta_1, self.beta_2, self.epsilon, weight_decay
