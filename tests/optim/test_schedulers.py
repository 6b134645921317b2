"""Schedulers give PyTorch's rates, to the bit, step by step; and what they warn of, refuse and save."""

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


class Halving:
    """A function with attributes, which checkpoints keep."""

    def __init__(self, base=0.5):
        self.base = base

    def __call__(self, t):
        return self.base ** t


def _slow(t):
    return 1 / (1 + t)


METRICS = [1.0, 0.9, 0.95, 0.91, 0.90001, 0.8, 0.85, 0.9, 0.9, 0.9, 0.9, 0.9, 0.2, math.nan, 0.3, 0.3] * 3
CASES = [
    ("StepLR", {"step_size": 3}), ("StepLR", {"step_size": 1, "gamma": 0.7}),
    ("MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.3}), ("MultiStepLR", {"milestones": []}),
    ("ConstantLR", {}), ("ConstantLR", {"factor": 0.7, "total_iters": 4}), ("ConstantLR", {"total_iters": 0}),
    ("LinearLR", {}), ("LinearLR", {"start_factor": 0.9, "end_factor": 0.0, "total_iters": 11}),
    ("ExponentialLR", {"gamma": 0.93}), ("PolynomialLR", {}), ("PolynomialLR", {"total_iters": 13, "power": 2.5}),
    ("LambdaLR", {"lr_lambda": _slow}), ("LambdaLR", {"lr_lambda": [_slow, Halving()]}),
    ("MultiplicativeLR", {"lr_lambda": [Halving(0.9), _slow]}),
    ("CosineAnnealingLR", {"T_max": 7}), ("CosineAnnealingLR", {"T_max": 10, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 4}), ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 3, "eta_min": 0.001}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 4}),
    ("CyclicLR", {"base_lr": [0.01, 0.02], "max_lr": [0.3, 0.1], "step_size_up": 3, "step_size_down": 8,
                  "mode": "triangular2", "base_momentum": 0.5, "max_momentum": 0.8}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 5, "mode": "exp_range", "gamma": 0.97}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 5, "scale_fn": _slow, "scale_mode": "iterations",
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


def _optimiser(face, kind="SGD"):
    p, q = face.nn.Parameter(face.ones(2)), face.nn.Parameter(face.ones(2))
    options = {"momentum": 0.9} if kind == "SGD" else {"betas": (0.9, 0.99)}
    return getattr(face.optim, kind)([{"params": [p]}, {"params": [q], "lr": 0.25}], lr=0.1, **options)


def _rates(optimiser):
    return [[g["lr"], g.get("momentum"), g.get("betas")] for g in optimiser.param_groups]


def _walk(face, make, steps=40, metrics=None, kind="SGD"):
    """The rates and momenta at each step."""
    optimiser = _optimiser(face, kind)
    scheduler = make(face.optim.lr_scheduler, optimiser)
    seen = [[_rates(optimiser), scheduler.get_last_lr()]]
    for step in range(steps):
        optimiser.step()
        scheduler.step(*([] if metrics is None else [metrics[step]]))
        seen.append([_rates(optimiser), scheduler.get_last_lr()])
    return repr(seen)


def _ids(cases):
    return [f"{name}({', '.join(f'{k}={v}' for k, v in options.items())})" for name, options in cases]


@pytest.mark.parametrize("name, options", CASES, ids=_ids(CASES))
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_rates_are_pytorchs(name, options, kind):
    torch = pytest.importorskip("torch")
    assert_same(lambda f: _walk(f, lambda s, o: getattr(s, name)(o, **copy.deepcopy(options)), kind=kind), torch)


@pytest.mark.parametrize("options", PLATEAU, ids=str)
def test_plateau(options):
    torch = pytest.importorskip("torch")
    assert_same(lambda f: _walk(f, lambda s, o: s.ReduceLROnPlateau(o, **options), metrics=METRICS), torch)


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
    assert_same(lambda f: _walk(f, make), pytest.importorskip("torch"))


@pytest.mark.parametrize("name, options", CASES, ids=_ids(CASES))
def test_going_to_an_epoch(name, options):
    """step(epoch), by the closed form where there is one; it warns as PyTorch does."""
    torch = pytest.importorskip("torch")

    def code(face):
        optimiser = _optimiser(face)
        scheduler = getattr(face.optim.lr_scheduler, name)(optimiser, **copy.deepcopy(options))
        seen = []
        for epoch in (1, 5, 17, 16, 0, 30):
            optimiser.step()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                scheduler.step(epoch)
            seen.append([_rates(optimiser), scheduler.last_epoch, [str(w.message) for w in caught]])
        scheduler.step()
        return repr([seen, _rates(optimiser)])

    assert_same(code, torch)


