"""Tensors without values, of which functional models are made: a KerasTensor knows its shape and which layer's which
call it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from minigrad.keras import tree
from minigrad.keras.config import floatx
from minigrad.keras.naming import auto_name

__all__ = ["History", "KerasTensor", "Node", "any_symbolic", "shape_of"]


class History(NamedTuple):
    """Where a KerasTensor comes from: the layer, the number of its call, and of the output of that call."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor:
    """A shape, with None where any size will do, and an element type."""

    def __init__(self, shape: Any, dtype: Any = None, name: str | None = None) -> None:
        self.shape = tuple(shape)
        self.dtype = str(dtype or floatx())
        self.name = name or auto_name("KerasTensor")
        self._keras_history: Any = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse=False, ragged=False, name={self.name}>"

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError("A KerasTensor has a shape and a dtype but no values: it can't be converted to a NumPy array")

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError("Iterating over a symbolic KerasTensor is not supported.")

    def __bool__(self) -> bool:
        raise TypeError("A symbolic KerasTensor cannot be used as a boolean.")


class Node:
    """One call of a layer on KerasTensors. It is listed in the layer's _inbound_nodes."""

    def __init__(self, layer: Any, args: tuple, kwargs: dict[str, Any], outputs: Any) -> None:
        self.layer, self.args, self.kwargs, self.outputs = layer, args, kwargs, outputs
        self.inputs = [x for x in tree.flatten([args, kwargs]) if isinstance(x, KerasTensor)]
        index = len(layer._inbound_nodes)
        for position, output in enumerate(tree.flatten(outputs)):
            output._keras_history, output._node = History(layer, index, position), self
        layer._inbound_nodes.append(self)

    @property
    def output_tensors(self) -> list[KerasTensor]:
        return tree.flatten(self.outputs)


def any_symbolic(args: Any, kwargs: Any = None) -> bool:
    """Whether there is a KerasTensor among the arguments, at any depth."""
    return any(isinstance(x, KerasTensor) for x in tree.flatten([args, kwargs or {}]))


def shape_of(x: Any) -> Any:
    """The shapes of the leaves of a structure as tuples."""
    return tree.map_structure(lambda leaf: tuple(leaf.shape), x)
