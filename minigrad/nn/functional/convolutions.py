"""Convolutions of signals and images, transposed ones, and the patches that they see."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from minigrad.nn.functional.sizes import are_integers, in_doubles, numbers, require_floats, with_batch, without_batch
from minigrad.ops.conv import ConvShape
from minigrad.ops.conv import conv as convolve
from minigrad.ops.conv import conv_transpose as convolve_back
from minigrad.ops.conv import fold as add_up
from minigrad.ops.conv import unfold as patches
from minigrad.ops.kernel import require_tensor
from minigrad.ops.norm import channel_affine
from minigrad.tensor import Tensor

__all__ = ["conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "fold", "unfold"]


def conv1d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """y[n, o, l] = bias[o] + sum over c, i of weight[o, c, i] x[n, c, l stride + i dilation - padding]; see conv2d."""
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """y[n, o, h, w] = bias[o] + sum over c, i, j of weight[o, c, i, j] x[n, c, h stride + i dilation - padding, ...].

    input (N, C, H, W) or (C, H, W), weight (O, C / groups, kh, kw), bias (O); each number may be one for each axis.
    padding "same" (with stride 1) gives the input's size, "valid" is 0; outside the input x is 0. Output o sees the
    channels of its group.
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _check_tensors(name: str, dims: int, input: Any, weight: Any, bias: Any) -> None:
    require_floats(input, name, f"slow_{name}_cpu")
    for position, (what, tensor) in enumerate((("weight", weight), ("bias", bias)), 2):
        if tensor is None and what == "bias":
            continue
        require_tensor(tensor, name, what, position)
        if tensor.array.dtype is not input.array.dtype:
            raise RuntimeError(f"{name}: Input type ({input.dtype}) and {what} type ({tensor.dtype}) should be the "
                               "same")
    shape = input.array.shape
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input "
                           f"of size: {list(shape)}")
    if weight.array.ndim != dims + 2:
        raise RuntimeError(f"{name}: expected weight to have {dims + 2} dimensions, but got weight of size "
                           f"{list(weight.array.shape)}")


def _check_groups(groups: int, shape: tuple[int, ...]) -> None:
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise RuntimeError(f"non-positive groups is not supported: groups={groups}")
    if shape[0] < groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got "
                           f"weight of size {list(shape)} instead")
    if shape[0] % groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but "
                           f"got weight of size [{list(shape)}] instead")


def _check_steps(stride: tuple, padding: tuple, dilation: tuple) -> None:
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    for what, values in (("stride", stride), ("dilation", dilation)):
        if min(values) <= 0:
            raise RuntimeError(f"non-positive {what} is not supported")


def _conv(name: str, dims: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any,
          groups: int) -> Any:
    if are_integers(input, weight, bias):
        return in_doubles(lambda *t: _conv(name, dims, *t, stride, padding, dilation, groups), input, weight, bias)
    _check_tensors(name, dims, input, weight, bias)
    steps = (numbers(stride, dims, name, "stride"),
             padding if isinstance(padding, str) else numbers(padding, dims, name, "padding"),
             numbers(dilation, dims, name, "dilation"))
    x, batched = with_batch(input, dims)
    shape = _conv_shape(input.array.shape, x.array.shape, weight.array.shape, *steps, groups)
    if bias is not None and bias.array.shape != weight.array.shape[:1]:
        raise RuntimeError(f"Given weight of size {list(weight.array.shape)}, expected bias to be 1-dimensional with "
                           f"{weight.array.shape[0]} elements, but got bias of size {list(bias.array.shape)} instead")
    w = weight if dims == 2 else weight.unsqueeze(2)
    return without_batch(convolve(x, w, bias, shape), dims, batched)


