"""Metric: numbers that are gathered batch by batch. Mean and Sum are those that most others are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.grad_mode import no_grad
from minigrad.keras import initializers
from minigrad.keras.config import dtype_of, floatx
from minigrad.keras.declared import Declared
from minigrad.keras.losses.loss import apply_mask, mask_of
from minigrad.keras.losses.pairs import as_tensor, same_rank
from minigrad.keras.naming import auto_name
from minigrad.keras.tensors import Variable, as_array, readable

__all__ = ["FunctionMetric", "Mean", "MeanMetricWrapper", "Metric", "Sum", "ratio", "samplewise"]


def ratio(x: Any, y: Any) -> np.ndarray:
    """x / y, and 0 where y is 0"""
    x, y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    return np.divide(x, y, out=np.zeros(x.shape), where=y != 0)


class Metric:
    """The base of metrics: subclasses make their state with add_variable, and define update_state and result.

    Minigrad's own keep their sums in double precision, and define value(), the result as a NumPy number or array.
    """

    _direction: str | None = None  # "up" or "down": where better results lie

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._dtype = dtype_of(dtype or floatx())
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        return self._dtype.name

    def add_variable(self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, aggregation: str = "sum",
                     name: str | None = None) -> Variable:
        """A part of the state, which reset_state sets to 0."""
        variable = Variable(initializers.get(initializer or "zeros"), shape, dtype, trainable=False, name=name)
        self._variables.append(variable)
        return variable

    def add_weight(self, shape: Any = (), initializer: Any = None, dtype: Any = None,
                   name: str | None = None) -> Variable:
        return self.add_variable(shape, initializer, dtype, name=name)

    def _sum(self, name: str, shape: Any = ()) -> Variable:
        return self.add_variable(shape, dtype="float64", name=name)

    @property
    def variables(self) -> list[Variable]:
        """The state, that of metrics among the attributes too."""
        return [*self._variables, *(variable for part in vars(self).values() if isinstance(part, Metric)
                                    for variable in part.variables)]

    def reset_state(self) -> None:
        for variable in self.variables:
            variable.array[...] = 0

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a Metric subclass defines update_state(self, ...)")

    def value(self) -> Any:
        raise NotImplementedError("a Metric subclass defines result(self)")

    def result(self) -> Any:
        """The metric of all batches since reset_state."""
        return readable(make(np.asarray(self.value(), self._dtype)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


# -- sums and means ----------------------------------------------------------------------------------------------------


def samplewise(values: Any, sample_weight: Any, reduce: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """A value for each sample, times its weight, and the weights; reduce(array, axis=...) joins what a sample has."""
    array, mask = as_array(values), mask_of(values)
    weight = None
    if sample_weight is not None:
        given = make(np.array(as_array(sample_weight), np.float64))
        masked = apply_mask(given, mask, given.array.dtype, "sum")
        array, weight = same_rank(array.astype(np.float64), masked.array)
        ndim = weight.ndim
        if array.ndim > ndim:
            array = reduce(array, axis=tuple(range(ndim, array.ndim)))
        weight = np.broadcast_to(weight, array.shape)
        array = array * weight
        if ndim > 1:
            weight = reduce(weight, axis=tuple(range(1, ndim)))
    return (reduce(array, axis=tuple(range(1, array.ndim))) if array.ndim > 1 else array), weight


class Sum(Metric):
    """The sum of all values, each times its weight."""

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self._sum("total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        self.total.array += samplewise(values, sample_weight, np.sum)[0].sum(dtype=np.float64)

    def value(self) -> Any:
        return self.total.array


class Mean(Metric):
    """The mean of all values, weighted by their weights; 0 of none. Several values of a sample count as their mean."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total, self.count = self._sum("total"), self._sum("count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        if sample_weight is None:
            shape = as_array(values).shape
            self.total.array += as_array(values).sum(dtype=np.float64) / (math.prod(shape[1:]) or 1)
            self.count.array += shape[0] if shape else 1
            return
        array, weight = samplewise(values, sample_weight, np.mean)
        self.total.array += array.sum()
        self.count.array += weight.sum()

    def value(self) -> Any:
        return ratio(self.total.array, self.count.array)


class MeanMetricWrapper(Mean):
    """The mean of a function fn(y_true, y_pred, **kwargs), which gives a value for each sample."""

    def __init__(self, fn: Any, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name, dtype)
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        mask = mask_of(y_pred)
        if mask is not None:
            given = None if sample_weight is None else as_tensor(sample_weight)
            sample_weight = apply_mask(given, mask, self._dtype, "sum")
        with no_grad():
            super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self._fn, **self._fn_kwargs}


class FunctionMetric(Declared, MeanMetricWrapper):
    """The mean of a function that the class statement names, with its options as attributes, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = self._bound(args, kwargs)
        super().__init__(self._function, given.pop("name"), given.pop("dtype"), **given)
        for name, value in given.items():
            setattr(self, name, value)

    def get_config(self) -> dict[str, Any]:
        return {**Metric.get_config(self), **self._fn_kwargs}
