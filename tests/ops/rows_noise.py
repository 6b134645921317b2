"""Rows of dropout's relatives: their gradients, with the noise of a seed. tests/dropout has their moments."""

from __future__ import annotations

import math

import numpy as np

from .row import Row, call, normal, positive, split, unit, whole

SMALL = (call(normal(2, 3)), call(normal()), call(normal(0)), call(normal(3, 1)))
erf = np.vectorize(math.erf, otypes=[float])


def relu_moments(m, v):
    s = np.sqrt(v)
    cdf, density = (1 + erf(m / s / math.sqrt(2))) / 2, np.exp(-(m / s)**2 / 2) / math.sqrt(2 * math.pi)
    mean = m * cdf + s * density
    return mean, (m * m + v) * cdf + m * s * density - mean**2


def r_drop(a, b, t):
    logs = [z - z.max(1, keepdims=True) for z in (a, b)]
    logs = [z - np.log(np.exp(z).sum(1, keepdims=True)) for z in logs]
    fit = -sum(z[np.arange(len(t)), t] for z in logs)
    return (fit + 0.35 * ((np.exp(logs[0]) - np.exp(logs[1])) * (logs[0] - logs[1])).sum(1)).mean()


def seeded(name: str, covers: str, *settings: float, samples: tuple = SMALL) -> Row:
    return Row(name, None, samples, split(covers), lambda t, *x: getattr(t.nn.functional, name)(*x, *settings, seed=5),
               torch=False)


LAYER = (call(normal(2, 3), normal(2, 3), normal(2)), call(normal(1, 2, 3), normal(2, 3), None))

NOISE = [
    seeded("classic_dropout", "ClassicDropout", 0.6),
    seeded("gaussian_dropout", "NormalMul", 0.4),
    seeded("exact_dropout", "ExactDropout", 0.4),
    seeded("gaussian_noise", "NormalAdd", 0.5),
    seeded("uniform_noise", "UniformAdd", 0.5),
    seeded("drop_block1d", "DropBlock", 0.3, 2, samples=(call(normal(2, 5)), call(normal(2, 2, 4)))),
    seeded("drop_block2d", "DropBlock", 0.3, 2, samples=(call(normal(1, 3, 4)), call(normal(2, 1, 3, 3)))),
    seeded("drop_path", "SharedDropout", 0.4, samples=(call(normal(4, 3)), call(normal(2, 2, 2)))),
    seeded("locked_dropout", "SharedDropout", 0.4, samples=(call(normal(2, 2, 3)), call(normal(3, 2)))),
    seeded("drop_connect", "DropConnect", 0.4, samples=LAYER),
    seeded("fast_dropout", "NormalMul SafeSqrt", 0.4, "sigmoid", samples=LAYER),
    Row("fast_dropout in closed form", None, LAYER, split("ExpectedReLU"),
        lambda t, *x: t.nn.functional.fast_dropout(*x, 0.4, "relu", sampled=False), torch=False),
    Row("gaussian_relu", relu_moments, (call(normal(2, 3), positive(2, 3)), call(normal(), positive())),
        split("ExpectedReLU"), lambda t, m, v: t.nn.functional.gaussian_relu(m, v), torch=False, ulps=64),
    Row("gaussian_sigmoid", lambda m, v: 1 / (1 + np.exp(-m / np.sqrt(1 + math.pi / 8 * v))),
        (call(normal(2, 3), positive(2, 3)),), split("Sigmoid"),
        lambda t, m, v: t.nn.functional.gaussian_sigmoid(m, v), torch=False),
    Row("sample_normal", None, (call(normal(2, 3), positive(2, 3)), call(normal(3), positive(2, 3))),
        split("NormalMul SafeSqrt"), lambda t, m, v: t.nn.functional.sample_normal(m, v, seed=5), torch=False),
    seeded("variational_dropout", "NormalMul", samples=(call(normal(2, 3), unit(1)), call(normal(2, 3), unit(3)))),
    seeded("variational_linear", "NormalMul",
           samples=tuple(call(normal(2, 3), normal(2, 3), normal(2), unit(*shape)) for shape in ((1,), (3,), (2, 3)))),
    Row("variational_kl", lambda a: -(0.5 * np.log(a) + 1.16145124 * a - 1.50204118 * a**2 + 0.58629921 * a**3),
        (call(unit(5)), call(unit())), split("Log"), lambda t, a: t.nn.functional.variational_kl(a), torch=False),
    Row("r_drop_loss", r_drop, (call(normal(3, 2), normal(3, 2), whole(2, 3)),), split("LogSoftmax"),
        lambda t, *x: t.nn.functional.r_drop_loss(*x, alpha=0.7), torch=False),
]
