"""What Keras can't be asked about: one kernel for several layers, stability, seeds, saving, output, hostile files."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pytest

import minigrad as torch
from minigrad import keras
from minigrad.keras import layers as L
from minigrad.keras.models.graph import Graph
from minigrad.serialization import load_file, load_metadata, save_file
from minigrad.utils.data import DataLoader, TensorDataset


def data(n=64, features=6, classes=3):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, features)).astype(np.float32)
    return x, x[:, :classes].argmax(1)


def network(*more, rate=0.5, seed=3):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((6,)), L.Dense(8, activation="relu"), L.Dropout(rate), *more,
                             L.Dense(3, activation="softmax")])


def compiled(model, optimizer="adam", **kwargs):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **kwargs)
    return model


# -- several layers as one ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [
    lambda: [L.Dense(7, activation="relu"), L.Dropout(0.3)], lambda: [L.Dense(7), L.ReLU(), L.Dropout(0.3)],
    lambda: [L.Dense(7), L.Activation("relu"), L.Dropout(0.3)], lambda: [L.Dense(7, activation="relu")],
    lambda: [L.Dense(7), L.Activation("relu")], lambda: [L.Dense(7, "relu"), L.Dropout(0.0)],
    lambda: [L.Dense(7, "relu"), L.Dropout(1.0)], lambda: [L.Dense(7, "relu"), L.Dropout(0.5, noise_shape=(None, 1))],
    lambda: [L.Dense(7, "tanh"), L.Dropout(0.5)], lambda: [L.Dropout(0.5), L.Dense(7, "relu")]])
def test_the_plan_gives_what_the_layers_give(layers):
    def results(method):
        keras.utils.set_random_seed(5)
        inputs = x = keras.Input((6,))
        for layer in layers():
            x = layer(x)
        graph = Graph(inputs, x)
        batch = torch.tensor(data(9)[0], requires_grad=True)
        y = method(graph, batch)
        y.square().sum().backward()
        weights = [w._grad for layer in graph.layers for w in layer.weights]
        return [y.detach(), batch.grad, *(w for w in weights if w is not None)]

    def one_by_one(graph, batch):
        with keras.layers.layer.calling(True):
            return graph.run_one_by_one([batch])

    fused = results(lambda graph, batch: graph.run([batch], True))
    plain = results(one_by_one)
    assert len(fused) == len(plain) >= 2
    for a, b in zip(fused, plain):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_what_somebody_sees_is_computed():
    """A Dense layer whose result is an output, too, is not joined with its dropout."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6,))
    hidden = L.Dense(5, "relu")(inputs)
    model = keras.Model(inputs, [hidden, L.Dropout(0.5)(hidden)])
    seen, dropped = model(data(40)[0], training=True)
    kept = dropped.numpy() != 0
    np.testing.assert_array_equal(dropped.numpy()[kept], 2 * seen.numpy()[kept])
    assert (seen.numpy()[~kept] != 0).mean() > 0.2


def test_a_rate_that_changes_is_heeded():
    model = compiled(network())
    x, _ = data()
    model.layers[1].rate = 0.0
    np.testing.assert_array_equal(model(x, training=True).numpy(), model(x).numpy())
    model.layers[1].rate = 0.9
    assert (model(x, training=True).numpy() != model(x).numpy()).any()


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_cross_entropy_of_a_sure_softmax(loss):
    """Where the probability underflows, the loss is still exact, and so is its gradient."""
    model = keras.Sequential([keras.Input((2,)), L.Dense(2, activation="softmax", use_bias=False)])
    model.set_weights([np.array([[300.0, -300.0], [0.0, 0.0]], np.float32)])
    y = np.array([1]) if loss.startswith("sparse") else np.array([[0.0, 1.0]])
    model.compile(keras.optimizers.SGD(1.0), loss, metrics=["accuracy"])
    x = np.array([[1.0, 0.0]], np.float32)
    for _ in range(2):
        assert model.train_on_batch(x, y, return_dict=True) == pytest.approx({"loss": 600.0, "accuracy": 0.0}, abs=4.1)
    np.testing.assert_allclose(model.get_weights()[0][0], [298.0, -298.0])


def test_logits_stand_for_softmax_where_that_makes_no_difference():
    """The first step computes softmax, the others need not; metrics that look at probabilities get them."""
    x, t = data()
    results = {}
    for metric in ("accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=1, name="accuracy")):
        model = network(rate=0.0)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=[metric])
        results[metric] = model.fit(x, t, epochs=3, verbose=0, shuffle=False).history
        assert model._logits is (metric == "accuracy")
    first, second = results.values()
    assert first["loss"] == second["loss"]


# -- seeds -------------------------------------------------------------------------------------------------------------


def test_seeds_repeat_training():
    x, t = data()

    def run(seed):
        model = compiled(network(seed=seed))
        model.fit(x, t, epochs=2, verbose=0)
        return model.get_weights()

    first, again, other = run(1), run(1), run(2)
    assert all((a == b).all() for a, b in zip(first, again))
    assert any((a != b).any() for a, b in zip(first, other))


