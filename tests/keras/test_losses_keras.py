"""Keras's losses: values and gradients against float64 formulas and against Keras itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from keras_referee import array, needs_keras, theirs

import minigrad as torch
from minigrad.keras import activations, losses

RNG = np.random.default_rng(5)
N, C = 6, 5
EPS = 1e-7


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


CLASSES = RNG.integers(0, C, N)
ONE_HOT = np.eye(C)[CLASSES]
LOGITS = RNG.normal(0, 2, (N, C))
PROBS = softmax(LOGITS)
SHARES = softmax(RNG.normal(0, 1, (N, C)))
BITS = (RNG.random((N, C)) < 0.5).astype(float)
NUMBERS, NEAR = RNG.normal(0, 1, (N, C)), RNG.normal(0, 1, (N, C))
BIG = RNG.uniform(0.1, 3, (N, C))


def clipped(p):
    return np.clip(p, EPS, 1 - EPS)


def cce(t, p):
    return -(t * np.log(clipped(p / p.sum(-1, keepdims=True)))).sum(-1)


def bce(t, p):
    return -(t * np.log(clipped(p)) + (1 - t) * np.log(1 - clipped(p))).mean(-1)


def huber(t, y, delta=1.0):
    d = np.abs(t - y)
    return np.where(d <= delta, d * d / 2, delta * (d - delta / 2)).mean(-1)


def unit(x, axis=-1):
    return x / np.sqrt((x * x).sum(axis, keepdims=True))


def focal(t, p, gamma=2.0, alpha=None):
    right = t * p + (1 - t) * (1 - p)
    terms = (1 - right) ** gamma * -(t * np.log(p) + (1 - t) * np.log(1 - p))
    return (terms if alpha is None else terms * (t * alpha + (1 - t) * (1 - alpha))).mean(-1)


@dataclass
class Row:
    """A class, its function, options, y_true, y_pred, and each sample's loss as a function of them."""

    name: str
    function: str
    formula: Any
    y_true: np.ndarray
    y_pred: np.ndarray
    options: dict = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.name, *(f"{key}={value}" for key, value in self.options.items())])


