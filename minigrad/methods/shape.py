"""The methods of Tensor that give the same elements in another shape, order or type."""

from __future__ import annotations

from typing import Any

from minigrad import dtypes
from minigrad.ops import gather, shape, views

__all__ = ["ShapeMethods"]


class ShapeMethods:
    """The same elements in another shape, order or type."""

    follow_base = views.follow_base

    flatten, squeeze, unsqueeze = shape.flatten, shape.squeeze, shape.unsqueeze
    transpose, swapaxes, movedim = shape.transpose, shape.transpose, shape.movedim

    def size(self, dim: Any = None) -> Any:
        return self.shape if dim is None else self.array.shape[shape.axis_of(dim, self.array.ndim)]

    def dim(self) -> int:
        return self.array.ndim

    def numel(self) -> int:
        return self.array.size

    nelement = numel

    def stride(self, dim: int | None = None) -> Any:
        strides = tuple(s // self.array.itemsize for s in self.array.strides)
        return strides if dim is None else strides[dim]

    def data_ptr(self) -> int:
        return self.array.__array_interface__["data"][0]

    def view(self, *sizes: Any) -> Any:
        if len(sizes) == 1 and isinstance(sizes[0], dtypes.dtype):
            raise NotImplementedError("view(dtype) is not offered; use .to(dtype) to convert the elements")
        return shape.view(self, shape.sizes_of(sizes, "view"))

    def reshape(self, *sizes: Any) -> Any:
        return shape.reshape(self, shape.sizes_of(sizes, "reshape"))

    def view_as(self, other: Any) -> Any:
        return shape.view(self, other.array.shape)

    def reshape_as(self, other: Any) -> Any:
        return shape.reshape(self, other.array.shape)

    def permute(self, *dims: Any) -> Any:
        return shape.permute(self, shape.sizes_of(dims, "permute"))

    def expand(self, *sizes: Any) -> Any:
        return shape.expand(self, shape.sizes_of(sizes, "expand"))

    def expand_as(self, other: Any) -> Any:
        return shape.expand(self, other.array.shape)

    def t(self) -> Any:
        if self.array.ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.array.ndim}D")
        return self.T

    def sum_to_size(self, *sizes: Any) -> Any:
        return shape.sum_to_size(self, shape.sizes_of(sizes, "sum_to_size"))

    def index_select(self, dim: int, index: Any) -> Any:
        moved = shape.transpose(self, 0, dim)
        return shape.transpose(gather.rows(moved, index), 0, dim)

    def contiguous(self, memory_format: Any = None) -> Any:
        return self if self.array.flags.c_contiguous else shape.clone(self)

    def is_contiguous(self) -> bool:
        return self.array.flags.c_contiguous

    def clone(self, *, memory_format: Any = None) -> Any:
        return shape.clone(self)

    def float(self) -> Any:
        return self.to(dtypes.float32)

    def double(self) -> Any:
        return self.to(dtypes.float64)

    def long(self) -> Any:
        return self.to(dtypes.int64)

    def int(self) -> Any:
        return self.to(dtypes.int32)

    def bool(self) -> Any:
        return self.to(dtypes.bool)

    def byte(self) -> Any:
        return self.to(dtypes.uint8)

    def type_as(self, other: Any) -> Any:
        return self.to(other.array.dtype)
