"""Losses: PyTorch's errors word for word, its warnings, and what the tables of samples do not reach."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from engine.face import needs_torch, ours, theirs

# Evaluated with both libraries: the same class of exception with the same text. o is ones, L an integer tensor.
ERRORS = """
F.cross_entropy(o(2, 3), L(3))
F.cross_entropy(o(2, 3), L(2, 3))
F.cross_entropy(o(2, 3), o(2))
F.cross_entropy(o(2, 3), L(2, 1))
F.cross_entropy(o(2, 3, 4), L(2, 5))
F.cross_entropy(o(2, 3, 4), L(3, 4))
F.cross_entropy(o(2, 3, 4, 5), L(2, 4))
F.cross_entropy(o(2, 3, 4, 5), L(2, 4, 4))
F.cross_entropy(o(3), L(2))
F.cross_entropy(o(()), L(()))
F.cross_entropy(o(2, 3), L(2) * 5)
F.cross_entropy(o(2, 3), L(2), weight=o(4))
F.cross_entropy(o(2, 3), o(2, 3), weight=o(4))
F.cross_entropy(o(2, 3), o(2, 3), ignore_index=1)
F.cross_entropy(o(2, 3), L(2).int())
F.cross_entropy(o(2, 3), L(2).bool())
F.cross_entropy(o(2, 3), L(2), weight=o(3).double())
F.cross_entropy(o(2, 3), L(2), label_smoothing=2.5)
F.nll_loss(o(2, 3), L(3))
F.nll_loss(o(2, 3), L(2, 3))
F.nll_loss(o(2, 3), o(2))
F.nll_loss(o(3), L(2))
F.nll_loss(o(()), L(()))
F.nll_loss(o(2, 3), L(()))
F.nll_loss(o(2, 3), L(2) * 7)
F.nll_loss(o(2, 3, 4, 4), L(2, 3, 4))
F.nll_loss(o(2, 3), L(2), weight=o(2))
F.mse_loss(o(2), o(2), reduction="foo")
F.mse_loss(o(2), o(2), weight=o(3))
F.l1_loss(L(2), L(2))
F.huber_loss(o(2), o(2), delta=0.0)
F.smooth_l1_loss(o(2), o(2), beta=-1.0)
F.binary_cross_entropy(o(2), L(2))
F.binary_cross_entropy(o(2), o(2).double())
F.binary_cross_entropy(o(2), o(3))
F.binary_cross_entropy(o(2) * 2, o(2))
F.binary_cross_entropy(o(2), o(2) * 2)
F.binary_cross_entropy(o(2) * float("nan"), o(2))
F.binary_cross_entropy(o(2), o(2), weight=o(3, 2))
F.binary_cross_entropy(L(2), L(2))
F.binary_cross_entropy_with_logits(o(2), o(3))
F.binary_cross_entropy_with_logits(o(2), o(2), weight=o(3, 2))
F.kl_div(o(2), L(2))
F.gaussian_nll_loss(o(2), o(2), -o(2))
F.gaussian_nll_loss(o(2), o(2), -1.0)
F.gaussian_nll_loss(o(2), o(2), o(3))
F.gaussian_nll_loss(o(2), o(2), o(2), reduction="x")
F.cosine_embedding_loss(o(2, 3), o(2, 3), o(2, 1))
F.cosine_embedding_loss(o(3), o(3), o(2))
F.cosine_embedding_loss(o(2, 3), o(2, 3), o(()))
F.margin_ranking_loss(o(2), o(2, 2), o(2))
F.multi_margin_loss(o(2, 3), L(3))
F.multi_margin_loss(o(2, 3), o(2))
F.multi_margin_loss(o(2, 3), L(2) * 5)
F.multi_margin_loss(o(2, 3, 4), L(2))
F.multi_margin_loss(o(2, 3), L(2), p=3)
F.multi_margin_loss(o(2, 3), L(2), weight=o(4))
F.multilabel_margin_loss(o(2, 3), L(2, 3) * 3)
F.multilabel_margin_loss(o(2, 3), o(2, 3))
F.multilabel_margin_loss(o(2, 3), L(2, 2))
F.multilabel_margin_loss(o(2, 3, 4), L(2, 3, 4))
F.multilabel_soft_margin_loss(o(2, 3), o(2, 3), reduction="x")
F.triplet_margin_loss(o(2, 3), o(2, 3), o(3))
F.triplet_margin_loss(o(2, 3), o(2, 3), o(2, 3), margin=-1)
nn.HuberLoss(delta="a")
nn.MultiMarginLoss(p=3)
nn.MultiMarginLoss(weight=o(2, 2))
nn.TripletMarginLoss(margin=0)
nn.TripletMarginWithDistanceLoss(margin=-1.0)
""".strip().splitlines()


def evaluate(library, expression):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(expression, {"F": library.nn.functional, "nn": library.nn, "o": library.ones, "t": library,
                                 "L": lambda *shape: library.ones(*shape, dtype=library.int64)})


def error_of(library, expression):
    with pytest.raises((RuntimeError, TypeError, ValueError, IndexError)) as caught:
        evaluate(library, expression)
    return caught.value


@pytest.mark.parametrize("expression", ERRORS)
@needs_torch
def test_errors(expression):
    got, want = error_of(ours, expression), error_of(theirs(), expression)
    assert type(got) is type(want), f"{got!r}, should be {want!r}"
    text = str(got).replace("minigrad.", "torch.")
    assert text.startswith(str(want).strip()), f"{text}\nshould be\n{want}"


# Values of what the samples of PyTorch's tables leave out: numbers far out, 0-d and empty inputs, types that differ.
VALUES = """
F.mse_loss(o(0), o(0))
F.mse_loss(o(0), o(0), reduction="sum")
F.mse_loss(o(2), L(2))
F.mse_loss(o(2), o(2).double() * 3)
F.mse_loss(o(2, 3), o(3) * 2)
F.mse_loss(o(2) * float("inf"), o(2))
F.l1_loss(L(2), L(2) * 4, reduction="sum")
F.smooth_l1_loss(o(2) * 3, o(2), beta=0)
F.huber_loss(o(2) * float("nan"), o(2))
F.binary_cross_entropy(o(2), o(2) * 0)
F.binary_cross_entropy(o(0), o(0))
F.binary_cross_entropy_with_logits(o(2) * 1e4, o(2) * 0)
F.binary_cross_entropy_with_logits(o(2) * -1e4, o(2))
F.binary_cross_entropy_with_logits(o(2) * float("inf"), o(2) * 0)
F.binary_cross_entropy_with_logits(o(2), o(2).double())
F.binary_cross_entropy_with_logits(o(2), o(2), weight=o(2).double(), pos_weight=L(2) * 2)
F.cross_entropy(o(3), L(1), reduction="none")
F.cross_entropy(o(3), L(()), reduction="none")
F.cross_entropy(o(3), o(3))
F.cross_entropy(o(0, 3), L(0))
F.cross_entropy(o(0, 3), o(0, 3))
F.cross_entropy(o(2, 3), L(2) * -100)
F.cross_entropy(o(2, 3), L(2).to(t.uint8))
F.cross_entropy(o(2, 3), o(2, 3).double())
F.cross_entropy(o(2, 3) * 1e4, L(2))
F.nll_loss(o(3), L(1), reduction="none")
F.kl_div(o(2, 2), o(2))
F.kl_div(o(2), -o(2))
F.poisson_nll_loss(o(3), L(3) * 2, full=True)
F.gaussian_nll_loss(o(2), o(2), 0.0)
F.hinge_embedding_loss(o(3) / 2, L(3) * 0, reduction="none")
F.multi_margin_loss(o(3), L(1), reduction="none")
F.multi_margin_loss(o(3), L(()), reduction="none")
F.multilabel_margin_loss(o(3), L(3), reduction="none")
F.triplet_margin_loss(o(3), o(3) * 2, o(3), swap=True)
F.triplet_margin_with_distance_loss(o(2, 3), o(2, 3) * 2, o(2, 3), distance_function=F.l1_loss, margin=2.0)
F.pairwise_distance(o(2, 3), o(3), keepdim=True)
F.pairwise_distance(o(2, 3), o(3) * 0, p=float("inf"))
nn.TripletMarginWithDistanceLoss(swap=True)(o(2, 3), o(2, 3) * 2, o(2, 3) * 3)
nn.PairwiseDistance(1.0)(o(2, 3), o(2, 3) * 2)
nn.CosineSimilarity(0)(o(2, 3), o(2, 3) * 2)
nn.BCEWithLogitsLoss(pos_weight=o(3) * 2)(o(2, 3), o(2, 3) / 4)
nn.CrossEntropyLoss(o(3) * 2, size_average=False)(o(2, 3), L(2))
nn.L1Loss(reduce=False)(input=o(2), target=o(2) * 3)
""".strip().splitlines()


@pytest.mark.parametrize("expression", VALUES)
@needs_torch
def test_values(expression):
    got, want = evaluate(ours, expression), evaluate(theirs(), expression)
    assert str(got.dtype).split(".")[1] == str(want.dtype).split(".")[1]
    assert tuple(got.shape) == tuple(want.shape)
    np.testing.assert_allclose(got.numpy(), want.numpy(), 1e-5)


def test_soft_margin_does_not_overflow():
    x = ours.tensor([1e4, -1e4, 200.0], requires_grad=True)
    loss = ours.nn.functional.soft_margin_loss(x, ours.ones(3), reduction="none")
    np.testing.assert_array_equal(loss.detach().numpy(), np.array([0.0, 1e4, 0.0], np.float32))
    loss.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.array([0.0, -1.0, 0.0], np.float32))


# -- warnings ----------------------------------------------------------------------------------------------------------


def warned(library, expression):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        eval(expression, {"nn": library.nn, "F": library.nn.functional, "o": library.ones})
    return caught


@pytest.mark.parametrize("expression", [
    "F.mse_loss(o(2), o(2), size_average=False)", "F.l1_loss(o(2), o(2), reduce=False)",
    "F.nll_loss(o(1, 2), o(1).long(), reduce=True)", "F.binary_cross_entropy(o(2), o(2), None, False, True)",
    "nn.MSELoss(size_average=True)", "nn.CrossEntropyLoss(reduce=False)", "F.kl_div(o(2), o(2))",
    "F.mse_loss(o(2), o(2), reduction='elementwise_mean')",
])
@needs_torch
def test_warnings(expression):
    got, want = warned(ours, expression), warned(theirs(), expression)
    assert [(str(w.message), w.category) for w in got] == [(str(w.message), w.category) for w in want]
    assert all(w.filename == "<string>" for w in got), "should point at the caller's line"


@pytest.mark.parametrize(("expression", "who"), [
    ("nn.MSELoss()(o(2, 3), o(3))", "MSELoss()"), ("F.mse_loss(o(2, 3), o(3))", "mse_loss"),
    ("nn.SmoothL1Loss()(o(2, 3), o(3))", "SmoothL1Loss()"), ("F.huber_loss(o(2, 3), o(3))", "huber_loss"),
    ("nn.Sequential(nn.Identity())(F.l1_loss(o(2, 3), o(3)))", "l1_loss"),
])
def test_shapes_that_differ_are_warned_of(expression, who):
    """The warning names both shapes and the module, and points at the caller's line."""
    (warning,) = warned(ours, expression)
    text = str(warning.message)
    assert "target size (torch.Size([3]))" in text and "input size (torch.Size([2, 3]))" in text
    assert f" in {who}. " in text
    assert warning.filename == "<string>"


@pytest.mark.parametrize(("name", "advice"), [
    ("ctc_loss", "not offered"), ("scaled_dot_product_attention", "softmax"), ("conv3d", "1 and 2 dimensions"),
])
def test_what_is_not_offered_says_so(name, advice):
    with pytest.raises(AttributeError, match=advice):
        getattr(ours.nn.functional, name)
