"""Several tensors as one: layers of a list of tensors, and functions of the same."""

from __future__ import annotations

import functools
from typing import Any

from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.settings import Configured
from minigrad.ops.choice import maximum, minimum
from minigrad.ops.join import cat
from minigrad.tensor import Tensor

__all__ = ["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract", "add", "average",
           "concatenate", "dot", "maximum_of", "minimum_of", "multiply", "subtract"]


def _merged_shape(shapes: Any) -> tuple:
    """The shape that shapes have when they are broadcast together; ValueError if they can't be."""
    merged: tuple = ()
    for shape in shapes:
        longest = max(len(shape), len(merged))
        a, b = ((1,) * (longest - len(s)) + tuple(s) for s in (merged, shape))
        if any(None not in (p, q) and 1 not in (p, q) and p != q for p, q in zip(a, b)):
            raise ValueError(f"Inputs have incompatible shapes. Received shapes {merged[1:]} and {tuple(shape)[1:]}")
        merged = tuple(q if p == 1 else p if q == 1 or q is None else q for p, q in zip(a, b))
    return merged


class _Merge(Configured, Layer):
    """A function of tensors whose shapes broadcast: two at a time, from the left."""

    supports_masking = True
    _plain = True
    _most: int | None = None

    def _check(self, inputs: Any) -> None:
        name = type(self).__name__
        if not isinstance(inputs, (list, tuple)) or not inputs or not isinstance(inputs[0], (list, tuple)):
            raise ValueError(f"A merge layer should be called on a list of inputs. Received: input_shape={inputs} (not "
                             "a list of shapes)")
        if self._most and len(inputs) != self._most:
            raise ValueError(f"A `{name}` layer should be called on exactly {self._most} inputs. Received: "
                             f"input_shape={inputs}")

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        self.compute_output_shape(input_shape)

    def call(self, inputs: Any) -> Tensor:
        return functools.reduce(self.merge, inputs)

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return _merged_shape(input_shape)


class Add(_Merge):
    """The sum."""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Subtract(_Merge):
    """The first of two minus the second."""

    _most = 2

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return a - b


class Multiply(_Merge):
    """The product, element by element."""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return a * b


class Average(Add):
    """The mean."""

    def call(self, inputs: Any) -> Tensor:
        return super().call(inputs) / len(inputs)


class Maximum(_Merge):
    """The largest, element by element."""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return maximum(a, b)


class Minimum(_Merge):
    """The smallest, element by element."""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return minimum(a, b)


class Concatenate(_Merge):
    """One after another along the axis."""

    _settings = ("axis",)

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Tensor:
        return cat(inputs, self.axis)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        first, axis = list(input_shape[0]), self.axis % len(input_shape[0])
        for shape in input_shape:
            if len(shape) != len(first) or any(i != axis and None not in (a, b) and a != b
                                               for i, (a, b) in enumerate(zip(shape, first))):
                raise ValueError("A `Concatenate` layer requires inputs with matching shapes except for the "
                                 f"concatenation axis. Received: input_shape={[tuple(s) for s in input_shape]}")
        sizes = [shape[axis] for shape in input_shape]
        first[axis] = None if None in sizes else sum(sizes)
        return tuple(first)


class Dot(_Merge):
    """The sum of products along an axis of each of two tensors, sample by sample; normalize: of vectors of length 1."""

    _settings = ("axes", "normalize")
    _most = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axes, (int, list, tuple)) or (not isinstance(axes, int) and len(axes) != 2):
            raise ValueError(f"Invalid format for argument `axes`: it should be an int or a list of two. Received: "
                             f"axes={axes}")
        self.axes, self.normalize = axes, normalize

    def _pair(self, ndims: tuple[int, int]) -> tuple[int, int]:
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return axes[0] % ndims[0], axes[1] % ndims[1]

    def call(self, inputs: Any) -> Tensor:
        a, b = inputs
        i, j = self._pair((a.array.ndim, b.array.ndim))
        if self.normalize:
            a, b = (x * x.square().sum(k, True).clamp(min=1e-12).rsqrt() for x, k in ((a, i), (b, j)))
        a, b = a.movedim(i, -1), b.movedim(j, 1)
        batch, size = a.array.shape[0], a.array.shape[-1]
        y = a.reshape(batch, -1, size) @ b.reshape(batch, size, -1)
        shape = (batch, *a.array.shape[1:-1], *b.array.shape[2:])
        return y.reshape(shape if len(shape) > 1 else (batch, 1))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        a, b = map(tuple, input_shape)
        i, j = self._pair((len(a), len(b)))
        if None not in (a[i], b[j]) and a[i] != b[j]:
            raise ValueError(f"Incompatible input shapes: axis values {a[i]} (at axis {i}) != {b[j]} (at axis {j}). "
                             f"Full input shapes: {a}, {b}")
        shape = (*a[:i], *a[i + 1:], *b[1:j], *b[j + 1:])
        return shape if len(shape) > 1 else (*shape, 1)


def _function(layer: type[_Merge]) -> Any:
    def merge(inputs: Any, **kwargs: Any) -> Any:
        return layer(**kwargs)(inputs)

    merge.__name__, merge.__doc__ = layer.__name__.lower(), layer.__doc__
    return merge


add, subtract, multiply, average = map(_function, (Add, Subtract, Multiply, Average))
maximum_of, minimum_of = map(_function, (Maximum, Minimum))


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """One after another along the axis."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """The sum of products along an axis of each of two tensors."""
    return Dot(axes, **kwargs)(inputs)
