"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.grad_mode import enable_grad
from minigrad.optim.line_search import Point, strong_wolfe
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import checked
from minigrad.tensor import Tensor

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """x += t d, where d = -H g and H, the inverse Hessian, is estimated from the last history_size steps and changes of
    the gradient  (Liu and Nocedal, 1989).

    A step takes up to max_iter of these moves and max_eval calls of the closure, fewer when the gradient falls to
    tolerance_grad or a move to tolerance_change. t is lr, in the very first move lr min(1, 1 / sum |g|); with
    line_search_fn="strong_wolfe" it is searched for from there. One group of parameters only. The vectors are NumPy's,
    all parameters in one; numbers are computed in double precision.
    """

    def __init__(self, params: Iterable[Any], lr: float | Tensor = 1, max_iter: int = 20, max_eval: int | None = None,
                 tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
                 line_search_fn: str | None = None) -> None:
        super().__init__(params, checked(
            lr=lr, max_iter=max_iter, max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad, tolerance_change=tolerance_change, history_size=history_size,
            line_search_fn=line_search_fn))
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Move until done. closure computes the loss anew and its gradients; what it first gave is returned."""
        if len(self.param_groups) != 1:
            raise AssertionError(f"Expected exactly one param_group, but got {len(self.param_groups)}")
        group, params = self.param_groups[0], self.param_groups[0]["params"]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        for param in params:
            if not param.array.flags.writeable:
                raise RuntimeError(f"LBFGS: can't update a parameter of shape {list(param.shape)}: its array is "
                                   "read-only")
        with enable_grad(), np.errstate(all="ignore"):
            return self._moves(closure, group, params)

    def _moves(self, closure: Callable[[], Any], group: dict[str, Any], params: list[Tensor]) -> Any:
        state = self.state[params[0]]
        memory = _Memory(state, group["history_size"])
        first = closure()
        loss, gradient, evaluations = float(first), _gradient(params), 1
        done = _largest(gradient) <= group["tolerance_grad"]
        moves = 0
        while not done and moves < group["max_iter"]:
            moves += 1
            memory.add(gradient)
            direction, before = memory.direction(gradient), loss
            t = float(group["lr"])
            if memory.n_iter == 1:
                t *= min(1.0, 1.0 / float(np.abs(gradient).sum()))
            slope = np.dot(gradient, direction)
            memory.prev_flat_grad, memory.prev_loss, memory.d, memory.t = gradient, loss, direction, t
            if slope > -group["tolerance_change"]:
                break
            if group["line_search_fn"]:
                best, used = self._search(closure, params, Point(0.0, loss, gradient, np.float64(slope)), t, direction,
                                          group["max_eval"] - evaluations)
                memory.t = t = best.t
                loss, gradient = best.f, best.gradient
                _move(params, t, direction)
            else:
                _move(params, t, direction)
                used = int(moves != group["max_iter"])  # the last move's loss is for the next step to find out
                if used:
                    loss, gradient = float(closure()), _gradient(params)
            evaluations += used
            done = (evaluations >= group["max_eval"] or _largest(gradient) <= group["tolerance_grad"]
                    or _largest(direction * t) <= group["tolerance_change"]
                    or abs(loss - before) < group["tolerance_change"])
        memory.func_evals += evaluations
        memory.keep_in(state)
        return first

    def _search(self, closure: Callable[[], Any], params: list[Tensor], start: Point, t: float, direction: np.ndarray,
                most: int) -> tuple[Point, int]:
        """The point that the line search finds; the parameters stay where they are."""
        origin = [param.array.copy() for param in params]

        def evaluate(t: Any) -> Point:
            _move(params, t, direction)
            loss, gradient = float(closure()), _gradient(params)
            for param, array in zip(params, origin):
                np.copyto(param.array, array)
                param.count_change()
            return Point(t, np.float64(loss), gradient, np.float64(np.dot(gradient, direction)))

        return strong_wolfe(evaluate, start, np.float64(t), _largest(direction), most)


class _Memory:
    """What is known of the function from the moves so far; the names of its parts are PyTorch's."""

    _vectors, _lists = ("d", "prev_flat_grad"), ("old_dirs", "old_stps")

    def __init__(self, state: dict[str, Any], size: int) -> None:
        self.size = size
        self.func_evals, self.n_iter = state.get("func_evals", 0), state.get("n_iter", 0)
        self.d: Any
        self.prev_flat_grad: Any
        self.d, self.prev_flat_grad = (_vector(state.get(name)) for name in self._vectors)
        self.old_dirs, self.old_stps = ([_vector(v) for v in state.get(name) or []] for name in self._lists)
        self.ro = [float(value) for value in state.get("ro") or []]
        self.t, self.H_diag, self.prev_loss = (float(state.get(name) or 0) for name in ("t", "H_diag", "prev_loss"))

    def keep_in(self, state: dict[str, Any]) -> None:
        state.update(func_evals=self.func_evals, n_iter=self.n_iter)
        if self.n_iter:
            state.update({name: make(getattr(self, name)) for name in self._vectors})
            state.update({name: [make(v) for v in getattr(self, name)] for name in self._lists})
            state.update(ro=self.ro, t=float(self.t), H_diag=self.H_diag, prev_loss=float(self.prev_loss))

    def add(self, gradient: np.ndarray) -> None:
        """Remember the last move s and the change of the gradient y, where the function curves upward along it."""
        self.n_iter += 1
        if self.n_iter == 1:
            self.old_dirs, self.old_stps, self.ro, self.H_diag = [], [], [], 1.0
            return
        y, s = gradient - self.prev_flat_grad, self.d * self.d.dtype.type(self.t)
        ys = float(np.dot(y, s))
        if ys > 1e-10:
            self.old_dirs, self.old_stps, self.ro = (
                [*old, new][-self.size:] for old, new in ((self.old_dirs, y), (self.old_stps, s), (self.ro, 1.0 / ys)))
            self.H_diag = ys / float(np.dot(y, y))

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """-H g, by the two loops over the memory (Nocedal and Wright, algorithm 7.4)."""
        real = gradient.dtype.type
        d, alphas = -gradient, []
        for y, s, ro in zip(reversed(self.old_dirs), reversed(self.old_stps), reversed(self.ro)):
            alphas.append(float(np.dot(s, d)) * ro)
            d -= real(alphas[-1]) * y
        d *= real(self.H_diag)
        for y, s, ro, alpha in zip(self.old_dirs, self.old_stps, self.ro, reversed(alphas)):
            d += real(alpha - float(np.dot(y, d)) * ro) * s
        return d


def _vector(value: Any) -> Any:
    return value.array if isinstance(value, Tensor) else None if value is None else np.asarray(value)


def _largest(vector: np.ndarray) -> float:
    return float(np.max(np.abs(vector), initial=0.0))


def _gradient(params: list[Tensor]) -> np.ndarray:
    """All gradients as one vector, 0 where there is none."""
    return np.concatenate([np.zeros(param.array.size, param.array.dtype) if param._grad is None else
                           param._grad.array.ravel() for param in params])


def _move(params: list[Tensor], t: Any, direction: np.ndarray) -> None:
    """Add t direction to the parameters."""
    start = 0
    for param in params:
        array = param.array
        end = start + array.size
        array += array.dtype.type(t) * direction[start:end].reshape(array.shape).astype(array.dtype, copy=False)
        param.count_change()
        start = end
