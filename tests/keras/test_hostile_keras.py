"""What nobody should give to fit, evaluate or predict: an error that says so, before anything is trained."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import keras
from minigrad.keras import layers as L

RNG = np.random.default_rng(0)
X, T = RNG.standard_normal((40, 6)).astype(np.float32), RNG.integers(0, 3, 40)


def made(loss="sparse_categorical_crossentropy"):
    model = keras.Sequential([keras.Input((6,)), L.Dense(5, "relu"), L.Dense(3, "softmax")])
    model.compile("sgd", loss)
    return model


def fit(*args, loss="sparse_categorical_crossentropy", **kwargs):
    return lambda: made(loss).fit(*args, verbose=0, **kwargs)


@pytest.mark.parametrize(("call", "error", "text"), [
    (fit(X[:0], T[:0]), ValueError, "at least one sample"),
    (lambda: made().evaluate(X[:0], T[:0]), ValueError, "at least one sample"),
    (lambda: made().predict(X[:0]), ValueError, "at least one sample"),
    (fit(X, T, validation_data=(X[:0], T[:0])), ValueError, "at least one sample"),
    (fit(iter([])), ValueError, "no batches"), (fit(None for _ in range(3)), ValueError, "is None"),
    (fit((X[:n], T[:n]) for n in (5, 0)), ValueError, "at least one sample"),
    (fit((X[:5], T[:4]) for _ in range(2)), ValueError, "cardinality is ambiguous"),
    (fit(X.tolist(), T.tolist()), ValueError, "Unrecognized data type"),
    (lambda: made().predict([[1.0] * 6]), ValueError, "Unrecognized data type"),
    (fit(X, T, steps_per_epoch=-1), ValueError, "steps must be positive"),
    (fit(X, T, class_weight={"a": 1.0}), ValueError, "number of the class"),
    (fit(X, T, class_weight="balanced"), ValueError, "number of the class"),
    (fit(X, np.where(T == 0, np.nan, T)), IndexError, "Target nan is out of bounds"),
    (fit(X, T + 5), IndexError, "out of bounds"),
    (fit(X, X[:, :3], loss=lambda y_true, y_pred: 3.0), TypeError, "must return a tensor"),
    (fit(X, X[:, :3], loss=lambda y_true, y_pred: None), TypeError, "must return a tensor"),
    (lambda: keras.Sequential([L.Dense(2)]).output, AttributeError, "has never been called"),
    (lambda: keras.optimizers.schedules.CosineDecay(0.1), TypeError, "missing a required argument: 'decay_steps'"),
    (lambda: setattr(made(), "layers", []), AttributeError, "attribute is reserved"),
    (lambda: keras.layers.TextVectorization, AttributeError, "CategoryEncoding are offered"),
    (lambda: L.CategoryEncoding(3)(np.array([[5]])), ValueError, "tokens from 0 to 2 are expected"),
], ids=str)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


class Interrupts(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


def test_after_an_interruption_a_batch_is_a_batch():
    model = made()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, T, verbose=0, batch_size=8, callbacks=[Interrupts()])
    model.train_on_batch(X[:8], T[:8])
    assert int(model.optimizer.iterations) == 6
    model.fit(X, T, verbose=0, batch_size=8)
    assert int(model.optimizer.iterations) == 11


class Clips(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.clipnorm = 0.01 if epoch else None


def test_callbacks_may_change_the_optimizer():
    losses = []
    for jit in (True, False):
        keras.utils.set_random_seed(1)
        model = made()
        model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit)
        losses.append(model.fit(X, T, verbose=0, epochs=3, callbacks=[Clips()]).history["loss"])
    assert losses[0] == losses[1]


class Trains(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.train_on_batch(X[:8], T[:8])


@pytest.mark.parametrize("jit", [True, False])
def test_callbacks_may_train(jit):
    keras.utils.set_random_seed(1)
    model = made()
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit)
    model.fit(X, T, verbose=0, batch_size=8, epochs=2, callbacks=[Trains()])
    assert int(model.optimizer.iterations) == 12
