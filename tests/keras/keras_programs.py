"""Programs that are run with minigrad.keras and with Keras, and must give the same: functions of the library. What they
return is compared, numbers with a tolerance; so is what they print, less the times."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import warnings
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

PROGRAMS: dict[str, Callable[[Any], Any]] = {}


def program(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    PROGRAMS[function.__name__] = function
    return function


def run(function: Callable[[Any], Any], library: Any) -> tuple[Any, str]:
    """What it returns and what it prints, with names counted from the start."""
    library.utils.clear_session()
    library.utils.set_random_seed(1)
    out = io.StringIO()
    terminal = mock.patch.dict(os.environ, COLUMNS="80", LINES="24")
    with terminal, contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = function(library)
    return result, without_times(out.getvalue())


def without_times(text: str) -> str:
    """Of a bar that is redrawn the last line alone, without colours and times."""
    text = re.sub(r"\x1b\[\d*m", "", text)
    lines = [re.split(r"[\r\x08]", line)[-1].rstrip() for line in text.split("\n")]
    return re.sub(r"\d+(m|u)?s(/step)?\b", "TIME", "\n".join(lines))


def fixed(model: Any, seed: int = 0, scale: float = 0.3) -> Any:
    """The model with weights that depend on the seed alone; those that must be positive are."""
    rng = np.random.default_rng(seed)
    weights = []
    for variable in model.weights:
        values = rng.standard_normal(tuple(variable.shape)).astype(np.float32) * scale
        weights.append(np.abs(values) + 0.5 if "variance" in variable.name else values)
    model.set_weights(weights)
    return model


def data(n: int = 48, features: int = 6, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, features)).astype(np.float32)
    return x, x[:, :classes].argmax(1)


def one_hot(t: np.ndarray, classes: int = 3) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[t]


def classifier(keras: Any, *more: Any, **dense: Any) -> Any:
    return fixed(keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, activation="relu", **dense), *more,
                                   keras.layers.Dense(3, activation="softmax")]))


def trained(model: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """History, weights and predictions after a fit without randomness."""
    history = model.fit(*args, **{"verbose": 0, "shuffle": False, **kwargs})
    return {"history": history.history, "epoch": history.epoch, "weights": model.get_weights()}


# -- training ----------------------------------------------------------------------------------------------------------


@program
def seed_program(keras: Any) -> Any:
    """The program of the README, with equal weights and without dropout's effect."""
    x, t = data(64)
    y = one_hot(t)
    model = keras.models.Sequential()
    model.add(keras.layers.Dense(8, activation="relu", input_shape=(6,)))
    model.add(keras.layers.Dropout(0.0))
    model.add(keras.layers.Dense(4, activation="relu"))
    model.add(keras.layers.Dropout(0.0))
    model.add(keras.layers.Dense(3, activation="softmax"))
    fixed(model)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    result = trained(model, x, y, epochs=3, batch_size=16, validation_data=(x[:10], y[:10]), verbose=2)
    return result, model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)


@program
def every_optimizer_and_loss(keras: Any) -> Any:
    x, t = data(32)
    results = {}
    targets = {"categorical_crossentropy": one_hot(t), "sparse_categorical_crossentropy": t, "mse": one_hot(t),
               "binary_crossentropy": one_hot(t), "kl_divergence": one_hot(t) * 0.8 + 0.1, "mae": one_hot(t)}
    optimizers = {name: name for name in ("sgd", "adam", "rmsprop", "adagrad", "adamw", "nadam", "adamax", "adadelta")}
    optimizers["momentum"] = lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
    for name, optimizer in optimizers.items():
        for loss, y in targets.items():
            model = classifier(keras)
            model.compile(optimizer if isinstance(optimizer, str) else optimizer(), loss)
            results[name, loss] = model.train_on_batch(x, y), model.get_weights()
    return results


@program
def sigmoid_output(keras: Any) -> Any:
    x, t = data(40)
    y = (t == 1).astype("float32")
    model = fixed(keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, "tanh"),
                                    keras.layers.Dense(1, activation="sigmoid")]))
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy", "mae"])
    return trained(model, x, y, epochs=2), trained(model, x, y[:, None]), model.evaluate(x, y, verbose=0)


