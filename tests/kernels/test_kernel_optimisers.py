"""The optimisers over several steps and all options, against float64 transcriptions of PyTorch's documentation."""

from __future__ import annotations

from itertools import product

import kernel_references_optim as ref
import numpy as np
import pytest
from kernel_harness import SIGNATURES, Canaries, assert_agrees, call, rounded, widened
from kernel_rows_optim import state_of

SIZES = (1, 0, 67, 130)
STEPS = 6


def arrays(rng, scale=1.0):
    return [rng.normal(0, scale, n) for n in SIZES]


def zeros():
    return [np.zeros(n) for n in SIZES]


def train(name, dtype, rng, state, hyper, reference_step, grads=None):
    """STEPS calls of the kernel, each from the state that the last one left, and beside it the same steps in float64.
    The learning rate changes from step to step. Returns the kernel's state and the reference's."""
    values = rounded(name, dtype, {
        **state, "param": arrays(rng), "grad": arrays(rng), "steps": [np.zeros(1) for _ in SIZES],
        "sizes": np.array(SIZES), "count": len(SIZES), "hyper": np.array(hyper, float)})
    kept = ["param", *state]
    want = {name: widened(values)[name] for name in kept}
    for step in range(STEPS):
        values["hyper"][0] = hyper[0] / (1 + step)
        values["grad"] = rounded(name, dtype, {"grad": grads(step) if grads else arrays(rng)})["grad"]
        new = [reference_step(p, g, *rest, step, *values["hyper"])
               for p, g, *rest in zip(want["param"], widened(values)["grad"], *(want[name] for name in state))]
        want = dict(zip(kept, map(list, zip(*new))))
        written = dict.fromkeys([*kept, "steps"])
        got = call(name, dtype, values, written, Canaries(step % 2))
        values.update({param: got[param] for param in written})
    assert [float(step[0]) for step in values["steps"]] == [STEPS] * len(SIZES)
    return values, want


def compare(got, want, names):
    for name in names:
        assert_agrees(got[name], want[name], ulps=4 * STEPS, magnitude=1.0, what=name)


@pytest.mark.parametrize("momentum, dampening, weight_decay, nesterov, maximize", [
    options for options in product((0, 0.9), (0, 0.3), (0, 0.1), (0, 1), (0, 1))
    if not options[3] or (options[0] and not options[1])])  # Nesterov asks for momentum, and none of it dampened
def test_sgd(isa, dtype, rng, momentum, dampening, weight_decay, nesterov, maximize):
    hyper = [0.1, momentum, dampening, weight_decay, nesterov, maximize]
    compare(*train("mg_sgd", dtype, rng, {"velocity": zeros()}, hyper, ref.sgd_step), ("param", "velocity"))


def test_sgd_without_momentum_needs_no_velocity(isa, dtype, rng):
    state = {"velocity": [None] * len(SIZES)}
    compare(*train("mg_sgd", dtype, rng, state, [0.1, 0, 0, 0.1, 0, 0], ref.sgd_step), ["param"])


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0, 0.5)])
@pytest.mark.parametrize("weight_decay, decoupled, maximize, amsgrad, before",
                         [*product((0, 0.1), (0, 1), (0, 1), (0, 1), (0,)), (0.1, 1, 0, 1, 1), (0, 0, 0, 0, 1)])
def test_adam(isa, dtype, rng, betas, weight_decay, decoupled, maximize, amsgrad, before):
    hyper = [0.1, *betas, 1e-3 if before else 1e-8, weight_decay, decoupled, maximize, amsgrad, before]
    state = {"m": zeros(), "v": zeros(), "vmax": zeros() if amsgrad else [None] * len(SIZES)}
    names = ("param", "m", "v", "vmax") if amsgrad else ("param", "m", "v")
    compare(*train("mg_adam", dtype, rng, state, hyper, ref.adam_step), names)


def test_adam_remembers_nan(isa, dtype, rng):
    """A NaN in the gradient stays in the moments, their maximum and the parameter, and spreads to no neighbour."""
    def grads(step):
        g = arrays(rng)
        if step == 2:
            g[2][33] = np.nan
        return g

    state = {"m": zeros(), "v": zeros(), "vmax": zeros()}
    got, want = train("mg_adam", dtype, rng, state, [0.1, 0.9, 0.999, 1e-8, 0, 0, 0, 1, 0], ref.adam_step, grads)
    compare(got, want, ("param", "m", "v", "vmax"))
    assert [np.flatnonzero(np.isnan(a)).tolist() for a in got["vmax"]] == [[], [], [33], []]