ROWS = [
    Row("MeanSquaredError", "mean_squared_error", lambda t, y: ((t - y) ** 2).mean(-1), NUMBERS, NEAR),
    Row("MeanSquaredError", "mean_squared_error", lambda t, y: (t[:, None] - y)[:, 0] ** 2, NUMBERS[:, 0], NEAR[:, :1]),
    Row("MeanSquaredError", "mean_squared_error", lambda t, y: (t[:, 0] - y) ** 2, NUMBERS[:, :1], NEAR[:, 0]),
    Row("MeanAbsoluteError", "mean_absolute_error", lambda t, y: np.abs(t - y).mean(-1), NUMBERS, NEAR),
    Row("MeanAbsolutePercentageError", "mean_absolute_percentage_error",
        lambda t, y: 100 * np.abs((t - y) / np.abs(t)).mean(-1), NUMBERS, NEAR),
    Row("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error",
        lambda t, y: ((np.log1p(np.maximum(t, EPS)) - np.log1p(np.maximum(y, EPS))) ** 2).mean(-1), NUMBERS, NEAR),
    Row("Huber", "huber", huber, NUMBERS, NEAR),
    Row("Huber", "huber", lambda t, y: huber(t, y, 0.3), NUMBERS, NEAR, {"delta": 0.3}),
    Row("LogCosh", "log_cosh", lambda t, y: np.log(np.cosh(y - t)).mean(-1), NUMBERS, NEAR),
    Row("Hinge", "hinge", lambda t, y: np.maximum(1 - (2 * t - 1) * y, 0).mean(-1), BITS, NEAR),
    Row("Hinge", "hinge", lambda t, y: np.maximum(1 - t * y, 0).mean(-1), 2 * BITS - 1, NEAR),
    Row("SquaredHinge", "squared_hinge", lambda t, y: (np.maximum(1 - (2 * t - 1) * y, 0) ** 2).mean(-1), BITS, NEAR),
    Row("CategoricalHinge", "categorical_hinge",
        lambda t, y: np.maximum(((1 - t) * y).max(-1) - (t * y).sum(-1) + 1, 0), ONE_HOT, NEAR),
    Row("KLDivergence", "kl_divergence",
        lambda t, y: (np.clip(t, EPS, 1) * np.log(np.clip(t, EPS, 1) / np.clip(y, EPS, 1))).sum(-1), SHARES, PROBS),
    Row("Poisson", "poisson", lambda t, y: (y - t * np.log(y + EPS)).mean(-1), BIG, BIG[::-1].copy()),
    Row("CosineSimilarity", "cosine_similarity", lambda t, y: -(unit(t) * unit(y)).sum(-1), NUMBERS, NEAR),
    Row("CosineSimilarity", "cosine_similarity", lambda t, y: -(unit(t, 0) * unit(y, 0)).sum(0), NUMBERS, NEAR,
        {"axis": 0}),
    Row("BinaryCrossentropy", "binary_crossentropy", bce, BITS, PROBS),
    Row("BinaryCrossentropy", "binary_crossentropy", lambda t, y: bce(t * 0.8 + 0.1, y), BITS, PROBS,
        {"label_smoothing": 0.2}),
    Row("BinaryCrossentropy", "binary_crossentropy", lambda t, y: bce(t, sigmoid(y)), BITS, LOGITS,
        {"from_logits": True}),
    Row("CategoricalCrossentropy", "categorical_crossentropy", cce, ONE_HOT, PROBS),
    Row("CategoricalCrossentropy", "categorical_crossentropy", cce, SHARES, 3 * PROBS),
    Row("CategoricalCrossentropy", "categorical_crossentropy", lambda t, y: cce(t, softmax(y)), SHARES, LOGITS,
        {"from_logits": True}),
    Row("CategoricalCrossentropy", "categorical_crossentropy", lambda t, y: cce(t * 0.7 + 0.3 / C, softmax(y)), ONE_HOT,
        LOGITS, {"from_logits": True, "label_smoothing": 0.3}),
    Row("CategoricalCrossentropy", "categorical_crossentropy", lambda t, y: cce(t.T, y.T), SHARES.T.copy(),
        PROBS.T.copy(), {"axis": 0}),
    Row("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", lambda t, y: cce(ONE_HOT, y), CLASSES,
        PROBS),
    Row("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", lambda t, y: cce(ONE_HOT, y),
        CLASSES[:, None], PROBS),
    Row("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", lambda t, y: cce(ONE_HOT, softmax(y)),
        CLASSES, LOGITS, {"from_logits": True}),
    Row("BinaryFocalCrossentropy", "binary_focal_crossentropy", focal, BITS, PROBS),
    Row("BinaryFocalCrossentropy", "binary_focal_crossentropy", lambda t, y: focal(t, sigmoid(y), 1.5, 0.3), BITS,
        LOGITS, {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5, "from_logits": True}),
    Row("CategoricalFocalCrossentropy", "categorical_focal_crossentropy",
        lambda t, y: -(0.25 * (1 - y) ** 2 * t * np.log(y)).sum(-1), ONE_HOT, PROBS),
    Row("CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy",
        lambda t, y: (1 - (y * ONE_HOT).sum(-1) ** 0.7) / 0.7, CLASSES, PROBS, {"q": 0.7}),
    Row("Dice", "dice", lambda t, y: 1 - 2 * (t * y).sum() / (t.sum() + y.sum() + EPS), BITS, PROBS, {"axis": None}),
    Row("Tversky", "tversky", lambda t, y: 1 - (t * y).sum(1) / ((t * y).sum(1) + 0.3 * (t * (1 - y)).sum(1) +
        0.6 * (y * (1 - t)).sum(1) + EPS), BITS, PROBS, {"alpha": 0.3, "beta": 0.6, "axis": 1}),
]
WEIGHTS = np.linspace(0.25, 2, N)
REDUCTIONS = {
    "sum_over_batch_size": lambda v, w: (v * w).mean(), "mean": lambda v, w: (v * w).mean(),
    "sum": lambda v, w: (v * w).sum(), "none": lambda v, w: v * w, None: lambda v, w: v * w,
    "mean_with_sample_weight": lambda v, w: (v * w).sum() / np.broadcast_to(w, v.shape).sum()}


def each_row(test):
    return pytest.mark.parametrize("row", ROWS, ids=str)(test)


def single(x):
    return x if x.dtype.kind == "i" else x.astype(np.float32)


