"""Layers, by Keras's names."""

from minigrad.keras import nonlinear
from minigrad.keras.layers import activation_layers, core, dense, dropping, encoding, merging, normalization, shaping
from minigrad.keras.layers.activation_layers import *
from minigrad.keras.layers.core import *
from minigrad.keras.layers.dense import *
from minigrad.keras.layers.dropping import *
from minigrad.keras.layers.encoding import *
from minigrad.keras.layers.input_spec import InputSpec
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.merging import *
from minigrad.keras.layers.merging import maximum_of as maximum
from minigrad.keras.layers.merging import minimum_of as minimum
from minigrad.keras.layers.normalization import *
from minigrad.keras.layers.shaping import *
from minigrad.keras.registry import Registry
from minigrad.names import package_getattr

_MODULES = (activation_layers, core, dense, dropping, encoding, merging, normalization, shaping)
_NAMES = [name for module in _MODULES for name in module.__all__ if not name.endswith("_of")]

registry = Registry("layer", "keras.layers", {name: globals()[name] for name in _NAMES if name[0].isupper()})
deserialize, serialize = registry.deserialize, registry.serialize
nonlinear.registry.objects.update({name: globals()[name] for name in activation_layers.__all__ if name != "Activation"})

__all__ = ["InputSpec", "Layer", "deserialize", "maximum", "minimum", "serialize", *_NAMES]

_SPATIAL = ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv1D",
            "SeparableConv2D", "MaxPooling1D", "MaxPooling2D", "MaxPool1D", "MaxPool2D", "AveragePooling1D",
            "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "UpSampling2D", "ZeroPadding2D",
            "Cropping2D")
_SEQUENTIAL = ("LSTM", "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "Bidirectional", "TimeDistributed", "Masking",
               "MultiHeadAttention", "Attention", "AdditiveAttention")
_PREPARING = ("TextVectorization", "StringLookup", "IntegerLookup", "Discretization", "Hashing", "HashedCrossing",
              "Resizing", "CenterCrop", "RandomFlip", "RandomRotation", "RandomZoom", "RandomCrop", "RandomContrast")
_ABSENT = {**dict.fromkeys(_SPATIAL, "build convolutional networks with minigrad.nn"),
           **dict.fromkeys(_SEQUENTIAL, "layers for sequences are not offered"),
           **dict.fromkeys(_PREPARING, "prepare the data with NumPy; Normalization, Rescaling and CategoryEncoding are "
                                       "offered"),
           **dict.fromkeys(("EinsumDense", "GroupNormalization", "RMSNormalization", "SpectralNormalization",
                            "Wrapper"), "write it as a subclass of Layer, with keras.ops")}
__getattr__ = package_getattr("minigrad.keras.layers", _ABSENT)