@program
def weights_of_samples_and_classes(keras: Any) -> Any:
    x, t = data(50)
    w = np.linspace(0.1, 2, 50).astype("float32")
    results = []
    for kwargs in ({"sample_weight": w}, {"class_weight": {0: 2.0, 2: 0.5}}, {"class_weight": {1: 3}},
                   {"validation_split": 0.2, "sample_weight": w}):
        model = classifier(keras)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
        results.append(trained(model, x, t, epochs=2, **kwargs))
    model = classifier(keras)
    model.compile("sgd", "categorical_crossentropy", metrics=["acc"])
    results.append(trained(model, x, one_hot(t), class_weight={0: 2.0}, validation_data=(x, one_hot(t), w)))
    results.append(model.evaluate(x, one_hot(t), sample_weight=w, verbose=0, return_dict=True))
    return results


@program
def single_batches(keras: Any) -> Any:
    x, t = data(20)
    model = classifier(keras)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return [model.train_on_batch(x, t), model.train_on_batch(x, t, return_dict=True),
            model.train_on_batch(x, t, class_weight={0: 3.0}), model.test_on_batch(x, t),
            model.test_on_batch(x, t, sample_weight=np.arange(20.0)), model.predict_on_batch(x), model.get_weights()]


@program
def penalties_and_constraints(keras: Any) -> Any:
    L, R, C = keras.layers, keras.regularizers, keras.constraints
    x, t = data(30)
    model = fixed(keras.Sequential([
        keras.Input((6,)), L.Dense(8, "relu", kernel_regularizer=R.L2(0.1), bias_regularizer="l1",
                                   kernel_constraint=C.MaxNorm(0.6)),
        L.ActivityRegularization(0.01, 0.02), L.Dense(5, activity_regularizer="l2", kernel_constraint="non_neg"),
        L.Dense(3, "softmax", kernel_constraint=C.UnitNorm())]))
    model.compile("sgd", "sparse_categorical_crossentropy")
    losses = [float(np.asarray(one)) for one in model.losses]
    return losses, trained(model, x, t, epochs=2, validation_data=(x, t)), model.evaluate(x, t, verbose=0)


@program
def several_inputs_and_outputs(keras: Any) -> Any:
    L = keras.layers
    a, b = keras.Input((6,), name="left"), keras.Input((4,), name="right")
    shared = L.Dense(5, "relu", name="shared")
    joined = L.Concatenate(name="joined")([shared(a), L.Dense(3, name="narrow")(b)])
    again = L.Add()([shared(a), L.Dense(5, name="wide")(b)])
    first = L.Dense(3, "softmax", name="classes")(joined)
    second = L.Dense(1, name="value")(L.Multiply()([again, again]))
    model = fixed(keras.Model([a, b], [first, second], name="two"))
    x, t = data(40)
    z, v = x[:, :4] * 2, x.sum(1)
    results = [[layer.name for layer in model.layers], [w.path for w in model.weights], model.input_shape,
               model.output_shape, model.output_names]
    for loss, weights, metrics in (
            (["sparse_categorical_crossentropy", "mse"], [1.0, 0.5], [["accuracy"], ["mae", "mse"]]),
            ({"classes": "sparse_categorical_crossentropy", "value": "mae"}, {"classes": 2.0, "value": 0.1},
             {"value": ["mse"]}),
            ("mse", None, {"classes": ["accuracy"]})):
        fixed(model)
        model.compile("sgd", loss, loss_weights=weights, metrics=metrics)
        y = [one_hot(t) if loss == "mse" else t, v]
        results.append(trained(model, [x, z], y, epochs=2, validation_split=0.25))
        results.append(model.evaluate({"left": x, "right": z}, {"classes": y[0], "value": v}, verbose=0))
        results.append(model.evaluate([x, z], y, verbose=0, return_dict=True))
    return results, model.predict([x, z], verbose=0), model.metrics_names


@program
def dicts_of_outputs(keras: Any) -> Any:
    x, t = data(24)
    inputs = keras.Input((6,), name="x")
    model = fixed(keras.Model({"x": inputs}, {"p": keras.layers.Dense(3, "softmax")(inputs),
                                              "q": keras.layers.Dense(2)(inputs)}))
    model.compile("sgd", {"p": "sparse_categorical_crossentropy", "q": "mse"}, metrics={"p": "accuracy"})
    return trained(model, {"x": x}, {"p": t, "q": x[:, :2]}), model.predict({"x": x}, verbose=0)


