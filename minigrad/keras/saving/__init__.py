"""Saving and loading models, and what makes one's own classes known to it."""

from minigrad.keras.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    register_keras_serializable,
)
from minigrad.keras.saving.files import load_model, load_weights, save_model, save_weights
from minigrad.keras.saving.objects import (
    MODELS,
    deserialize_keras_object,
    get_registered_object,
    serialize_keras_object,
)

CustomObjectScope = custom_object_scope

__all__ = ["MODELS", "CustomObjectScope", "custom_object_scope", "deserialize_keras_object", "get_custom_objects",
           "get_registered_name", "get_registered_object", "load_model", "load_weights", "register_keras_serializable",
           "save_model", "save_weights", "serialize_keras_object"]
