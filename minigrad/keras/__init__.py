"""Keras's face: the names, defaults and output of Keras 3, on top of minigrad's layers and optimisers.

    from minigrad.keras.models import Sequential
    from minigrad.keras.layers import Dense, Dropout

    model = Sequential([Dense(128, activation="relu"), Dropout(0.5), Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=10)
"""

from minigrad.keras import (
    activations,
    backend,
    callbacks,
    config,
    constraints,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    regularizers,
    saving,
    utils,
)
from minigrad.keras.initializers import Initializer
from minigrad.keras.layers import Input, InputSpec, Layer
from minigrad.keras.layers.context import name_scope
from minigrad.keras.losses import Loss
from minigrad.keras.metrics import Metric
from minigrad.keras.models import Functional, Model, Sequential
from minigrad.keras.optimizers import Optimizer
from minigrad.keras.regularizers import Regularizer
from minigrad.keras.symbolic import KerasTensor
from minigrad.keras.tensors import Variable
from minigrad.names import package_getattr

__version__ = "3.15.1"

__all__ = ["Functional", "Initializer", "Input", "InputSpec", "KerasTensor", "Layer", "Loss", "Metric", "Model",
           "Optimizer", "Regularizer", "Sequential", "Variable", "activations", "backend", "callbacks",
           "config", "constraints", "datasets", "initializers", "layers", "losses", "metrics", "models",
           "name_scope", "ops", "optimizers", "preprocessing", "random", "regularizers", "saving", "utils"]

_ABSENT = {"applications": "there are no pretrained models", "device": "everything is computed on the CPU",
           "mixed_precision": "float32 and float64 are the types there are", "wrappers": "scikit-learn is not used",
           "Function": "use Model(inputs, outputs)"}

__getattr__ = package_getattr("minigrad.keras", _ABSENT)
