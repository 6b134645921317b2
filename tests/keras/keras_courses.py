"""More programs, in the manner of courses and tutorials: what these use beyond keras_programs, whose table they
enter."""

from __future__ import annotations

import math
import os
import tempfile
from typing import Any

import numpy as np
from keras_programs import classifier, data, fixed, one_hot, program, trained


@program
def statistics_of_the_data(keras: Any) -> Any:
    """Normalization layers as the first layer, and what they say of themselves."""
    x = data(40)[0] * np.array([1, 10, 100, 1, 2, 3]) + 5
    layer, one = keras.layers.Normalization(axis=-1), keras.layers.Normalization(axis=None, input_shape=[1])
    layer.adapt(np.array(x))
    one.adapt(x[:, 0])
    model = keras.Sequential([layer, keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
    model.build((None, 6))
    for dense in model.layers[1:]:
        fixed(dense)
    model.compile("adam", "mae", metrics=[keras.metrics.RootMeanSquaredError(), "mape"])
    model.summary()
    return (np.array(layer.mean), np.array(layer.variance), np.array(one.mean), int(np.array(layer.count)),
            trained(model, x, x[:, 0], epochs=2, validation_split=0.2), model.evaluate(x, x[:, 0], verbose=0))


@program
def imbalanced_classes(keras: Any) -> Any:
    """Precision and recall as their variables, and in compile with many others."""
    precision = keras.metrics.Precision()
    first = [float(np.array(precision([0, 1, 1, 1, 0, 1], [1, 1, 0, 1, 0, 1])))]
    first += [[v.name, np.array(v).tolist()] for v in precision.variables]
    precision.reset_state()
    x, t = data(60)
    y = (t == 1).astype("uint8")[:, None]
    model = fixed(keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, "relu"),
                                    keras.layers.Dense(1, "sigmoid")]))
    M = keras.metrics
    model.compile(keras.optimizers.Adam(1e-2), "binary_crossentropy", metrics=[
        M.TruePositives(name="tp"), M.FalsePositives(name="fp"), M.TrueNegatives(name="tn"), M.FalseNegatives(
            name="fn"), M.Recall(name="recall"), M.AUC(name="auc"), M.AUC(name="prc", curve="PR"),
        M.F1Score(threshold=0.5)])
    history = trained(model, x, y, epochs=2, class_weight={0: 0.6, 1: 3.2}, validation_data=(x, y))
    return first, float(np.array(precision.result())), history, [metric.name for metric in model.metrics], [
        variable.path for variable in model.optimizer.variables]


@program
def operators_and_activation_layers(keras: Any) -> Any:
    """Layers as activations, activations of KerasTensors, Lambda of a list, parts of a KerasTensor."""
    L, ops = keras.layers, keras.ops
    x, t = data(24)
    inputs = keras.Input((6,))
    hidden = L.Dense(8, activation=L.LeakyReLU(negative_slope=0.2))(inputs)
    hidden = keras.activations.gelu(L.Dense(8, activation=ops.tanh)(hidden))
    hidden = keras.activations.elu(hidden * 0.5 + 1)
    both = L.Lambda(lambda pair: pair[0] - pair[1])([hidden[:, :4], abs(hidden[:, 4:])])
    model = fixed(keras.Model(inputs, L.Dense(3, activation=keras.activations.softmax)(both)))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.summary()
    other = fixed(keras.Sequential([inputs, L.Dense(4), L.Dense(3, activation=keras.activations.relu)]))
    other.add(L.Dense(2))
    first = other.layers[0]
    return (trained(model, x, t), model.predict(x, verbose=0), first.input.shape, first.output.shape,
            first.activation.__name__, other.layers[1].activation.__name__, model.inputs[0].name,
            np.array(keras.activations.elu(x)), np.array(keras.activations.get("gelu")(x)))


@program
def losses_in_layers_alone(keras: Any) -> Any:
    class Reconstruction(keras.layers.Layer):
        def call(self, given, rebuilt):
            self.add_loss(keras.ops.mean(keras.ops.square(given - rebuilt)))
            return rebuilt

    x, _ = data(30)
    inputs = keras.Input((6,))
    model = fixed(keras.Model(inputs, Reconstruction()(inputs, keras.layers.Dense(6)(inputs))))
    model.compile(optimizer="adam")
    return trained(model, x, epochs=2), model.evaluate(x, verbose=0)


@program
def numbered_batches(keras: Any) -> Any:
    class Batches(keras.utils.PyDataset):
        def __init__(self, x, y, size, **kwargs):
            super().__init__(**kwargs)
            self.x, self.y, self.size = x, y, size

        def __len__(self):
            return math.ceil(len(self.x) / self.size)

        def __getitem__(self, i):
            rows = slice(i * self.size, (i + 1) * self.size)
            return self.x[rows], self.y[rows]

    x, t = data(50)
    model = classifier(keras)
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    batches = Batches(x, one_hot(t), 16, workers=1)
    first = trained(model, batches, epochs=2, validation_data=Batches(x, one_hot(t), 20))
    return first, model.evaluate(batches, verbose=0), model.predict(batches, verbose=0)


