"""Keras's activations, initializers, regularizers, constraints, seeds, utilities and data sets."""

from __future__ import annotations

import io
import math
import re

import numpy as np
import pytest
from keras_referee import array, needs_keras, theirs

import minigrad as torch
from minigrad.keras import (
    activations,
    config,
    constraints,
    datasets,
    initializers,
    naming,
    random,
    registry,
    regularizers,
    utils,
)
from minigrad.keras.utils import progbar

RNG = np.random.default_rng(2)
X = np.concatenate([RNG.normal(0, 3, 31), [0.0]]).astype(np.float32).reshape(8, 4)
W = RNG.normal(0, 2, (5, 3)).astype(np.float32)

# -- activations -------------------------------------------------------------------------------------------------------

ACTIVATIONS = [
    (name, {}) for name in ("celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
                            "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish",
                            "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus",
                            "softsign", "squareplus", "swish", "tanh", "tanh_shrink")] + [
    ("relu", {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5}), ("relu", {"max_value": 6}),
    ("relu", {"negative_slope": 0.3}), ("leaky_relu", {"negative_slope": 0.4}), ("elu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}), ("softmax", {"axis": 0}), ("threshold", {"threshold": 0.2, "default_value": 7.0})]


@needs_keras
@pytest.mark.parametrize("name, options", ACTIVATIONS, ids=str)
def test_activations(name, options):
    want = getattr(theirs().activations, name)(X, **options)
    got = getattr(activations, name)(torch.tensor(X), **options)
    np.testing.assert_allclose(array(got), array(want), 2e-5, 2e-6)
    if name != "threshold":
        assert activations.serialize(activations.get(name)) == theirs().activations.serialize(
            theirs().activations.get(name))


def test_get_of_activations():
    assert activations.get(None) is activations.linear and activations.get("swish") is activations.silu
    own = torch.nn.ReLU()
    assert activations.get(own) is own
    x = torch.tensor(X)
    assert (activations.relu(x, max_value=1.0) == x.clamp(0, 1)).all()


# -- initializers ------------------------------------------------------------------------------------------------------

TRUNCATED = 0.8796256610342398  # of a standard normal within two standard deviations
# name, options, what the standard deviation of (200, 300) should be, largest magnitude
RANDOM = [
    ("RandomNormal", {}, 0.05, math.inf), ("RandomNormal", {"mean": 1.0, "stddev": 2.0}, 2.0, math.inf),
    ("TruncatedNormal", {"stddev": 0.5}, 0.5 * TRUNCATED, 1.0), ("RandomUniform", {}, 0.05 / math.sqrt(3), 0.05),
    ("RandomUniform", {"minval": 0.0, "maxval": 2.0}, 1 / math.sqrt(3), 2.0),
    ("GlorotUniform", {}, math.sqrt(1 / 250), math.sqrt(3 / 250)),
    ("GlorotNormal", {}, math.sqrt(1 / 250), 2 * math.sqrt(1 / 250) / TRUNCATED),
    ("HeUniform", {}, math.sqrt(2 / 200), math.sqrt(6 / 200)),
    ("HeNormal", {}, math.sqrt(2 / 200), 2 * math.sqrt(2 / 200) / TRUNCATED),
    ("LecunUniform", {}, math.sqrt(1 / 200), math.sqrt(3 / 200)),
    ("LecunNormal", {}, math.sqrt(1 / 200), 2 * math.sqrt(1 / 200) / TRUNCATED),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"}, 0.1, math.inf),
    ("VarianceScaling", {"distribution": "normal"}, math.sqrt(1 / 200), 2 * math.sqrt(1 / 200) / TRUNCATED)]


@pytest.mark.parametrize("name, options, std, largest", RANDOM, ids=str)
def test_random_initializers(name, options, std, largest):
    """Mean, standard deviation and bounds of 60,000 numbers; seeds; the configuration."""
    make = getattr(initializers, name)
    x = array(make(**options, seed=3)((200, 300)))
    mean = options.get("mean", (options.get("minval", 0) + options.get("maxval", 0)) / 2)
    assert x.dtype == np.float32 and abs(x.mean() - mean) < 4.9 * std / math.sqrt(x.size)
    assert abs(x.std() / std - 1) < 4.9 / math.sqrt(x.size)
    assert np.abs(x).max() <= largest * (1 + 1e-6)
    fixed, free = make(**options, seed=3), make(**options)
    assert (array(fixed((4, 3))) == array(fixed((4, 3)))).all()
    assert (array(free((4, 3))) == array(free((4, 3)))).all() and (array(free((4, 3))) != array(fixed((4, 3)))).any()
    stream = make(**options, seed=random.SeedGenerator(3))
    assert (array(stream((4, 3))) != array(stream((4, 3)))).any()
    again = initializers.deserialize(initializers.serialize(fixed))
    assert (array(again((4, 3))) == array(fixed((4, 3)))).all() and again.get_config() == fixed.get_config()
    assert array(free((4, 3), dtype="float64")).dtype == np.float64


@needs_keras
@pytest.mark.parametrize("name, options", [(row[0], row[1]) for row in RANDOM] + [
    ("Orthogonal", {"gain": 2.0}), ("Identity", {"gain": 2.0}), ("Zeros", {}), ("Constant", {"value": 3.0})], ids=str)
def test_configurations_of_initializers(name, options):
    ours, their = (getattr(library.initializers, name)(**options) for library in (torch.keras, theirs()))
    if name != "Identity":  # Keras forgets its gain
        assert ours.get_config() == their.get_config()


def test_other_initializers():
    for shape in ((6, 4), (4, 6), (3, 2, 5)):
        q = array(initializers.Orthogonal(2.0, seed=1)(shape)).reshape(-1, shape[-1]) / 2
        gram = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)
    assert (array(initializers.get("identity")((2, 3))) == np.eye(2, 3)).all()
    assert (array(initializers.Constant([1.0, 2.0])((3, 2))) == [1, 2]).all()
    assert initializers.compute_fans((3, 3, 8, 16)) == (72, 144) and initializers.compute_fans((7,)) == (7, 7)
    for name in ("glorot_uniform", "he_normal", "GlorotUniform", "zeros", "random_normal", "orthogonal"):
        assert array(initializers.get(name)((3, 2))).shape == (3, 2)


@pytest.mark.parametrize("call, text", [
    (lambda: initializers.get("nope"), "Could not interpret initializer identifier: nope"),
    (lambda: initializers.VarianceScaling(-1.0), "`scale` must be positive"),
    (lambda: initializers.VarianceScaling(mode="fan"), "Invalid `mode` argument: fan"),
    (lambda: initializers.VarianceScaling(distribution="flat"), "Invalid `distribution` argument: flat"),
    (lambda: initializers.GlorotUniform(seed="a"), "`seed` argument should be an instance of"),
    (lambda: initializers.Orthogonal()((3,)), "must be at least two-dimensional"),
    (lambda: initializers.Identity()((3,)), "can only be used for 2D matrices"),
    (lambda: regularizers.L2(-1), "expected a non-negative float"),
    (lambda: regularizers.get("nope"), "Could not interpret regularizer identifier: nope"),
    (lambda: constraints.get("nope"), "Could not interpret constraint identifier: nope"),
    (lambda: activations.get("nope"), "Could not interpret activation function identifier: nope"),
    (lambda: random.SeedGenerator("a"), "Argument `seed` must be an integer. Received: seed=a"),
    (lambda: random.normal((2,), seed="a"), "Argument `seed` must be either an integer or an instance of"),
    (lambda: config.set_floatx("float16"), "Unknown `floatx` value"),
    (lambda: utils.to_categorical([0, 3], 3), "classes from 0 to 2 are expected"),
    (lambda: utils.to_categorical([0, -1]), "there are classes from -1"),
    (lambda: utils.split_dataset(np.arange(4)), "At least one of the `left_size` or `right_size`"),
    (lambda: utils.split_dataset(np.arange(4), 1.5), "`left_size` should be either a positive integer smaller than 4"),
])
def test_value_errors(call, text):
    with pytest.raises(ValueError, match=text):
        call()


# -- regularizers and constraints --------------------------------------------------------------------------------------

REGULARIZERS = [("L1", (0.1,)), ("L2", ()), ("L1L2", (0.1, 0.2)), ("L1L2", ()), ("OrthogonalRegularizer", (0.5,)),
                ("OrthogonalRegularizer", (0.5, "columns"))]


@pytest.mark.parametrize("name, args", REGULARIZERS, ids=str)
def test_gradients_of_regularizers(name, args):
    penalty = getattr(regularizers, name)(*args)
    assert torch.autograd.gradcheck(lambda w: penalty(w) + w.sum() * 0.0, (
        torch.tensor(W, dtype=torch.float64, requires_grad=True),))


@needs_keras
@pytest.mark.parametrize("name, args", REGULARIZERS, ids=str)
def test_regularizers(name, args):
    ours, their = (getattr(library.regularizers, name)(*args) for library in (torch.keras, theirs()))
    np.testing.assert_allclose(array(ours(torch.tensor(W))), array(their(theirs().ops.convert_to_tensor(W))), 1e-5)
    assert ours.get_config() == pytest.approx(their.get_config())
    assert regularizers.deserialize(regularizers.serialize(ours)).get_config() == ours.get_config()


@needs_keras
@pytest.mark.parametrize("name, options", [
    ("MaxNorm", {}), ("MaxNorm", {"max_value": 1.5, "axis": 1}), ("UnitNorm", {}), ("UnitNorm", {"axis": [0, 1]}),
    ("NonNeg", {}), ("MinMaxNorm", {"min_value": 3.0, "max_value": 4.0}),
    ("MinMaxNorm", {"min_value": 3.0, "max_value": 4.0, "rate": 0.3, "axis": 1})], ids=str)
def test_constraints(name, options):
    ours, their = (getattr(library.constraints, name)(**options) for library in (torch.keras, theirs()))
    np.testing.assert_allclose(array(ours(torch.tensor(W))), array(their(W)), 1e-6)
    assert ours.get_config() == their.get_config()
    assert constraints.deserialize(constraints.serialize(ours)).get_config() == ours.get_config()


def test_what_constraints_promise():
    norms = np.sqrt((W ** 2).sum(0))
    for limit in (0.5, 2.0, 100.0):
        w = array(constraints.MaxNorm(limit)(torch.tensor(W)))
        np.testing.assert_allclose(np.sqrt((w ** 2).sum(0)), np.minimum(norms, limit), 1e-5)
        in_place = torch.nn.Parameter(torch.tensor(W))
        constraints.MaxNorm(limit).constrain_(in_place)
        np.testing.assert_allclose(array(in_place), w, 1e-6)
        constraints.MaxNorm(limit, axis=1).constrain_(in_place)
        assert (np.sqrt((array(in_place) ** 2).sum(1)) <= limit * (1 + 1e-5)).all() and in_place.version() == 2
    assert (array(constraints.MaxNorm(2)(torch.zeros(3, 2))) == 0).all()
    np.testing.assert_allclose((array(constraints.UnitNorm()(torch.tensor(W))) ** 2).sum(0), 1, 1e-5)
    assert array(constraints.get("non_neg")(torch.tensor(W))).min() == 0


# -- seeds, names, registries ------------------------------------------------------------------------------------------


def test_seeds():
    generator = random.SeedGenerator(5)
    states = [array(generator.next()).tolist() for _ in range(3)]
    assert states == [[5, 0], [5, 1], [5, 2]] and array(generator.state).tolist() == [5, 3]
    assert random.SeedGenerator.from_config(generator.get_config()).get_config() == generator.get_config()
    draws = []
    for _ in range(2):
        utils.set_random_seed(11)
        draws.append([array(random.normal((3,))), array(random.uniform((3,))), np.random.rand(3),
                      array(torch.randn(3)), np.array(random.make_default_seed())])
    assert all((a == b).all() for a, b in zip(*draws)) and (draws[0][0] != array(random.normal((3,)))).all()
    x = torch.ones(4, 100)
    assert (random.dropout(x, 0.5, seed=3) == random.dropout(x, 0.5, seed=3)).all()
    rows = array(random.dropout(x, 0.5, noise_shape=(None, 1), seed=generator))
    assert (rows == rows[:, :1]).all()
    whole = array(random.randint((1000,), -2, 3, seed=1))
    assert whole.dtype == np.int32 and set(whole.tolist()) == {-2, -1, 0, 1, 2}
    assert sorted(array(random.shuffle(np.arange(9), seed=1)).tolist()) == list(range(9))


def test_names():
    naming.reset_names()
    assert [naming.auto_name("BatchNormalization") for _ in range(3)] == [
        "batch_normalization", "batch_normalization_1", "batch_normalization_2"]
    assert naming.to_snake_case("AUC") == "auc" and naming.to_snake_case("TopKCategorical") == "top_k_categorical"
    utils.clear_session()
    assert naming.auto_name("BatchNormalization") == "batch_normalization"


def test_custom_objects():
    @registry.register_keras_serializable("Mine")
    class Halves(initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return torch.full(tuple(shape), 0.5)

    saved = initializers.serialize(Halves())
    assert saved["registered_name"] == "Mine>Halves" and type(initializers.deserialize(saved)) is Halves
    assert type(initializers.get("Halves")) is Halves
    with registry.custom_object_scope({"thirds": Halves}):
        assert type(initializers.get("thirds")) is Halves
    with pytest.raises(ValueError, match="thirds"):
        initializers.get("thirds")
    with pytest.raises(ValueError, match="register it with register_keras_serializable"):
        initializers.deserialize({"class_name": "Thirds", "config": {}})


# -- utilities ---------------------------------------------------------------------------------------------------------


def test_to_categorical():
    one_hot = utils.to_categorical([0, 2, 1])
    assert one_hot.dtype == np.float64 and (one_hot == np.eye(3)[[0, 2, 1]]).all()
    assert utils.to_categorical(np.array([[1], [0]], np.uint8), 4).shape == (2, 4)
    assert utils.to_categorical([[0, 1], [1, 0]]).shape == (2, 2, 2)
    tensor = utils.to_categorical(torch.tensor([1, 0]), 3)
    assert tensor.dtype == torch.float32 and tuple(tensor.shape) == (2, 3)


@needs_keras
@pytest.mark.parametrize("call", [
    lambda k: k.utils.normalize(W), lambda k: k.utils.normalize(W, 1, 1),
    lambda k: k.utils.to_categorical([3, 1]), lambda k: k.utils.pad_sequences([[1, 2, 3], [4], []]),
    lambda k: k.utils.pad_sequences([[1, 2, 3], [4]], 2, padding="post", truncating="post", value=9),
    lambda k: k.utils.pad_sequences([[1.5, 2, 3], [4]], 2, "float32")])
def test_utilities(call):
    got, want = call(torch.keras), call(theirs())
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, 1e-6)


def test_split_dataset():
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    (xa, ya), (xb, yb) = utils.split_dataset((x, y), left_size=0.7, shuffle=True, seed=1)
    assert len(ya) == 7 and sorted([*ya, *yb]) == list(range(10)) and (xa[:, 0] == 2 * ya).all() and len(xb) == 3
    left, right = utils.split_dataset(y, right_size=2)
    assert left.tolist() == list(range(8)) and right.tolist() == [8, 9]
    with pytest.raises(NotImplementedError, match="summary"):
        utils.plot_model(None)
    with pytest.raises(AttributeError, match="nothing is downloaded"):
        utils.get_file  # noqa: B018


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, stream, steps, seconds=0.5, **options):
    """What a bar writes, if each step takes so many seconds."""
    clock = iter(np.arange(1000) * seconds)
    monkeypatch.setattr(progbar.time, "time", lambda: float(next(clock)))
    monkeypatch.setattr(progbar.sys, "stdout", stream)
    bar = utils.Progbar(**options)
    for step, values in steps:
        bar.update(step, values)
    return stream.getvalue()


