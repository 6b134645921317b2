"""Layers, by Keras's names."""

from minigrad.keras import nonlinear
from minigrad.keras.layers import activation_layers, core, dense, dropping, merging, normalization, shaping
from minigrad.keras.layers.activation_layers import *
from minigrad.keras.layers.core import *
from minigrad.keras.layers.dense import *
from minigrad.keras.layers.dropping import *
from minigrad.keras.layers.input_spec import InputSpec
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.merging import *
from minigrad.keras.layers.merging import maximum_of as maximum
from minigrad.keras.layers.merging import minimum_of as minimum
from minigrad.keras.layers.normalization import *
from minigrad.keras.layers.shaping import *
from minigrad.keras.registry import Registry
from minigrad.names import package_getattr

_MODULES = (activation_layers, core, dense, dropping, merging, normalization, shaping)
_NAMES = [name for module in _MODULES for name in module.__all__ if not name.endswith("_of")]

registry = Registry("layer", "keras.layers", {name: globals()[name] for name in _NAMES if name[0].isupper()})
deserialize, serialize = registry.deserialize, registry.serialize
nonlinear.registry.objects.update({name: globals()[name] for name in activation_layers.__all__ if name != "Activation"})

__all__ = ["InputSpec", "Layer", "deserialize", "maximum", "minimum", "serialize", *_NAMES]

_ABSENT = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "MaxPooling1D", "MaxPooling2D", "AveragePooling2D", "MaxPool2D",
                     "GlobalAveragePooling2D", "GlobalMaxPooling2D"), "build convolutional networks with minigrad.nn"),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "Bidirectional", "MultiHeadAttention", "Attention"),
                    "layers for sequences are not offered"),
}
__getattr__ = package_getattr("minigrad.keras.layers", _ABSENT)