def test_shuffling_sees_every_sample_once():
    x = np.arange(50, dtype=np.float32)[:, None]
    seen = []

    class Model(keras.Model):
        def call(self, x):
            seen.append(x.numpy()[:, 0])
            return x

        def train_step(self, data):
            self(data[0])
            return {"one": 1.0}

    model = Model()
    model.compile()
    for shuffle in (True, "batch", False):
        seen.clear()
        model.fit(x, batch_size=8, verbose=0, shuffle=shuffle)
        batches = seen[-7:]
        assert sorted(np.concatenate(batches)) == list(range(50))
        in_order = [(np.diff(batch) == 1).all() for batch in batches]
        assert all(in_order) if shuffle in (False, "batch") else not any(in_order)
        assert (np.concatenate(batches) == np.arange(50)).all() is np.bool_(shuffle is False)


# -- data --------------------------------------------------------------------------------------------------------------


def test_every_kind_of_data_trains_alike():
    x, t = data()
    dataset = TensorDataset(torch.from_numpy(x), torch.from_numpy(t))
    sources = {"arrays": (x, t), "doubles": (x.astype(np.float64), t.astype(np.int32)),
               "tensors": (torch.from_numpy(x), torch.from_numpy(t)), "column": (x, t[:, None]),
               "DataLoader": (DataLoader(dataset, batch_size=16),),
               "batches": ([(x[i:i + 16], t[i:i + 16]) for i in range(0, 64, 16)],)}
    found = {}
    for name, source in sources.items():
        model = compiled(network(rate=0.0))
        kwargs = {"batch_size": 16} if len(source) == 2 else {}
        found[name] = model.fit(*source, epochs=2, shuffle=False, verbose=0, **kwargs).history["loss"]
    for name, losses in found.items():
        assert losses == pytest.approx(found["arrays"], rel=1e-6), name


def test_a_step_of_ones_own():
    class Model(keras.Model):
        def train_step(self, data):
            x, y = data
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            for weight in self.trainable_weights:
                weight.grad = None
            loss.backward()
            self.optimizer.apply([w.grad for w in self.trainable_weights], self.trainable_weights)
            return {"mine": float(loss)}

    x, t = data()
    inputs = keras.Input((6,))
    model = Model(inputs, L.Dense(3, activation="softmax")(inputs))
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(x, t, epochs=4, verbose=0).history
    assert list(history) == ["mine"]
    assert history["mine"][-1] < history["mine"][0]


def test_a_step_that_updates_the_metrics_of_compile():
    class Model(keras.Model):
        def train_step(self, data):
            x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            loss.backward()
            variables = self.trainable_variables
            self.optimizer.apply_gradients([(v.grad, v) for v in variables])
            for variable in variables:
                variable.grad = None
            for metric in self.metrics:
                metric.update_state(*((loss,) if metric.name == "loss" else (y, y_pred)))
            return {metric.name: metric.result() for metric in self.metrics}

    def history(kind):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((6,))
        model = compiled(kind(inputs, L.Dense(3, activation="softmax")(inputs)))
        return model.fit(*data(), epochs=2, verbose=0, shuffle=False).history

    mine, usual = history(Model), history(keras.Model)
    assert list(mine) == list(usual)
    for name, values in usual.items():
        assert mine[name] == pytest.approx(values, rel=1e-6)


