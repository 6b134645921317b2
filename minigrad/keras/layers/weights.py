"""The weights of a layer and of all that are in it: found by walking through its attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.keras import constraints, initializers, regularizers, tree
from minigrad.keras.config import dtype_of
from minigrad.keras.layers.context import call_context
from minigrad.keras.tensors import Variable, as_array

__all__ = ["Weights"]


_OTHERS = ("_arguments", "_compile_config", "_found_metrics", "_inbound_nodes")  # hold nothing of the layer's own


class Weights:
    """What a layer can say of its weights. The order is Keras's: the trainable ones, the others, then those of the
    layers within, in the order of their making."""

    name: str
    built: bool
    variable_dtype: str
    _own_variables: list[Variable]
    _trainable: bool

    def add_weight(self, shape: Any = None, initializer: Any = None, dtype: Any = None, trainable: bool = True,
                   autocast: bool = True, regularizer: Any = None, constraint: Any = None, aggregation: str = "none",
                   overwrite_with_gradient: bool = False, name: str | None = None) -> Variable:
        """A new weight of this layer. initializer: an object or name, glorot_uniform unless given (zeros for
        integers)."""
        if isinstance(shape, str):
            raise ValueError(f"`name` must be passed as a keyword argument: add_weight(shape=..., name='{shape}')")
        kind = dtype_of(dtype or self.variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if kind.kind == "f" else "zeros"
        variable = Variable(initializers.get(initializer), () if shape is None else shape, kind,
                            trainable and kind.kind == "f", name=name)
        variable.regularizer, variable.constraint = regularizers.get(regularizer), constraints.get(constraint)
        scope = call_context.scope
        variable.path = "/".join((*(scope if scope[-1:] == (self.name,) else (*scope, self.name)), variable.name))
        if not self._trainable:
            variable.requires_grad_(False)
        self._own_variables.append(variable)
        return variable

    add_variable = add_weight

    # -- what is inside ------------------------------------------------------------------------------------------------

    def _own(self) -> list[Variable]:
        """The variables of this layer alone, the trainable ones first."""
        known = {id(v) for v in self._own_variables}
        for leaf in self._leaves():
            if isinstance(leaf, Variable) and id(leaf) not in known:
                known.add(id(leaf))
                self._own_variables.append(leaf)
        return sorted(self._own_variables, key=lambda v: not v.trainable)

    def _sublayers(self) -> list[Any]:
        """The layers that are attributes, or in lists, tuples and dicts that are."""
        found = {id(leaf): leaf for leaf in self._leaves() if isinstance(leaf, Weights) and leaf is not self}
        return list(found.values())

    def _leaves(self) -> Iterator[Any]:
        """What its attributes hold, in lists, tuples and dicts too."""
        for name, value in list(self.__dict__.items()):
            if name not in _OTHERS:
                yield from tree.flatten(value) if tree.is_nested(value) else (value,)

    def _flatten_layers(self, include_self: bool = True, _seen: set[int] | None = None) -> Iterator[Any]:
        """Itself, and every layer within at any depth, each once."""
        seen = set() if _seen is None else _seen
        if id(self) in seen:
            return
        seen.add(id(self))
        if include_self:
            yield self
        for layer in self._sublayers():
            yield from layer._flatten_layers(True, seen)

    @property
    def weights(self) -> list[Variable]:
        """All weights, each once."""
        found = {id(v): v for layer in self._flatten_layers() for v in layer._own()}
        return list(found.values())

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        found = {id(v): v for layer in self._trainable_layers() for v in layer._own() if v.trainable}
        return list(found.values())

    @property
    def non_trainable_weights(self) -> list[Variable]:
        trained = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in trained]

    trainable_variables, non_trainable_variables = trainable_weights, non_trainable_weights

    def _trainable_layers(self) -> Iterator[Any]:
        return (layer for layer in self._flatten_layers() if layer._trainable) if self._trainable else iter(())

    @property
    def trainable(self) -> bool:
        """Whether training changes its weights. To set it sets it for the layers within, too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            for variable in layer._own():
                variable.requires_grad_(bool(value) and variable.trainable)

    # -- values --------------------------------------------------------------------------------------------------------

    def get_weights(self) -> list[np.ndarray]:
        """The values of the weights, as arrays of their own."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Take the values of get_weights, of a model of Keras's too. ValueError for another number or other shapes."""
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of length "
                             f"{len(weights)}, but the layer was expecting {len(own)} weights.")
        arrays = [as_array(value) for value in weights]
        for variable, array in zip(own, arrays):
            if variable.shape != array.shape:
                raise ValueError(f"Layer {self.name} weight shape {variable.shape} is not compatible with provided "
                                 f"weight shape {array.shape}.")
        for variable, array in zip(own, arrays):
            variable.assign(array)

    def count_params(self) -> int:
        """How many numbers the weights hold. ValueError before it is built."""
        if not self.built:
            raise ValueError(f"You tried to call `count_params` on layer '{self.name}', but the layer isn't built. You "
                             "can build it manually via: `layer.build(input_shape)`.")
        return sum(v.array.size for v in self.weights)