def test_adam_keeps_nan_of_the_maximum(isa, dtype, rng):
    """torch.maximum(vmax, v) is NaN where vmax is, whatever v is."""
    vmax = zeros()
    vmax[2][5] = np.nan
    got, want = train("mg_adam", dtype, rng, {"m": zeros(), "v": zeros(), "vmax": vmax},
                      [0.1, 0.9, 0.999, 1e-8, 0, 0, 0, 1, 0], ref.adam_step)
    compare(got, want, ("param", "vmax"))


FLAGS = (0, 1)
OPTIONS = {  # kernel: (the state that starts at something, all settings of hyper)
    "mg_adamax": ({}, product([0.1], [0.9, 0], [0.99], [1e-3], [0, 0.1], FLAGS)),
    "mg_nadam": ({"mu_product": 1.0},
                 product([0.1], [0.9], [0.99], [1e-3], [0, 0.1], FLAGS, FLAGS, [4e-3, 0.5], FLAGS)),
    "mg_radam": ({}, product([0.1], [0.9], [0.99, 0.5], [1e-3], [0, 0.1], FLAGS, FLAGS)),
    "mg_rmsprop": ({}, product([0.1], [0.9], [1e-2], [0, 0.1], [0, 0.9], FLAGS, FLAGS)),
    "mg_adagrad": ({"sum": 0.5}, product([0.1], [0, 0.5], [1e-3], [0, 0.1], FLAGS)),
    "mg_adadelta": ({}, product([1.0], [0.9], [1e-3], [0, 0.1], FLAGS)),
    "mg_rprop": ({"size": 0.1}, product([0.5], [1.2, 3], [0.05], [0.2], FLAGS)),
    "mg_asgd": ({"eta": 0.1, "mu": 1.0}, product([0.1], [0.5], [0.75], [2, 1e6], [0, 0.1], FLAGS, FLAGS)),
    "mg_keras_sgd": ({}, product([0.1], [0, 0.9], FLAGS, [0, 0.1])),
    "mg_keras_rmsprop": ({}, product([0.1], [0.9], [0.05], [0, 0.9], FLAGS, [0, 0.1])),
    "mg_keras_adagrad": ({"sum": 0.1}, product([0.1], [0.05], [0, 0.1])),
    "mg_keras_adadelta": ({}, product([1.0], [0.9], [1e-3], [0, 0.1])),
    "mg_keras_adamax": ({}, product([0.1], [0.9], [0.99], [0.05], [0, 0.1])),
}


def starting(name, values):
    """Zeros, or what `values` says, for each part of the state."""
    scalars = SIGNATURES[name].names("STEPS")
    return {param: [np.full(1 if param in scalars else n, values.get(param, 0.0)) for n in SIZES]
            for param in state_of(name)}


@pytest.mark.parametrize("name, values, hyper", [
    (name, values, list(hyper)) for name, (values, options) in OPTIONS.items() for hyper in options], ids=str)
def test_every_option(isa, dtype, rng, name, values, hyper):
    state = starting(name, values)
    compare(*train(name, dtype, rng, state, hyper, ref.STEPS[name]), ("param", *state))


def test_a_variance_below_zero_is_zero(isa, dtype, rng):
    """Centered RMSprop with a constant gradient: v - m^2 is 0 but for rounding; its root is never NaN."""
    values = {"param": zeros(), "grad": [np.full(n, 0.3) for n in SIZES], "m": [np.full(n, 0.3) for n in SIZES],
              "v": [np.full(n, 0.09 * (1 - 1e-7)) for n in SIZES], "buffer": [None] * len(SIZES),
              "steps": [np.zeros(1) for _ in SIZES], "sizes": np.array(SIZES), "count": len(SIZES),
              "hyper": np.array([0.1, 0.9, 1e-8, 0, 0, 1, 0])}
    got = call("mg_rmsprop", dtype, rounded("mg_rmsprop", dtype, values), dict.fromkeys(("param", "m", "v", "steps")),
               Canaries())
    assert all(np.isfinite(p).all() for p in got["param"])


@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
def test_sgd_propagates(isa, dtype, rng, special):
    def grads(step):
        g = arrays(rng)
        g[3][100] = special if step == 1 else g[3][100]
        return g

    got, want = train("mg_sgd", dtype, rng, {"velocity": zeros()}, [0.1, 0.9, 0, 0, 0, 0], ref.sgd_step, grads)
    compare(got, want, ("param", "velocity"))
