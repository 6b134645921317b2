"""Function, to write an operation of your own, and once_differentiable."""

from __future__ import annotations

import functools
from typing import Any

from minigrad.creation import zeros
from minigrad.engine import Function
from minigrad.grad_mode import mode, no_grad

__all__ = ["Function", "once_differentiable"]


def once_differentiable(backward: Any) -> Any:
    """Decorate a backward that is not made of differentiable operations: differentiating it is then an error, not a
    wrong number."""

    class _Undifferentiable(Function):
        @staticmethod
        def forward(ctx, dx, *inputs):
            return dx.clone()

        @staticmethod
        def backward(ctx, ddx):
            raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")

    @functools.wraps(backward)
    def wrapper(ctx: Any, *dys: Any) -> Any:
        recorded = mode.enabled and any(dy is not None and dy.needs_grad for dy in dys)
        with no_grad():
            dxs = backward(ctx, *dys)
        if not recorded and not mode.enabled:
            return dxs
        several = isinstance(dxs, tuple)
        known = [dy for dy in dys if dy is not None and dy.needs_grad] or [_needing()]
        marked = tuple(
            None if dx is None else _Undifferentiable.apply(dx, *known) for dx in (dxs if several else (dxs,)))
        return marked if several else marked[0]

    return wrapper


def _needing() -> Any:
    """A tensor that requires grad, so that what is made with it refuses to be differentiated."""
    return zeros((), requires_grad=True)