@each_row
def test_values(row):
    """The function, and the class with every reduction, with and without weights, against the formula."""
    want = row.formula(row.y_true, row.y_pred)
    t, y = single(row.y_true), single(row.y_pred)
    np.testing.assert_allclose(array(getattr(losses, row.function)(t, y, **row.options)), want, 2e-5, 1e-6)
    for how, reduce in REDUCTIONS.items():
        loss = getattr(losses, row.name)(**row.options, reduction=how)
        got = loss(t, y)
        assert got.dtype == torch.float32
        np.testing.assert_allclose(array(got), reduce(want, 1.0) if want.ndim else want, 2e-5, 1e-6)
        if want.shape == WEIGHTS.shape:
            np.testing.assert_allclose(array(loss(t, y, WEIGHTS)), reduce(want, WEIGHTS), 2e-5, 1e-6)


@each_row
def test_gradients(row):
    """First and second, by finite differences in double precision; by way of the mean, and of each sample's loss."""
    y = torch.tensor(row.y_pred, dtype=torch.float64, requires_grad=True)
    t = torch.tensor(row.y_true)
    for how in ("sum_over_batch_size", "none"):
        loss = getattr(losses, row.name)(**row.options, reduction=how, dtype="float64")
        assert torch.autograd.gradcheck(lambda y, loss=loss: loss(t, y), (y,))
        assert torch.autograd.gradgradcheck(lambda y, loss=loss: loss(t, y), (y,))


@needs_keras
@each_row
def test_agree_with_keras(row):
    keras, jax = theirs(), pytest.importorskip("jax")
    t, y = single(row.y_true), single(row.y_pred)
    for how in ("sum_over_batch_size", "none"):
        for weight in (None, WEIGHTS.astype(np.float32)) if row.name not in ("Dice", "Tversky") else (None,):
            if weight is not None and row.options.get("axis") == 0:
                weight = WEIGHTS.astype(np.float32)[:getattr(keras.losses, row.name)(
                    **row.options, reduction="none")(t, y).shape[0]]
            both = [getattr(library.losses, row.name)(**row.options, reduction=how)
                    for library in (keras, torch.keras)]
            np.testing.assert_allclose(array(both[1](t, y, weight)), array(both[0](t, y, weight)), 2e-5, 1e-6)
        if row.name == "SparseCategoricalCrossentropy" and t.ndim == 2:
            continue
        want = jax.grad(lambda y, loss=both[0]: loss(t, y).sum())(y)
        x = torch.tensor(y, requires_grad=True)
        both[1](t, x).sum().backward()
        np.testing.assert_allclose(array(x.grad), np.asarray(want), 2e-4, 2e-6)
    assert both[0].get_config().items() <= both[1].get_config().items()  # Keras forgets delta, and some axes
    assert losses.deserialize(losses.serialize(both[1])).get_config() == both[1].get_config()


# -- outputs of softmax and sigmoid ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, activation, target, kernel", [
    ("CategoricalCrossentropy", activations.softmax, ONE_HOT, "SoftCrossEntropy"),
    ("SparseCategoricalCrossentropy", activations.softmax, CLASSES, "CrossEntropy"),
    ("BinaryCrossentropy", activations.sigmoid, BITS, "BCELogits")])
def test_probabilities_of_an_activation_are_computed_from_its_input(name, activation, target, kernel):
    """By one kernel, stably: with what the formula of probabilities gives, and far out with what it can't."""
    loss = getattr(losses, name)()
    x = torch.tensor(single(LOGITS), requires_grad=True)
    y = activation(x)
    got = loss(target, y)
    assert type(got.node).__name__.startswith(kernel)
    assert abs(got.item() - loss(target, y.detach()).item()) < 1e-5
    assert loss(target, activation(x * 100.0)).item() > 20.0  # the clipped probabilities give no more than 16.1
    y = activation(x)
    with torch.no_grad():
        y.mul_(0.5)
    changed = loss(target, y)
    assert abs(changed.item() - loss(target, y.detach()).item()) < 1e-6
    assert not type(changed.node).__name__.startswith(kernel)


