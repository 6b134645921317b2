"""What schedulers warn of and refuse, as PyTorch does."""

import warnings

import pytest
from faces import OURS, assert_same

from minigrad import optim
from minigrad.creation import ones
from minigrad.nn import Parameter
from minigrad.optim import lr_scheduler

from .rates import an_optimiser, rates_of, slow, walk


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
    o = an_optimiser(f)
    s = _exponential(f, o)
    s.step()
    o.step()
    s.step()


def _right_order(f):
    o = an_optimiser(f)
    s = _exponential(f, o)
    for _ in range(3):
        o.step()
        s.step()


def _overridden(f, after):
    o = an_optimiser(f)
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
    o = an_optimiser(f)
    first = _exponential(f, o)
    o.step()
    first.step()
    _exponential(f, o).step()


def _within(f):
    o = an_optimiser(f)
    return _exponential(f, o).get_lr()


WARNED = {"wrong order": _wrong_order, "right order": _right_order, "overridden": lambda f: _overridden(f, True),
          "overridden before": lambda f: _overridden(f, False), "a second scheduler": _second_scheduler,
          "get_lr": _within}


@pytest.mark.parametrize("code", WARNED.values(), ids=WARNED.keys())
def test_warnings_as_in_pytorch(code):
    assert_same(_warned(code), pytest.importorskip("torch"))


def _refused(name, *args, **options):
    return lambda f: bool(getattr(f.optim.lr_scheduler, name)(an_optimiser(f), *args, **options))


def _of_two(name, *more):
    """A composed scheduler over the schedulers of two optimisers."""
    def code(f):
        s, o, other = f.optim.lr_scheduler, an_optimiser(f), an_optimiser(f)
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
    "lambdas": _refused("LambdaLR", [slow]), "lambdas too": _refused("MultiplicativeLR", [slow]),
    "no function": _refused("MultiplicativeLR", [slow, 3]),
    "T_0": _refused("CosineAnnealingWarmRestarts", 0), "T_0 float": _refused("CosineAnnealingWarmRestarts", 1.5),
    "T_mult": _refused("CosineAnnealingWarmRestarts", 1, 0), "eta_min": _refused(
        "CosineAnnealingWarmRestarts", 1, 1, "x"),
    "negative epoch": lambda f: f.optim.lr_scheduler.CosineAnnealingWarmRestarts(an_optimiser(f), 5).step(-1),
    "mode": _refused("CyclicLR", 0.1, 0.2, mode="square"), "lengths": _refused("CyclicLR", [0.1], 0.2),
    "no momentum": lambda f: f.optim.lr_scheduler.CyclicLR(
        f.optim.Adagrad([f.nn.Parameter(f.ones(1))]), 0.1, 0.2),
    "no momentum either": lambda f: f.optim.lr_scheduler.OneCycleLR(
        f.optim.Adagrad([f.nn.Parameter(f.ones(1))]), 0.1, 5),
    "no steps": _refused("OneCycleLR", 0.1), "steps 0": _refused("OneCycleLR", 0.1, 0),
    "steps 1.5": _refused("OneCycleLR", 0.1, 1.5), "epochs": _refused("OneCycleLR", 0.1, epochs=0, steps_per_epoch=1),
    "steps per epoch": _refused("OneCycleLR", 0.1, epochs=1, steps_per_epoch=-1),
    "pct": _refused("OneCycleLR", 0.1, 5, pct_start=2.0), "anneal": _refused("OneCycleLR", 0.1, 5, anneal_strategy="x"),
    "too many steps": lambda f: walk(f, lambda s, o: s.OneCycleLR(o, 0.1, 5), 7),
    "plateau factor": _refused("ReduceLROnPlateau", factor=1.0), "plateau mode": _refused("ReduceLROnPlateau", "up"),
    "threshold mode": _refused("ReduceLROnPlateau", threshold_mode="x"),
    "min_lr": _refused("ReduceLROnPlateau", min_lr=[0.1]),
    "empty sequence": _refused("SequentialLR", [], []), "empty chain": lambda f: (
        f.optim.lr_scheduler.ChainedScheduler([])),
    "milestones": lambda f: (lambda o, s: s.SequentialLR(o, [s.StepLR(o, 1)], [1]))(
        an_optimiser(f), f.optim.lr_scheduler),
    "plateau in a sequence": lambda f: (lambda o, s: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []))(
        an_optimiser(f), f.optim.lr_scheduler),
    "no scheduler": _refused("SequentialLR", [3], []),
    "sequence of two optimisers": _of_two("SequentialLR", [1]), "chain of two optimisers": _of_two("ChainedScheduler"),
    "a rate of a group that came later": lambda f: (lambda o, s: [
        o.add_param_group({"params": [f.nn.Parameter(f.ones(1))]}), s.step()])(
        *(lambda o: (o, f.optim.lr_scheduler.ReduceLROnPlateau(o, min_lr=[0, 0], patience=-1)))(an_optimiser(f))),
}


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED.keys())
def test_refused_as_in_pytorch(code):
    assert_same(code, pytest.importorskip("torch"))


def test_a_group_that_came_later_is_reduced_too():
    def code(f):
        o = an_optimiser(f)
        s = f.optim.lr_scheduler.ReduceLROnPlateau(o, patience=0)
        o.add_param_group({"params": [f.nn.Parameter(f.ones(1))]})
        for _ in range(3):
            s.step(1.0)
        return repr(rates_of(o))

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
    optimiser = an_optimiser(OURS)
    scheduler = lr_scheduler.StepLR(optimiser, 1)
    assert "step" in optimiser.__dict__
    optimiser.step()
    assert "step" not in optimiser.__dict__
    scheduler.step()
    lr_scheduler.StepLR(optimiser, 1)
    assert "step" not in optimiser.__dict__
