"""Three tensors at once: lerp, addcmul, addcdiv. By NumPy, each a formula of differentiable operations."""

from __future__ import annotations

from typing import Any

from minigrad import dtypes
from minigrad.engine import T, TensorBase
from minigrad.ops.arithmetic import add, add_scaled, div, mul, sub
from minigrad.ops.choice import where
from minigrad.ops.kernel import require_tensor

__all__ = ["addcdiv", "addcmul", "lerp"]


def lerp(input: T, end: Any, weight: Any) -> T:
    """input + weight (end - input), from the nearer end; weight is a number or a tensor."""
    require_tensor(input, "lerp")
    require_tensor(end, "lerp", "end", 2)
    tensors = [t for t in (input, end, weight) if isinstance(t, TensorBase)]
    if any(t.array.dtype is not input.array.dtype for t in tensors):
        raise RuntimeError(f"expected dtype {input.dtype} for `end` and `weight`, but got "
                           f"{', '.join(str(t.dtype) for t in tensors[1:])}")
    if input.array.dtype.kind != "f":
        raise dtypes.not_implemented("lerp", input.array.dtype)
    way = sub(end, input)
    if not isinstance(weight, TensorBase):
        return add(input, mul(way, weight)) if abs(weight) < 0.5 else sub(end, mul(way, 1.0 - weight))
    return where(weight.abs() < 0.5, add(input, mul(weight, way)), sub(end, mul(way, 1.0 - weight)))


def addcmul(input: T, tensor1: Any, tensor2: Any, *, value: Any = 1) -> T:
    """input + value tensor1 tensor2"""
    require_tensor(input, "addcmul")
    return add_scaled(input, mul(tensor1, tensor2), alpha=value)


def addcdiv(input: T, tensor1: Any, tensor2: Any, *, value: Any = 1) -> T:
    """input + value tensor1 / tensor2, of floats"""
    require_tensor(input, "addcdiv")
    require_tensor(tensor1, "addcdiv", "tensor1", 2)
    require_tensor(tensor2, "addcdiv", "tensor2", 3)
    if tensor1.array.dtype.kind != "f" and tensor2.array.dtype.kind != "f":
        raise RuntimeError("Integer division with addcdiv is no longer supported: use (input + value * "
                           "torch.trunc(tensor1 / tensor2)) or divide the integers as floats")
    return add_scaled(input, div(tensor1, tensor2), alpha=value)
