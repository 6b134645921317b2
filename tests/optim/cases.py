"""The optimisers and options that the tests run, and a small problem to run them on."""

import numpy as np

from minigrad import optim
from minigrad.creation import from_numpy
from minigrad.nn import Parameter

from .references import AdamReference, SGDReference

DECOUPLED = {"weight_decay": 0.01, "decoupled_weight_decay": True}
CASES = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}), ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}), ("SGD", {"lr": 0.1, "momentum": 0.5, "maximize": True}),
    ("Adam", {}), ("Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3}), ("Adam", {"weight_decay": 0.1}),
    ("Adam", {"amsgrad": True, "lr": 0.05}), ("Adam", {"maximize": True}), ("Adam", DECOUPLED),
    ("AdamW", {"lr": 0.01}), ("AdamW", {"lr": 0.01, "weight_decay": 0.5, "amsgrad": True}),
]
IDS = [f"{name}({', '.join(f'{k}={v}' for k, v in options.items())})" for name, options in CASES]
SHAPES = [(5, 3), (3,), (), (0, 2), (70,)]


def gradients(steps=8, seed=0):
    """steps lists of one gradient per shape."""
    rng = np.random.default_rng(seed)
    return [[np.asarray(rng.standard_normal(shape)) for shape in SHAPES] for _ in range(steps)]


def parameters(dtype="float64", seed=1):
    rng = np.random.default_rng(seed)
    return [Parameter(from_numpy(np.asarray(rng.standard_normal(shape)).astype(dtype))) for shape in SHAPES]


def set_gradients(params, grads):
    for p, g in zip(params, grads):
        p.grad = None if g is None else from_numpy(np.array(g, p.array.dtype))


def run(optimiser, params, steps):
    for grads in steps:
        set_gradients(params, grads)
        optimiser.step()


def make(name, params, options):
    return getattr(optim, name)(params, **options)


def references(name, params, options):
    """An independent implementation for each parameter."""
    if name == "SGD":
        return [SGDReference(p.detach().numpy(), **options) for p in params]
    extra = {"weight_decay": 0.01, "decoupled_weight_decay": True} if name == "AdamW" else {}
    return [AdamReference(p.detach().numpy(), **{**extra, **options}) for p in params]


def values(params):
    return [p.detach().numpy().copy() for p in params]


def bits(params):
    return [p.array.tobytes() for p in params]