LOSSES = [(step, [("loss", 1.0 / step), ("accuracy", -5e-4)]) for step in range(1, 5)]


def test_progbar(monkeypatch):
    plain = shown(monkeypatch, io.StringIO(), LOSSES, target=4)
    assert plain == "4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 0.2500 - accuracy: -5.0000e-04\n"
    drawn = shown(monkeypatch, Terminal(), LOSSES[:2], target=4)
    first = ("\033[1m1/4\033[0m \033[32m━━━━━\033[0m\033[37m━━━━━━━━━━━━━━━\033[0m \033[1m1s\033[0m 500ms/step - "
             "loss: 1.0000 - accuracy: -5.0000e-04")
    assert drawn.startswith("\r" + first + "\b")
    assert drawn.count("\b") == len(re.sub("\033.*?m", "", first)) and " loss: 0.7500" in drawn
    line = shown(monkeypatch, io.StringIO(), [(100, [("loss", -3.0)])], 70, target=100, verbose=2)
    assert line == "100/100 - 70s - 700ms/step - loss: -3.0000e+00\n"
    assert "  1/100" in shown(monkeypatch, Terminal(), [(1, [])], target=100)
    assert " \033[1m1:55:30\033[0m" in shown(monkeypatch, Terminal(), [(1, [])], 70, target=100)
    assert "\r      3/Unknown \033[1m1s\033[0m 333ms/step" in shown(monkeypatch, Terminal(), [(3, [])], 1, target=None)
    assert shown(monkeypatch, Terminal(), LOSSES, target=4, verbose=0) == ""
    last = shown(monkeypatch, io.StringIO(), LOSSES, target=4, stateful_metrics=["loss"])
    assert " loss: 0.2500" in last


