"""Clipping of gradients, parameters as a vector."""

import math

import numpy as np
import pytest
from faces import OURS, same_as_pytorch

from minigrad import nn
from minigrad.creation import from_numpy, ones, tensor, zeros
from minigrad.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters

RNG = np.random.default_rng(3)
GRADS = [RNG.standard_normal((4, 3)), RNG.standard_normal(3)]


def _parameters(face, grads=GRADS):
    parameters = []
    for g in grads:
        p = face.nn.Parameter(face.from_numpy(np.zeros_like(g)))
        p.grad = face.from_numpy(g.copy())
        parameters.append(p)
    return [*parameters, face.nn.Parameter(face.ones(2))]


@pytest.mark.parametrize("norm_type", [2.0, 1.0, math.inf, 3.0, 0.0])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip_norm(norm_type, max_norm):
    parameters = _parameters(OURS)
    flat = np.concatenate([g.reshape(-1) for g in GRADS])
    norm = np.linalg.norm(flat, norm_type)
    if norm_type == 0.0:
        norm = np.count_nonzero([np.count_nonzero(g) for g in GRADS])  # of the norms, as PyTorch has it
    total = clip_grad_norm_(parameters, max_norm, norm_type)
    np.testing.assert_allclose(total.item(), norm, rtol=1e-12)
    for p, g in zip(parameters, GRADS):
        np.testing.assert_allclose(p.grad.numpy(), g * min(1.0, max_norm / (norm + 1e-6)), rtol=1e-12)


def _clipped(face, *args, **kwargs):
    parameters = _parameters(face)
    total = face.nn.utils.clip_grad_norm_(parameters, *args, **kwargs)
    return [round(total.item(), 10), [np.round(p.grad.numpy(), 10).tolist() for p in parameters[:2]]]


SCENARIOS = {
    "2": lambda f: _clipped(f, 1.0),
    "inf": lambda f: _clipped(f, 0.1, "inf"),
    "one tensor": lambda f: round(f.nn.utils.clip_grad_norm_(_parameters(f)[0], 1.0).item(), 10),
    "no gradients": lambda f: f.nn.utils.clip_grad_norm_([f.nn.Parameter(f.ones(1))], 1.0),
    "nothing": lambda f: f.nn.utils.clip_grad_norm_([], 1.0),
    "nan": lambda f: [math.isnan(f.nn.utils.clip_grad_norm_(_parameters(f, [np.array([1.0, np.nan])]), 1.0).item())],
    "nan is an error": lambda f: f.nn.utils.clip_grad_norm_(_parameters(f, [np.array([np.nan])]), 1.0,
                                                            error_if_nonfinite=True),
    "inf is an error": lambda f: f.nn.utils.clip_grad_norm_(_parameters(f, [np.array([np.inf])]), 1.0,
                                                            error_if_nonfinite=True),
    "value": lambda f: (lambda ps: (f.nn.utils.clip_grad_value_(ps, 0.5), [p.grad for p in ps[:2]]))(_parameters(f)),
    "vector": lambda f: f.nn.utils.parameters_to_vector(_parameters(f)[:2]),
}


test_same_as_pytorch = same_as_pytorch(SCENARIOS)


def test_an_empty_generator_warns():
    with pytest.warns(UserWarning, match="empty generator") as caught:
        clip_grad_norm_((p for p in ()), 1.0)
    assert caught[0].filename == __file__


def test_a_shared_gradient_is_clipped_once():
    a, b = nn.Parameter(zeros(1)), nn.Parameter(zeros(1))
    a.grad = b.grad = tensor([10.0])
    clip_grad_value_([a, b], 4.0)
    assert a.grad.tolist() == [4.0]
    clip_grad_norm_([a, b], 1.0)
    np.testing.assert_allclose(a.grad.numpy(), 4.0 / np.sqrt(32.0), rtol=1e-5)


def test_a_read_only_gradient_is_refused_before_any_changes():
    a, b = nn.Parameter(zeros(2)), nn.Parameter(zeros(2))
    a.grad, array = ones(2), np.ones(2, np.float32)
    array.flags.writeable = False
    b.grad = from_numpy(array)
    with pytest.raises(RuntimeError, match="read-only"):
        clip_grad_norm_([a, b], 0.1)
    assert a.grad.tolist() == [1.0, 1.0] and array.tolist() == [1.0, 1.0]


def test_vector_and_back():
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    vector = parameters_to_vector(model.parameters())
    assert vector.shape == (11,) and vector.requires_grad
    vector_to_parameters(tensor([float(i) for i in range(11)]), model.parameters())
    assert model[0].weight.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] and model[1].bias.tolist() == [10.0]
    with pytest.raises(TypeError, match=r"expected torch\.Tensor"):
        vector_to_parameters([1.0], model.parameters())
    with pytest.raises(RuntimeError, match="vector of 11"):
        vector_to_parameters(ones(12), model.parameters())
