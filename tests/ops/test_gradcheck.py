"""The gradient of every Function in the package against differences: first, second and third order.

The third order proves the second derivatives of the Functions that are gradients themselves, such as ReLUGrad.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from engine.face import ours

import minigrad
from minigrad import backward
from minigrad.autograd import grad, gradcheck, gradgradcheck
from minigrad.autograd.graph import Unpacking
from minigrad.creation import from_numpy
from minigrad.engine import Function
from minigrad.grad_mode import mode

from .row import Row, Sample
from .table import ROWS
from .test_values import each, several, tensors

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

# Tighter than the defaults, which are PyTorch's: they forgive an error of 0.1 %.
TIGHT = {"atol": 1e-6, "rtol": 1e-5}
MAX_ELEMENTS, MAX_SAMPLES = 18, 5  # of the inputs that are differentiated one element at a time; per row
DIFFERENTIABLE = [row for row in ROWS if row.differentiable]

# No gradient to check: the one is made anew by each use of the decorator, to raise an error when it is differentiated;
# the other's result is used by nobody.
EXEMPT = {"minigrad.autograd.function.once_differentiable.<locals>._Undifferentiable",
          "minigrad.utils.checkpoint.Inputs",
          "minigrad.replay.outputs.Spent"}  # whose backward only says that its graph was freed


def small(row: Row) -> list[Sample]:
    sizes = {i: sum(int(np.prod(d.shape)) for d in sample.draws) for i, sample in enumerate(row.samples)}
    return [row.samples[i] for i, size in sizes.items() if 0 < size <= MAX_ELEMENTS][:MAX_SAMPLES]


def function_of(row: Row, sample: Sample, library: Any = ours) -> tuple[Any, list]:
    """The row's operation as a function of its differentiable inputs alone, and these."""
    inputs, leaves = tensors(sample, sample.arrays(np.dtype(np.float64)), from_numpy)

    def function(*values: Any) -> Any:
        given = {id(leaf): value for leaf, value in zip(leaves, values)}

        def replace(arg: Any) -> Any:
            return [replace(a) for a in arg] if isinstance(arg, list) else given.get(id(arg), arg)

        return row.run(library, [replace(arg) for arg in inputs], sample.kwargs)

    return function, leaves


def gradient_of(function: Any, count: int) -> Any:
    """(x..., dy...) -> (dx...): a function whose second derivatives are the third ones of `function`."""
    def gradient(*values: Any) -> tuple:
        outputs = [y for y in several(function(*values[:count])) if y.requires_grad]
        found = grad(outputs, values[:count], values[count:], create_graph=True, allow_unused=True)
        return tuple(dx for dx in found if dx is not None)

    return gradient


def all_functions() -> Iterator[type[Function]]:
    for module in pkgutil.walk_packages(minigrad.__path__, "minigrad."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    stack = [Function]
    while stack:
        for cls in stack.pop().__subclasses__():
            stack.append(cls)
            if cls.__module__.split(".")[0] == "minigrad" and not issubclass(cls, Unpacking):
                yield cls


class Witness:
    """Which Functions' backward ran, with recording (and so as part of what is differentiated again) and without."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: dict[bool, set[str]] = {False: set(), True: set()}
        call = backward._call_backward

        def watched(node: Function, *args: Any) -> tuple:
            self.seen[mode.enabled].add(type(node).__name__)
            return call(node, *args)

        monkeypatch.setattr(backward, "_call_backward", watched)


def test_every_function_has_a_row():
    claimed = {name for row in DIFFERENTIABLE for name in row.covers}
    functions = {cls for cls in all_functions() if f"{cls.__module__}.{cls.__qualname__}" not in EXEMPT}
    print(f"exempt: {', '.join(EXEMPT)}; covered: {len(claimed)}")
    assert not claimed - {cls.__name__ for cls in functions}, "rows name Functions that do not exist"
    missing = sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in functions if cls.__name__ not in claimed)
    assert not missing, f"no row of tests/ops/table.py covers {', '.join(missing)}"
    assert len(functions) > 60  # the package was walked
    assert len({cls.__name__ for cls in functions}) == len(functions), "two Functions share a name"


@each(DIFFERENTIABLE)
def test_gradients(row, monkeypatch):
    """Orders one and two for small samples, order three for the smallest; what the row claims to cover took part."""
    samples, witness = small(row), Witness(monkeypatch)
    assert samples
    for sample in samples:
        function, leaves = function_of(row, sample)
        assert gradcheck(function, leaves, eps=row.eps, **TIGHT), sample
        assert gradgradcheck(function, leaves, eps=row.eps, **TIGHT), sample
    function, leaves = function_of(row, min(samples, key=lambda s: sum(int(np.prod(d.shape)) for d in s.draws)))
    dys = [from_numpy(np.random.default_rng(3).standard_normal(tuple(y.shape))).requires_grad_()
           for y in several(function(*leaves)) if y.requires_grad]
    assert gradgradcheck(gradient_of(function, len(leaves)), (*leaves, *dys), eps=row.eps, **TIGHT)
    for recorded, names in witness.seen.items():
        assert set(row.covers) <= names, f"backward did not run {'with' if recorded else 'without'} recording"


@each(DIFFERENTIABLE)
def test_fast_mode(row):
    """One projection of each Jacobian: for the larger samples, too."""
    for sample in row.samples:
        if sum(int(np.prod(d.shape)) for d in sample.draws) <= 400:
            function, leaves = function_of(row, sample)
            assert gradcheck(function, leaves, eps=row.eps, **TIGHT, fast_mode=True), sample
