"""Layer: what every layer and model is."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.engine import make
from minigrad.grad_mode import no_grad
from minigrad.keras import regularizers, tree
from minigrad.keras.config import floatx
from minigrad.keras.layers.context import call_context, calling, name_scope
from minigrad.keras.layers.input_spec import check_inputs
from minigrad.keras.layers.weights import Weights
from minigrad.keras.naming import auto_name
from minigrad.keras.symbolic import KerasTensor, Node, any_symbolic, shape_of
from minigrad.keras.tensors import readable
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Layer", "as_input"]


def as_input(x: Any, dtype: str) -> Any:
    """An argument as a layer wants it: arrays and lists of numbers as tensors, floats in its element type."""
    if isinstance(x, np.ndarray):
        x = make(x)
    elif not isinstance(x, Tensor):
        return x
    if x.array.dtype.kind == "f" and x.array.dtype.name != dtype:
        return x.to(np.dtype(dtype))
    return x


@functools.cache
def _arguments(function: Any) -> dict[str, Any]:
    """The names of a method's arguments and their defaults."""
    return {name: p.default for name, p in list(inspect.signature(function).parameters.items())[1:]}


def _building(build: Any) -> Any:
    """build, so that afterwards the layer is built, and its weights have their paths."""

    @functools.wraps(build)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        with name_scope(self.name):
            build(self, *args, **kwargs)
        self.built = True
        if self._build_shape is None:
            self._build_shape = args[0] if args else next(iter(kwargs.values()), None)

    return wrapped


