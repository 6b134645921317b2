"""gradcheck: is a gradient right? Compare it with central differences, in double precision.

The Jacobian of f at x, row by row from backward, against (f(x + eps e_j) - f(x - eps e_j)) / (2 eps), column by column.
The fast mode compares one random projection u^T J v of it instead. Every generator is set back before every evaluation,
so that a function that draws random numbers, dropout among them, draws the same ones each time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.autograd.culprit import first_wrong
from minigrad.autograd.grad import grad
from minigrad.creation import from_numpy
from minigrad.grad_mode import enable_grad, no_grad
from minigrad.random import Generator, go_to, positions
from minigrad.tensor import Tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

# Beyond these the differences themselves are too coarse to tell: they lose half the digits of the type.
_TOLERANCES = {np.dtype(np.float64): (1e-6, 1e-5, 1e-3), np.dtype(np.float32): (1e-2, 5e-2, 5e-2)}


class GradcheckError(RuntimeError):
    """A gradient disagrees with the differences: the message names the worst element."""


def gradcheck(func: Any, inputs: Any, *, eps: float | None = None, atol: float | None = None,
              rtol: float | None = None, raise_exception: bool = True, nondet_tol: float = 0.0,
              check_undefined_grad: bool = True, check_grad_dtypes: bool = False, check_batched_grad: bool = False,
              check_batched_forward_grad: bool = False, check_forward_ad: bool = False,
              check_backward_ad: bool = True, fast_mode: bool = False, masked: bool | None = None) -> bool:
    """Whether func's gradients agree with central differences: |analytic - numeric| <= atol + rtol |numeric|.

    func        takes the inputs; returns a tensor or several
    inputs      tensors; those that require grad are checked, element by element, and should be float64
    eps, atol, rtol   step and tolerances: 1e-6, 1e-5, 1e-3 for float64, much wider for float32
    nondet_tol  how far two evaluations, and two backward passes, may differ
    fast_mode   check one random projection of each Jacobian: one evaluation pair instead of one per element
    The rest changes nothing: gradients come from one output at a time, so the others' are undefined; the engine gives
    each its input's dtype; and nothing is sparse.
    Raises GradcheckError (or returns False) with the worst element's position, analytic and numeric value, and the
    first operation whose own gradient disagrees.
    """
    _refuse(check_batched_grad=check_batched_grad, check_batched_forward_grad=check_batched_forward_grad,
            check_forward_ad=check_forward_ad)
    if not check_backward_ad:
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    check = _Check(func, inputs, eps, atol, rtol, nondet_tol)
    try:
        check.run(fast_mode)
    except GradcheckError as error:
        if raise_exception:
            raise GradcheckError(f"{error}{_blame(check)}") from None
        return False
    return True


def _refuse(**asked: bool) -> None:
    """A check that is asked for and not made would pass whatever the gradient."""
    for name, value in asked.items():
        if value:
            raise NotImplementedError(f"{name}=True is not offered: minigrad has reverse mode, one gradient at a time")


def _blame(check: _Check) -> str:
    """A remark that names the first operation whose own gradient disagrees, where there is one."""

    def is_right(function: Any, args: tuple) -> bool:
        try:
            _Check(function, args, check.eps, check.atol, check.rtol, check.nondet_tol).run(fast=False)
        except GradcheckError:
            return False
        return True

    operation = first_wrong(check.evaluate, is_right)
    return f"\nThe first operation whose own gradient disagrees is {operation.__name__}." if operation else ""


def gradgradcheck(func: Any, inputs: Any, grad_outputs: Any = None, *, eps: float | None = None,
                  atol: float | None = None, rtol: float | None = None,
                  gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True, nondet_tol: float = 0.0,
                  check_undefined_grad: bool = True, check_grad_dtypes: bool = False, check_batched_grad: bool = False,
                  check_fwd_over_rev: bool = False, check_rev_over_rev: bool = True, fast_mode: bool = False,
                  masked: bool = False) -> bool:
    """gradcheck of the gradient: whether the second derivatives of func agree with differences of the first.

    grad_outputs: what to multiply the outputs' derivatives by; random numbers unless given, which are not contiguous if
    gen_non_contig_grad_outputs.
    """
    _refuse(check_batched_grad=check_batched_grad, check_fwd_over_rev=check_fwd_over_rev)
    if not check_rev_over_rev:
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    xs = _tuple(inputs)
    start = positions()
    outputs = _tuple(func(*xs))
    go_to(start)
    if grad_outputs is None:
        source, gap = Generator().manual_seed(20140615), 1 + gen_non_contig_grad_outputs
        dys = [from_numpy(source.normal((*y.shape, gap), y.array.dtype)[..., 0]).requires_grad_() for y in outputs
               if y.needs_grad]
    else:
        dys = [dy.detach().requires_grad_() for dy in _tuple(grad_outputs)]
    checked = [i for i, x in enumerate(xs) if isinstance(x, Tensor) and x.needs_grad]

    def gradient(*args: Any) -> tuple:
        with enable_grad():
            ys = [y for y in _tuple(func(*args[:len(xs)])) if y.needs_grad]
            found = grad(ys, [args[i] for i in checked], args[len(xs):], create_graph=True, allow_unused=True)
        return tuple(dx for dx in found if dx is not None)

    return gradcheck(gradient, (*xs, *dys), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
                     nondet_tol=nondet_tol, fast_mode=fast_mode)


def _tuple(values: Any) -> tuple:
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)


class _Check:
    """One gradcheck: the function, its inputs, and where the generator stood."""

    def __init__(self, func: Any, inputs: Any, eps: float | None, atol: float | None, rtol: float | None,
                 nondet_tol: float) -> None:
        self.func, self.inputs, self.nondet_tol = func, _tuple(inputs), nondet_tol
        self.start = positions()
        self.checked = [i for i, x in enumerate(self.inputs) if isinstance(x, Tensor) and x.needs_grad]
        if not self.checked:
            raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of them have "
                             "requires_grad=True")
        for i in self.checked:
            x = self.inputs[i]
            if not x.is_leaf:
                x.retain_grad()
            if x.array.size > 1 and 0 in x.array.strides:
                raise RuntimeError(f"gradcheck: input {i} is an expanded tensor, whose elements share memory: clone it")
        loosest = max((self.inputs[i].array.dtype for i in self.checked), key=lambda d: _TOLERANCES[d][0])
        defaults = _TOLERANCES[loosest]
        self.eps, self.atol, self.rtol = (
            default if given is None else given for given, default in zip((eps, atol, rtol), defaults))

    def evaluate(self) -> list[Tensor]:
        """func's outputs that carry a gradient, with the generator where it stood at the start."""
        go_to(self.start)
        with enable_grad():
            outputs = _tuple(self.func(*self.inputs))
        if not all(isinstance(y, Tensor) for y in outputs):
            raise ValueError("gradcheck expects func to return Tensors")
        return [y for y in outputs if y.needs_grad]

    def values(self) -> list[np.ndarray]:
        """The same outputs' values, as float64 copies."""
        go_to(self.start)
        with no_grad():
            outputs = _tuple(self.func(*self.inputs))
        return [np.array(outputs[k].array, np.float64) for k in self.live]

    def run(self, fast: bool) -> None:
        go_to(self.start)
        with enable_grad():
            outputs = _tuple(self.func(*self.inputs))
        self.live = [k for k, y in enumerate(outputs) if isinstance(y, Tensor) and y.needs_grad]
        if not self.live:
            return self._check_constant(outputs)
        self._check_repeatable()
        source = np.random.default_rng(20140615)
        for i in self.checked:
            if self.inputs[i].array.size:
                (self._check_projection if fast else self._check_elements)(i, source)
        return None

    def _check_constant(self, outputs: tuple) -> None:
        """No output requires grad: then nothing may depend on the inputs."""
        self.live = [k for k, y in enumerate(outputs) if isinstance(y, Tensor) and y.array.dtype.kind == "f"]
        for i in self.checked:
            for j in range(self.inputs[i].array.size):
                for numeric in self._difference(i, j):
                    if np.abs(numeric).max(initial=0) > self.atol:
                        raise GradcheckError(f"gradcheck: no output requires grad, but outputs change with input {i}")

    def _check_repeatable(self) -> None:
        first, second = self.values(), self.values()
        for a, b in zip(first, second):
            if np.abs(a - b).max(initial=0) > self.nondet_tol:
                raise GradcheckError("gradcheck: two evaluations with the same inputs and random state differ, "
                                     f"by {np.abs(a - b).max()}; raise nondet_tol if they may")

    def _difference(self, i: int, j: int) -> list[np.ndarray]:
        """d outputs / d (element j of input i), by central differences."""
        index = np.unravel_index(j, self.inputs[i].array.shape)
        direction = np.zeros(self.inputs[i].array.shape)
        direction[index] = 1.0
        return self._slope(i, direction)

    def _slope(self, i: int, direction: np.ndarray) -> list[np.ndarray]:
        """d outputs / d step along a direction of input i, by central differences."""
        array = self.inputs[i].array
        before = array.copy()
        try:
            array[...] = before + self.eps * direction
            plus, high = self.values(), array.copy()
            array[...] = before - self.eps * direction
            minus, low = self.values(), array.copy()
        finally:
            array[...] = before
        length = np.sqrt((direction**2).sum())
        taken = np.sqrt(((high.astype(np.float64) - low) ** 2).sum())  # the step as the type rounded it
        return [(p - m) * (length / taken) for p, m in zip(plus, minus)]

    def _check_elements(self, i: int, source: np.random.Generator) -> None:
        x = self.inputs[i]
        columns = [self._difference(i, j) for j in range(x.array.size)]
        for position, k in enumerate(self.live):
            numeric = np.stack([column[position].reshape(-1) for column in columns])  # (inputs, outputs)
            analytic = np.zeros_like(numeric)
            outputs = self.evaluate()
            y = outputs[position]
            for row in range(y.array.size):
                analytic[:, row] = self._gradient(y, x, row)
            self._compare(analytic, numeric, i, k, x.array.shape, y.array.shape)

    def _gradient(self, y: Tensor, x: Tensor, row: int) -> np.ndarray:
        """d y[row] / d x, from backward. Must come out the same twice."""
        dy = np.zeros(y.array.shape, y.array.dtype)
        dy.reshape(-1)[row] = 1
        found = [grad(y, x, from_numpy(dy), retain_graph=True, allow_unused=True)[0] for _ in range(2)]
        first, second = (np.zeros(x.array.shape) if dx is None else dx.array for dx in found)
        if np.abs(first - second).max(initial=0) > self.nondet_tol:
            raise GradcheckError("gradcheck: backward is not reproducible: two passes over one graph differ by "
                                 f"{np.abs(first - second).max()}; raise nondet_tol if they may")
        return np.asarray(first, np.float64).reshape(-1)

    def _compare(self, analytic: np.ndarray, numeric: np.ndarray, i: int, k: int, x_shape: tuple,
                 y_shape: tuple) -> None:
        excess = np.abs(analytic - numeric) - (self.atol + self.rtol * np.abs(numeric))
        excess = np.where((analytic == numeric) | (np.isnan(analytic) & np.isnan(numeric)), -np.inf, excess)
        excess = np.where(np.isnan(excess), np.inf, excess)
        if excess.max(initial=-np.inf) <= 0:
            return
        at = np.unravel_index(np.argmax(excess), excess.shape)
        x_at, y_at = (tuple(int(n) for n in np.unravel_index(p, s)) for p, s in zip(at, (x_shape, y_shape)))
        hint = self._kink(i, int(at[0]))
        raise GradcheckError(
            f"Jacobian mismatch for output {k} with respect to input {i}: the worst of {int((excess > 0).sum())} wrong "
            f"elements (of {excess.size}) is d output{list(y_at)} / d input{list(x_at)}:\n"
            f"  analytic: {float(analytic[at])!r}\n  numeric:  {float(numeric[at])!r}\n"
            f"  allowed:  {self.atol} + {self.rtol} * |numeric|{hint}")

    def _kink(self, i: int, j: int) -> str:
        """A remark, where the one-sided slopes differ: the function has a kink there and no derivative."""
        array = self.inputs[i].array
        index = np.unravel_index(j, array.shape)
        before = array[index].copy()
        sides = []
        for step in (self.eps, -self.eps):
            at_point = self.values()
            array[index] = before + step
            sides.append([(moved - here) / step for moved, here in zip(self.values(), at_point)])
            array[index] = before
        gap = max(np.abs(a - b).max(initial=0) for a, b in zip(*sides))
        size = max(np.abs(a).max(initial=0) for a in sides[0])
        if gap <= max(0.1 * size, 10 * self.atol):
            return ""
        return (f"\nThe slopes to the left and to the right of input{[int(n) for n in index]} = {before} differ by "
                f"{gap}: a kink, such as ReLU's at 0, where the gradient is a choice. Check at another point.")

    def _check_projection(self, i: int, source: np.random.Generator) -> None:
        """u^T J v for random u, v of unit length, from backward and from one difference along v."""
        x = self.inputs[i]
        v = source.standard_normal(x.array.shape)
        v /= np.sqrt((v**2).sum()) or 1.0
        slopes = self._slope(i, v)
        for position, k in enumerate(self.live):
            y = self.evaluate()[position]
            u = source.standard_normal(y.array.shape)
            u /= np.sqrt((u**2).sum()) or 1.0
            dx = grad(y, x, from_numpy(u.astype(y.array.dtype)), allow_unused=True)[0]
            analytic = 0.0 if dx is None else float((dx.array * v).sum())
            numeric = float((u * slopes[position]).sum())
            if abs(analytic - numeric) > self.atol + self.rtol * abs(numeric) or np.isnan(analytic - numeric):
                raise GradcheckError(
                    f"Jacobian mismatch for output {k} with respect to input {i}, in fast mode (one projection):\n"
                    f"  analytic: {analytic!r}\n  numeric:  {numeric!r}\n"
                    f"  allowed:  {self.atol} + {self.rtol} * |numeric|\nRun with fast_mode=False to find the element.")