# -- saving ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_saved_model_goes_on_where_it_was(tmp_path, name):
    """Weights, the optimizer's state and the dropout's stream: bit for bit."""
    x, t = data()
    model = compiled(network())
    model.fit(x, t, verbose=0, shuffle=False)
    model.save(tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name)
    for one in (model, loaded):
        one.fit(x, t, verbose=0, shuffle=False, epochs=2)
    for a, b in zip(model.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert loaded.to_json() == model.to_json()


def test_backup_and_restore_equals_no_interruption(tmp_path):
    x, t = data()

    class Fails(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    whole = compiled(network())
    whole.fit(x, t, epochs=4, verbose=0, shuffle=False)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        compiled(network()).fit(x, t, epochs=4, verbose=0, shuffle=False, callbacks=[backup, Fails()])
    again = compiled(network(seed=9))
    again.fit(x, t, epochs=4, verbose=0, shuffle=False, callbacks=[backup])
    for a, b in zip(whole.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert not (tmp_path / "backup").exists()


@keras.utils.register_keras_serializable("tests")
class Scale(L.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def halved(x):
    return x * 0.5


def test_graphs_are_saved(tmp_path):
    a, b = keras.Input((6,), name="a"), keras.Input((4,), name="b")
    shared = L.Dense(5, "relu", kernel_regularizer=keras.regularizers.L2(0.1))
    inner = keras.Sequential([keras.Input((5,)), L.Dense(4), L.BatchNormalization()], name="inner")
    joined = L.Concatenate()([shared(a), L.Dense(5)(b), inner(shared(a))])
    model = keras.Model([a, b], {"p": L.Dense(3, "softmax", name="p")(joined), "q": Scale(3.0)(joined)})
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5), momentum=0.9),
                  {"p": keras.losses.CategoricalCrossentropy(label_smoothing=0.1), "q": None},
                  metrics={"p": "accuracy"})
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    inputs = [np.ones((3, 6)), np.ones((3, 4))]
    for name, want in model.predict(inputs, verbose=0).items():
        np.testing.assert_array_equal(loaded.predict(inputs, verbose=0)[name], want)
    assert loaded.get_compile_config() == model.get_compile_config()
    other = keras.models.clone_model(model)
    assert [w.shape for w in other.weights] == [w.shape for w in model.weights]
    loaded.save_weights(tmp_path / "w.weights.h5")
    other.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(other.predict(inputs, verbose=0)["q"], model.predict(inputs, verbose=0)["q"])


def test_functions_in_lambda_layers(tmp_path):
    plain = keras.Sequential([keras.Input((3,)), L.Lambda(lambda x: x * 2)])
    with pytest.raises(ValueError, match="holds a Python lambda, which is not written to files"):
        plain.save(tmp_path / "m.keras")
    named = keras.Sequential([keras.Input((3,)), L.Lambda(halved)])
    named.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="Could not interpret activation function identifier: halved"):
        keras.models.load_model(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", custom_objects={"halved": halved})
    assert loaded.predict(np.ones((1, 3)), verbose=0).tolist() == [[0.5] * 3]


def spoiled(**changes):
    """A saved model with other metadata."""
    def spoil(path):
        tensors, metadata = load_file(path), load_metadata(path)
        config = json.loads(metadata["config"])
        for name, change in changes.items():
            if name == "config":
                metadata["config"] = json.dumps(change(config)) if callable(change) else change
            else:
                metadata[name] = change
        save_file(tensors, path, metadata)
    return spoil


def without_weights(path):
    save_file({}, path, load_metadata(path))


@pytest.mark.parametrize(("spoil", "error"), [
    (lambda path: path.write_bytes(b""), ValueError),
    (lambda path: path.write_bytes(b"PK\3\4" + bytes(100)), ValueError),
    (lambda path: path.write_bytes(path.read_bytes()[:-9]), ValueError), (spoiled(format="other"), ValueError),
    (spoiled(config="{"), ValueError), (spoiled(config="[" * 100_000), ValueError),
    (spoiled(config=lambda c: 3), (TypeError, ValueError)), (spoiled(config=lambda c: {**c, "config": 3}), TypeError),
    (spoiled(config=lambda c: {**c, "class_name": "system", "module": "os", "registered_name": "os>system"}),
     TypeError),
    (spoiled(config=lambda c: {**c, "class_name": "function", "config": "eval"}), TypeError),
    (spoiled(config=lambda c: {"class_name": "Dense", "config": {"units": -1}}), ValueError),
    (spoiled(config=lambda c: {"class_name": "Adam", "config": {}}), TypeError), (without_weights, ValueError)])
def test_hostile_files_are_refused(tmp_path, spoil, error):
    path = tmp_path / "m.keras"
    network().save(path)
    spoil(path)
    with pytest.raises(error, match=r"m\.keras"):
        keras.models.load_model(path)


def test_files_that_are_not_there_or_fit_no_model(tmp_path):
    model = network()
    with pytest.raises(ValueError, match="File not found"):
        keras.models.load_model(tmp_path / "none.keras")
    model.save_weights(tmp_path / "w.weights.h5")
    other = keras.Sequential([keras.Input((6,)), L.Dense(4, activation="relu"), L.Dense(3)])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"shapes differ: .*\(6, 4\) in the model, \(6, 8\) in the file"):
        other.load_weights(tmp_path / "w.weights.h5")
    other.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[3], model.get_weights()[3])
    np.testing.assert_array_equal(other.get_weights()[0], before[0])


# -- output ------------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_bar_that_is_redrawn(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    x, t = data()
    compiled(network()).fit(x, t, epochs=1, batch_size=32)
    text = sys.stdout.getvalue()
    last = text.split("\r")[-1]
    assert text.count("\r") >= 1
    assert last.startswith("\033[1m2/2\033[0m \033[32m" + "━" * 20 + "\033[0m\033[37m\033[0m \033[1m0s\033[0m ")
    assert last.endswith("\n")
    assert " - accuracy: 0." in last
    assert " - loss: " in last


def test_a_file_gets_lines_without_codes(capsys):
    x, t = data()
    compiled(network()).fit(x, t, epochs=2, validation_data=(x, t))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["Epoch", "2/2", "Epoch", "2/2"]
    assert not any(set(line) & set("\033\b\r") for line in lines)


def test_results_of_layers_can_be_read():
    """Without detach(), also after arithmetic, as in Keras; and gradients flow through them."""
    model = network()
    x, t = data()
    y = model(x, training=True)
    stacked = np.stack([model(x, training=True) for _ in range(3)])
    assert stacked.shape == (3, 64, 3)
    assert (y[0] * 2).numpy().shape == (3,)
    assert y.shape == (64, 3)
    keras.losses.sparse_categorical_crossentropy(t, y).mean().backward()
    assert all(w.grad is not None for w in model.weights)
