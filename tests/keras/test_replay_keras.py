"""fit replays its steps: with the same bits as step by step, and where it can't, step by step without a word."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import minigrad.keras as keras
from minigrad.keras.training import replayed
from minigrad.replay.compiled import Compiled

layers = keras.layers
RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 6)).astype(np.float32)
LABELS = (X[:, 0] > X[:, 1]).astype(np.int64) + (X[:, 2] > 0)
Y = np.eye(3, dtype=np.float32)[LABELS]


def network(*hidden, activation="softmax"):
    def build():
        return keras.models.Sequential([keras.Input((6,)), layers.Dense(8, activation="relu"),
                                        *(make() for make in hidden), layers.Dense(3, activation=activation)])
    return build


def functional():
    inputs = keras.Input((6,))
    a = layers.Dense(8, activation="relu")(inputs)
    b = layers.Dropout(0.3)(layers.Dense(8, activation="tanh")(inputs))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.concatenate([a, b])))


def train(build, jit, fit=None, y=Y, epochs=4, **options):
    """History, weights and the optimizer's variables after a fit."""
    keras.utils.set_random_seed(3)
    model = build()
    given = {name: make() if callable(make) else make for name, make in options.items()}
    model.compile(**{"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"],
                     "jit_compile": jit, **given})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(X, y, epochs=epochs, batch_size=16, verbose=0, **(fit() if fit else {})).history
    return (history, [w.tobytes() for w in model.get_weights()],
            [np.asarray(v.array).tobytes() for v in model.optimizer.variables])


@pytest.fixture
def replays(monkeypatch):
    """Counts the steps that replays make."""
    counted = [0]
    original = Compiled.many

    def many(self, rows):
        result = original(self, rows)
        counted[0] += 0 if result is None else len(rows)
        return result

    monkeypatch.setattr(Compiled, "many", many)
    return counted


REPLAYED = {
    "plain": {},
    "dropout": {"build": network(lambda: layers.Dropout(0.5))},
    "gaussian dropout": {"build": network(lambda: layers.GaussianDropout(0.3))},
    "sparse labels": {"y": LABELS, "loss": "sparse_categorical_crossentropy"},
    "logits": {"build": network(activation=None),
               "loss": lambda: keras.losses.CategoricalCrossentropy(from_logits=True)},
    "mse": {"build": network(activation=None), "loss": "mse", "metrics": ["mae"]},
    "no metrics": {"metrics": None},
    "sgd": {"optimizer": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)},
    "rmsprop": {"optimizer": "rmsprop"},
    "adamw": {"optimizer": "adamw"},
    "adamax": {"optimizer": "adamax"},
    "adagrad": {"optimizer": "adagrad"},
    "amsgrad": {"optimizer": lambda: keras.optimizers.Adam(amsgrad=True)},
    "functional": {"build": functional},
    "one batch": {"fit": lambda: {"shuffle": False}},
    "shuffled batches": {"fit": lambda: {"shuffle": "batch"}},
    "a rate by epoch": {"fit": lambda: {"callbacks": [
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))]}},
    "validation": {"fit": lambda: {"validation_split": 0.2}},
    "sample weights": {"fit": lambda: {"sample_weight": np.linspace(0, 2, len(X))}},
    "class weights": {"fit": lambda: {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}}},
    "batch normalisation": {"build": network(layers.BatchNormalization)},
    "layer normalisation": {"build": network(layers.LayerNormalization)},
    "regulariser": {"build": network(lambda: layers.Dense(4, kernel_regularizer="l2"))},
    "constraint": {"build": network(lambda: layers.Dense(4, kernel_constraint=keras.constraints.MaxNorm(0.5)))},
    "activity": {"build": network(lambda: layers.Dense(4, activity_regularizer="l2"))},
    "alpha dropout": {"build": network(lambda: layers.AlphaDropout(0.3))},
    "noise": {"build": network(lambda: layers.GaussianNoise(0.3))},
}
STEPWISE = {  # all that needs Python in each step
    "schedule": {"optimizer": lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5))},
    "nadam": {"optimizer": "nadam"},
    "clipping": {"optimizer": lambda: keras.optimizers.Adam(clipnorm=0.1)},
    "averages": {"optimizer": lambda: keras.optimizers.SGD(0.1, use_ema=True)},
    "accumulation": {"optimizer": lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)},
    "a callback for batches": {"fit": lambda: {"callbacks": [keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: None)]}},
}
def settings(case):
    return {"build": network(), **case}


@pytest.mark.parametrize("name", [*REPLAYED, *STEPWISE])
def test_same_bits(name, replays, monkeypatch):
    case = settings({**REPLAYED, **STEPWISE}[name])
    monkeypatch.setattr(replayed, "_PIECE", 1e-9 if name == "a rate by epoch" else 1.0)
    plain = train(jit=False, **case)
    assert replays[0] == 0
    assert train(jit="auto", **case) == plain
    assert not (name in STEPWISE and replays[0])


@pytest.mark.parametrize("name", REPLAYED)
def test_is_replayed(name, replays):
    train(jit="auto", **settings(REPLAYED[name]))
    assert replays[0] >= 3


def test_a_callback_may_change_anything(replays):
    """Between epochs: a layer's rate, which the recording could not see."""
    class Change(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.layers[1].rate = 0.1 * (epoch + 1)

    case = settings({"build": network(lambda: layers.Dropout(0.5)), "fit": lambda: {"callbacks": [Change()]}})
    assert train(jit="auto", **case) == train(jit=False, **case)
    assert replays[0] > 0


def test_a_class_out_of_range_is_an_error():
    labels = LABELS.copy()
    labels[60] = 7
    for jit in ("auto", False):
        with pytest.raises(IndexError, match="7"):
            train(network(), jit, y=labels, loss="sparse_categorical_crossentropy", fit=lambda: {"shuffle": False})
