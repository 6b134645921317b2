"""What a layer expects of its inputs, and the errors, in Keras's words, if they are different."""

from __future__ import annotations

from typing import Any

from minigrad.keras import tree

__all__ = ["InputSpec", "check_inputs"]


class InputSpec:
    """Rank, shape or single axes of an input; None where anything will do."""

    def __init__(self, dtype: Any = None, shape: Any = None, ndim: int | None = None, max_ndim: int | None = None,
                 min_ndim: int | None = None, axes: dict[int, int] | None = None, allow_last_axis_squeeze: bool = False,
                 name: str | None = None, optional: bool = False) -> None:
        self.dtype, self.shape = dtype, None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim, self.axes, self.name = max_ndim, min_ndim, dict(axes or {}), name
        self.allow_last_axis_squeeze, self.optional = allow_last_axis_squeeze, optional

    def __repr__(self) -> str:
        given = {name: value for name, value in vars(self).items() if value not in (None, {}, False)}
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in given.items())})"


def check_inputs(spec: Any, inputs: Any, layer_name: str) -> None:
    """ValueError unless the inputs are as the InputSpec, or each as its one of a list, says."""
    specs, tensors = tree.flatten(spec), tree.flatten(inputs)
    if len(specs) != len(tensors):
        raise ValueError(f'Layer "{layer_name}" expects {len(specs)} input(s), but it received {len(tensors)} input '
                         f"tensors. Inputs received: {tensors}")
    for number, (one, x) in enumerate(zip(specs, tensors)):
        if one is None or (x is None and one.optional):
            continue
        if not hasattr(x, "shape"):
            raise ValueError(f"Inputs to a layer should be tensors. Got '{x}' (of type {type(x)}) as input for layer "
                             f"'{layer_name}'.")
        wrong = _difference(one, tuple(x.shape))
        if wrong:
            raise ValueError(f"Input {number} with name '{one.name}' of layer '{layer_name}' is incompatible with the "
                             f"layer: {wrong}")


def _difference(spec: InputSpec, shape: tuple) -> str | None:
    """What is wrong with a shape, if anything is."""
    ndim = len(shape)
    if spec.ndim is not None and not spec.allow_last_axis_squeeze and ndim != spec.ndim:
        return f"expected ndim={spec.ndim}, found ndim={ndim}. Full shape received: {shape}"
    if spec.max_ndim is not None and ndim > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={ndim}"
    if spec.min_ndim is not None and ndim < spec.min_ndim:
        return f"expected min_ndim={spec.min_ndim}, found ndim={ndim}. Full shape received: {shape}"
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] not in (size, None):
            return (f"expected axis {axis} of input shape to have value {size}, but received input with shape "
                    f"{shape}")
    own = spec.shape
    if own is not None:
        if spec.allow_last_axis_squeeze:
            own, shape = (s[:-1] if s and s[-1] == 1 else s for s in (own, shape))
        if any(None not in (a, b) and a != b for a, b in zip(own, shape)):
            return f"expected shape={spec.shape}, found shape={shape}"
    return None
