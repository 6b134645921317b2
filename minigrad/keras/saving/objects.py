"""Objects as plain values that JSON can hold, and back. Only classes and functions that are known by name are made:
Keras's own and those that were registered or are handed over. Nothing is imported or run because a file says so."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.keras import (
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    nonlinear,
    optimizers,
    regularizers,
)
from minigrad.keras.layers import Layer
from minigrad.keras.optimizers import schedules
from minigrad.keras.registry import Registry, custom_object_scope, get_custom_objects
from minigrad.tensor import Tensor

__all__ = ["MODELS", "deserialize_keras_object", "get_registered_object", "serialize_keras_object"]

MODELS = Registry("model", "keras.models", {})  # the models enter themselves: they are made of what is here
_REGISTRIES = (MODELS, layers.registry, optimizers.registry, losses.registry, metrics.registry, initializers.registry,
               regularizers.registry, constraints.registry, nonlinear.registry,
               *([schedules.registry] if hasattr(schedules, "registry") else []))


def get_registered_object(name: str, custom_objects: Any = None, module_objects: Any = None) -> Any:
    """The class or function that was registered under this name, or None."""
    return next((table[name] for table in (custom_objects or {}, get_custom_objects(), module_objects or {})
                 if name in table), None)


def serialize_keras_object(obj: Any) -> Any:
    """The object as a dict {"module", "class_name", "config", "registered_name"}; plain values stay as they are."""
    if obj is None or isinstance(obj, (str, bool, int, float)):
        return obj
    if isinstance(obj, (list, tuple)):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, (np.ndarray, np.generic, Tensor)):
        return (obj.array if isinstance(obj, Tensor) else obj).tolist()
    found = next((one for one in _REGISTRIES if type(obj) in one.objects.values()), None)
    config = (found or layers.registry).serialize(obj)
    if isinstance(config, dict) and isinstance(config.get("config"), dict):
        config["config"] = serialize_keras_object(config["config"])
    if isinstance(obj, Layer) and obj._build_shape is not None:
        config["build_config"] = {"input_shape": serialize_keras_object(obj._build_shape)}
    return config


def deserialize_keras_object(config: Any, custom_objects: Any = None, safe_mode: bool = True, **kwargs: Any) -> Any:
    """The object that serialize_keras_object wrote. TypeError or ValueError if it is none, or of no known class."""
    if not isinstance(config, dict):
        return config
    if "class_name" not in config:
        raise TypeError(f"Could not parse config: {str(config)[:200]}: it has no class_name")
    with custom_object_scope(custom_objects or {}):
        return _made(config)


def _made(config: dict[str, Any]) -> Any:
    name = config.get("registered_name") or config["class_name"]
    if not isinstance(name, str) or "config" not in config:
        raise ValueError(f"Could not parse config: {str(config)[:200]}")
    if config["class_name"] == "function":
        return _found(name, config["config"])
    cls = _found(name, config["class_name"])
    settings = config["config"]
    if not isinstance(cls, type) or not isinstance(settings, dict):
        raise TypeError(f"<class '{name}'> could not be deserialized properly: its config is "
                        f"{type(settings).__name__}, not dict")
    try:
        obj = cls.from_config(dict(settings))
    except TypeError as error:
        raise TypeError(f"<class '{name}'> could not be deserialized properly. Please ensure that components that are "
                        "Python object instances (layers, models, etc.) returned by `get_config()` are explicitly "
                        f"deserialized in the model's `from_config()` method. config={str(settings)[:500]}. {error}"
                        ) from error
    shape = (config.get("build_config") or {}).get("input_shape")
    if isinstance(obj, Layer) and not obj.built and shape is not None:
        obj.build(tuple(shape) if isinstance(shape, list) and not any(isinstance(s, list) for s in shape) else shape)
    return obj


def _found(*names: str) -> Any:
    """The class or function with one of these names. ValueError if nobody knows it."""
    for name in names:
        for registry in _REGISTRIES:
            found = registry.find(name)
            if found is not None:
                return found
    raise TypeError(f"Could not locate class '{names[-1]}'. Make sure custom classes and functions are decorated with "
                    "`@keras.saving.register_keras_serializable()`, or passed as custom_objects.")
