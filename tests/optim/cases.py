"""The optimisers and options that the tests run, and a small problem to run them on."""

import numpy as np

from minigrad import optim
from minigrad.creation import from_numpy
from minigrad.nn import Parameter

from .references import AdamReference, SGDReference

DECOUPLED = {"weight_decay": 0.01, "decoupled_weight_decay": True}
KNOWN_CASES = [  # those that references.py knows
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}), ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}), ("SGD", {"lr": 0.1, "momentum": 0.5, "maximize": True}),
    ("Adam", {}), ("Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3}), ("Adam", {"weight_decay": 0.1}),
    ("Adam", {"amsgrad": True, "lr": 0.05}), ("Adam", {"maximize": True}), ("Adam", DECOUPLED),
    ("AdamW", {"lr": 0.01}), ("AdamW", {"lr": 0.01, "weight_decay": 0.5, "amsgrad": True}),
]
CASES = [
    *KNOWN_CASES,
    ("RMSprop", {}), ("RMSprop", {"lr": 0.05, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("RMSprop", {"momentum": 0.9, "centered": True}), ("Adagrad", {}),
    ("Adagrad", {"lr": 0.5, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("Adadelta", {}), ("Adadelta", {"lr": 0.5, "rho": 0.5, "eps": 1e-2, "weight_decay": 0.1}), ("Adamax", {}),
    ("Adamax", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}), ("NAdam", {}),
    ("NAdam", {"lr": 0.05, "momentum_decay": 0.1, **DECOUPLED}), ("RAdam", {}),
    ("RAdam", {"lr": 0.05, "betas": (0.5, 0.8), **DECOUPLED}), ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.3, 2.0), "step_sizes": (0.05, 0.3)}), ("ASGD", {}),
    ("ASGD", {"lr": 0.1, "lambd": 0.1, "alpha": 0.5, "t0": 2.0, "weight_decay": 0.1, "maximize": True}),
]


def ids(cases):
    return [f"{name}({', '.join(f'{k}={v}' for k, v in options.items())})" for name, options in cases]


IDS = ids(CASES)
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