def test_fractions_of_an_epoch():
    def code(face):
        optimiser = _optimiser(face)
        scheduler = face.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, 3, 2)
        seen = []
        for epoch in np.arange(0, 20, 0.25).tolist():
            scheduler.step(epoch)
            seen.append(_rates(optimiser))
        return repr(seen)

    assert_same(code, pytest.importorskip("torch"))


@pytest.mark.parametrize("name, options", [*CASES, ("ReduceLROnPlateau", {"patience": 1})],
                         ids=_ids([*CASES, ("ReduceLROnPlateau", {})]))
@pytest.mark.parametrize("through", ["memory", "file", "PyTorch"])
def test_resuming(name, options, through, tmp_path):
    """A scheduler made anew and given the state goes on as the first one would have; also with a state from PyTorch."""
    theirs = torch_face(pytest.importorskip("torch")) if through == "PyTorch" else OURS

    def start(face):
        optimiser = _optimiser(face)
        return optimiser, getattr(face.optim.lr_scheduler, name)(optimiser, **copy.deepcopy(options))

    def run(optimiser, scheduler, steps):
        seen = []
        for step in steps:
            optimiser.step()
            scheduler.step(*([METRICS[step]] if name == "ReduceLROnPlateau" else []))
            seen.append(_rates(optimiser))
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
        return _rates(optimiser)

    optimiser = _optimiser(OURS)
    scheduler = make(lr_scheduler, optimiser)
    run(optimiser, scheduler, 6)
    save([optimiser.state_dict(), scheduler.state_dict()], tmp_path / "state.st")
    other = _optimiser(OURS)
    resumed = make(lr_scheduler, other)
    for to, state in zip((other, resumed), load(tmp_path / "state.st")):
        to.load_state_dict(state)
    for _ in range(10):
        assert run(other, resumed, 1) == run(optimiser, scheduler, 1)


@pytest.mark.parametrize("name, options", CASES, ids=_ids(CASES))
def test_last_epoch(name, options):
    """A scheduler that starts at last_epoch=5, over groups that know their first rate."""
    def code(face):
        optimiser = _optimiser(face)
        getattr(face.optim.lr_scheduler, name)(optimiser, **copy.deepcopy(options))
        scheduler = getattr(face.optim.lr_scheduler, name)(optimiser, last_epoch=5, **copy.deepcopy(options))
        seen = [_rates(optimiser)]
        for _ in range(12):
            optimiser.step()
            scheduler.step()
            seen.append(_rates(optimiser))
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


# -- warnings and errors -----------------------------------------------------------------------------------------------


def _warned(code):
    def run(face):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            code(face)
        return [[w.category.__name__, str(w.message)] for w in caught]
    return run


def _exponential(f, optimiser):
    return f.optim.lr_scheduler.ExponentialLR(optimiser, 0.5)


def _wrong_order(f):
    o = _optimiser(f)
    s = _exponential(f, o)
    s.step()
    o.step()
    s.step()


def _right_order(f):
    o = _optimiser(f)
    s = _exponential(f, o)
    for _ in range(3):
        o.step()
        s.step()


def _overridden(f, after):
    o = _optimiser(f)
    inner = o.step
    if not after:
        o.step = type(inner)(lambda self: inner(), o)
    s = _exponential(f, o)
    if after:
        inner = o.step
        o.step = lambda: inner()
    o.step()
    s.step()


def _second_scheduler(f):
    o = _optimiser(f)
    first = _exponential(f, o)
    o.step()
    first.step()
    _exponential(f, o).step()


def _within(f):
    o = _optimiser(f)
    return _exponential(f, o).get_lr()


WARNED = {"wrong order": _wrong_order, "right order": _right_order, "overridden": lambda f: _overridden(f, True),
          "overridden before": lambda f: _overridden(f, False), "a second scheduler": _second_scheduler,
          "get_lr": _within}


@pytest.mark.parametrize("code", WARNED.values(), ids=WARNED.keys())
def test_warnings_as_in_pytorch(code):
    assert_same(_warned(code), pytest.importorskip("torch"))


def _refused(name, *args, **options):
    return lambda f: bool(getattr(f.optim.lr_scheduler, name)(_optimiser(f), *args, **options))


def _of_two(name, *more):
    """A composed scheduler over the schedulers of two optimisers."""
    def code(f):
        s, o, other = f.optim.lr_scheduler, _optimiser(f), _optimiser(f)
        try:
            both = [s.StepLR(o, 1), s.StepLR(other, 1)]
            getattr(s, name)(*([o] if name == "SequentialLR" else []), both, *more)
        except ValueError as error:
            return str(error).split(" at index")[0]
    return code


