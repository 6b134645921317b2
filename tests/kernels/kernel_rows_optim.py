"""Rows of the optimisers: a step of several parameters, each with another number of steps behind it."""

from __future__ import annotations

import kernel_references_optim as ref
import numpy as np
from kernel_harness import SIGNATURES
from kernel_row import MANY, UP_TO_67, Row

POSITIVE = ("v", "vmax", "u", "sum", "size")


def state_of(name: str) -> list[str]:
    """The parameters that hold the state between steps, in the kernel's order."""
    return [param for kind, param in SIGNATURES[name].params if kind in ("PTRS", "STEPS") and param not in (
        "param", "grad", "steps")]


def inputs(name: str, hyper: list[float]):
    scalars = SIGNATURES[name].names("STEPS")

    def make(rng, *sizes):
        def one(param, n):
            if param in scalars:
                return np.array([rng.uniform(0.25, 0.75)])
            values = rng.normal(0, 1, n)
            return np.abs(values) if param in POSITIVE else values

        arrays = {param: [one(param, n) for n in sizes] for param in ("param", "grad", *state_of(name))}
        return {**arrays, "steps": [np.array([float(i)]) for i in range(len(sizes))], "sizes": np.array(sizes),
                "count": len(sizes), "hyper": np.array(hyper)}
    return make


def one_step(name: str):
    state = ["param", *state_of(name)]

    def reference(v):
        columns = (getattr(v, param) for param in (*state, "grad"))
        new = [ref.STEPS[name](p, g, *rest, step[0], *v.hyper)
               for (p, *rest, g), step in zip(zip(*columns), v.steps)]
        return {**dict(zip(state, map(list, zip(*new)))), "steps": [step + 1 for step in v.steps]}
    return reference


PARAMETER_SIZES = [(n, 3, 0, n + 1) for n in UP_TO_67]
HYPER = {  # and how many ulps off a step may be, at values of size 2
    "mg_sgd": ([0.125, 0.75, 0.25, 0.5, 0, 0], 6),
    "mg_adam": ([0.125, 0.875, 0.96875, 0.25, 0.5, 1, 0, 1, 0], 16),
    "mg_adamax": ([0.125, 0.875, 0.96875, 0.25, 0.5, 1], 16),
    "mg_nadam": ([0.125, 0.875, 0.96875, 0.25, 0.5, 0, 0, 0.03125, 0], 16),
    "mg_radam": ([0.125, 0.875, 0.96875, 0.25, 0.5, 1, 0], 16),
    "mg_rmsprop": ([0.125, 0.875, 0.25, 0.5, 0.75, 0, 0], 16),
    "mg_adagrad": ([0.125, 0.5, 0.25, 0.5, 0], 8),
    "mg_adadelta": ([0.125, 0.875, 0.25, 0.5, 0], 16),
    "mg_rprop": ([0.5, 1.25, 0.03125, 4, 0], 2),
    "mg_keras_sgd": ([0.125, 0.75, 1, 0.5], 6),
    "mg_keras_rmsprop": ([0.125, 0.875, 0.25, 0.75, 0, 0.5], 16),
    "mg_keras_adagrad": ([0.125, 0.25, 0.5], 8),
    "mg_keras_adadelta": ([0.125, 0.875, 0.25, 0.5], 16),
    "mg_keras_adamax": ([0.125, 0.875, 0.96875, 0.25, 0.5], 16),
    "mg_asgd": ([0.125, 0.5, 0.75, 1, 0.5, 0, 0], 8),
}
OPTIMISERS = [Row(name, inputs(name, hyper), one_step(name), PARAMETER_SIZES, (MANY, 5), ulps=ulps,
                  magnitude=lambda v: 2.0) for name, (hyper, ulps) in HYPER.items()]
