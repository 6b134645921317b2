"""Probability distributions, which policies and variational autoencoders draw from."""

from minigrad.distributions.distribution import Distribution, Independent
from minigrad.distributions.families import Bernoulli, Categorical, Normal, Uniform
from minigrad.distributions.kl import kl_divergence
from minigrad.names import package_getattr

__all__ = ["Bernoulli", "Categorical", "Distribution", "Independent", "Normal", "Uniform", "kl_divergence"]

__getattr__ = package_getattr("minigrad.distributions", dict.fromkeys(
    ("Beta", "Binomial", "Cauchy", "Chi2", "Dirichlet", "Exponential", "Gamma", "Geometric", "Gumbel", "Laplace",
     "LogNormal", "MixtureSameFamily", "Multinomial", "MultivariateNormal", "OneHotCategorical", "Poisson", "StudentT",
     "TransformedDistribution"),
    "the distributions are Normal, Uniform, Bernoulli, Categorical and Independent; "
    "write the log-density with tensor operations"))
