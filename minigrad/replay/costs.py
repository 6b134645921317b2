"""How much a recorded call computes and moves: floating-point operations and bytes, for the table of a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minigrad.ops.conv import ConvShape
from minigrad.replay.build import Operation
from minigrad.replay.calls import READ, WRITTEN

__all__ = ["bytes_of", "flops_of"]

Sizes = Mapping[str, Any]


def _product(a: str, b: str, c: str) -> Callable[[Sizes], int]:
    return lambda s: 2 * s[a] * s[b] * s[c]


def _linear_grad(s: Sizes) -> int:
    wanted = (s["dx"] is not None) + (s["dw"] is not None)
    return s["rows"] * s["out"] * (2 * s["in"] * wanted + (s["db"] is not None))


def _convolution(s: Sizes) -> int:
    shape = ConvShape(*s["shape"][0:len(ConvShape._fields)])
    return 2 * shape.n * shape.groups * shape.c_out * shape.patch * shape.area


def _updates(each: int) -> Callable[[Sizes], int]:
    return lambda s: each * s["updated"]


# Operations of an element, where it is not one: an exponential, logarithm or square root counts as one.
_PER_ELEMENT = {"mg_softmax": 4, "mg_log_softmax": 4, "mg_softmax_grad": 4, "mg_log_softmax_grad": 4, "mg_dropout": 1,
                "mg_cross_entropy": 4, "mg_cross_entropy_grad": 4, "mg_gelu": 5, "mg_gelu_grad": 8, "mg_sigmoid": 3,
                "mg_layer_norm": 6, "mg_layer_norm_grad": 10, "mg_batch_norm": 6, "mg_batch_norm_grad": 10}
_FLOPS: dict[str, Callable[[Sizes], int]] = {
    "mg_matmul": _product("m", "n", "k"),
    "mg_linear": lambda s: 2 * s["rows"] * s["out"] * s["in"] + s["rows"] * s["out"] * (s["b"] is not None),
    "mg_linear_grad": _linear_grad,
    **dict.fromkeys(("mg_conv", "mg_conv_grad_x", "mg_conv_grad_w"), _convolution),
    "mg_sgd": _updates(4), "mg_adam": _updates(12), "mg_clip": _updates(1), "mg_total_norm": _updates(2),
    **dict.fromkeys(("mg_copy", "mg_count", "mg_draw", "mg_philox", "mg_gather_rows", "mg_dropout_mask",
                     "mg_im2col"),
                    lambda s: 0),
}


def _elements(op: Operation) -> int:
    """How many elements the call works on: of the largest array that it touches."""
    return max((ref.region.size // max(ref.region.dtype.itemsize, 1) for ref in _refs(op, READ | WRITTEN)), default=0)


def _refs(op: Operation, kinds: set[str]) -> list[Any]:
    found: dict[Any, Any] = {}
    for param in op.call.params:
        if param.kind in kinds and param.name != "bad":
            value = op.arguments[param.name]
            for ref in value if isinstance(value, list) else [value]:
                if ref is not None:
                    found[ref.region, ref.offset] = ref
    return list(found.values())


def flops_of(op: Operation) -> int:
    """Floating-point operations of a call: 2 m n k for a product, a few per element for others."""
    sizes: dict[str, Any] = dict(op.arguments)
    updated = op.arguments.get("param") or op.arguments.get("grad")
    if isinstance(updated, list):
        sizes["updated"] = sum(ref.region.size // ref.region.dtype.itemsize for ref in updated)
    if op.call.name in _FLOPS:
        return _FLOPS[op.call.name](sizes)
    if "updated" in sizes:
        return 8 * sizes["updated"]
    return _PER_ELEMENT.get(op.call.name, 1) * _elements(op)


def bytes_of(op: Operation) -> int:
    """Bytes that a call reads and writes, each array once for either."""
    return sum(ref.region.size - ref.offset for kinds in (READ, WRITTEN) for ref in _refs(op, kinds))
