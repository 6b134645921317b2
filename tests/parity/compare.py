"""One call in both libraries: the outcome, the exception, the first and the second gradients must agree."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from engine.face import theirs

import minigrad as ours

from .referee import Sample, walk

# How far apart results may be, relative and absolute: PyTorch's own limits for the outcome (torch.testing's defaults).
TOLERANCE = {"float64": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5)}
GRADIENT_TOLERANCE = {"float64": (1e-6, 1e-7), "float32": (2e-4, 2e-5)}
ERRORS = (ArithmeticError, AssertionError, AttributeError, IndexError, KeyError, MemoryError, RuntimeError, TypeError,
          ValueError)

Call = Callable[[Any, tuple, dict], Any]  # (library, args, kwargs) -> outcome


def differences(sample: Sample, call: Call, orders: int = 2, values: bool = True,
                tolerance: tuple[float, float] | None = None) -> Iterator[str]:
    """What differs between the libraries on a sample, in words; nothing if all agrees.

    orders is how many orders of gradients to compare; values=False compares shapes and types alone.
    """
    want, got = (_attempt(sample, call, library) for library in (theirs(), ours))
    if isinstance(want, Exception) or isinstance(got, Exception):
        yield from _of_exceptions(got, want)
        return
    problems = list(_of_outcomes(got[0], want[0], "result", values, tolerance))
    yield from problems
    if problems or not orders or not values:
        return
    for order, theirs_, ours_ in zip(("first", "second"), *(
            _gradients(sample, library, outcome, tensors, orders)
            for library, (outcome, tensors) in ((theirs(), want), (ours, got)))):
        if theirs_ is NotImplemented:
            return
        if isinstance(ours_, Exception):
            yield f"{order} gradients: {type(ours_).__name__}: {str(ours_)[:200]}"
            return
        for number, (g, w) in enumerate(zip(ours_, theirs_)):
            problems = list(_of_arrays(g, w, f"{order} gradient {number}", tolerance or GRADIENT_TOLERANCE))
            yield from problems
            if problems:
                return


def _attempt(sample: Sample, call: Call, library: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        args, kwargs, tensors = sample.thaw(library)
        try:
            return call(library, args, kwargs), tensors
        except ERRORS as error:
            return error


def _of_exceptions(got: Any, want: Any) -> Iterator[str]:
    if not isinstance(want, Exception):
        yield f"raised {type(got).__name__}: {str(got)[:300]}; PyTorch returned"
    elif not isinstance(got, Exception):
        yield f"returned; PyTorch raised {type(want).__name__}: {str(want)[:300]}"
    elif not isinstance(got, type(want)):
        yield f"raised {type(got).__name__}: {str(got)[:200]}; PyTorch {type(want).__name__}: {str(want)[:200]}"


def _of_outcomes(got: Any, want: Any, where: str, values: bool, tolerance: Any) -> Iterator[str]:
    torch = theirs()
    if isinstance(want, torch.Tensor):
        if not isinstance(got, ours.Tensor):
            yield f"{where} is a {type(got).__name__}, PyTorch's a tensor"
            return
        for name in ("dtype", "shape", "requires_grad"):
            a, b = (str(getattr(t, name)).replace("torch.", "").replace("minigrad.", "") for t in (got, want))
            if a != b:
                yield f"{where}.{name} is {a}, PyTorch's {b}"
                return
        if values:
            yield from _of_arrays(_array(got), _array(want), where, tolerance or TOLERANCE)
    elif isinstance(want, (tuple, list)):
        if not isinstance(got, (tuple, list)) or len(got) != len(want):
            yield f"{where} is not a tuple of {len(want)}"
            return
        for number, (g, w) in enumerate(zip(got, want)):
            yield from _of_outcomes(g, w, f"{where}[{number}]", values, tolerance)
        for name in _fields(want):
            if getattr(got, name, None) is not got[[w is getattr(want, name) for w in want].index(True)]:
                yield f"{where} has no field {name}"
    elif isinstance(want, torch.dtype):
        if str(got).split(".")[-1] != str(want).split(".")[-1]:
            yield f"{where} is {got}, PyTorch's {want}"
    elif values and not (type(got) is type(want) and (got == want or got != got)):
        if isinstance(want, float) and isinstance(got, float) and abs(got - want) <= 1e-6 * abs(want):
            return
        yield f"{where} is {got!r}, PyTorch's {want!r}"


def _fields(outcome: Any) -> list[str]:
    """The names of a named tuple's parts."""
    return [name for name in dir(type(outcome)) if not name.startswith("_")
            and type(getattr(type(outcome), name)).__name__ == "member_descriptor"]


def _array(tensor: Any) -> np.ndarray:
    return np.array(tensor.detach().numpy())


def _of_arrays(got: Any, want: Any, where: str, tolerance: Any) -> Iterator[str]:
    if got is None or want is None:  # no gradient is a gradient of zero
        if not all(part is None or not np.any(part) for part in (got, want)):
            yield f"{where} is {'absent' if got is None else 'there'}, PyTorch's is not"
        return
    if got.shape != want.shape or got.dtype != want.dtype:
        yield f"{where} is {got.dtype}{list(got.shape)}, PyTorch's {want.dtype}{list(want.shape)}"
        return
    rtol, atol = tolerance.get(str(want.dtype), (0, 0)) if isinstance(tolerance, dict) else tolerance
    with np.errstate(all="ignore"):
        close = np.isclose(got, want, rtol, atol, equal_nan=True)
    if not close.all():
        worst = tuple(np.argwhere(~close)[0])
        yield (f"{where}{list(map(int, worst))} is {got[worst]!r}, PyTorch's {want[worst]!r} "
               f"({np.count_nonzero(~close)} of {close.size} differ)")


def _gradients(sample: Sample, library: Any, outcome: Any, tensors: list, orders: int) -> Iterator[Any]:
    """The gradients of the floats of an outcome: of first order by the inputs, of second by inputs and cotangents.

    An exception in place of ours; NotImplemented in place of those that PyTorch does not have.
    """
    rng = np.random.default_rng(1)
    if sample.process is not None:
        outcome = sample.process(outcome)
    outs = [t for t in walk(outcome, library.Tensor) if t.requires_grad]
    inputs = [t for t in tensors if t.requires_grad]
    if not outs or not inputs:
        return
    cotangents = [_random(library, rng, t).requires_grad_() for t in outs]
    weights = [_random(library, rng, t) for t in inputs]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first = library.autograd.grad(outs, inputs, cotangents, create_graph=orders > 1, allow_unused=True)
            yield [None if g is None else _array(g) for g in first]
            if orders == 1:
                return
            total = [(g * w).sum() for g, w in zip(first, weights) if g is not None and g.requires_grad]
            second = library.autograd.grad(sum(total), inputs + cotangents, allow_unused=True) if total else []
            yield [None if g is None else _array(g) for g in second] or [None] * len(inputs + cotangents)
    except (*ERRORS, NotImplementedError) as error:
        yield NotImplemented if library is not ours else error


def _random(library: Any, rng: np.random.Generator, like: Any) -> Any:
    array = rng.uniform(0.5, 1.5, tuple(like.shape)) * rng.choice([-1, 1], tuple(like.shape))
    return library.from_numpy(np.asarray(array, _array(like).dtype))
