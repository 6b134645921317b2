"""Models in files. A .keras file is a safetensors file: the weights, the optimizer's variables and the positions of the
random streams are its tensors, and the configuration is JSON in its metadata. So a file is written at once or not at
all, other tools can read it, and a hostile one can do nothing but be refused."""

from __future__ import annotations

import json
import os
import warnings
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras.layers import Layer
from minigrad.keras.random import SeedGenerator
from minigrad.keras.saving.objects import deserialize_keras_object, serialize_keras_object
from minigrad.serialization import load_file, load_metadata, save_file
from minigrad.tensor import Tensor

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]

_FORMAT = "minigrad.keras 1"


def _path(filepath: Any, overwrite: bool) -> str:
    path = os.fspath(filepath)
    if os.path.exists(path) and not overwrite:
        raise ValueError(f"{path} exists already: give overwrite=True to replace it")
    return path


def _tensors(model: Any) -> dict[str, Tensor]:
    """Weights, the optimizer's variables and random streams, by number and path."""
    found = {f"weights/{i}/{v.path}": v.detach() for i, v in enumerate(model.weights)}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and getattr(optimizer, "built", False):
        found.update({f"optimizer/{i}/{v.path}": v.detach() for i, v in enumerate(optimizer.variables)})
    for i, stream in enumerate(_streams(model)):
        found[f"random/{i}"] = make(stream.generator.state.view(np.int64))
    return found


def _streams(model: Any) -> list[SeedGenerator]:
    return [value for layer in model._flatten_layers() for value in vars(layer).values()
            if isinstance(value, SeedGenerator)]


def save_model(model: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
    """Write a model to a file whose name ends in .keras, or as of old in .h5 (of our own format, whatever its name)."""
    kwargs.pop("include_optimizer", None)
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    path = _path(filepath, overwrite)
    if not path.endswith((".keras", ".h5")):
        raise ValueError(f"Invalid filepath extension for saving. Please add a `.keras` extension. Received: filepath="
                         f"{path}.")
    compiled = model.get_compile_config() if getattr(model, "compiled", False) else None
    save_file(_tensors(model), path, {"format": _FORMAT, "config": json.dumps(serialize_keras_object(model)),
                                      "compile_config": json.dumps(compiled)})


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """The model that save_model wrote; compile: as it was compiled. ValueError for anything that is no such file."""
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise ValueError(f"File not found: filepath={path}. Please ensure the file is an accessible `.keras` file.")
    metadata = load_metadata(path)
    if metadata.get("format") != _FORMAT or "config" not in metadata:
        raise ValueError(f"{path} is not a model that minigrad.keras saved. Files of Keras itself are not read: "
                         "exchange weights with get_weights and set_weights")
    try:
        config, compiled = json.loads(metadata["config"]), json.loads(metadata.get("compile_config", "null"))
        model = deserialize_keras_object(config, custom_objects, safe_mode)
        if not isinstance(model, Layer):
            raise TypeError(f"its configuration is that of a {type(model).__name__}")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, MemoryError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{path} can't be loaded: {error}") from error
    if compile and compiled:
        try:
            model.compile_from_config(compiled, custom_objects)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            warnings.warn(f"{path}: the model is loaded but not compiled: {error}", stacklevel=2)
    _fill(model, load_file(path), path, False)
    return model


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights, and the optimizer's variables, to a safetensors file, whose name ends in .weights.h5 all the
    same, or in .safetensors."""
    path = _path(filepath, overwrite)
    if not path.endswith((".weights.h5", ".safetensors")):
        raise ValueError(f"The filename must end in `.weights.h5`. Received: filepath={path}")
    if not model.built:
        raise ValueError(f"You are saving a model that has not yet been built: {model.name}. Build it first by calling "
                         "it on some data.")
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    save_file(_tensors(model), path, {"format": _FORMAT})


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Take the weights of a file of save_weights, or of a .keras file. skip_mismatch: leave those of other shapes."""
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise FileNotFoundError(f"no such file: {path}")
    if not model.built:
        raise ValueError(f"You are loading weights into a model that has not yet been built: {model.name}. Build it "
                         "first by calling it on some data.")
    _fill(model, load_file(path), path, skip_mismatch)


def _fill(model: Any, tensors: dict[str, Tensor], path: str, skip_mismatch: bool) -> None:
    kinds: dict[str, list[Tensor]] = {"weights": [], "optimizer": [], "random": []}
    for name, tensor in sorted(tensors.items(), key=lambda item: _order(item[0])):
        kinds.get(name.split("/")[0], []).append(tensor)
    own = model.weights
    if len(own) != len(kinds["weights"]):
        raise ValueError(f"{path} holds {len(kinds['weights'])} weights, but the model '{model.name}' has {len(own)}")
    wrong = [f"{v.path}: {v.shape} in the model, {tuple(t.array.shape)} in the file"
             for v, t in zip(own, kinds["weights"]) if v.shape != t.array.shape]
    if wrong and not skip_mismatch:
        raise ValueError(f"{path}: shapes differ: {'; '.join(wrong)}")
    for variable, tensor in zip(own, kinds["weights"]):
        if variable.shape == tensor.array.shape:
            variable.assign(tensor)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and kinds["optimizer"] and not wrong:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        mine = optimizer.variables
        if [v.shape for v in mine] == [t.array.shape for t in kinds["optimizer"]]:
            for variable, tensor in zip(mine, kinds["optimizer"]):
                variable.assign(tensor)
    for stream, state in zip(_streams(model), kinds["random"]):
        if state.array.shape == (2,) and state.array.dtype == np.int64:
            stream.generator.state[:] = state.array.view(np.uint64)


def _order(name: str) -> tuple:
    kind, _, rest = name.partition("/")
    number = rest.split("/")[0]
    return kind, int(number) if number.isdigit() else -1, name