@program
def merges(keras: Any) -> Any:
    L = keras.layers
    a, b = keras.Input((4,)), keras.Input((4,))
    outputs = [L.Add()([a, b]), L.Subtract()([a, b]), L.Multiply()([a, b, a]), L.Average()([a, b]), L.Maximum()([a, b]),
               L.Minimum()([a, b]), L.Concatenate()([a, b]), L.Dot(axes=1)([a, b]), L.Dot(1, normalize=True)([a, b]),
               L.add([a, b]), L.concatenate([a, b], axis=-1), L.subtract([a, b]), L.average([a, b]),
               L.maximum([a, b])]
    model = keras.Model([a, b], outputs)
    x = np.random.default_rng(0).standard_normal((5, 4)).astype("float32")
    return model.predict([x, x[::-1]], verbose=0), [o.shape for o in outputs]


@program
def nested_models(keras: Any) -> Any:
    L = keras.layers
    x, t = data(24)
    inner = keras.Sequential([keras.Input((6,)), L.Dense(5, "relu"), L.Dense(4)], name="inner")
    inputs = keras.Input((6,))
    model = fixed(keras.Model(inputs, L.Dense(3, "softmax")(inner(inputs))))
    model.compile("sgd", "sparse_categorical_crossentropy")
    both = fixed(keras.Sequential([inner, L.Dense(2)]))
    return (trained(model, x, t), model.predict(x, verbose=0), both.predict(x, verbose=0),
            [w.shape for w in both.weights], len(model.layers), inner.get_weights())


@program
def subclasses(keras: Any) -> Any:
    class Scaled(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", name="w")
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=False, name="b")

        def call(self, inputs):
            return inputs @ self.w + self.b

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = [keras.layers.Dense(5, "relu") for _ in range(2)]
            self.scaled = Scaled(3)
            self.drop = keras.layers.Dropout(0.5)

        def call(self, x, training=False):
            for layer in self.hidden:
                x = layer(x)
            return self.scaled(self.drop(x, training=training))

    x, t = data(24)
    model = Net()
    model(x[:1])
    fixed(model)
    model.drop.rate = 0.0
    model.compile("sgd", "mse", metrics=["mae"])
    return (trained(model, x, one_hot(t), epochs=2), model.predict(x, verbose=0),
            [w.shape for w in model.trainable_weights], [w.shape for w in model.weights], model.count_params())


@program
def functions_as_losses_and_metrics(keras: Any) -> Any:
    x, t = data(24)

    def cubed(y_true, y_pred):
        return ((y_true - y_pred) ** 2) * 3.0

    model = classifier(keras)
    model.compile("sgd", cubed, metrics=[cubed, "mse"])
    other = classifier(keras)
    other.compile(keras.optimizers.SGD(learning_rate=0.05), keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
                  metrics=[keras.metrics.CategoricalAccuracy(name="right"), keras.metrics.AUC(name="auc"),
                           keras.metrics.TopKCategoricalAccuracy(k=2)])
    return trained(model, x, one_hot(t)), trained(other, x, one_hot(t), epochs=2)


@program
def frozen_layers(keras: Any) -> Any:
    x, t = data(24)
    model = classifier(keras, keras.layers.BatchNormalization())
    model.layers[0].trainable = False
    model.layers[1].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    counts = len(model.trainable_weights), len(model.non_trainable_weights), model.layers[0].trainable
    first = trained(model, x, t)
    model.trainable = True
    model.compile("sgd", "sparse_categorical_crossentropy")
    return counts, first, trained(model, x, t), len(model.trainable_weights)


@program
def generators_and_steps(keras: Any) -> Any:
    x, t = data(40)

    def batches():
        while True:
            for i in range(0, 40, 8):
                yield x[i:i + 8], t[i:i + 8]

    results = []
    for source, kwargs in ((batches(), {"steps_per_epoch": 3, "epochs": 3}),
                           ((x, t), {"steps_per_epoch": 3, "epochs": 3, "batch_size": 8})):
        model = classifier(keras)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        args = source if isinstance(source, tuple) else (source,)
        results.append(trained(model, *args, **kwargs, validation_data=(x, t), validation_steps=2))
        results.append(model.evaluate(batches(), steps=4, verbose=0))
        results.append(model.predict(x, batch_size=7, verbose=0))
    return results


