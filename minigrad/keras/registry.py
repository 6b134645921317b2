"""What may be named by a string or written as a dict: losses, metrics, optimizers, initializers and their like.

    registry.get("mse")           the object of that name; a dict is deserialized, None stays None
    registry.serialize(obj)       {"module", "class_name", "config", "registered_name"}
    registry.deserialize(config)  the object again
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["Registry", "custom_object_scope", "get_custom_objects", "get_registered_name",
           "register_keras_serializable"]

_custom: dict[str, Any] = {}


def get_custom_objects() -> dict[str, Any]:
    """The user's own classes and functions by name: it may be changed."""
    return _custom


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """A decorator by which a class or function of the user's is found when a model is loaded: as "package>name"."""

    def register(obj: Any) -> Any:
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError("Cannot register a class that does not have a get_config() method.")
        _custom[f"{package}>{name or obj.__name__}"] = obj
        return obj

    return register


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function was registered, or its own."""
    return next((name for name, known in _custom.items() if known is obj), obj.__name__)


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Within, these names are known too."""
    before = dict(_custom)
    _custom.update(custom_objects)
    try:
        yield
    finally:
        _custom.clear()
        _custom.update(before)


class Registry:
    """The named objects of one kind.

    kind     what errors call it: "loss"
    module   where Keras has it: "keras.losses"
    objects  name -> class, which get makes an instance of, or function
    fold     whether names are found in any case
    """

    def __init__(self, kind: str, module: str, objects: Mapping[str, Any], fold: bool = False) -> None:
        self.kind, self.module, self.objects, self.fold = kind, module, dict(objects), fold

    def find(self, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The class or function of this name; None if there is none."""
        for table in (custom_objects or {}, _custom, self.objects):
            if name in table:
                return table[name]
        registered = next((obj for key, obj in _custom.items() if key.rpartition(">")[2] == name), None)
        return self.objects.get(name.lower()) if registered is None and self.fold else registered

    def get(self, identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """An object for a name, a dict, a class or an object. ValueError if it can't be understood."""
        if identifier is None:
            return None
        found = identifier
        if isinstance(identifier, dict):
            found = self.deserialize(identifier, custom_objects)
        elif isinstance(identifier, str):
            found = self.find(identifier, custom_objects)
        if inspect.isclass(found):
            found = found()
        if not callable(found):
            raise ValueError(f"Could not interpret {self.kind} identifier: {identifier}")
        return found

    def serialize(self, obj: Any) -> Any:
        """The object as a dict of plain values, from which deserialize makes an equal one."""
        if obj is None or isinstance(obj, (str, dict)):
            return obj
        if inspect.isfunction(obj) or inspect.isbuiltin(obj):
            return {"module": "builtins", "class_name": "function", "config": obj.__name__,
                    "registered_name": get_registered_name(obj)}
        cls = type(obj)
        known = self.objects.get(cls.__name__, self.objects.get(cls.__name__.lower())) is cls
        return {"module": self.module if known else cls.__module__, "class_name": cls.__name__,
                "config": obj.get_config(), "registered_name": None if known else get_registered_name(cls)}

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """What serialize wrote, or a name: a function, or an object with that configuration."""
        if config is None or not isinstance(config, (str, dict)):
            return config
        name = config if isinstance(config, str) else config["class_name"]
        registered = config.get("registered_name") if isinstance(config, dict) else None
        if name == "function":
            name = config = config["config"]
        found = self.find(registered or name, custom_objects) or self.find(name, custom_objects)
        if found is None:
            raise ValueError(f"Could not interpret {self.kind} identifier: {name}. A class or function of your own is "
                             "found if you pass custom_objects, or register it with register_keras_serializable")
        if isinstance(config, str) or not inspect.isclass(found):
            return found
        return found.from_config(dict(config["config"]))
