"""Keras's utilities."""

from __future__ import annotations

from typing import Any

from minigrad.keras.naming import reset_names
from minigrad.keras.random import set_random_seed
from minigrad.keras.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    register_keras_serializable,
)
from minigrad.keras.symbolic import KerasTensor
from minigrad.keras.training.arrays import unpack as unpack_x_y_sample_weight
from minigrad.keras.utils.arrays import normalize, pad_sequences, split_dataset, to_categorical
from minigrad.keras.utils.progbar import Progbar
from minigrad.keras.utils.py_dataset import PyDataset
from minigrad.names import package_getattr

__all__ = ["CustomObjectScope", "Progbar", "PyDataset", "Sequence", "clear_session", "custom_object_scope",
           "get_custom_objects", "get_registered_name", "is_keras_tensor", "normalize", "pack_x_y_sample_weight",
           "pad_sequences", "plot_model", "register_keras_serializable", "set_random_seed", "split_dataset",
           "to_categorical", "unpack_x_y_sample_weight"]

CustomObjectScope = custom_object_scope
Sequence = PyDataset


def clear_session(free_memory: bool = True) -> None:
    """Names of layers and models start from the beginning again."""
    reset_names()


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """x, (x, y) or (x, y, sample_weight): what is there."""
    if sample_weight is not None:
        return x, y, sample_weight
    return (x, y) if y is not None else (x,) if isinstance(x, (list, tuple)) else x


def is_keras_tensor(x: Any) -> bool:
    """Whether it is a tensor without values."""
    return isinstance(x, KerasTensor)


def plot_model(model: Any, to_file: str = "model.png", show_shapes: bool = False, **options: Any) -> None:
    """Drawing needs Graphviz, which is not used here: NotImplementedError. summary() shows the layers as a table."""
    raise NotImplementedError("plot_model is not offered: model.summary() prints the layers, their output shapes and "
                              "their parameters; model.to_json() writes the graph as text")


_ABSENT = {**dict.fromkeys(("get_file",), "nothing is downloaded: give the path of a local file"),
           **dict.fromkeys(("image_dataset_from_directory", "text_dataset_from_directory",
                            "audio_dataset_from_directory", "load_img", "img_to_array"),
                           "read the files with a library of your choice, and give fit NumPy arrays"),
           "model_to_dot": "not offered: model.summary() prints the layers"}

__getattr__ = package_getattr("minigrad.keras.utils", _ABSENT)