@program
def epochs_and_validation(keras: Any) -> Any:
    x, t = data(30)
    model = classifier(keras)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    first = trained(model, x, t, epochs=5, initial_epoch=2, validation_data=(x, t), validation_freq=2)
    second = trained(model, x, t, epochs=4, validation_data=(x, t), validation_freq=[1, 3], validation_batch_size=4)
    return first, second, model.history.params


# -- layers ------------------------------------------------------------------------------------------------------------


@program
def layers_forward(keras: Any) -> Any:
    L = keras.layers
    rng = np.random.default_rng(3)
    x2, x3 = (rng.standard_normal(s).astype("float32") for s in ((4, 6), (4, 5, 6)))
    ids = rng.integers(0, 7, (4, 5))
    cases = [
        (L.Dense(3), x2), (L.Dense(3, "gelu", use_bias=False), x3), (L.Activation("selu"), x2), (L.Flatten(), x3),
        (L.Reshape((3, 2)), x2), (L.Reshape((-1, 10)), x3), (L.Permute((2, 1)), x3), (L.RepeatVector(3), x2),
        (L.ReLU(), x2), (L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2), x2), (L.LeakyReLU(), x2),
        (L.LeakyReLU(negative_slope=0.2), x2), (L.ELU(0.7), x2), (L.PReLU(), x3), (L.PReLU(shared_axes=[1]), x3),
        (L.Softmax(), x3), (L.Softmax(axis=1), x3), (L.BatchNormalization(), x2), (L.BatchNormalization(axis=1), x3),
        (L.BatchNormalization(center=False, epsilon=0.1), x3), (L.LayerNormalization(), x2),
        (L.LayerNormalization(axis=[1, 2]), x3), (L.LayerNormalization(axis=1, scale=False), x3),
        (L.Embedding(7, 3), ids), (L.Rescaling(1 / 255, offset=-1), x2), (L.Dropout(0.4), x2),
        (L.GaussianNoise(0.3), x2), (L.GaussianDropout(0.3), x2), (L.AlphaDropout(0.3), x2),
        (L.SpatialDropout1D(0.5), x3), (L.Lambda(lambda x: x * 2), x2), (L.Identity(), x2),
        (L.Normalization(mean=[1.0] * 6, variance=[2.0] * 6), x2), (L.Normalization(axis=None, mean=1.0, variance=4.0,
                                                                                    invert=True), x2)]
    results = []
    for layer, x in cases:
        layer.build(x.shape)
        fixed(layer)
        results.append((type(layer).__name__, np.asarray(layer(x)), layer.compute_output_shape((None, *x.shape[1:])),
                        [(w.name, tuple(w.shape), w.trainable) for w in layer.weights], layer.name))
    return results


@program
def layers_in_training(keras: Any) -> Any:
    L = keras.layers
    x, t = data(32)
    results = []
    for layers in ([L.BatchNormalization(momentum=0.8)], [L.LayerNormalization()], [L.PReLU()],
                   [L.BatchNormalization(), L.Activation("relu"), L.Dropout(0.0)], [L.Reshape((4, 2)), L.Flatten()],
                   [L.Activation("tanh")], [L.Dense(4), L.ReLU()], [L.Dense(4), L.LeakyReLU(), L.Dropout(0)]):
        model = classifier(keras, *layers)
        model.compile("sgd", "sparse_categorical_crossentropy")
        results.append((trained(model, x, t, epochs=2, batch_size=10), model.predict(x, verbose=0)))
    return results


@program
def adapted_normalization(keras: Any) -> Any:
    x, _ = data(40)
    layer = keras.layers.Normalization()
    layer.adapt(x * 3 + 1)
    model = fixed(keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)]))
    return np.asarray(layer(x)), model.predict(np.asarray(layer(x)), verbose=0)


@program
def embeddings_of_words(keras: Any) -> Any:
    rng = np.random.default_rng(0)
    ids, t = rng.integers(0, 20, (30, 4)), rng.integers(0, 2, 30)
    model = fixed(keras.Sequential([keras.Input((4,)), keras.layers.Embedding(20, 3), keras.layers.Flatten(),
                                    keras.layers.Dense(1, activation="sigmoid")]))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return trained(model, ids, t, epochs=2)