@program
def registered_functions_in_files(keras: Any) -> Any:
    @keras.saving.register_keras_serializable(package="tests", name="square")
    def squared(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

    @keras.saving.register_keras_serializable(package="tests")
    def halved_relu(x):
        return keras.ops.relu(x) * 0.5

    x, t = data(20)
    L = keras.layers
    model = fixed(keras.Sequential([keras.Input((6,)), L.Dense(4, halved_relu), L.Dense(3, activation=L.ELU(0.5))]))
    model.compile("adam", squared, metrics=["mae", squared])
    trained(model, x, one_hot(t))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        loaded = keras.models.load_model(path)
    return loaded.evaluate(x, one_hot(t), verbose=0), trained(loaded, x, one_hot(t))


@program
def more_operations(keras: Any) -> Any:
    """The functions of keras.ops that make, order, join and take apart."""
    ops = keras.ops
    rng = np.random.default_rng(1)
    x, y = (rng.standard_normal((3, 4)).astype("float32") for _ in range(2))
    p = np.abs(x) + 0.5
    whole = rng.integers(0, 3, (3, 4))
    calls = [(name, (x,), {}) for name in (
        "absolute", "exp2", "sinh", "cosh", "arctan", "arcsinh", "trunc", "ravel", "copy", "argsort", "sort", "amax",
        "amin", "median", "count_nonzero", "cumsum", "cumprod", "flip", "nan_to_num", "hard_tanh", "hard_silu", "celu",
        "soft_shrink", "hard_shrink", "tanh_shrink", "squareplus", "array", "tril", "triu", "trace", "diag")]
    calls += [(name, (p,), {}) for name in ("log2", "log10")] + [(name, (np.clip(x, -0.9, 0.9),), {}) for name in (
        "arcsin", "arccos", "arctanh", "erfinv")]
    calls += [(name, (x, y), {}) for name in (
        "true_divide", "arctan2", "logaddexp", "logical_xor", "isclose", "outer", "inner", "vdot", "divide_no_nan")]
    calls += [("full", ((2, 3), 7.0), {}), ("full_like", (x, 2), {}), ("eye", (3,), {}), ("eye", (2, 3, 1), {}),
              ("identity", (2,), {}), ("linspace", (0, 1, 5), {}), ("repeat", (x, 2), {"axis": 1}),
              ("repeat", (x, 2), {}),
              ("tile", (x, (2, 1)), {}), ("tile", (x, 2), {}), ("roll", (x, 1), {"axis": 1}), ("roll", (x, 2), {}),
              ("pad", (x, ((1, 0), (0, 2))), {}), ("pad", (x, 1), {"constant_values": 3.0}),
              ("swapaxes", (x, 0, 1), {}), ("moveaxis", (x[None], 0, 2), {}), ("broadcast_to", (x, (2, 3, 4)), {}),
              ("hstack", ([x, y],), {}), ("vstack", ([x, y],), {}), ("take_along_axis", (x, whole), {"axis": 1}),
              ("take", (x, [-1, 0]), {"axis": 0}), ("sort", (x,), {"axis": 0}), ("cumsum", (x,), {"axis": 1}),
              ("diff", (x,), {}), ("median", (x,), {"axis": 1}), ("quantile", (x, 0.3), {"axis": 0}),
              ("quantile", (x, [0.1, 0.9]), {}), ("average", (x,), {}), ("average", (x,), {
                  "axis": 0, "weights": np.array([1.0, 2.0, 3.0], "float32")}), ("average", (whole,), {"axis": 1}),
              ("einsum", ("ij,kj->ik", x, y), {}), ("tensordot", (x, y.T, 1), {}), ("dot", (x, y.T), {}),
              ("dot", (x, 2.0), {}), ("slice", (x, (1, 0), (2, 3)), {}), ("divide_no_nan", (x, np.zeros_like(x)), {}),
              ("in_top_k", (whole[:, 0], x, 2), {}), ("multi_hot", (whole, 3), {}), ("max", (x,), {"axis": -1}),
              ("get_item", (x, (slice(None), 1)), {}), ("binary_crossentropy", ((x > 0) * 1.0, ops.sigmoid(y)), {}),
              ("categorical_crossentropy", (one_hot(whole[:, 0], 4), x), {"from_logits": True}),
              ("sparse_categorical_crossentropy", (whole[:, 0], ops.softmax(x)), {})]
    results = {f"{number} {name}": np.asarray(getattr(ops, name)(*args, **kwargs))
               for number, (name, args, kwargs) in enumerate(calls)}
    several = [("split", (x, 2), {"axis": 1}), ("split", (x, [1, 3]), {"axis": 1}), ("unstack", (x,), {}),
               ("top_k", (x, 2), {}), ("moments", (x,), {"axes": [0]}), ("nonzero", (x > 0,), {}),
               ("where", (x > 0,), {})]
    return results, [[np.asarray(part) for part in getattr(ops, name)(*args, **kwargs)]
                     for name, args, kwargs in several]


@program
def models_without_an_input(keras: Any) -> Any:
    """Built by the first batch, whose size the summary shows; cloned; names of element types; all of it frozen."""
    x, t = data(40)
    L = keras.layers
    model = keras.Sequential([L.Dense(4, "relu"), L.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, t, verbose=0)
    model.summary()
    clone = fixed(keras.models.clone_model(fixed(model)), 1)
    clone.summary()
    clone.trainable = False
    clone.compile("sgd", "sparse_categorical_crossentropy")
    scaled = keras.Sequential([keras.Input((6,)), L.Rescaling(2.0)])
    scaled.compile("sgd", "mse")
    kernel, y = model.layers[0].kernel, model(x[:2])
    return (str(kernel.dtype), kernel.dtype == "float32", str(y.dtype), model.input_shape, model.predict(x, verbose=0),
            clone.get_weights(), trained(clone, x, t), trained(scaled, x, x), keras.Sequential().name,
            keras.backend.standardize_dtype(y.dtype), str(keras.ops.cast(t, y.dtype).dtype))


@program
def steps_instead_of_sizes(keras: Any) -> Any:
    """Without a batch size, batches are so large that there are as many as there are to be steps."""
    x, t = data(50)
    results = []
    for kwargs in ({"steps_per_epoch": 3}, {"validation_data": (x, t), "validation_steps": 2}, {"steps_per_epoch": 0}):
        model = classifier(keras)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        results.append((trained(model, x, t, epochs=2, **kwargs), int(np.array(model.optimizer.iterations)),
                        model.evaluate(x, t, steps=2, verbose=0), model.predict(x, steps=2, verbose=0)))
    return results


@program
def a_teacher_and_a_student(keras: Any) -> Any:
    """compute_loss of one's own, metrics as attributes, and layers in the order of attributes, not of arguments."""
    L, ops = keras.layers, keras.ops

    class Distiller(keras.Model):
        def __init__(self, student, teacher):
            super().__init__()
            self.teacher, self.student = teacher, student
            self.hard = keras.metrics.Mean(name="hard")

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            hard = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, y_pred)
            self.hard.update_state(hard)
            soft = ops.softmax(self.teacher(x, training=False) / 3.0, axis=1)
            return 0.1 * hard + 0.9 * keras.losses.KLDivergence()(soft, ops.softmax(y_pred / 3.0, axis=1))

        def call(self, x):
            return self.student(x)

    x, t = data(48)
    teacher = fixed(keras.Sequential([keras.Input((6,)), L.Dense(8, "relu"), L.Dense(3)]))
    student = fixed(keras.Sequential([keras.Input((6,)), L.Dense(3)]), 3)
    teacher.trainable = False
    model = Distiller(student, teacher)
    model.compile("adam", metrics=[keras.metrics.SparseCategoricalAccuracy(name="right")])
    return (trained(model, x, t, epochs=2), model.evaluate(x, t, verbose=0), [w.shape for w in model.weights],
            [layer.name for layer in model.layers], [metric.name for metric in model.metrics])


@program
def words_as_means_and_counts(keras: Any) -> Any:
    L = keras.layers
    rng = np.random.default_rng(0)
    ids, t = rng.integers(0, 20, (30, 4)), rng.integers(0, 2, (30, 1))
    model = fixed(keras.Sequential([keras.Input((4,)), L.Embedding(20, 3), L.GlobalAveragePooling1D(),
                                    L.UnitNormalization(), L.Dense(1, activation="sigmoid")]))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.summary()
    x = rng.standard_normal((2, 3, 4)).astype("float32")
    layers = [(L.GlobalMaxPooling1D(), x), (L.GlobalMaxPool1D(keepdims=True), x), (L.UnitNormalization(axis=1), x),
              (L.GlobalAveragePooling1D(data_format="channels_first"), x), (L.CategoryEncoding(20), ids),
              (L.CategoryEncoding(20, output_mode="count"), ids), (L.CategoryEncoding(20, "one_hot"), ids[:, :1])]
    return trained(model, ids, t, epochs=2), [
        (np.asarray(layer(x)), layer.compute_output_shape((None, *x.shape[1:]))) for layer, x in layers]
