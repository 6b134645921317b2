"""Models made of models' configurations."""

from __future__ import annotations

import json
from typing import Any

from minigrad.keras import saving
from minigrad.keras.models.model import Model

__all__ = ["clone_model", "model_from_json"]


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model whose to_json this is, with new weights."""
    return saving.deserialize_keras_object(json.loads(json_string), custom_objects)


def clone_model(model: Any, input_tensors: Any = None, clone_function: Any = None, **kwargs: Any) -> Any:
    """A model of equal layers with new weights."""
    if input_tensors is not None or clone_function is not None or kwargs:
        raise NotImplementedError("clone_model: input_tensors, clone_function and others are not offered")
    if not isinstance(model, Model) or (model._graph is None and not hasattr(model, "_layers")):
        raise ValueError(f"Expected a Sequential or functional model, but got {model}")
    return type(model).from_config(model.get_config())