@lru_cache(maxsize=512)
def _conv_shape(given: tuple, x: tuple, w: tuple, stride: tuple, padding: Any, dilation: tuple,
                groups: int) -> ConvShape:
    """The sizes of a convolution, checked. `given` is the input's own shape, x that of its images."""
    _check_groups(groups, w)
    pad = padding
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise RuntimeError(f"Invalid padding string: '{padding}'")
        if padding == "same" and max(stride) != 1:
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        pad = tuple(d * (k - 1) if padding == "same" else 0 for k, d in zip(w[2:], dilation))  # on both sides together
    _check_steps(stride, pad, dilation)
    if x[1] != w[1] * groups:
        raise RuntimeError(f"Given groups={groups}, weight of size {list(w)}, expected input{list(given)} to have "
                           f"{w[1] * groups} channels, but got {x[1]} channels instead")
    if not all(x[2:]):
        raise RuntimeError(f"Only zero batch or zero channel inputs are supported, but got input shape: {list(given)}")
    total = pad if isinstance(padding, str) else tuple(2 * p for p in pad)
    before = tuple(p // 2 for p in total)
    padded, reach = _last(x, len(stride), total), tuple(d * (k - 1) + 1 for k, d in zip(w[2:], dilation))
    if any(r > p for r, p in zip(reach, padded)) or 0 in w[2:]:
        raise RuntimeError(f"Calculated padded input size per channel: ({_by(padded)}). Kernel size: ({_by(reach)}). "
                           "Kernel size can't be greater than actual input size")
    out = tuple((p - r) // s + 1 for p, r, s in zip(padded, reach, stride))
    return _image_shape(x, groups, w[1], w[0] // groups, out, w[2:], stride, before, dilation)


def _last(x: tuple, dims: int, plus: tuple) -> tuple[int, ...]:
    """The lengths of an image's axes, of as many as there are, with something added."""
    return tuple(length + p for length, p in zip(x[-dims:], plus))


def _by(sizes: tuple) -> str:
    return " x ".join(map(str, sizes))


def _image_shape(x: tuple, groups: int, c_in: int, c_out: int, out: tuple, kernel: tuple, stride: tuple, pad: tuple,
                 dilation: tuple) -> ConvShape:
    """ConvShape of images x (N, C, H, W), from values for one axis or two; what is missing is of height 1."""
    lead = () if len(out) == 2 else (1,)
    return ConvShape(x[0], groups, c_in, c_out, *x[2:], *lead, *out, *lead, *kernel, *lead, *stride, *(0 for _ in lead),
                     *pad, *lead, *dilation)


# -- transposed --------------------------------------------------------------------------------------------------------


def conv_transpose1d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """y[n, o, l stride + i dilation - padding] += weight[c, o, i] x[n, c, l], plus bias[o]; see conv_transpose2d."""
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """What the gradient of conv2d with this weight does: y[n, o, h stride + i dilation - padding, ...] +=
    weight[c, o, i, j] x[n, c, h, w], plus bias[o].

    input (N, C, H, W) or (C, H, W), weight (C, O / groups, kh, kw), bias (O). The result's length is (H - 1) stride -
    2 padding + dilation (kh - 1) + output_padding + 1.
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(name: str, dims: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any,
                output_padding: Any, groups: int, dilation: Any) -> Any:
    if are_integers(input, weight, bias):
        return in_doubles(lambda *t: _transposed(name, dims, *t, stride, padding, output_padding, groups, dilation),
                          input, weight, bias)
    _check_tensors(name, dims, input, weight, bias)
    x, batched = with_batch(input, dims)
    steps = [numbers(value, dims, name, what) for what, value in (
        ("stride", stride), ("padding", padding), ("output_padding", output_padding), ("dilation", dilation))]
    shape = _transposed_shape(input.array.shape, x.array.shape, weight.array.shape, *steps, groups)
    outputs = weight.array.shape[1] * groups
    if bias is not None and bias.array.shape != (outputs,):
        raise RuntimeError(f"Given transposed=1, weight of size {list(weight.array.shape)}, expected bias to be "
                           f"1-dimensional with {outputs} elements, but got bias of size {list(bias.array.shape)} "
                           "instead")
    y = convolve_back(x, weight if dims == 2 else weight.unsqueeze(2), shape)
    return without_batch(y if bias is None else channel_affine(y, None, bias), dims, batched)


@lru_cache(maxsize=256)
def _transposed_shape(given: tuple, x: tuple, w: tuple, stride: tuple, pad: tuple, extra: tuple, dilation: tuple,
                      groups: int) -> ConvShape:
    """The sizes of the convolution whose transpose is wanted: from the result's images to x."""
    _check_groups(groups, w)
    _check_steps(stride, pad, dilation)
    if x[1] != w[0]:
        raise RuntimeError(f"Given transposed=1, weight of size {list(w)}, expected input{list(given)} to have "
                           f"{w[0]} channels, but got {x[1]} channels instead")
    if any(e < 0 or e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got output_padding="
                           f"{list(extra)}, stride={list(stride)}, dilation={list(dilation)}")
    if not all(x[2:]) or 0 in w[1:]:
        raise RuntimeError(f"conv_transpose: input {list(given)} and weight {list(w)} must not be empty, but for the "
                           "batch")
    dims = len(stride)
    out = tuple((length - 1) * s - 2 * p + d * (k - 1) + e + 1
                for length, s, p, d, k, e in zip(x[-dims:], stride, pad, dilation, w[2:], extra))
    if min(out) < 1:
        raise RuntimeError(f"Given input size per channel: ({_by(x[-dims:])}). Calculated output size per channel: "
                           f"({_by(out)}). Output size is too small")
    images = (x[0], w[1] * groups, *([1] if dims == 1 else []), *out)
    return _image_shape(images, groups, w[1], w[0] // groups, x[-dims:], w[2:], stride, pad, dilation)


# -- patches -----------------------------------------------------------------------------------------------------------


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The patches that a kernel sees, as columns: x (N, C, H, W) becomes (N, C kh kw, number of positions)."""
    require_floats(input, "unfold", "im2col_out_cpu")
    shape = input.array.shape
    if len(shape) not in (3, 4) or not all(shape[-3:]):
        raise RuntimeError("Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
                           f"dimensions for input, but got: {list(shape)}")
    x, batched = with_batch(input, 2)
    steps = _unfold_steps("unfold", kernel_size, dilation, padding, stride)
    cols = patches(x, _unfold_shape(x.array.shape[0], x.array.shape[1], shape[-2:], *steps))
    return cols if batched else cols.squeeze(0)


def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
         stride: Any = 1) -> Tensor:
    """The transpose of unfold: columns (N, C kh kw, positions) added up to images (N, C, H, W) of output_size."""
    require_floats(input, "fold", "col2im_out_cpu")
    shape = input.array.shape
    if len(shape) not in (2, 3) or not all(shape[-2:]):
        raise RuntimeError("Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero "
                           f"dimensions for input, but got: {list(shape)}")
    cols = input if len(shape) == 3 else input.unsqueeze(0)
    kernel, *steps = _unfold_steps("fold", kernel_size, dilation, padding, stride)
    if shape[-2] % (kernel[0] * kernel[1]):
        raise RuntimeError("Expected size of input's dimension 1 to be divisible by the product of kernel_size, but "
                           f"got input.size(1)={shape[-2]} and kernel_size={kernel}.")
    size = numbers(output_size, 2, "fold", "output_size")
    plan = _unfold_shape(cols.array.shape[0], shape[-2] // (kernel[0] * kernel[1]), size, kernel, *steps)
    if plan.area != shape[-1]:
        raise RuntimeError(f"Given output_size={size}, kernel_size={kernel}, dilation={steps[0]}, padding={steps[1]}, "
                           f"stride={steps[2]}, expected size of input's dimension 2 to match the calculated number of "
                           f"sliding blocks {plan.out_h} * {plan.out_w} = {plan.area}, but got "
                           f"input.size(2)={shape[-1]}.")
    y = add_up(cols, plan)
    return y if len(shape) == 3 else y.squeeze(0)


def _unfold_steps(name: str, kernel: Any, dilation: Any, padding: Any, stride: Any) -> list[tuple[int, ...]]:
    steps = [numbers(value, 2, name, what) for what, value in (
        ("kernel_size", kernel), ("dilation", dilation), ("padding", padding), ("stride", stride))]
    for what, values, least in (("kernel size", steps[0], 1), ("dilation", steps[1], 1), ("padding", steps[2], 0),
                                ("stride", steps[3], 1)):
        if min(values) < least:
            wanted = "greater than zero" if least else "non-negative"
            raise RuntimeError(f"{what} should be {wanted}, but got {what.split()[0]}_height: {values[0]} "
                               f"{what.split()[0]}_width: {values[1]}")
    return steps


@lru_cache(maxsize=256)
def _unfold_shape(n: int, channels: int, size: tuple, kernel: tuple, dilation: tuple, padding: tuple,
                  stride: tuple) -> ConvShape:
    out = tuple((length + 2 * p - d * (k - 1) - 1) // s + 1
                for length, p, d, k, s in zip(size, padding, dilation, kernel, stride))
    if min(out) < 1:
        raise RuntimeError(f"Given input with spatial size {size}, kernel_size={kernel}, dilation={dilation}, "
                           f"padding={padding}, calculated shape of the array of sliding blocks as {out}, but its "
                           "components must be at least one.")
    return _image_shape((n, channels, *size), 1, channels, 1, out, kernel, stride, padding, dilation)
