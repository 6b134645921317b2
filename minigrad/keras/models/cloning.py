"""Models made of models' configurations."""

from __future__ import annotations

import json
from typing import Any

from minigrad.keras import saving, tree
from minigrad.keras.models.model import Model
from minigrad.keras.models.sequential import Sequential

__all__ = ["clone_model", "model_from_json"]


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model whose to_json this is, with new weights."""
    return saving.deserialize_keras_object(json.loads(json_string), custom_objects)


def _again(x: Any) -> Any:
    """Another object of the same configuration; functions, names and numbers as they are."""
    return type(x).from_config(x.get_config()) if hasattr(x, "get_config") else x


def clone_model(model: Any, input_tensors: Any = None, clone_function: Any = None, **kwargs: Any) -> Any:
    """A model of equal layers with new weights, compiled as the first is. clone_function, for Sequential models: what
    makes a layer of each."""
    sequential = isinstance(model, Sequential)
    if input_tensors is not None or (clone_function is not None and not sequential) or kwargs:
        raise NotImplementedError("clone_model: input_tensors, and for functional models clone_function, are not "
                                  "offered")
    if not isinstance(model, Model) or (model._graph is None and not sequential):
        raise ValueError(f"Expected a Sequential or functional model, but got {model}")
    if sequential:
        inputs = model._layers[:len(model._layers) - len(model.layers)]
        clone = type(model)([*map(_again, inputs), *map(clone_function or _again, model.layers)], model._trainable,
                            model.name)
    else:
        clone = type(model).from_config(model.get_config())
    if model.compiled:
        clone.compile(**tree.map_structure(_again, model._compile_config))
        if clone.built and clone.optimizer is not None:
            clone.optimizer.build(clone.trainable_variables)
    return clone
