"""How a tensor prints: as PyTorch's do, four digits, aligned, summarised beyond a thousand elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes

__all__ = ["format_tensor", "set_printoptions"]

_options = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


def set_printoptions(precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
                     linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None) -> None:
    """Change how tensors print; None leaves a setting as it is."""
    profiles = {"default": (4, 1000, 3, 80), "short": (2, 1000, 2, 80), "full": (4, math.inf, 3, 80)}
    if profile is not None:
        _options.update(zip(("precision", "threshold", "edgeitems", "linewidth"), profiles[profile]))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({name: value for name, value in given.items() if value is not None})
    _options["sci_mode"] = sci_mode


def format_tensor(tensor: Any) -> str:
    """tensor([...], what is not the default), as PyTorch prints it."""
    array, indent = tensor.array, len("tensor(")
    summarize = array.size > _options["threshold"]
    if array.size == 0:
        body = "[]"
    else:
        body = _nested(array, indent, summarize, _formatter(_edges(array) if summarize else array))
    suffixes = []
    if array.size == 0 and array.ndim != 1:
        suffixes.append(f"size={tuple(array.shape)}")
    if array.dtype not in (dtypes.default_float(), np.dtype(np.int64), np.dtype(bool)) or (
            array.size == 0 and array.dtype != dtypes.default_float()):
        suffixes.append(f"dtype={tensor.dtype}")
    if tensor.node is not None:
        suffixes.append(f"grad_fn=<{tensor.node.name()}>")
    elif tensor.needs_grad:
        suffixes.append("requires_grad=True")
    return _with_suffixes(f"tensor({body}", suffixes, indent)


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    """Append ", suffix" for each, on a new line where the last line would get too long."""
    width = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if width + len(suffix) + 2 > _options["linewidth"]:
            text += ",\n" + " " * indent + suffix
            width = indent + len(suffix)
        else:
            text += ", " + suffix
            width += len(suffix) + 2
    return text + ")"


def _edges(array: np.ndarray) -> np.ndarray:
    """The elements that a summary shows."""
    e = _options["edgeitems"]
    for axis, length in enumerate(array.shape):
        if length > 2 * e:
            array = np.take(array, [*range(e), *range(length - e, length)], axis)
    return array


def _formatter(array: np.ndarray) -> tuple[int, Any]:
    """(width, show): the width of an element, and a function that formats one to it."""
    if array.dtype.kind != "f":
        width = max(len(str(v)) for v in array.reshape(-1).tolist())
        return width, lambda value: f"{value!s:>{width}}"
    counted = array[np.isfinite(array) & (array != 0)].astype(np.float64)
    show = _float_style(counted)
    width = max((len(show(v)) for v in counted.tolist()), default=1)  # others may stick out, as in PyTorch
    return width, lambda value: f"{show(value):>{width}}"


def _float_style(counted: np.ndarray) -> Any:
    """How to write a number beside these, none of which is 0, infinite or NaN."""
    digits, scientific = _options["precision"], _options["sci_mode"]
    size = np.abs(counted)
    if scientific is None and size.size:
        scientific = size.max() / size.min() > 1000.0 or size.max() > 1e8 or size.min() < 1e-4
    if scientific and size.size:
        return lambda v: f"{v:.{digits}e}"
    if (counted == np.ceil(counted)).all():
        return lambda v: f"{v:.0f}." if math.isfinite(v) else str(v)
    return lambda v: f"{v:.{digits}f}"


def _nested(array: np.ndarray, indent: int, summarize: bool, style: tuple[int, Any]) -> str:
    width, show = style
    if array.ndim == 0:
        return show(array.item())
    e = _options["edgeitems"]
    short = summarize and len(array) > 2 * e
    picked = [*array[:e], None, *array[-e:]] if short else list(array)
    if array.ndim == 1:
        return _row([" ..." if v is None else show(v.item()) for v in picked], indent, width)
    parts = ["..." if v is None else _nested(v, indent + 1, summarize, style) for v in picked]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def _row(items: list[str], indent: int, width: int) -> str:
    per_line = max(1, (_options["linewidth"] - indent) // (width + 2))
    lines = [", ".join(items[i:i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
