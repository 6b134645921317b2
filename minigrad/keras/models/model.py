"""Model: layers that train and predict as one, functional or subclassed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine import make
from minigrad.keras import saving, tree
from minigrad.keras.layers import Layer
from minigrad.keras.models import nodes
from minigrad.keras.models.graph import Graph
from minigrad.keras.models.summary import print_summary
from minigrad.keras.symbolic import KerasTensor, shape_of
from minigrad.keras.training.trainer import Trainer
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Functional", "Model"]


def _of_graph(args: tuple, kwargs: dict[str, Any]) -> bool:
    """Whether a model is made of inputs and outputs."""
    return len(args) >= 2 or (len(args) == 1 and "outputs" in kwargs) or {"inputs", "outputs"} <= kwargs.keys()


class Model(Trainer, Layer):
    """A model of the graph between inputs and outputs:

        inputs = keras.Input(shape=(4,))
        model = keras.Model(inputs, keras.layers.Dense(2)(inputs))

    or a subclass with layers as attributes, and call(inputs, training).
    """

    _plain = True
    _graph: Graph | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        return super().__new__(Functional if cls is Model and _of_graph(args, kwargs) else cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        graph = None
        if _of_graph(args, kwargs):
            given = dict(zip(("inputs", "outputs", "name"), args)) | kwargs
            graph = Graph(given.pop("inputs"), given.pop("outputs"))
            args, kwargs = (), given
        Layer.__init__(self, *args, **kwargs)
        Trainer.__init__(self)
        if graph is not None:
            self._graph, self.built = graph, True
            if not self._trainable:
                self.trainable = False

    def _sublayers(self) -> list[Any]:
        found = super()._sublayers()
        own = self._graph.layers if self._graph is not None else []
        return [*own, *(layer for layer in found if not any(layer is one for one in own))]

    @property
    def layers(self) -> list[Any]:
        """The layers that it is made of, in order."""
        return [layer for layer in self._sublayers() if layer._listed]

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError("`Model.layers` attribute is reserved and should not be used. Please use another name.")

    @property
    def inputs(self) -> list[KerasTensor]:
        return self._require_graph("inputs").flat_inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        return self._require_graph("outputs").flat_outputs

    @property
    def input(self) -> Any:
        """The KerasTensor that its data takes the place of; of several, what was given."""
        inputs = self._require_graph("input").inputs
        return inputs[0] if isinstance(inputs, list) and len(inputs) == 1 else inputs

    @property
    def output(self) -> Any:
        outputs = self._require_graph("output").outputs
        return outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs

    @property
    def input_shape(self) -> Any:
        shapes = [x.shape for x in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        shapes = [x.shape for x in self.outputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_names(self) -> list[str] | None:
        """The names of the layers that the outputs come from."""
        return None if self._graph is None else [x._keras_history.operation.name for x in self._graph.flat_outputs]

    def _require_graph(self, what: str) -> Graph:
        if self._graph is None:
            raise AttributeError(f"The layer {self.name} has never been called and thus has no defined {what}.")
        return self._graph

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """The layer of this name, or at this index. ValueError if there is none."""
        if (name is None) == (index is None):
            given = f"index={index}, name={name}" if name is not None else "none"
            raise ValueError(f"Provide either a layer name or layer index at `get_layer`: not {given}.")
        if index is not None:
            if len(self.layers) <= index:
                raise ValueError(f"Was asked to retrieve layer at index {index} but model only has "
                                 f"{len(self.layers)} layers.")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. Existing layers are: {[layer.name for layer in self.layers]}.")

    def summary(self, line_length: int | None = None, positions: Any = None, print_fn: Any = None,
                expand_nested: bool = False, show_trainable: bool = False, layer_range: Any = None) -> None:
        """Print a table of the layers, their output shapes and numbers of weights."""
        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any = None) -> None:
        """Make the weights, by calling the model for inputs of this shape."""
        if self._graph is None and input_shape is not None:
            self.built = True  # the weights are its layers', which make theirs when they are called
            self.compute_output_shape(input_shape)

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if type(self).build is not Model.build:
            super()._build_for(args, kwargs)
        elif args:
            self._build_shape = shape_of(args[0])
        self.built = True

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if self._graph is None:
            raise NotImplementedError(f"Model {type(self).__name__} does not have a `call()` method implemented.")
        flat = self._standardized(inputs)
        if self._graph.fits(flat):
            return self._graph.run(flat, bool(training))
        return self._graph.run_one_by_one(flat)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        if self._graph is None or len(args) != 1:
            return super().compute_output_spec(*args, **kwargs)
        return self._graph.output_spec(tree.flatten(self._in_order(args[0])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._graph is None:
            return super().compute_output_shape(input_shape)
        shapes = input_shape if isinstance(input_shape[0], (list, tuple)) else [input_shape]
        spec = self._graph.output_spec([KerasTensor(shape) for shape in shapes])
        return tree.map_structure(lambda x: x.shape, spec)

    def _in_order(self, inputs: Any) -> Any:
        """Inputs given by name in the order of the graph's."""
        own = self._graph.inputs if self._graph is not None else None
        if isinstance(inputs, dict) and not isinstance(own, dict):
            names = [x.name for x in tree.flatten(own)]
            missing = [name for name in names if name not in inputs]
            if missing:
                raise ValueError(f"Missing data for input \"{missing[0]}\". You passed a data dictionary with keys "
                                 f"{list(inputs)}. Expected the following keys: {names}")
            return [inputs[name] for name in names]
        if isinstance(inputs, dict) and isinstance(own, dict):
            missing = [name for name in own if name not in inputs]
            if missing:
                raise ValueError(f"Missing data for input \"{missing[0]}\". You passed a data dictionary with keys "
                                 f"{list(inputs)}. Expected the following keys: {list(own)}")
            return {name: inputs[name] for name in own}
        return inputs

    def _standardized(self, inputs: Any) -> list[Tensor]:
        """The inputs as a list of tensors of the graph's types; an axis of length 1 at the end more or less."""
        flat = tree.flatten(self._in_order(inputs))
        own = self._graph.flat_inputs if self._graph is not None else []
        if len(flat) != len(own):
            raise ValueError(f'Layer "{self.name}" expects {len(own)} input(s), but it received {len(flat)} input '
                             f"tensors. Inputs received: {flat}")
        found = []
        for x, reference in zip(flat, own):
            x = x if isinstance(x, Tensor) else make(np.asarray(x))
            dtype = np.dtype(reference.dtype)
            x = x if x.array.dtype is dtype else x.to(dtype)
            ndim, wanted = x.array.ndim, len(reference.shape)
            if ndim == wanted + 1 and x.array.shape[-1] == 1:
                x = x.squeeze(-1)
            elif ndim == wanted - 1 and reference.shape[-1] == 1:
                x = x.unsqueeze(-1)
            elif ndim != wanted:
                raise ValueError(f"Invalid input shape for input with name '{reference.name}'. Expected shape "
                                 f"{reference.shape}, but input has incompatible shape {tuple(x.array.shape)}")
            found.append(x)
        return found

    # -- saving --------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        if self._graph is None or type(self).__init__ is not Model.__init__:
            return super().get_config()
        return {"name": self.name, "trainable": self._trainable, **nodes.graph_config(self._graph)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        if "layers" in config and "input_layers" in config:
            inputs, outputs = nodes.graph_from_config(config, custom_objects)
            return cls(inputs=inputs, outputs=outputs, name=config.get("name"),
                       trainable=config.get("trainable", True))
        return cls(**config)

    def to_json(self, **kwargs: Any) -> str:
        """The configuration as JSON: models.model_from_json makes a model of it, with weights of its own."""
        return json.dumps(saving.serialize_keras_object(self), **kwargs)

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write configuration, weights and the optimizer's state to a .keras file."""
        saving.save_model(self, filepath, overwrite, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights to a .weights.h5 or .safetensors file (of our own format, whatever its name)."""
        saving.save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read what save_weights or save wrote."""
        saving.load_weights(self, filepath, skip_mismatch, **kwargs)


class Functional(Model):
    """What Model(inputs, outputs) makes."""
