"""Keras's optimizers and schedules: the same gradients give the same weights, and the same state, as in Keras.

What the kernels compute is tested in tests/kernels against formulas, without Keras.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from keras_referee import array, needs_keras, theirs

import minigrad as torch
from minigrad.keras import constraints, optimizers
from minigrad.keras.optimizers import schedules
from minigrad.keras.tensors import Variable

STEPS = 20
SHAPES = ((5, 4), (4,))
COMMON = [
    {"clipnorm": 0.5}, {"clipvalue": 0.1}, {"global_clipnorm": 0.5}, {"loss_scale_factor": 8.0}, {"weight_decay": 0.1},
    {"gradient_accumulation_steps": 3}, {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4}]
OWN = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}],
    "Adam": [{}, {"amsgrad": True, "epsilon": 0.1}, {"beta_1": 0.5, "beta_2": 0.9, "learning_rate": 0.1}, *COMMON,
             {"gradient_accumulation_steps": 2, "use_ema": True, "clipnorm": 1.0, "weight_decay": 0.01}],
    "AdamW": [{}, {"weight_decay": 0.1, "amsgrad": True}],
    "RMSprop": [{}, {"momentum": 0.9, "learning_rate": 0.01}, {"centered": True, "momentum": 0.5, "weight_decay": 0.1}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.5, "epsilon": 0.1, "weight_decay": 0.1}],
    "Adadelta": [{}, {"learning_rate": 1.0, "rho": 0.8, "epsilon": 0.01, "weight_decay": 0.1}],
    "Adamax": [{}, {"epsilon": 0.1, "weight_decay": 0.1, "learning_rate": 0.1}],
    "Nadam": [{}, {"epsilon": 0.1, "weight_decay": 0.1}, {"gradient_accumulation_steps": 3}],
}
CASES = [(name, options) for name, each in OWN.items() for options in each]


def starts():
    rng = np.random.default_rng(3)
    weights = [rng.normal(0, 1, shape).astype(np.float32) for shape in SHAPES]
    return weights, [[rng.normal(0, 1, shape).astype(np.float32) for shape in SHAPES] for _ in range(STEPS)]


def train(library, variable, name, options, missing=()):
    """STEPS steps. The variables, the optimizer; the learning rate changes on the way."""
    weights, grads = starts()
    optimizer = getattr(library.optimizers, name)(**options)
    variables = [variable(weight) for weight in weights]
    for number, grad in enumerate(grads):
        if number == 10:
            optimizer.learning_rate = float(array(optimizer.learning_rate)) * 2
        grad = [None if (number, i) in missing else g for i, g in enumerate(grad)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer.apply([None if g is None else library.ops.convert_to_tensor(g) if library is not torch.keras
                             else g for g in grad], variables)
    optimizer.finalize_variable_values(variables)
    return variables, optimizer


@needs_keras
@pytest.mark.parametrize("name, options", CASES, ids=str)
def test_trajectories(name, options):
    keras = theirs()
    missing = {(2, 1), (3, 0)} if not options else ()  # gradients that are not there
    theirs_, their_optimizer = train(keras, keras.Variable, name, options, missing)
    ours, optimizer = train(torch.keras, Variable, name, options, missing)
    for got, want in zip(ours, theirs_):
        np.testing.assert_allclose(array(got), array(want), 1e-5, 4e-6)
    assert len(optimizer.variables) == len(their_optimizer.variables)
    for got, want in zip(optimizer.variables, their_optimizer.variables):
        np.testing.assert_allclose(array(got), array(want), 1e-5, 4e-6, err_msg=got.name)
    config, their_config = optimizer.get_config(), their_optimizer.get_config()
    assert list(config) == list(their_config)
    assert {**config, "name": ""} == {**their_config, "name": ""}


def adam(p, g, state, t, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, v = state.setdefault("m", 0 * p), state.setdefault("v", 0 * p)
    m, v = state["m"], state["v"] = m + (1 - beta_1) * (g - m), v + (1 - beta_2) * (g * g - v)
    return p - lr * math.sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t) * m / (np.sqrt(v) + epsilon)


def nadam(p, g, state, t, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    adam(p, g, state, t)  # for its moments
    mu = [beta_1 * (1 - 0.5 * 0.96 ** i) for i in range(1, t + 2)]
    m_hat = mu[t] * state["m"] / (1 - math.prod(mu)) + (1 - mu[t - 1]) * g / (1 - math.prod(mu[:-1]))
    return p - lr * m_hat / (np.sqrt(state["v"] / (1 - beta_2 ** t)) + epsilon)


@pytest.mark.parametrize("name, formula, options", [
    ("Adam", adam, {}), ("Adam", adam, {"epsilon": 0.1, "lr": 0.1}), ("Nadam", nadam, {"epsilon": 0.1})])
def test_epsilon_and_missing_gradients(name, formula, options):
    """In double precision, by Keras's formulas. Steps without a gradient count for a variable, too."""
    weights, grads = starts()
    optimizer = getattr(optimizers, name)(options.get("lr", 0.001), epsilon=options.get("epsilon", 1e-7))
    variables, want = [Variable(weight) for weight in weights], [weight.astype(np.float64) for weight in weights]
    states: list[dict] = [{}, {}]
    for t, grad in enumerate(grads, 1):
        for i in range(2):
            if t in (3, 7 + i):
                grad[i] = None if i else grad[i]
            if grad[i] is not None:
                want[i] = formula(want[i], grad[i].astype(np.float64), states[i], t, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer.apply(grad, variables)
    for got, expected in zip(variables, want):
        np.testing.assert_allclose(array(got), expected, 1e-5, 2e-6)


@pytest.mark.parametrize("name, options", CASES, ids=str)
def test_saved_and_loaded_it_goes_on(name, options):
    """Configuration and variables carry everything: the rest of the steps gives the same bits."""
    weights, grads = starts()

    def run(optimizer, variables, steps):
        for grad in steps:
            optimizer.apply(grad, variables)

    one, variables = getattr(optimizers, name)(**options), [Variable(weight) for weight in weights]
    run(one, variables, grads[:11])
    other = optimizers.deserialize(optimizers.serialize(one))
    copies = [Variable(array(variable)) for variable in variables]
    other.build(copies)
    store: dict = {}
    one.save_own_variables(store)
    other.load_own_variables(store)
    run(one, variables, grads[11:])
    run(other, copies, grads[11:])
    for got, want in zip(copies, variables):
        assert (array(got) == array(want)).all()


@pytest.mark.parametrize("options", [{}, *COMMON], ids=str)
def test_step_uses_the_gradients_that_variables_hold(options):
    weights, grads = starts()
    both = []
    for way in ("apply", "step"):
        optimizer, variables = optimizers.Adam(**options), [Variable(weight) for weight in weights]
        optimizer.build(variables)
        for grad in grads:
            if way == "apply":
                optimizer.apply_gradients(zip(grad, variables))
                assert all(variable.grad is None for variable in variables)
                continue
            for variable, g in zip(variables, grad):
                variable.grad = torch.tensor(g)
            optimizer.step()
            assert all((array(variable.grad) == g).all() for variable, g in zip(variables, grad))
        both.append(variables)
    for got, want in zip(*both):
        assert (array(got) == array(want)).all()
        assert got.version() == want.version() or options


def test_constraints_and_excluded_weights():
    weights, grads = starts()
    variables = [Variable(weight, name=name) for weight, name in zip(weights, ("kernel", "bias"))]
    variables[0].constraint = constraints.MaxNorm(0.25)
    optimizer = optimizers.SGD(0.5, weight_decay=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply(grads[0], variables)
    want = weights[0] * 0.5 - 0.5 * grads[0][0]
    norms = np.sqrt((want ** 2).sum(0))
    np.testing.assert_allclose(array(variables[0]), want * np.minimum(1, 0.25 / norms), 1e-5)
    np.testing.assert_allclose(array(variables[1]), weights[1] - 0.5 * grads[0][1], 1e-6)
    with pytest.raises(ValueError, match="before the optimizer is built"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_an_infinite_gradient_and_the_global_norm():
    weights, grads = starts()
    variables = [Variable(weight) for weight in weights]
    grads[0][0][0] = np.inf
    optimizers.SGD(global_clipnorm=1.0).apply(grads[0], variables)
    assert all(np.isnan(array(variable)).all() for variable in variables)


def test_an_optimizer_of_ones_own():
    class Signs(optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.counts = self.add_optimizer_variables(variables, "count")

        def update_step(self, gradient, variable, learning_rate):
            variable.assign_sub(learning_rate * gradient.sign())
            self.counts[self._get_variable_index(variable)].assign_add(1.0)

    weights, grads = starts()
    variables, optimizer = [Variable(weight) for weight in weights], Signs(0.25, weight_decay=1.0)
    optimizer.apply(grads[0], variables)
    for variable, weight, grad in zip(variables, weights, grads[0]):
        np.testing.assert_allclose(array(variable), weight * 0.75 - 0.25 * np.sign(grad), 1e-6)
    assert [float(array(count).mean()) for count in optimizer.counts] == [1.0, 1.0]


# -- schedules ---------------------------------------------------------------------------------------------------------

SCHEDULES = [
    ("ExponentialDecay", (0.1, 7, 0.5), {}), ("ExponentialDecay", (0.1, 7, 0.5), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 7, 0.5), {}), ("InverseTimeDecay", (0.1, 7, 0.5), {"staircase": True}),
    ("PiecewiseConstantDecay", ([3, 10], [1.0, 0.5, 0.25]), {}),
    ("PolynomialDecay", (0.1, 9), {"power": 2.0, "end_learning_rate": 0.01}),
    ("PolynomialDecay", (0.1, 9), {"cycle": True}),
    ("CosineDecay", (0.1, 9), {"alpha": 0.1}),
    ("CosineDecay", (0.0, 9), {"warmup_target": 0.1, "warmup_steps": 4}),
    ("CosineDecayRestarts", (0.1, 4), {"alpha": 0.05, "m_mul": 0.9}),
    ("CosineDecayRestarts", (0.1, 4), {"t_mul": 1.0}), ("CosineDecayRestarts", (0.1, 4), {"t_mul": 1.5}),
]


@needs_keras
@pytest.mark.parametrize("name, args, options", SCHEDULES, ids=str)
def test_schedules(name, args, options):
    ours, their = (getattr(library.optimizers.schedules, name)(*args, **options)
                   for library in (torch.keras, theirs()))
    jumps = (4, 8, 10, 12, 16, 19, 20, 24, 28) if name.endswith("Restarts") else ()  # rounding decides on the side
    steps = [step for step in range(30) if step not in jumps]
    want = [float(their(step)) for step in steps]
    np.testing.assert_allclose([float(ours(step)) for step in steps], want, 1e-5, 1e-8)
    np.testing.assert_array_equal(array(ours(np.arange(30))), [float(ours(step)) for step in range(30)])
    assert ours.get_config() == their.get_config()
    again = schedules.deserialize(schedules.serialize(ours))
    assert again.get_config() == ours.get_config() and float(again(5)) == float(ours(5))


@pytest.mark.parametrize("schedule, values", [
    (schedules.ExponentialDecay(1.0, 2, 0.25), {0: 1.0, 1: 0.5, 2: 0.25}),
    (schedules.PiecewiseConstantDecay([2, 5], [3.0, 2.0, 1.0]), {0: 3.0, 2: 3.0, 3: 2.0, 5: 2.0, 6: 1.0}),
    (schedules.PolynomialDecay(1.0, 4, 0.5), {0: 1.0, 2: 0.75, 4: 0.5, 9: 0.5}),
    (schedules.InverseTimeDecay(1.0, 2, 1.0), {0: 1.0, 2: 0.5, 6: 0.25}),
    (schedules.CosineDecay(1.0, 4), {0: 1.0, 2: 0.5, 4: 0.0, 9: 0.0}),
    (schedules.CosineDecay(0.0, 4, warmup_target=1.0, warmup_steps=2), {0: 0.0, 1: 0.5, 2: 1.0, 4: 0.5, 6: 0.0}),
    (schedules.CosineDecayRestarts(1.0, 2, t_mul=2.0, m_mul=0.5), {0: 1.0, 1: 0.5, 2: 0.5, 4: 0.25, 6: 0.25}),
], ids=lambda x: type(x).__name__)
def test_known_values_of_schedules(schedule, values):
    for step, value in values.items():
        assert math.isclose(float(schedule(step)), value, abs_tol=1e-6)


def test_the_learning_rate_follows_the_schedule():
    variable = Variable(np.zeros(1, np.float32))
    optimizer = optimizers.SGD(schedules.ExponentialDecay(1.0, 1, 0.5))
    for _ in range(3):
        optimizer.apply([np.ones(1, np.float32)], [variable])
    assert array(variable) == -1.75 and int(array(optimizer.iterations)) == 3
    with pytest.raises(TypeError, match="its learning rate is not settable"):
        optimizer.learning_rate = 0.1
    optimizer = optimizers.SGD(lambda: 0.5)
    optimizer.apply([np.ones(1, np.float32)], [variable])
    assert array(variable) == -2.25


# -- names and errors --------------------------------------------------------------------------------------------------


def test_get():
    assert optimizers.get(None) is None
    for name in ("adam", "Adam", "ADAM"):
        assert type(optimizers.get(name)) is optimizers.Adam
    one = optimizers.Nadam(0.5)
    assert optimizers.get(one) is one
    assert optimizers.get({"class_name": "SGD", "config": {"learning_rate": 0.25}}).get_config()["learning_rate"] == .25
    for nothing in ("nope", 3, optimizers.Adam):
        with pytest.raises(ValueError, match="Could not interpret optimizer identifier: "):
            optimizers.get(nothing)


@pytest.mark.parametrize("call, error, text", [
    (lambda: optimizers.Adam(1), ValueError, "Argument `learning_rate` should be float"),
    (lambda: optimizers.Adam(lr=0.1), ValueError, r"Argument\(s\) not recognized: {'lr': 0.1}"),
    (lambda: optimizers.SGD(momentum=2.0), ValueError, "`momentum` must be a float between"),
    (lambda: optimizers.Adam(clipnorm=1.0, clipvalue=1.0), ValueError, "Only one of `clipnorm`, `clipvalue`"),
    (lambda: optimizers.Adam(gradient_accumulation_steps=1), ValueError, "must be an integer >= 2"),
    (lambda: optimizers.Adam(use_ema=True, ema_momentum=2), ValueError, "`ema_momentum` must be in the range"),
    (lambda: optimizers.AdamW(weight_decay=None), ValueError, "Argument `weight_decay` must be a float"),
    (lambda: optimizers.Adam().apply([np.ones(2)]), ValueError, "the optimizer must already be built"),
    (lambda: optimizers.Adam().apply([None], [Variable(np.ones(2))]), ValueError, "No gradients provided for any"),
    (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), ValueError, "Argument `decay_steps` must be > 0"),
    (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), ValueError, "1 less than the length of values"),
    (lambda: optimizers.Lion, AttributeError, "not offered"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_stranger_and_a_missing_gradient():
    first, second = Variable(np.ones(2, np.float32)), Variable(np.ones(2, np.float32), name="second")
    optimizer = optimizers.Adam()
    optimizer.build([first, second])
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['second'\]"):
        optimizer.apply([np.ones(2), None], [first, second])
    assert (array(second) == 1).all()
    with pytest.raises(ValueError, match="Unknown variable"):
        optimizer.apply([np.ones(2)], [Variable(np.ones(2, np.float32))])
    with pytest.warns(UserWarning, match="`decay` is no longer supported"):
        optimizers.SGD(decay=0.1)
