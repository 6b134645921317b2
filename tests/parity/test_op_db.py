"""Every operation that PyTorch's table of operations and minigrad share, on the inputs that PyTorch tests it with.

MINIGRAD_PARITY=full walks every sample; otherwise a few per operation, evenly spaced among them.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from engine.face import HAS_TORCH, theirs

import minigrad as ours

from . import scope
from .compare import differences
from .referee import DTYPES, Leaf, full_name, getattr_or_none, method_names, op_db, our_function, samples, spread

FULL = os.environ.get("MINIGRAD_PARITY") == "full"
MOST = {"float64": 16, "float32": 8, "int64": 6, "int32": 3, "uint8": 3, "bool": 4}  # samples of each type
SHOWN = 6  # differences that a failing test lists

left_out: Counter = Counter()  # (operation, why) -> number of samples

pytestmark = pytest.mark.skipif(not HAS_TORCH, reason="compares with PyTorch, which is not installed")


def offered(op: Any) -> bool:
    return any(getattr_or_none(owner, name) is not None for owner, name in (
        (ours, op.name), (ours.Tensor, op.name), (ours.Tensor, op.name + "_")))


def in_scope(op: Any) -> bool:
    return op.name not in scope.NOT_WALKED and (op.name in scope.REQUIRED or offered(op))


OPERATIONS = {full_name(op): op for op in op_db() if in_scope(op)} if HAS_TORCH else {}


@pytest.fixture(params=OPERATIONS)
def op(request):
    """Each operation. One that is listed as a gap may fail, and in the full walk must, so that its line goes when it is
    filled; a few samples may miss a gap."""
    kind = request.node.originalname.removeprefix("test_")
    if (kind, request.param) in scope.GAPS:
        request.node.add_marker(pytest.mark.xfail(strict=FULL, reason="listed in gaps.txt"))
    return OPERATIONS[request.param]


def most(dtype: str) -> int:
    return 400 if FULL else MOST[dtype]


def taken(op: Any, dtype: str, requires_grad: bool = False) -> list:
    """Samples of one type, if PyTorch has the operation for it."""
    torch = theirs()
    if getattr(torch, dtype) not in op.supported_dtypes("cpu"):
        return []
    found, without = samples(lambda: op.sample_inputs("cpu", getattr(torch, dtype), requires_grad), most(dtype))
    for reason, number in without.items():
        left_out[full_name(op), reason] += number
    return found


def check(op: Any, found: list, call: Any, what: str, **options: Any) -> list[str]:
    """The differences over samples, as lines."""
    options.setdefault("values", op.name not in scope.RANDOM)
    lines = []
    for sample in found:
        lines += [f"{what}{sample}: {line}" for line in differences(sample, call, **options)]
        if len(lines) >= SHOWN:
            break
    return lines


def by_function(op: Any) -> Any:
    function = our_function(op)

    def call(library, args, kwargs):
        if library is not ours:
            return op.op(*args, **kwargs)
        if function is None:
            raise AttributeError(f"minigrad has no {op.name}")
        return function(*args, **kwargs)

    return call


def values_of(call: Any) -> Any:
    """The first part of an outcome (values, indices); of indices alone, their shape."""
    def values(library, args, kwargs):
        outcome = call(library, args, kwargs)
        return outcome[0] if isinstance(outcome, tuple) else tuple(outcome.shape)

    return values


def by_method(name: str) -> Any:
    return lambda library, args, kwargs: getattr(args[0], name)(*args[1:], **kwargs)


def in_place(name: str) -> Any:
    """The in-place method of a copy, which it must return."""
    def call(library, args, kwargs):
        x = args[0].clone()
        y = getattr(x, name)(*args[1:], **kwargs)
        assert y is x, f"{name} returned another tensor"
        return y

    return call


def test_function(op):
    """Values, types and gradients of first and second order."""
    torch, lines = theirs(), []
    for dtype in DTYPES:
        floats = getattr(torch, dtype).is_floating_point
        grads = floats and op.supports_autograd and getattr(torch, dtype) in op.supported_backward_dtypes("cpu")
        call = by_function(op) if floats or op.name not in scope.TIES else values_of(by_function(op))
        lines += check(op, taken(op, dtype, grads), call, op.name, orders=2 if grads else 0,
                       tolerance=scope.LOOSER.get(op.name) if dtype == "float32" else None)
        assert len(lines) < SHOWN, "\n".join(lines[:SHOWN])
    assert not lines, "\n".join(lines)


def test_methods(op):
    """The method and the in-place method of the name, where PyTorch has them."""
    method, changing = method_names(op)
    found, lines = [s for s in taken(op, "float64", op.supports_autograd) or taken(op, "int64")
                    if s.args and isinstance(s.args[0], Leaf)], []
    if method:
        lines += check(op, spread(found, 4), by_method(method), f"Tensor.{method}", orders=0)
    if changing:
        lines += check(op, spread([s for s in found if not s.broadcasts], 5), in_place(changing), f"Tensor.{changing}",
                       orders=1)
    assert not lines, "\n".join(lines)


def test_errors(op):
    """The exceptions of PyTorch's classes, for the bad input that PyTorch's table has."""
    if op.error_inputs_func is None or op.name in scope.NO_ERRORS:
        return
    found, _ = samples(lambda: (error.sample_input for error in op.error_inputs("cpu")), 400)
    lines = check(op, found, by_function(op), op.name, orders=0)
    assert not lines, "\n".join(lines)