@program
def configurations(keras: Any) -> Any:
    L = keras.layers
    layers = [L.Dense(3, "relu", kernel_regularizer="l2", kernel_constraint="max_norm", name="d"),
              L.Dropout(0.3, seed=4), L.Dropout(0.3, noise_shape=(None, 1)), L.Activation("tanh"),
              L.BatchNormalization(momentum=0.9),
              L.LayerNormalization(epsilon=1e-5), L.Embedding(4, 5), L.Reshape((2, 3)), L.Flatten(),
              L.ReLU(max_value=6.0), L.LeakyReLU(), L.ELU(), L.Softmax(), L.GaussianNoise(0.2), L.GaussianDropout(0.2),
              L.AlphaDropout(0.2),
              L.SpatialDropout1D(0.2), L.SpatialDropout2D(0.2), L.Concatenate(axis=1), L.Add(), L.Rescaling(2.0),
              L.ActivityRegularization(0.1), L.PReLU(), L.Permute((2, 1)), L.RepeatVector(2)]
    configs = []
    for layer in layers:
        config = layer.get_config()
        config.pop("dtype", None)
        configs.append(config)
        again = type(layer).from_config(layer.get_config())
        assert again.name == layer.name
    return [plain(config) for config in configs]


NOT_OFFERED = ("module", "registered_name", "synchronized", "dtype", "quantization_config", "renorm", "renorm_clipping",
               "renorm_momentum", "rms_scaling", "mask_zero", "activity_regularizer", "trainable")


