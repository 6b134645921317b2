"""One sample of PyTorch's table of modules, run in both libraries: what is compared, and how closely."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
from engine.face import find, ours, theirs

from .torch_samples import tensors_in, to_ours

# (rtol, atol) by order of the derivative: the atol is of the largest element of what is compared
TOLERANCE = {"float32": [(2e-5, 2e-5), (1e-4, 1e-4), (1e-3, 1e-3)], "float64": [(1e-9, 1e-9)] * 2 + [(1e-8, 1e-8)]}


def assert_close(got: Any, want: Any, dtype: str, order: int, where: str) -> None:
    """Two arrays agree in shape, type and values."""
    assert got.shape == want.shape, f"{where}: shape {got.shape}, should be {want.shape}"
    assert got.dtype == want.dtype, f"{where}: {got.dtype}, should be {want.dtype}"
    rtol, atol = TOLERANCE[dtype][order]
    largest = np.abs(want[np.isfinite(want)]).max(initial=1) if want.dtype.kind == "f" else 0
    np.testing.assert_allclose(got, want, rtol, atol * largest, err_msg=where)


def array(tensor: Any) -> np.ndarray:
    return np.array(tensor.detach().numpy(force=True))


def text_of(module: Any) -> str:
    return re.sub(r"(minigrad|torch)\.", "", repr(module))


class Pair:
    """A module of each library with the same weights, and the inputs of a call."""

    def __init__(self, name: str, sample: Any, dtype: Any, training: bool) -> None:
        made, call = sample.constructor_input, sample.forward_input
        self.theirs = find(theirs(), name)(*made.args, **made.kwargs).to(dtype).train(training)
        self.ours = find(ours, name)(*to_ours(made.args), **to_ours(made.kwargs)).to(to_ours(dtype)).train(training)
        state = self.theirs.state_dict()
        assert list(self.ours.state_dict()) == list(state)
        self.ours.load_state_dict(to_ours(dict(state)))
        self.args, self.kwargs = call.args, call.kwargs

    def check(self, dtype: str) -> None:
        """Forward, the state after it, and gradients of first and second order."""
        assert text_of(self.ours) == text_of(self.theirs)
        want = run(theirs(), self.theirs, self.args, self.kwargs)
        got = run(ours, self.ours, *to_ours((self.args, self.kwargs)))
        for order, (g, w) in enumerate(zip(got, want)):
            assert len(g) == len(w), f"order {order}: {len(g)} arrays, should be {len(w)}"
            for number, (a, b) in enumerate(zip(g, w)):
                assert (a is None) == (b is None), f"order {order}, array {number}: {a}, should be {b}"
                if b is not None:
                    assert_close(a, b, dtype, order, f"order {order}, array {number}")
        for (key, a), b in zip(self.ours.state_dict().items(), self.theirs.state_dict().values()):
            assert_close(array(a), array(b), dtype, 0, f"{key} after the call")


def run(library: Any, module: Any, args: Any, kwargs: Any) -> list[list]:
    """[outputs, first gradients, second gradients] of all inputs and parameters that require grad."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = tensors_in(library, module(*args, **kwargs))
    leaves = list({id(t): t for t in tensors_in(library, [args, kwargs]) if t.requires_grad}.values())
    leaves += [p for p in module.parameters() if p.requires_grad]
    flowing = [y for y in outputs if y.requires_grad]
    if not flowing or not leaves:
        return [[array(y) for y in outputs], [], []]
    source = np.random.default_rng(7)
    dys = [drawn(library, source, y, True) for y in flowing]
    first = library.autograd.grad(flowing, leaves, dys, create_graph=True, allow_unused=True)
    moving = [dx for dx in first if dx is not None and dx.requires_grad]
    found = [[array(y) for y in outputs], [None if dx is None else array(dx) for dx in first]]
    try:
        second = library.autograd.grad(moving, [*leaves, *dys], [drawn(library, source, dx) for dx in moving],
                                       allow_unused=True) if moving else []
    except RuntimeError as error:
        assert library is not ours and re.search("derivative for .* is not implemented", str(error)), error
        return found
    return [*found, [np.zeros(tuple(x.shape), array(x).dtype) if ddx is None else array(ddx)
                     for x, ddx in zip([*leaves, *dys], second)]]


def drawn(library: Any, source: np.random.Generator, like: Any, needs_grad: bool = False) -> Any:
    tensor = library.from_numpy(np.asarray(source.standard_normal(tuple(like.shape)), array(like).dtype))
    return tensor.requires_grad_() if needs_grad else tensor
