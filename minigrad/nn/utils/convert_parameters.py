"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from minigrad.engine import make
from minigrad.ops.join import cat
from minigrad.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters as one vector; gradients flow back."""
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the elements of a vector, in order: each becomes a copy of its part.

    RuntimeError unless the vector has as many elements as the parameters.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    parameters = list(parameters)
    wanted = sum(parameter.numel() for parameter in parameters)
    if vec.ndim != 1 or vec.numel() != wanted:
        raise RuntimeError(f"expected a vector of {wanted} elements, as many as the parameters have, but got shape "
                           f"{list(vec.shape)}")
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        part = vec.array[start:end].reshape(parameter.shape)
        parameter.data = make(part.astype(parameter.array.dtype))
        start = end
