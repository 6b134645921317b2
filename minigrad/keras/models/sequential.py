"""Sequential: layers one after another."""

from __future__ import annotations

from typing import Any

from minigrad.keras import saving
from minigrad.keras.layers import InputLayer, Layer
from minigrad.keras.layers.context import name_scope
from minigrad.keras.models.graph import Graph
from minigrad.keras.models.model import Model
from minigrad.keras.naming import auto_name
from minigrad.keras.symbolic import KerasTensor

__all__ = ["Sequential"]


class Sequential(Model):
    """Layers, each called with the result of the one before:

        keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])

    The weights are made at once if the first layer is an Input, or has an input_shape; otherwise by build, or when data
    is seen.
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self.built = False
        self._layers: list[Any] = []
        for layer in layers or ():
            self.add(layer, rebuild=False)
        if self._layers:
            self._maybe_rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Add a layer at the end."""
        if not self._layers and getattr(layer, "_first_shape", None) is not None:
            self._layers.append(InputLayer(batch_shape=layer._first_shape))
        if isinstance(layer, KerasTensor) and isinstance(layer._keras_history.operation, InputLayer):
            layer = layer._keras_history.operation
        if not isinstance(layer, Layer):
            raise ValueError("Only instances of `keras.Layer` can be added to a Sequential model. Received: "
                             f"{layer} (of type {type(layer)})")
        if any(layer.name == other.name and layer is not other for other in self._layers):
            raise ValueError("All layers added to a Sequential model should have unique names. Name "
                             f"'{layer.name}' is already the name of a layer in this model. Update the `name` argument "
                             "to pass a unique name.")
        if isinstance(layer, InputLayer) and self._layers and isinstance(self._layers[0], InputLayer):
            raise ValueError(f"Sequential model '{self.name}' has already been configured to use input shape "
                             f"{self._layers[0].batch_shape}. You cannot add a different Input layer to it.")
        self._layers.append(layer)
        self.built, self._graph = False, None
        if rebuild:
            self._maybe_rebuild()

    def pop(self, rebuild: bool = True) -> Any:
        """Take out the last layer and return it."""
        if not self._layers:
            raise TypeError("There are no layers in the model.")
        layer = self._layers.pop()
        self.built, self._graph = False, None
        if rebuild and self._layers:
            self._maybe_rebuild()
        return layer

    def _maybe_rebuild(self) -> None:
        first = self._layers[0]
        if len(self._layers) > 1 and isinstance(first, InputLayer):
            self.build(first.batch_shape)
        elif len(self._layers) > 1 and isinstance(first, Model) and first._graph is not None:
            self.build(first.input_shape)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape, (None, features). A structure of inputs is left for the first
        call."""
        if not isinstance(input_shape, (list, tuple)) or any(isinstance(size, (list, tuple)) for size in input_shape):
            return
        if not self._layers:
            raise ValueError(f"Sequential model {self.name} cannot be built because it has no layers. Call "
                             "`model.add(layer)`.")
        if not isinstance(self._layers[0], InputLayer):
            self._layers.insert(0, InputLayer(batch_shape=input_shape, dtype=self._layers[0].compute_dtype))
        elif self._layers[0].batch_shape != tuple(input_shape):
            raise ValueError(f"Sequential model '{self.name}' has already been configured to use input shape "
                             f"{self._layers[0].batch_shape}. You cannot build it with input_shape {input_shape}")
        auto_name("Functional")  # Keras makes one inside here, which counts
        x = inputs = self._layers[0].output
        with name_scope(self.name):
            for layer in self._layers[1:]:
                x = layer(x)
        self._graph, self.built = Graph(inputs, x), True
        if not self._trainable:
            self.trainable = False

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        shape = getattr(args[0] if args else None, "shape", None)
        if shape is not None:
            self.build(tuple(shape))

    def _sublayers(self) -> list[Any]:
        return list(self._layers)

    @Model.layers.getter
    def layers(self) -> list[Any]:
        """The layers that were added, without an InputLayer."""
        return self._layers[1:] if self._layers and isinstance(self._layers[0], InputLayer) else self._layers[:]

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if self._graph is not None:
            return super().call(inputs, training)
        for layer in self.layers:
            inputs = layer(inputs)
        self.built = True
        return inputs

    def _call_symbolically(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        if self._graph is None and len(args) == 1 and isinstance(args[0], KerasTensor):
            self.build(args[0].shape)
        return super()._call_symbolically(args, kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape)
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
        return shape

    @property
    def input_dtype(self) -> str:
        first = self._layers[0] if self._layers else None
        return first.dtype if isinstance(first, InputLayer) else self.compute_dtype

    # -- saving --------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        config = {"name": self.name, "trainable": self._trainable, "dtype": self.variable_dtype,
                  "layers": [saving.serialize_keras_object(layer) for layer in self._layers]}
        return {**config, "build_input_shape": self._layers[0].batch_shape} if self._graph is not None else config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        if "name" not in config or "layers" not in config:
            raise ValueError("A Sequential model configuration must be a dictionary containing the 'name' and 'layers' "
                             f"keys. Received: config={config}")
        model = cls(name=config["name"])
        for one in config["layers"]:
            model.add(saving.deserialize_keras_object(one, custom_objects))
        shape = config.get("build_input_shape")
        if model._graph is None and shape is not None and model._layers:
            model.build(tuple(shape))
        if not config.get("trainable", True):
            model.trainable = False
        return model