# -- data sets ---------------------------------------------------------------------------------------------------------


def test_load_data(tmp_path, monkeypatch):
    arrays = {"x_train": np.arange(24, dtype=np.uint8).reshape(6, 2, 2), "y_train": np.arange(6, dtype=np.uint8),
              "x_test": np.ones((2, 2, 2), np.uint8), "y_test": np.zeros(2, np.uint8)}
    np.savez(tmp_path / "mnist.npz", **arrays)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "nothing"))
    monkeypatch.delenv("MINIGRAD_DATA", raising=False)
    monkeypatch.chdir(tmp_path / "..")
    with pytest.raises(FileNotFoundError, match="nothing is downloaded"):
        datasets.mnist.load_data()
    idx = tmp_path / "mnist"
    idx.mkdir()
    for name, key in (("train-images-idx3", "x_train"), ("train-labels-idx1", "y_train"),
                      ("t10k-images-idx3", "x_test"), ("t10k-labels-idx1", "y_test")):
        a = arrays[key]
        (idx / f"{name}-ubyte").write_bytes(bytes([0, 0, 8, a.ndim]) + np.array(a.shape, ">u4").tobytes() + a.tobytes())
    places = [{"path": tmp_path / "mnist.npz"}, {"path": idx}]
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    for place in (*places, {}):
        (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data(**place)
        for got, key in ((x_train, "x_train"), (y_train, "y_train"), (x_test, "x_test"), (y_test, "y_test")):
            assert got.dtype == np.uint8 and (got == arrays[key]).all()
    np.savez(tmp_path / "other.npz", x_train=arrays["x_train"])
    with pytest.raises(ValueError, match="y_train, x_test, y_test are not there"):
        datasets.fashion_mnist.load_data(tmp_path / "other.npz")
    with pytest.raises(AttributeError, match="nothing is downloaded"):
        datasets.cifar10  # noqa: B018
