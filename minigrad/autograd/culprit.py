"""Which operation of a function has the wrong gradient? Runs the function once, notes every operation that it records,
and checks each alone, at the very values that it had."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from minigrad.engine import Function
from minigrad.tensor import Tensor

__all__ = ["first_wrong"]


@contextmanager
def _noting(calls: list) -> Any:
    """Note (operation, arguments) of every Function that is recorded inside."""
    plain = Function._record

    def record(self: Function, edges: list, args: tuple, out: Any) -> Any:
        calls.append((type(self), args))
        return plain(self, edges, args, out)

    Function._record = record
    try:
        yield
    finally:
        Function._record = plain


def _as_leaf(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.detach().clone().requires_grad_()
    return value


def first_wrong(run: Callable[[], Any], is_right: Callable[[Any, tuple], bool]) -> type[Function] | None:
    """The first operation that run() records for which is_right(operation.apply, arguments) does not hold."""
    calls: list[tuple[type[Function], tuple]] = []
    with _noting(calls):
        run()
    for operation, args in calls:
        leaves = tuple(_as_leaf(value) for value in args)
        if any(isinstance(x, Tensor) and x.requires_grad for x in leaves) and not is_right(operation.apply, leaves):
            return operation
    return None