def plain(x: Any) -> Any:
    """Tuples as lists, and of objects' dicts their class and configuration."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in sorted(x.items()) if k not in NOT_OFFERED}
    return [plain(item) for item in x] if isinstance(x, (list, tuple)) else x


@program
def operations(keras: Any) -> Any:
    """The functions of keras.ops."""
    ops = keras.ops
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((3, 4)).astype("float32") for _ in range(2))
    p = np.abs(x) + 0.5
    whole = rng.integers(0, 3, (3, 4))
    calls = [(name, (x,), {}) for name in (
        "abs", "exp", "expm1", "square", "sign", "sin", "cos", "tan", "floor", "ceil", "negative", "relu", "relu6",
        "sigmoid", "softmax", "log_softmax", "tanh", "softplus", "softsign", "silu", "gelu", "elu", "selu",
        "leaky_relu", "hard_sigmoid", "log_sigmoid", "transpose", "isnan", "zeros_like", "ones_like", "erf")]
    calls += [(name, (p,), {}) for name in ("log", "log1p", "sqrt", "rsqrt", "reciprocal")]
    calls += [(name, args, {}) for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "greater",
                                            "less_equal", "equal", "not_equal")
              for args in ((x, y), (x, y[0]), (x, 2.0))]
    calls += [(name, (x,), kwargs) for name in ("sum", "mean", "var", "std", "max", "min", "prod", "logsumexp")
              for kwargs in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 1)})]
    calls += [("mean", (whole,), {}), ("any", (x > 1,), {"axis": 0}), ("all", (x > -9,), {}), ("power", (p, 2.5), {}),
              ("matmul", (x, y.T), {}), ("dot", (x, y[0]), {}), ("clip", (x, -0.5, 0.5), {}), ("norm", (x,), {}),
              ("norm", (x,), {"axis": 1}), ("argmax", (x,), {}), ("argmax", (x,), {"axis": -1}),
              ("argmin", (x,), {"axis": 0}), ("reshape", (x, (2, -1)), {}), ("expand_dims", (x, 1), {}),
              ("squeeze", (x[:1],), {"axis": 0}), ("concatenate", ([x, y],), {"axis": 1}), ("stack", ([x, y],), {}),
              ("where", (x > 0, x, 0.0), {}), ("where", (x > 0, 1.0, y), {}), ("cumsum", (x,), {"axis": 1}),
              ("flip", (x,), {"axis": 1}), ("take", (x, [0, 2]), {"axis": 1}), ("take", (x, whole), {}),
              ("one_hot", (whole, 3), {}), ("zeros", ((2, 3),), {}), ("ones", (4,), {}), ("arange", (5,), {}),
              ("cast", (x, "int32"), {}), ("logical_and", (x > 0, y > 0), {}), ("logical_not", (x > 0,), {}),
              ("transpose", (x[None],), {"axes": (1, 2, 0)}), ("normalize", (x,), {}), ("convert_to_tensor", (x,), {})]
    results = {f"{number} {name}": np.asarray(getattr(ops, name)(*args, **kwargs))
               for number, (name, args, kwargs) in enumerate(calls)}
    return results, ops.shape(x), ops.ndim(x), ops.convert_to_numpy(x)


@program
def operations_in_graphs(keras: Any) -> Any:
    ops = keras.ops
    x, t = data(24)
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(5)(inputs)
    y = ops.relu(hidden * 2 - 0.1) / (1 + ops.mean(ops.square(hidden), axis=-1, keepdims=True))
    y = ops.concatenate([y, -inputs], axis=-1)
    model = fixed(keras.Model(inputs, keras.layers.Dense(3, "softmax")(y)))
    model.compile("sgd", "sparse_categorical_crossentropy")

    def loss(y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) + ops.maximum(y_pred, 0.1), axis=-1)

    other = classifier(keras)
    other.compile("sgd", loss)
    return (trained(model, x, t), model.predict(x, verbose=0), trained(other, x, one_hot(t)),
            [layer.name for layer in model.layers])


# -- callbacks and what is printed -------------------------------------------------------------------------------------


@program
def progress_of_training(keras: Any) -> Any:
    x, t = data(48)
    model = classifier(keras)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for verbose in (0, 1, 2, "auto"):
        model.fit(x, t, epochs=2, verbose=verbose, shuffle=False, validation_split=0.5, batch_size=5)
        model.evaluate(x, t, verbose=verbose)
        model.predict(x, verbose=verbose)
    model.fit(x, t, epochs=1, shuffle=False, batch_size=1)
    model.fit(((x[i:i + 8], t[i:i + 8]) for i in range(0, 48, 8)), epochs=1)


@program
def stopping_early(keras: Any) -> Any:
    x, t = data(30)
    results = []
    for kwargs in ({"patience": 1, "verbose": 1}, {"patience": 0, "restore_best_weights": True, "verbose": 1},
                   {"monitor": "val_accuracy", "patience": 2, "verbose": 1}, {"monitor": "nope", "mode": "max"},
                   {"monitor": "loss", "min_delta": 10.0, "patience": 2, "verbose": 1, "mode": "min"},
                   {"baseline": 0.0, "patience": 2, "verbose": 1},
                   {"start_from_epoch": 3, "verbose": 1, "min_delta": 9}):
        model = classifier(keras)
        model.compile(keras.optimizers.SGD(2.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
        callback = keras.callbacks.EarlyStopping(**kwargs)
        results.append(trained(model, x, t, epochs=6, validation_split=0.5, callbacks=[callback]))
        results.append((callback.stopped_epoch, callback.best_epoch, callback.wait))
    return results


@program
def learning_rates(keras: Any) -> Any:
    x, t = data(30)
    C, results = keras.callbacks, []
    for callback in (C.LearningRateScheduler(lambda epoch, lr: lr * 0.5, verbose=1),
                     C.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)),
                     C.ReduceLROnPlateau(monitor="loss", factor=0.1, patience=1, verbose=1, min_delta=10),
                     C.ReduceLROnPlateau(factor=0.5, patience=1, cooldown=1, min_lr=0.03, verbose=1, min_delta=10)):
        model = classifier(keras)
        model.compile(keras.optimizers.SGD(0.125), "sparse_categorical_crossentropy")
        results.append(trained(model, x, t, epochs=5, validation_split=0.5, callbacks=[callback], verbose=2))
    model = classifier(keras)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)), "mse")
    return results, trained(model, x, one_hot(t), epochs=2)


@program
def order_of_hooks(keras: Any) -> Any:
    calls = []

    class Listener(keras.callbacks.Callback):
        pass

    def hook(name):
        def method(self, *args, **kwargs):
            logs = kwargs.get("logs", args[-1] if args else None)
            calls.append((name, args[0] if len(args) + len(kwargs) > 1 else None, sorted(logs or {})))
        return method

    for kind in ("train", "test", "predict"):
        for name in (f"on_{kind}_begin", f"on_{kind}_end", f"on_{kind}_batch_begin", f"on_{kind}_batch_end"):
            setattr(Listener, name, hook(name))
    Listener.on_epoch_begin, Listener.on_epoch_end = hook("on_epoch_begin"), hook("on_epoch_end")
    x, t = data(12)
    model = classifier(keras)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    listener = Listener()
    model.fit(x, t, batch_size=4, epochs=2, verbose=0, validation_data=(x[:5], t[:5]), callbacks=[listener])
    model.evaluate(x, t, callbacks=[listener], verbose=0)
    model.predict(x, callbacks=[listener], verbose=0)
    seen = []
    model.fit(x, t, batch_size=4, verbose=0, callbacks=[keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch),
        on_train_batch_end=lambda batch, logs: seen.append(batch))])
    return calls, seen, listener.params


@program
def stopping_in_a_batch(keras: Any) -> Any:
    x, t = data(40)

    class Stop(keras.callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            if batch == 2:
                self.model.stop_training = True

    model = classifier(keras)
    model.compile("sgd", "sparse_categorical_crossentropy")
    x_bad = x.copy()
    x_bad[20] = np.nan
    other = classifier(keras)
    other.compile("sgd", "sparse_categorical_crossentropy")
    return (trained(model, x, t, batch_size=4, epochs=3, callbacks=[Stop()]),
            trained(other, x_bad, t, batch_size=4, epochs=2, callbacks=[keras.callbacks.TerminateOnNaN()])["epoch"])


@program
def summaries(keras: Any) -> Any:
    L = keras.layers
    texts = []
    model = keras.Sequential([keras.Input((6,)), L.Dense(1000, "relu"), L.BatchNormalization(),
                              L.Dropout(0.5), L.Dense(3)], name="net")
    model.summary(print_fn=texts.append)
    model.layers[0].trainable = False
    model.summary(print_fn=texts.append, show_trainable=True, line_length=78)
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 6)), np.zeros((4, 3)), verbose=0)
    model.summary(print_fn=texts.append)
    a, b = keras.Input((4,), name="a"), keras.Input((3,))
    shared = L.Dense(8)
    x = L.Concatenate()([shared(a), b, shared(a)])
    functional = keras.Model([a, b], [L.Dense(1, name="a_rather_long_name_of_a_layer")(x), L.Dense(2)(x)])
    functional.summary(print_fn=texts.append)
    inputs = keras.Input((6,))
    keras.Model(inputs, L.Dense(2)(model(inputs))).summary(print_fn=texts.append, expand_nested=True)
    unbuilt = keras.Sequential([L.Dense(3), L.Dense(2)])
    unbuilt.summary(print_fn=texts.append)
    return texts


@program
def names_and_counts(keras: Any) -> Any:
    L = keras.layers
    model = keras.Sequential([L.Dense(3, input_shape=(2,)), L.Dense(4), L.Dropout(0.2), L.Dense(1, name="last")])
    popped = model.pop()
    model.add(L.Dense(2))
    return ([layer.name for layer in model.layers], popped.name, model.count_params(), model.get_layer("dense_1").units,
            model.get_layer(index=0).name, [w.shape for w in model.get_weights()], model.name, model.input_shape,
            model.output_shape, len(model.layers), keras.Sequential().name, keras.Sequential().name,
            [w.path for w in model.weights], [w.name for w in model.weights], L.Dense(2).name)


@program
def files_of_callbacks(keras: Any) -> Any:
    C, results = keras.callbacks, []
    x, t = data(30)
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for callback in (C.ModelCheckpoint("a-{epoch:02d}-{val_loss:.2f}.keras", verbose=1),
                             C.ModelCheckpoint("best.keras", save_best_only=True, verbose=1, monitor="val_accuracy"),
                             C.ModelCheckpoint("w.weights.h5", save_weights_only=True, save_freq=4, verbose=1),
                             C.ModelCheckpoint("c/{epoch}-{batch}.keras", save_freq=3, verbose=1),
                             C.ModelCheckpoint("d.keras", save_best_only=True, initial_value_threshold=0.1, verbose=1),
                             C.CSVLogger("log.csv"), C.CSVLogger("log.csv", append=True, separator=";")):
                model = classifier(keras)
                model.compile(keras.optimizers.SGD(0.25), "sparse_categorical_crossentropy", metrics=["accuracy"])
                kwargs = {} if isinstance(callback, C.CSVLogger) else {"validation_split": 0.5}
                trained(model, x, t, epochs=3, batch_size=4, callbacks=[callback], **kwargs)
            with open("log.csv", newline="", encoding="utf-8") as file:
                text = file.read()
            results = sorted(os.path.join(top, name) for top, _, names in os.walk(".") for name in names)
            model = keras.models.load_model("best.keras")
            weights = [w.tolist() for w in model.get_weights()], model.evaluate(x, t, verbose=0)
        finally:
            os.chdir(before)
    return results, re.sub(r"(\d\.\d{5})\d*", r"\1", text), weights


# -- errors ------------------------------------------------------------------------------------------------------------


@program
def errors(keras: Any) -> Any:
    """Class and text of what is raised for mistakes."""
    L = keras.layers
    x, t = data(12)
    built = classifier(keras)

    def compiled():
        model = classifier(keras)
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    inputs = keras.Input((3,))
    mistakes = [
        lambda: built.fit(x, t), lambda: built.evaluate(x, t), lambda: built.compile("nope"),
        lambda: built.compile("sgd", "nope"), lambda: compiled().predict(np.zeros((32, 3)), verbose=0),
        lambda: compiled().fit(x, t[:5]), lambda: compiled().fit(x, t, validation_split=0.99),
        lambda: compiled().fit(x, t, class_weight={0: 1.0}, sample_weight=np.ones(12)),
        lambda: L.Dense(0), lambda: L.Dense(3, activation="nope"), lambda: L.Dense(3, wrong=1), lambda: L.Dropout(1.5),
        lambda: L.Dropout(-0.1), lambda: L.Dropout(0.5, noise_shape="a"), lambda: L.Dropout(0.5, noise_shape=3),
        lambda: L.Dropout(0.5, noise_shape=(1.5, 2)), lambda: L.SpatialDropout1D(0.5)(np.zeros((4, 3), "float32")),
        lambda: L.Dense(3)(np.zeros((4,), "float32")), lambda: L.Dense(3).count_params(),
        lambda: keras.Sequential([3]), lambda: keras.Sequential([L.Dense(1, name="a"), L.Dense(1, name="a")]),
        lambda: built.get_layer("nope"), lambda: built.get_layer(index=7), lambda: built.set_weights([x]),
        lambda: built.set_weights([w.T for w in built.get_weights()]), lambda: L.Reshape((4,))(inputs),
        lambda: L.Add()([keras.Input((3,)), keras.Input((4,))]), lambda: L.Concatenate()([keras.Input((3, 2)), inputs]),
        lambda: L.Subtract()([inputs, inputs, inputs]), lambda: L.Permute((1, 3)), lambda: L.Layer(trainable=3),
        lambda: keras.callbacks.ReduceLROnPlateau(factor=1.0), lambda: keras.callbacks.ModelCheckpoint("a.txt"),
        lambda: keras.callbacks.ModelCheckpoint("a.keras", save_weights_only=True), lambda: L.Layer(name=3),
        lambda: keras.callbacks.ModelCheckpoint("a.keras", save_freq="x"), lambda: keras.callbacks.BackupAndRestore(""),
        lambda: compiled().fit(x, t, verbose=0, callbacks=[keras.callbacks.EarlyStopping("nope")], epochs=1),
        lambda: compiled().fit(x, t, verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(lambda e: "a")]),
        lambda: keras.Model(inputs, 3), lambda: keras.Sequential().build((None, 3)),
        lambda: compiled().fit(x, t, verbose=0, validation_data=(x, t), validation_freq="a"),
        lambda: built.save_weights("nope.txt"), lambda: compiled().pop().nothing,
    ]
    return [raised(mistake) for mistake in mistakes]


def raised(mistake: Callable[[], Any]) -> tuple[str, str]:
    try:
        mistake()
    except Exception as error:
        text = re.sub(r"\x1b\[\d*m", "", str(error))
        text = re.sub(r"^Exception encountered when calling .*?\.\n\n", "", text, flags=re.S)
        return type(error).__name__, text.split("\n\nArguments received")[0].split("\n")[0]
    return "nothing", ""