REFUSED = {
    "no optimizer": lambda f: f.optim.lr_scheduler.StepLR(3, 1),
    "no optimizer for a cycle": lambda f: f.optim.lr_scheduler.OneCycleLR(3, 1.0, 5),
    "no initial_lr": _refused("StepLR", 1, last_epoch=3),
    "factor": _refused("ConstantLR", 1.5), "start factor": _refused("LinearLR", 0), "end factor":
        _refused("LinearLR", 0.5, 1.5),
    "lambdas": _refused("LambdaLR", [_slow]), "lambdas too": _refused("MultiplicativeLR", [_slow]),
    "no function": _refused("MultiplicativeLR", [_slow, 3]),
    "T_0": _refused("CosineAnnealingWarmRestarts", 0), "T_0 float": _refused("CosineAnnealingWarmRestarts", 1.5),
    "T_mult": _refused("CosineAnnealingWarmRestarts", 1, 0), "eta_min": _refused(
        "CosineAnnealingWarmRestarts", 1, 1, "x"),
    "negative epoch": lambda f: f.optim.lr_scheduler.CosineAnnealingWarmRestarts(_optimiser(f), 5).step(-1),
    "mode": _refused("CyclicLR", 0.1, 0.2, mode="square"), "lengths": _refused("CyclicLR", [0.1], 0.2),
    "no momentum": lambda f: f.optim.lr_scheduler.CyclicLR(
        f.optim.Adagrad([f.nn.Parameter(f.ones(1))]), 0.1, 0.2),
    "no momentum either": lambda f: f.optim.lr_scheduler.OneCycleLR(
        f.optim.Adagrad([f.nn.Parameter(f.ones(1))]), 0.1, 5),
    "no steps": _refused("OneCycleLR", 0.1), "steps 0": _refused("OneCycleLR", 0.1, 0),
    "steps 1.5": _refused("OneCycleLR", 0.1, 1.5), "epochs": _refused("OneCycleLR", 0.1, epochs=0, steps_per_epoch=1),
    "steps per epoch": _refused("OneCycleLR", 0.1, epochs=1, steps_per_epoch=-1),
    "pct": _refused("OneCycleLR", 0.1, 5, pct_start=2.0), "anneal": _refused("OneCycleLR", 0.1, 5, anneal_strategy="x"),
    "too many steps": lambda f: _walk(f, lambda s, o: s.OneCycleLR(o, 0.1, 5), 7),
    "plateau factor": _refused("ReduceLROnPlateau", factor=1.0), "plateau mode": _refused("ReduceLROnPlateau", "up"),
    "threshold mode": _refused("ReduceLROnPlateau", threshold_mode="x"),
    "min_lr": _refused("ReduceLROnPlateau", min_lr=[0.1]),
    "empty sequence": _refused("SequentialLR", [], []), "empty chain": lambda f: (
        f.optim.lr_scheduler.ChainedScheduler([])),
    "milestones": lambda f: (lambda o, s: s.SequentialLR(o, [s.StepLR(o, 1)], [1]))(
        _optimiser(f), f.optim.lr_scheduler),
    "plateau in a sequence": lambda f: (lambda o, s: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []))(
        _optimiser(f), f.optim.lr_scheduler),
    "no scheduler": _refused("SequentialLR", [3], []),
    "sequence of two optimisers": _of_two("SequentialLR", [1]), "chain of two optimisers": _of_two("ChainedScheduler"),
    "a rate of a group that came later": lambda f: (lambda o, s: [
        o.add_param_group({"params": [f.nn.Parameter(f.ones(1))]}), s.step()])(
        *(lambda o: (o, f.optim.lr_scheduler.ReduceLROnPlateau(o, min_lr=[0, 0], patience=-1)))(_optimiser(f))),
}


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED.keys())
def test_refused_as_in_pytorch(code):
    assert_same(code, pytest.importorskip("torch"))


def test_a_group_that_came_later_is_reduced_too():
    def code(f):
        o = _optimiser(f)
        s = f.optim.lr_scheduler.ReduceLROnPlateau(o, patience=0)
        o.add_param_group({"params": [f.nn.Parameter(f.ones(1))]})
        for _ in range(3):
            s.step(1.0)
        return repr(_rates(o))

    assert_same(code, pytest.importorskip("torch"))


def test_own_schedulers():
    class Square(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base / (self.last_epoch + 1) ** 2 for base in self.base_lrs]

    optimiser = optim.SGD([Parameter(ones(1))], lr=1.0)
    scheduler = Square(optimiser)
    assert lr_scheduler._LRScheduler is lr_scheduler.LRScheduler
    optimiser.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.25] == [optimiser.param_groups[0]["lr"]]


def test_steps_are_watched_no_longer_than_needed():
    """After its first step with a scheduler an optimiser's step is the class's own again."""
    optimiser = _optimiser(OURS)
    scheduler = lr_scheduler.StepLR(optimiser, 1)
    assert "step" in optimiser.__dict__
    optimiser.step()
    assert "step" not in optimiser.__dict__
    scheduler.step()
    lr_scheduler.StepLR(optimiser, 1)
    assert "step" not in optimiser.__dict__
