"""Distributions: formulas, prints and refusals as PyTorch's; draws by their moments; gradients through rsample."""

from __future__ import annotations

import pytest
from faces import printed

import minigrad

LINES = """
    N.log_prob(v) | N.entropy() | N.mean | N.stddev | N.variance | N.mode | N.cdf(v) | N.icdf(v / 4) | N
    N.perplexity() | C.log_prob(i) | C.entropy() | C.probs | C.logits | C.mode | C.param_shape | C.batch_shape
    C | C.log_prob(i.view(2, 1)) | L.log_prob(i) | L.entropy() | L.probs | L.logits | B.log_prob(i.float())
    B.entropy() | B.mean | B.variance | B.logits | D.Bernoulli(logits=v).entropy() | U.log_prob(v) | U.entropy()
    U.mean | U.variance | U.event_shape | D.Uniform(2., 1.) | N.sample((3,)).shape | N.rsample().shape
    C.sample().shape | C.sample((3, 4)).shape | B.sample((3,)).shape | D.kl_divergence(N, D.Normal(0., 1.))
    D.kl_divergence(C, L) | D.kl_divergence(B, D.Bernoulli(v / 4)) | D.kl_divergence(N, C) | I.log_prob(v)
    I.entropy() | I.event_shape | I.batch_shape | D.kl_divergence(I, I) | I | D.Normal(0., -1.)
    D.Normal(v, -v, validate_args=False).loc | D.Categorical(-v) | D.Categorical() | D.Categorical(v, v)
    D.Categorical(v.sum()) | D.Bernoulli(v * 2) | N.log_prob(v * float('nan')) | C.log_prob(i + 9)
    C.log_prob(v / 4) | B.log_prob(v) | N.log_prob(1.0) | D.Independent(N, 2) | C.rsample() | D.Normal(1, 2)
    B.sample().requires_grad | D.kl_divergence(D.Categorical(t.tensor([0., 1.])), L)
    D.kl_divergence(L, D.Categorical(t.tensor([0., 1.])))
"""
EXPRESSIONS = [expression.strip() for line in LINES.strip().splitlines() for expression in line.split(" | ")]


def seen(expression, t):
    """What an expression prints, or the class of its exception."""
    D, v = t.distributions, t.tensor([0.5, 2.0])
    names = {"t": t, "D": D, "v": v, "i": t.tensor([1, 0]), "N": D.Normal(v, t.tensor([1.0, 3.0])),
             "C": D.Categorical(t.tensor([[1.0, 3.0], [2.0, 2.0]])), "L": D.Categorical(logits=v),
             "B": D.Bernoulli(v / 4), "U": D.Uniform(0.0, 2 * v), "I": D.Independent(D.Normal(v, v), 1)}
    return printed(expression, names)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_as_pytorch(expression):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    assert seen(expression, minigrad) == seen(expression, torch)


@pytest.mark.parametrize("expression", ["D.Normal(v, v)", "D.Uniform(-v, v)", "D.Bernoulli(v / 4)"])
def test_the_draws_have_the_moments(expression):
    minigrad.manual_seed(0)
    one = eval(expression, {"D": minigrad.distributions, "v": minigrad.tensor([0.5, 2.0])})
    draws = one.sample((40000,))
    assert (draws.mean(0) - one.mean).abs().max() < 0.05 and (draws.var(0) / one.variance - 1).abs().max() < 0.05


def test_the_draws_of_a_categorical_have_the_frequencies():
    minigrad.manual_seed(0)
    probs = minigrad.tensor([[0.2, 0.0, 0.8], [0.5, 0.5, 0.0]])
    draws = minigrad.distributions.Categorical(probs).sample((20000,))
    found = minigrad.stack([(draws == i).float().mean(0) for i in range(3)], 1)
    assert (found - probs).abs().max() < 0.02 and (found[probs == 0] == 0).all()


def test_gradients_reach_the_parameters():
    loc, scale = minigrad.zeros(4, requires_grad=True), minigrad.ones(4, requires_grad=True)
    one = minigrad.distributions.Normal(loc, scale)
    draw = one.rsample()
    draw.sum().backward()
    assert loc.grad.tolist() == [1] * 4 and minigrad.equal(scale.grad, draw.detach())
    assert not one.sample().requires_grad
