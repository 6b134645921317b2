"""The methods of Tensor that arrange elements: views in another shape, parts, and copies in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad import dtypes
from minigrad.engine import TensorBase
from minigrad.methods.become import reshape_in_place
from minigrad.ops import pieces, rearrange, shape, views
from minigrad.ops.kernel import require_tensor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ShapeMethods"]


class ShapeMethods(TensorBase):
    """The same elements in another shape, order or type."""

    follow_base = views.follow_base

    flatten, squeeze, unsqueeze, unflatten = shape.flatten, shape.squeeze, shape.unsqueeze, shape.unflatten
    transpose, swapaxes, swapdims = shape.transpose, shape.transpose, shape.transpose
    movedim, moveaxis, ravel, t = shape.movedim, shape.movedim, shape.ravel, shape.t
    split, chunk, tensor_split, unbind = pieces.split, pieces.chunk, pieces.tensor_split, pieces.unbind
    split_with_sizes, hsplit, vsplit, dsplit = pieces.split_with_sizes, pieces.hsplit, pieces.vsplit, pieces.dsplit
    narrow, select, diagonal, unfold, as_strided = (pieces.narrow, pieces.select, pieces.diagonal, pieces.unfold,
                                                    pieces.as_strided)
    flip, fliplr, flipud, roll, rot90 = (rearrange.flip, rearrange.fliplr, rearrange.flipud, rearrange.roll,
                                         rearrange.rot90)
    repeat, tile, repeat_interleave = rearrange.repeat, rearrange.tile, rearrange.repeat_interleave
    tril, triu, diag, diag_embed, diagflat, trace = (rearrange.tril, rearrange.triu, rearrange.diag,
                                                     rearrange.diag_embed, rearrange.diagflat, rearrange.trace)

    squeeze_, unsqueeze_, t_ = (reshape_in_place(shape.squeeze), reshape_in_place(shape.unsqueeze),
                                reshape_in_place(shape.t))
    transpose_ = reshape_in_place(shape.transpose)
    swapaxes_ = swapdims_ = transpose_

    @property
    def T(self) -> Self:
        return shape.permute(self, tuple(reversed(range(self.array.ndim))))

    @property
    def mT(self) -> Self:
        if self.array.ndim < 2:
            raise RuntimeError(f"tensor.mT is only supported on matrices or batches of matrices. Got "
                               f"{self.array.ndim}-D tensor.")
        return shape.transpose(self, -2, -1)

    mH = mT

    @property
    def H(self) -> Self:
        if self.array.ndim not in (0, 2):
            raise RuntimeError("tensor.H is only supported on matrices (2-D tensors). Got "
                               f"{self.array.ndim}-D tensor.")
        return self.T

    def adjoint(self) -> Self:
        if self.array.ndim == 1:
            raise RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor.")
        return shape.transpose(self, -2, -1) if self.array.ndim else self

    def size(self, dim: Any = None) -> Any:
        return self.shape if dim is None else self.array.shape[shape.axis_of(dim, self.array.ndim)]

    def dim(self) -> int:
        return self.array.ndim

    ndimension = dim

    def numel(self) -> int:
        return self.array.size

    nelement = numel

    def element_size(self) -> int:
        return self.array.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """How many elements lie between neighbours along each dimension."""
        array = self.array
        strides = tuple([s // array.itemsize for s in array.strides])
        if 0 in array.shape or 1 in array.shape:  # where a step is never made NumPy may say anything
            strides = _plain_strides(array.shape, strides)
        return strides if dim is None else strides[shape.axis_of(dim, array.ndim)]

    def storage_offset(self) -> int:
        """How many elements into the memory it shares this tensor starts."""
        base = self if self._base is None else self._base
        return (self.data_ptr() - base.data_ptr()) // self.array.itemsize if self.array.size else 0

    def data_ptr(self) -> int:
        return self.array.__array_interface__["data"][0]

    def view(self, *sizes: Any, size: Any = None) -> Self:
        """The same memory in another shape; one size may be -1. RuntimeError where only a copy could have it."""
        sizes = sizes if size is None else (size,)
        if len(sizes) == 1 and isinstance(sizes[0], dtypes.dtype):
            if sizes[0].dtype is self.array.dtype:
                return shape.view(self, self.array.shape)
            raise NotImplementedError("view(dtype) is not offered; use .to(dtype) to convert the elements")
        return shape.view(self, shape.sizes_of(sizes, "view"))

    def reshape(self, *sizes: Any, shape: Any = None) -> Self:
        return _reshape(self, *sizes) if shape is None else _reshape(self, shape)

    def view_as(self, other: Any) -> Self:
        return shape.view(self, other.array.shape)

    def reshape_as(self, other: Any) -> Self:
        return shape.reshape(self, other.array.shape)

    def permute(self, *order: Any, dims: Any = None) -> Self:
        return shape.permute(self, shape.sizes_of(order if dims is None else (dims,), "permute"))

    def expand(self, *sizes: Any, size: Any = None, implicit: bool = False) -> Self:
        return shape.expand(self, shape.sizes_of(sizes if size is None else (size,), "expand"))

    broadcast_to = expand

    def expand_as(self, other: Any) -> Self:
        return shape.expand(self, other.array.shape)

    def sum_to_size(self, *sizes: Any) -> Self:
        return shape.sum_to_size(self, shape.sizes_of(sizes, "sum_to_size"))

    def contiguous(self, memory_format: Any = None) -> Self:
        return self if self.array.flags.c_contiguous else shape.clone(self)

    def is_contiguous(self, memory_format: Any = None) -> bool:
        return self.array.flags.c_contiguous

    def dim_order(self) -> tuple[int, ...]:
        """The dimensions from the one with the longest stride to the one with the shortest."""
        strides = self.stride()
        return tuple(sorted(range(self.array.ndim), key=lambda i: -strides[i]))

    def is_same_size(self, other: Any) -> bool:
        require_tensor(other, "is_same_size", "other", 2)
        return self.array.shape == other.array.shape

    def is_complex(self) -> bool:
        return False

    def is_nonzero(self) -> bool:
        return bool(self)

    def clone(self, *, memory_format: Any = None) -> Self:
        return shape.clone(self)

    def resize_(self, *sizes: Any) -> Self:
        raise NotImplementedError("resize_ is not offered: a tensor keeps its memory; make a new one, or use reshape")

    def set_(self, *source: Any) -> Self:
        raise NotImplementedError("set_ is not offered: assign to .data, or make a new tensor")

    def float(self) -> Self:
        return self.to(dtypes.float32)

    def double(self) -> Self:
        return self.to(dtypes.float64)

    def long(self) -> Self:
        return self.to(dtypes.int64)

    def int(self) -> Self:
        return self.to(dtypes.int32)

    def bool(self) -> Self:
        return self.to(dtypes.bool)

    def byte(self) -> Self:
        return self.to(dtypes.uint8)

    def type_as(self, other: Any) -> Self:
        return self.to(other.array.dtype)


def _reshape(x: Any, *sizes: Any) -> Any:
    return shape.reshape(x, shape.sizes_of(sizes, "reshape"))


def _plain_strides(sizes: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...]:
    """Strides as PyTorch counts them: a dimension of length 1 steps over what lies inside it."""
    plain, step = [], 1
    for size, stride in zip(reversed(sizes), reversed(strides)):
        plain.append(step if size < 2 or 0 in sizes else stride)
        step = plain[-1] * max(size, 1)
    return tuple(reversed(plain))