def test_another_activations_input_is_not_taken():
    x = torch.tensor(single(LOGITS))
    y = activations.softmax(x)
    assert abs(losses.binary_crossentropy(BITS, y).mean().item() - bce(BITS, PROBS).mean()) < 1e-6
    columns = activations.softmax(x, axis=0)
    want = cce(ONE_HOT, softmax(LOGITS.T).T).mean()
    assert abs(losses.CategoricalCrossentropy()(ONE_HOT, columns).item() - want) < 1e-6


@pytest.mark.parametrize("y_pred", [PROBS, LOGITS], ids=["probabilities", "logits"])
def test_ignored_classes_do_not_count(y_pred):
    options = {"ignore_class": 2, "from_logits": y_pred is LOGITS}
    values = cce(ONE_HOT, PROBS)
    kept = CLASSES != 2
    assert 0 < kept.sum() < N
    loss = losses.SparseCategoricalCrossentropy(**options)(CLASSES, single(y_pred))
    np.testing.assert_allclose(array(loss), values[kept].mean(), 1e-5)
    each = losses.sparse_categorical_crossentropy(CLASSES, single(y_pred), **options)
    np.testing.assert_allclose(array(each), values * kept, 1e-5)
    nothing = losses.SparseCategoricalCrossentropy(**options)(np.full(N, 2), single(y_pred))
    assert nothing.item() == 0.0


# -- names and errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, found", [
    ("mse", losses.mean_squared_error), ("MAE", losses.mean_absolute_error), ("bce", losses.binary_crossentropy),
    ("kld", losses.kl_divergence), ("msle", losses.mean_squared_logarithmic_error), ("huber", losses.huber),
    ("mape", losses.mean_absolute_percentage_error), ("sparse_categorical_crossentropy",
                                                      losses.sparse_categorical_crossentropy)])
def test_names(name, found):
    assert losses.get(name) is found
    assert losses.for_outputs(name, None).name == name


def test_get():
    assert losses.get(None) is None
    assert type(losses.get("Huber")) is losses.Huber
    assert losses.get({"class_name": "Huber", "config": {"delta": 3.0}}).delta == 3.0
    assert losses.for_outputs("crossentropy", "binary").fn is losses.binary_crossentropy
    for nothing in ("nope", 3):
        with pytest.raises(ValueError, match=f"Could not interpret loss identifier: {nothing}"):
            losses.get(nothing)


@pytest.mark.parametrize("call, error, text", [
    (lambda: losses.Huber(reduction="average"), ValueError, "Invalid value for argument `reduction`"),
    (lambda: losses.Huber(detla=1.0), TypeError, "its arguments are .delta=1.0"),
    (lambda: losses.CategoricalCrossentropy()(ONE_HOT[:, :3], PROBS), ValueError,
     "Arguments `target` and `output` must have the same shape"),
    (lambda: losses.BinaryCrossentropy()(BITS[:2], PROBS), ValueError, "must have the same shape"),
    (lambda: losses.SparseCategoricalCrossentropy()(CLASSES[:3], PROBS), ValueError, "same shape up until the last"),
    (lambda: losses.SparseCategoricalCrossentropy()([0, 1, 2, 3, 4, 7], PROBS), IndexError,
     "Target 7 is out of bounds"),
    (lambda: losses.SparseCategoricalCrossentropy(from_logits=True)([0, 1, 2, 3, 4, -1], PROBS), IndexError,
     "Target -1 is out of bounds"),
    (lambda: losses.categorical_crossentropy(ONE_HOT, PROBS, axis=True), ValueError, "`axis` must be of type `int`"),
    (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1.5), ValueError, "q must be in the interval"),
    (lambda: losses.CTC, AttributeError, "sequences are not offered"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_one_class_warns():
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        losses.CategoricalCrossentropy()(ONE_HOT[:, :1], PROBS[:, :1])


def test_a_loss_of_ones_own():
    class Cubed(losses.Loss):
        def call(self, y_true, y_pred):
            return ((y_true - y_pred).abs() ** 3).mean(-1)

    want = (np.abs(NUMBERS - NEAR) ** 3).mean(-1)
    np.testing.assert_allclose(array(Cubed()(NUMBERS, NEAR)), want.mean(), 1e-5)
    np.testing.assert_allclose(array(Cubed(reduction="sum")(NUMBERS, NEAR, WEIGHTS)), (want * WEIGHTS).sum(), 1e-5)
    assert Cubed().name.startswith("cubed")
