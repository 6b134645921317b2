"""The methods of Tensor that end in _: they change the tensor itself, and count a version."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine import TensorBase, make
from minigrad.methods.become import become, in_place
from minigrad.methods.math import MathMethods
from minigrad.ops import activation, arithmetic, choice, elementwise, shape
from minigrad.random import default_generator

__all__ = ["InPlaceMethods"]


class InPlaceMethods:
    """Methods that end in _ change the tensor itself, and count a version."""

    add_, sub_, mul_, div_ = (in_place(MathMethods.add), in_place(MathMethods.sub), in_place(arithmetic.mul),
                              in_place(arithmetic.div))
    pow_, clamp_, neg_ = in_place(arithmetic.pow), in_place(choice.clamp), in_place(arithmetic.neg)
    relu_, sqrt_, exp_ = in_place(activation.relu), in_place(elementwise.sqrt), in_place(elementwise.exp)

    def fill_(self, value: Any) -> Any:
        return become(self, choice.fill(self, value))

    def zero_(self) -> Any:
        return self.fill_(0)

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        source = src if src.array.dtype is self.array.dtype else src.to(self.array.dtype)
        return become(self, shape.expand(source, self.array.shape))

    def normal_(self, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        array = (generator or default_generator).normal(self.array.shape, self.array.dtype)
        return become(self, make(array * np.asarray(std, array.dtype) + np.asarray(mean, array.dtype)))

    def uniform_(self, from_: float = 0, to: float = 1, *, generator: Any = None, **kwargs: Any) -> Any:
        low = kwargs.get("from", from_)  # PyTorch's name of it is a keyword of Python
        if not low <= to:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={to}")
        return become(self, make((generator or default_generator).uniform(
            self.array.shape, self.array.dtype, float(low), float(to))))

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Any:
        p = p.array if isinstance(p, TensorBase) else p
        if not np.all((np.asarray(p) >= 0) & (np.asarray(p) <= 1)):
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        u = (generator or default_generator).uniform(self.array.shape, np.dtype(np.float64))
        return become(self, make((u < p).astype(self.array.dtype)))
