"""Schedulers give PyTorch's rates, to the bit, step by step, and go on from where they were saved."""

import copy
import math
import warnings

import numpy as np
import pytest
from faces import OURS, assert_same, torch_face

from minigrad import optim
from minigrad.creation import ones, tensor
from minigrad.nn import Parameter
from minigrad.optim import lr_scheduler
from minigrad.serialization import load, save

from .rates import an_optimiser, rates_of, slow, walk


class Halving:
    """A function with attributes, which checkpoints keep."""

    def __init__(self, base=0.5):
        self.base = base

    def __call__(self, t):
        return self.base ** t


METRICS = [1.0, 0.9, 0.95, 0.91, 0.90001, 0.8, 0.85, 0.9, 0.9, 0.9, 0.9, 0.9, 0.2, math.nan, 0.3, 0.3] * 3
CASES = [
    ("StepLR", {"step_size": 3}), ("StepLR", {"step_size": 1, "gamma": 0.7}),
    ("MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.3}), ("MultiStepLR", {"milestones": []}),
    ("ConstantLR", {}), ("ConstantLR", {"factor": 0.7, "total_iters": 4}), ("ConstantLR", {"total_iters": 0}),
    ("LinearLR", {}), ("LinearLR", {"start_factor": 0.9, "end_factor": 0.0, "total_iters": 11}),
    ("ExponentialLR", {"gamma": 0.93}), ("PolynomialLR", {}), ("PolynomialLR", {"total_iters": 13, "power": 2.5}),
    ("LambdaLR", {"lr_lambda": slow}), ("LambdaLR", {"lr_lambda": [slow, Halving()]}),
    ("MultiplicativeLR", {"lr_lambda": [Halving(0.9), slow]}),
    ("CosineAnnealingLR", {"T_max": 7}), ("CosineAnnealingLR", {"T_max": 10, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 4}), ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 3, "eta_min": 0.001}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 4}),
    ("CyclicLR", {"base_lr": [0.01, 0.02], "max_lr": [0.3, 0.1], "step_size_up": 3, "step_size_down": 8,
                  "mode": "triangular2", "base_momentum": 0.5, "max_momentum": 0.8}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 5, "mode": "exp_range", "gamma": 0.97}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 5, "scale_fn": slow, "scale_mode": "iterations",
                  "cycle_momentum": False}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 2, "scale_fn": Halving()}),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 40}), ("OneCycleLR", {"max_lr": [0.3, 0.1], "total_steps": 41,
                                                                         "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.3, "epochs": 8, "steps_per_epoch": 5, "three_phase": True, "pct_start": 0.4}),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 40, "cycle_momentum": False, "div_factor": 5.0,
                    "final_div_factor": 10.0}),
]
PLATEAU = [{}, {"patience": 2}, {"mode": "max", "patience": 1, "factor": 0.5}, {"patience": 0, "cooldown": 2},
           {"threshold": 0.2, "patience": 1}, {"threshold": 0.05, "threshold_mode": "abs", "patience": 1},
           {"mode": "max", "threshold": 0.05, "threshold_mode": "abs", "patience": 1, "min_lr": [0.05, 0.0]},
           {"patience": 0, "min_lr": 0.02}, {"patience": 0, "eps": 0.01}]


def _ids(cases):
    return [f"{name}({', '.join(f'{k}={v}' for k, v in options.items())})" for name, options in cases]


@pytest.mark.parametrize("name, options", CASES, ids=_ids(CASES))
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_rates_are_pytorchs(name, options, kind):
    torch = pytest.importorskip("torch")
    assert_same(lambda f: walk(f, lambda s, o: getattr(s, name)(o, **copy.deepcopy(options)), kind=kind), torch)


@pytest.mark.parametrize("options", PLATEAU, ids=str)
def test_plateau(options):
    torch = pytest.importorskip("torch")
    assert_same(lambda f: walk(f, lambda s, o: s.ReduceLROnPlateau(o, **options), metrics=METRICS), torch)


def _warm_up(s, o):
    return s.SequentialLR(o, [s.LinearLR(o, 0.1, total_iters=4), s.CosineAnnealingLR(o, 12),
                              s.ExponentialLR(o, 0.9)], milestones=[4, 16])


COMPOSED = {
    "sequential": _warm_up,
    "sequential of one": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 3)], []),
    "sequential of restarts": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.5, 3), s.CosineAnnealingWarmRestarts(o, 5)], [6]),
    "sequential from 0": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.5, 3), s.StepLR(o, 5)], [0]),
    "chained": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)]),
    "chained with optimizer": lambda s, o: s.ChainedScheduler((s.StepLR(o, 4), s.LinearLR(o)), optimizer=o),
    "nested": lambda s, o: s.SequentialLR(o, [s.SequentialLR(o, [s.ConstantLR(o), s.StepLR(o, 2)], [3]),
                                              s.PolynomialLR(o, 9)], [7]),
}


@pytest.mark.filterwarnings("ignore:Detected call")  # of the nested one, which starts late; PyTorch does too
@pytest.mark.parametrize("make", COMPOSED.values(), ids=COMPOSED.keys())
def test_composed(make):
    assert_same(lambda f: walk(f, make), pytest.importorskip("torch"))


