"""Keras's metrics: batch after batch the same numbers as Keras, and known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from keras_referee import array, needs_keras, theirs

import minigrad as torch
from minigrad.keras import metrics

RNG = np.random.default_rng(7)
N, C = 40, 7


def softmax(x):
    e = np.exp(x)
    return (e / e.sum(-1, keepdims=True)).astype(np.float32)


P1, T1 = RNG.random((N, 1)).astype(np.float32), (RNG.random((N, 1)) < 0.5).astype(np.float32)
PC, CLASSES = softmax(RNG.normal(0, 2, (N, C))), RNG.integers(0, C, N)
TC = np.eye(C, dtype=np.float32)[CLASSES]
PM, TM = RNG.random((N, 4)).astype(np.float32), (RNG.random((N, 4)) < 0.4).astype(np.float32)
R = RNG.normal(0, 1, (N, 3)).astype(np.float32)
RT = (R + RNG.normal(0, 0.3, (N, 3))).astype(np.float32)
ONE, CATEGORICAL, SPARSE, MANY, REAL = (T1, P1), (TC, PC), (CLASSES, PC), (TM, PM), (RT, R)
# name, options, (y_true, y_pred)
ROWS = [
    ("Accuracy", {}, (CLASSES, PC.argmax(1))), ("BinaryAccuracy", {}, ONE), ("BinaryAccuracy", {}, MANY),
    ("BinaryAccuracy", {"threshold": 0.3}, (T1[:, 0], P1)), ("CategoricalAccuracy", {}, CATEGORICAL),
    ("SparseCategoricalAccuracy", {}, SPARSE), ("SparseCategoricalAccuracy", {}, (CLASSES[:, None], PC)),
    ("TopKCategoricalAccuracy", {"k": 3}, CATEGORICAL), ("SparseTopKCategoricalAccuracy", {"k": 2}, SPARSE),
    ("Precision", {}, ONE), ("Precision", {"thresholds": [0.2, 0.9, 0.5]}, ONE),
    ("Precision", {"top_k": 2}, CATEGORICAL),
    ("Precision", {"class_id": 1}, MANY), ("Recall", {}, MANY), ("Recall", {"thresholds": [0.7, 0.3]}, ONE),
    ("Recall", {"thresholds": 0.25}, ONE), ("Recall", {"top_k": 3, "class_id": 2}, CATEGORICAL),
    ("TruePositives", {}, ONE), ("FalsePositives", {"thresholds": [0.2, 0.6]}, ONE), ("TrueNegatives", {}, MANY),
    ("FalseNegatives", {}, MANY),
    ("AUC", {}, ONE), ("AUC", {}, (T1[:, 0], P1[:, 0])), ("AUC", {"curve": "PR"}, ONE),
    ("AUC", {"curve": "PR", "summation_method": "majoring"}, MANY), ("AUC", {"multi_label": True}, MANY),
    ("AUC", {"multi_label": True, "curve": "PR", "label_weights": [1.0, 2.0, 3.0, 4.0]}, MANY),
    ("AUC", {"label_weights": [1.0, 2.0, 3.0, 4.0]}, MANY), ("AUC", {"thresholds": [0.1, 0.4, 0.45, 0.9]}, MANY),
    ("AUC", {"curve": "PRGAIN", "summation_method": "minoring", "num_thresholds": 20}, MANY),
    ("AUC", {"from_logits": True}, (TM, PM * 4 - 2)),
    ("SensitivityAtSpecificity", {"specificity": 0.5}, ONE), ("SpecificityAtSensitivity", {"sensitivity": 0.5}, ONE),
    ("PrecisionAtRecall", {"recall": 0.5}, ONE), ("RecallAtPrecision", {"precision": 0.6, "num_thresholds": 1}, ONE),
    ("MeanSquaredError", {}, REAL), ("RootMeanSquaredError", {}, REAL), ("MeanAbsoluteError", {}, REAL),
    ("MeanAbsolutePercentageError", {}, REAL), ("MeanSquaredLogarithmicError", {}, (abs(RT), abs(R))),
    ("CosineSimilarity", {}, REAL), ("LogCoshError", {}, REAL), ("R2Score", {}, REAL),
    ("R2Score", {"class_aggregation": None}, REAL),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2}, REAL),
    ("Hinge", {}, MANY), ("SquaredHinge", {}, MANY), ("CategoricalHinge", {}, CATEGORICAL), ("Poisson", {}, MANY),
    ("KLDivergence", {}, CATEGORICAL), ("BinaryCrossentropy", {"label_smoothing": 0.1}, MANY),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, CATEGORICAL), ("SparseCategoricalCrossentropy", {}, SPARSE),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 2}, SPARSE),
    ("F1Score", {}, CATEGORICAL), ("F1Score", {"average": "weighted"}, CATEGORICAL),
    ("F1Score", {"average": "macro", "threshold": 0.3}, MANY),
    ("FBetaScore", {"average": "micro", "beta": 2.0, "threshold": 0.5}, MANY),
]


def batches(y_true, y_pred, weighted):
    rng = np.random.default_rng(1)
    for start in range(0, N, 16):
        part = slice(start, start + 16)
        weight = rng.random(len(y_true[part])).astype(np.float32) if weighted else None
        yield y_true[part], y_pred[part], weight


@needs_keras
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name, options, data", ROWS, ids=lambda x: str(x) if not isinstance(x, tuple) else "")
def test_updates(name, options, data):
    keras = theirs()
    for weighted in (False, True):
        want, got = getattr(keras.metrics, name)(**options), getattr(metrics, name)(**options)
        for _ in range(2):
            for batch in batches(*data, weighted):
                result = got(*batch)
                expected = array(want(*batch))
                assert array(result).shape == expected.shape and result.dtype == torch.float32
                np.testing.assert_allclose(array(result), expected, 1e-6, 1e-6)
            got.reset_state()
            want.reset_state()
    assert got.name.split("_1")[0] in want.name
    config, expected = ({key: value for key, value in metric.get_config().items() if key not in (
        "name", "label_weights")} for metric in (got, want))
    assert config.items() >= expected.items()
    again = metrics.deserialize(metrics.serialize(got))
    assert str(again.get_config()) == str(got.get_config())


@needs_keras
@pytest.mark.parametrize("shape, weights", [((6, 3), (6,)), ((6, 3), (6, 1)), ((6, 3), (6, 3)), ((6, 3), ()),
                                            ((6,), (6,)), ((6, 3, 2), (6, 3)), ((), ()), ((6, 1), (6,))])
def test_mean_of_shapes(shape, weights):
    values, weight = RNG.random(shape).astype(np.float32), RNG.random(weights).astype(np.float32)
    for name in ("Mean", "Sum"):
        both = [getattr(library.metrics, name)() for library in (theirs(), torch.keras)]
        for metric in both:
            metric.update_state(values)
            if weights or not shape:
                metric.update_state(values, weight)
        np.testing.assert_allclose(array(both[1].result()), array(both[0].result()), 1e-6)


@pytest.mark.parametrize("name, options, y_true, y_pred, weight, want", [
    ("BinaryAccuracy", {}, [1, 0, 1, 1], [0.9, 0.6, 0.5, 0.51], None, 0.5),
    ("BinaryAccuracy", {}, [1, 0, 1, 1], [0.9, 0.6, 0.5, 0.51], [1, 0, 0, 3], 1.0),
    ("CategoricalAccuracy", {}, [[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]], None, 0.5),
    ("SparseCategoricalAccuracy", {}, [[1], [0]], [[0.2, 0.8], [0.4, 0.6]], [3, 1], 0.75),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, [2, 0], [[0.1, 0.6, 0.3], [0.1, 0.2, 0.7]], None, 0.5),
    ("Precision", {}, [0, 1, 1, 1], [1, 0, 1, 1], None, 2 / 3),
    ("Recall", {}, [0, 1, 1, 1], [1, 0, 1, 1], None, 2 / 3),
    ("Precision", {}, [0, 0], [0, 0], None, 0.0), ("AUC", {}, [0, 0, 1, 1], [0, 0.5, 0.3, 0.9], None, 0.75),
    ("AUC", {}, [0, 1], [math.nan, 0.9], None, 1.0),
    ("MeanSquaredError", {}, [[1.0, 3.0]], [[0.0, 0.0]], None, 5.0),
    ("RootMeanSquaredError", {}, [3.0, 4.0], [0.0, 0.0], None, math.sqrt(12.5)),
    ("R2Score", {}, [[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.0]], None, 0.5),
    ("F1Score", {"average": "macro", "threshold": 0.5}, [[1, 0], [1, 1]], [[0.9, 0.6], [0.2, 0.7]], None, 2 / 3),
    ("CosineSimilarity", {}, [[0.0, 1.0]], [[0.0, 2.0]], None, 1.0),
])
def test_known_answers(name, options, y_true, y_pred, weight, want):
    y_pred = np.asarray(y_pred, np.float32)
    metric = getattr(metrics, name)(**options)
    metric.update_state(np.asarray(y_true), y_pred, weight)
    metric.update_state(torch.tensor(y_true), torch.tensor(y_pred, requires_grad=True), weight)
    np.testing.assert_allclose(array(metric.result()), want, 1e-5)
    assert not metric.result().requires_grad
    metric.reset_state()
    assert all((array(variable) == 0).all() for variable in metric.variables)


# -- names and errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, shapes", [("Binary", [((8, 1), (8, 1)), ((8,), (8, 1))]),
                                          ("Categorical", [((8, 5), (8, 5))]),
                                          ("SparseCategorical", [((8,), (8, 5)), ((8, 1), (8, 5))])])
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
def test_accuracy_by_shapes(kind, shapes, name):
    for y_true, y_pred in shapes:
        metric = metrics.for_outputs(name, torch.keras.losses.pairs.kind_of(y_true, y_pred))
        assert type(metric) is getattr(metrics, f"{kind}Accuracy") and metric.name == name


def test_get():
    assert type(metrics.get("mse")) is metrics.MeanSquaredError and type(metrics.get("auc")) is metrics.AUC
    assert type(metrics.get("top_k_categorical_accuracy")) is metrics.TopKCategoricalAccuracy
    assert metrics.for_outputs("mse", None).name == "mse" and metrics.for_outputs("AUC", None).name == "AUC"
    assert metrics.for_outputs(metrics.Precision(name="p"), None).name == "p"
    mine = metrics.for_outputs(lambda t, y: (t - y).abs(), None)
    mine.update_state(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.0]))
    assert float(mine.result()) == 1.5
    for nothing in ("nope", 3):
        with pytest.raises(ValueError, match=f"Could not interpret metric identifier: {nothing}"):
            metrics.get(nothing)


def test_a_metric_of_ones_own():
    class Largest(metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.largest = self.add_weight(name="largest", initializer="zeros")
            self.part = metrics.Mean()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.part.update_state(y_pred)
            self.largest.assign(max(float(self.largest), float(abs(y_true - y_pred).max())))

        def result(self):
            return self.largest

    metric = Largest()
    assert float(metric(torch.tensor([1.0, 5.0]), torch.tensor([0.0, 2.0]))) == 3.0
    assert len(metric.variables) == 3
    metric.reset_state()
    assert float(metric.result()) == 0.0 == float(metric.part.result())


@pytest.mark.parametrize("call, error, text", [
    (lambda: metrics.Precision(thresholds=[0.5, 1.5]), ValueError, r"Threshold values must be in \[0, 1\]"),
    (lambda: metrics.AUC(num_thresholds=1), ValueError, "must be an integer > 1"),
    (lambda: metrics.AUC(curve="roq"), ValueError, "Invalid AUC curve value"),
    (lambda: metrics.AUC(num_labels=3), ValueError, "needed only when `multi_label`"),
    (lambda: metrics.Precision(class_id=1)(T1[:, 0], P1[:, 0]), ValueError, "y_pred must be a 2D array"),
    (lambda: metrics.R2Score(class_aggregation="sum"), ValueError, "Invalid value for argument `class_aggregation`"),
    (lambda: metrics.R2Score()(np.zeros(3), np.zeros(3)), ValueError, "R2Score expects 2D inputs"),
    (lambda: metrics.FBetaScore(beta=1), ValueError, "Invalid `beta` argument value"),
    (lambda: metrics.PrecisionAtRecall(1.5), ValueError, r"`recall` must be in the range \[0, 1\]"),
    (lambda: metrics.for_outputs(None, None), ValueError, "Expected metric, received `None`"),
    (lambda: metrics.MeanIoU, AttributeError, "not offered"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()