class Layer(Weights):
    """The base of layers. Subclass it, make the weights in build and compute in call:

        class Scaled(keras.layers.Layer):
            def build(self, input_shape):
                self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")

            def call(self, inputs):
                return inputs * self.scale

    Layers and Variables that are attributes, or in lists that are, are found by weights.
    """

    input_spec: Any = None
    supports_masking = False
    _listed = True  # among the layers of a model
    _plain = False  # call(x), or call(x, training) where it has that argument, is all that __call__ would do

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        layer = super().__new__(cls)
        layer.__dict__.update(_own_variables=[], _inbound_nodes=[], _losses=[], _trainable=True, built=False,
                              _build_shape=None, _arguments=(args, kwargs))
        return layer

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _building(cls.build)

    def __init__(self, *, activity_regularizer: Any = None, trainable: bool = True, dtype: Any = None,
                 autocast: bool = True, name: str | None = None, **kwargs: Any) -> None:
        size = kwargs.pop("input_dim", None)
        shape = kwargs.pop("input_shape", None if size is None else (size,))
        batch_shape = kwargs.pop("batch_input_shape", None if shape is None else (kwargs.pop("batch_size", None),
                                                                                  *shape))
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        if not isinstance(trainable, bool):
            raise ValueError(f"Expected `trainable` to be a boolean. Received: trainable={trainable} (of type "
                             f"{type(trainable)})")
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}"
                             f" (of type {type(name)})")
        self.name = name or auto_name(type(self).__name__)
        self.variable_dtype = self.compute_dtype = _dtype_name(dtype)
        self.autocast, self._trainable = autocast, trainable
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._first_shape = None if batch_shape is None else tuple(batch_shape)
        self.built = type(self).build is Layer.build

    @property
    def dtype(self) -> str:
        """The element type of its weights: "float32"."""
        return self.variable_dtype

    @property
    def input_dtype(self) -> str:
        return self.compute_dtype

    @property
    def _type_name(self) -> str:
        """What summary() calls it."""
        return type(self).__name__

    @property
    def path(self) -> str:
        return self.name

    # -- what subclasses define ----------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape; called once, before the first call."""
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call` method implemented.")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the result, None where it depends on the batch: found by calling the layer on zeros."""
        def inputs(shape: Any) -> Any:
            if isinstance(shape, dict):
                return {name: inputs(one) for name, one in shape.items()}
            return [inputs(one) for one in shape] if _is_shapes(shape) else KerasTensor(shape, self.compute_dtype)

        return shape_of(self._tried((inputs(input_shape),), {}))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer: from_config(layer.get_config())."""
        config: dict[str, Any] = {"name": self.name, "trainable": self._trainable, "dtype": self.variable_dtype}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is not Layer.get_config or type(self).__init__ is Layer.__init__:
            return config
        args, kwargs = self._arguments
        try:
            given = inspect.signature(type(self).__init__).bind(self, *args, **kwargs).arguments
        except TypeError:
            return config
        own = {name: value for name, value in list(given.items())[1:] if name != "kwargs"}
        if all(isinstance(leaf, (int, float, str, bool, type(None))) for leaf in tree.flatten(own)):
            return {**config, **own}
        raise NotImplementedError(
            f"Object {type(self).__name__} was created by passing non-serializable argument values in `__init__()`, "
            "and therefore the object must override `get_config()` in order to be serializable. Please implement "
            "`get_config()`.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """call(*args, **kwargs): built first if need be, inputs checked. KerasTensors give KerasTensors."""
        if "name" not in self.__dict__:
            raise RuntimeError(f"In layer '{type(self).__name__}', you forgot to call `super().__init__()` as the "
                               "first statement in the `__init__()` method. Go add it!")
        if any_symbolic(args, kwargs):
            return self._call_symbolically(args, kwargs)
        dtype = self.input_dtype
        args = tuple(tree.map_structure(lambda x: as_input(x, dtype), arg) for arg in self._numbers_joined(args))
        if self.input_spec is not None:
            check_inputs(self.input_spec, args[0] if args else next(iter(kwargs.values())), self.name)
        if not self.built:
            self._build_for(args, kwargs)
        training = self._training(kwargs)
        if training is not None and "training" in _arguments(type(self).call):
            kwargs["training"] = training
        with calling(training):
            y = self.call(*args, **kwargs)
            if self.activity_regularizer is not None:
                self._regularize_activity(y)
        return y if call_context.depth else tree.map_structure(readable, y)

    def _numbers_joined(self, args: tuple) -> tuple:
        """Plain numbers in nested lists, as some call layers, made an array."""
        if args and isinstance(args[0], (list, tuple)) and args[0] and not any(
                hasattr(leaf, "shape") or leaf is None for leaf in tree.flatten(args[0])):
            return (np.asarray(args[0], self.compute_dtype), *args[1:])
        return args

    def _training(self, kwargs: dict[str, Any]) -> Any:
        """Whether it is training: what this call says, else the one around it, else the default of its argument."""
        given = kwargs.pop("training", None)
        if given is None:
            given = call_context.training
        if given is None:
            default = _arguments(type(self).call).get("training")
            given = default if isinstance(default, bool) else None
        return given

    def _regularize_activity(self, y: Any) -> None:
        for output in tree.flatten(y):
            penalty = self.activity_regularizer(output)
            self.add_loss(penalty / output.array.shape[0] if output.array.ndim and len(output.array) else penalty)

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        """Build for these arguments: build(input_shape), or build(a_shape, b_shape) for call(a, b)."""
        names = list(_arguments(type(self).build))
        given = dict(zip(_arguments(type(self).call), args)) | kwargs
        if len(names) > 1 and all(name.endswith("_shape") for name in names):
            self.build(**{name: shape_of(given[name.removesuffix("_shape")]) for name in names
                          if given.get(name.removesuffix("_shape")) is not None})
        else:
            first = args[0] if args else next(iter(given.values()), None)
            self.build(shape_of(first))
        self.built = True

    def _call_symbolically(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        if self.input_spec is not None:
            check_inputs(self.input_spec, args[0] if args else next(iter(kwargs.values())), self.name)
        if not self.built:
            self._build_for(args, kwargs)
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The KerasTensors that the layer gives for these."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return self._tried(args, kwargs)
        shape = self.compute_output_shape(shape_of(args[0] if args else next(iter(kwargs.values()))))
        if _is_shapes(shape):
            return type(shape)(KerasTensor(one, self.compute_dtype) for one in shape)
        return KerasTensor(shape, self.compute_dtype)

    def _tried(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """The KerasTensors of what call gives for zeros: with two sizes in place of None, which tells what is None."""
        if not self.built:
            self._build_for(args, kwargs)
        results = []
        for size in (2, 3):
            def zeros(x: Any, size: int = size) -> Any:
                shape = tuple(size if s is None else s for s in x.shape) if isinstance(x, KerasTensor) else None
                return x if shape is None else make(np.zeros(shape, x.dtype))

            with no_grad(), calling(False):
                results.append(self.call(*tree.map_structure(zeros, args), **tree.map_structure(zeros, kwargs)))
            for layer in self._flatten_layers():
                layer._losses.clear()
        return tree.map_structure(lambda a, b: KerasTensor(
            [s if s == t else None for s, t in zip(a.shape, b.shape)], a.array.dtype.name), *results)

    # -- losses --------------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a number, computed in call, to what is minimised."""
        for one in tree.flatten(loss):
            self._losses.append(one)

    @property
    def losses(self) -> list[Any]:
        """The penalties of its weights, and what the last call added: of all layers within."""
        layers = list(self._flatten_layers())
        weights = {id(v): v for layer in layers for v in layer._own()}
        found = [one for layer in layers for one in layer._losses] + [
            v.regularizer(v) for v in weights.values() if v.regularizer is not None and v.trainable]
        return found if call_context.depth else [readable(one) for one in found]

    # -- of functional models ------------------------------------------------------------------------------------------

    def _first_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(f"The layer {self.name} has never been called and thus has no defined {what}.")
        return self._inbound_nodes[0]

    @property
    def input(self) -> Any:
        """The KerasTensors of its first call."""
        inputs = self._first_node("input").inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self) -> Any:
        return self._first_node("output").outputs

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _is_shapes(x: Any) -> bool:
    """Whether it is a list or dict of shapes, not one shape."""
    return isinstance(x, dict) or (isinstance(x, (list, tuple)) and len(x) > 0 and isinstance(x[0], (list, tuple)))


def _dtype_name(dtype: Any) -> str:
    """"float32" for Keras's ways to say it: None, a name, a policy's config."""
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name")
    name = floatx() if dtype is None else np.dtype(str(dtype).rpartition(".")[2]).name
    return str(name)