@pytest.mark.parametrize("name, options", CASES, ids=_ids(CASES))
def test_going_to_an_epoch(name, options):
    """step(epoch), by the closed form where there is one; it warns as PyTorch does."""
    torch = pytest.importorskip("torch")

    def code(face):
        optimiser = an_optimiser(face)
        scheduler = getattr(face.optim.lr_scheduler, name)(optimiser, **copy.deepcopy(options))
        seen = []
        for epoch in (1, 5, 17, 16, 0, 30):
            optimiser.step()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                scheduler.step(epoch)
            seen.append([rates_of(optimiser), scheduler.last_epoch, [str(w.message) for w in caught]])
        scheduler.step()
        return repr([seen, rates_of(optimiser)])

    assert_same(code, torch)


def test_fractions_of_an_epoch():
    def code(face):
        optimiser = an_optimiser(face)
        scheduler = face.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, 3, 2)
        seen = []
        for epoch in np.arange(0, 20, 0.25).tolist():
            scheduler.step(epoch)
            seen.append(rates_of(optimiser))
        return repr(seen)

    assert_same(code, pytest.importorskip("torch"))


@pytest.mark.parametrize("name, options", [*CASES, ("ReduceLROnPlateau", {"patience": 1})],
                         ids=_ids([*CASES, ("ReduceLROnPlateau", {})]))
@pytest.mark.parametrize("through", ["memory", "file", "PyTorch"])
def test_resuming(name, options, through, tmp_path):
    """A scheduler made anew and given the state goes on as the first one would have; also with a state from PyTorch."""
    theirs = torch_face(pytest.importorskip("torch")) if through == "PyTorch" else OURS

    def start(face):
        optimiser = an_optimiser(face)
        return optimiser, getattr(face.optim.lr_scheduler, name)(optimiser, **copy.deepcopy(options))

    def run(optimiser, scheduler, steps):
        seen = []
        for step in steps:
            optimiser.step()
            scheduler.step(*([METRICS[step]] if name == "ReduceLROnPlateau" else []))
            seen.append(rates_of(optimiser))
        return repr(seen)

    optimiser, scheduler = start(theirs)
    run(optimiser, scheduler, range(6))
    state = {"optimizer": optimiser.state_dict(), "scheduler": copy.deepcopy(scheduler.state_dict())}
    state["optimizer"]["state"] = {}  # no gradients, no state
    if through == "file":
        save(state, tmp_path / "state.st")
        state = load(tmp_path / "state.st")
    resumed = start(OURS)
    resumed[0].load_state_dict(state["optimizer"])
    before = copy.deepcopy(state["scheduler"])
    resumed[1].load_state_dict(state["scheduler"])
    assert state["scheduler"].keys() == before.keys(), "what is loaded stays as it is"
    assert resumed[1].last_epoch == 6 and resumed[1].get_last_lr() == scheduler.get_last_lr()
    assert run(*resumed, range(6, 20)) == run(optimiser, scheduler, range(6, 20))


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize("make", COMPOSED.values(), ids=COMPOSED.keys())
def test_resuming_composed(make, tmp_path):
    def run(optimiser, scheduler, steps):
        for _ in range(steps):
            optimiser.step()
            scheduler.step()
        return rates_of(optimiser)

    optimiser = an_optimiser(OURS)
    scheduler = make(lr_scheduler, optimiser)
    run(optimiser, scheduler, 6)
    save([optimiser.state_dict(), scheduler.state_dict()], tmp_path / "state.st")
    other = an_optimiser(OURS)
    resumed = make(lr_scheduler, other)
    for to, state in zip((other, resumed), load(tmp_path / "state.st")):
        to.load_state_dict(state)
    for _ in range(10):
        assert run(other, resumed, 1) == run(optimiser, scheduler, 1)


@pytest.mark.parametrize("name, options", CASES, ids=_ids(CASES))
def test_last_epoch(name, options):
    """A scheduler that starts at last_epoch=5, over groups that know their first rate."""
    def code(face):
        optimiser = an_optimiser(face)
        getattr(face.optim.lr_scheduler, name)(optimiser, **copy.deepcopy(options))
        scheduler = getattr(face.optim.lr_scheduler, name)(optimiser, last_epoch=5, **copy.deepcopy(options))
        seen = [rates_of(optimiser)]
        for _ in range(12):
            optimiser.step()
            scheduler.step()
            seen.append(rates_of(optimiser))
        return repr(seen)

    assert_same(code, pytest.importorskip("torch"))


def test_a_rate_that_is_a_tensor():
    for name, options in CASES:
        rate = tensor(0.1, dtype="float64")
        optimiser = optim.SGD([Parameter(ones(1))], lr=rate, momentum=0.5)
        options = {k: v[0] if isinstance(v, list) and k != "milestones" else v for k, v in options.items()}
        scheduler = getattr(lr_scheduler, name)(optimiser, **copy.deepcopy(options))
        plain = optim.SGD([Parameter(ones(1))], lr=0.1, momentum=0.5)
        other = getattr(lr_scheduler, name)(plain, **copy.deepcopy(options))
        for _ in range(8):
            optimiser.step()
            scheduler.step()
            plain.step()
            other.step()
            assert optimiser.param_groups[0]["lr"] is rate
            assert scheduler.get_last_lr()[0].item() == pytest.approx(plain.param_groups[0]["lr"], rel=1e-14), name


def test_the_next_step_takes_the_new_rate():
    p = Parameter(ones(3))
    optimiser = optim.SGD([p], lr=1.0)
    scheduler = lr_scheduler.ExponentialLR(optimiser, 0.5)
    for expected in (0.0, -0.5, -0.75):
        p.grad = ones(3)
        optimiser.step()
        scheduler.step()
        assert p.tolist() == [expected] * 3
