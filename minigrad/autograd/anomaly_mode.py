"""Anomaly mode: a backward pass that fails, or makes a NaN, names the line of the forward pass that is behind it.

While it is on, the engine's two entries are replaced: recording an operation notes the stack, and calling a backward
looks at what it returns. While it is off nothing of this exists.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from typing import Any

import numpy as np

from minigrad import backward
from minigrad.engine import Function
from minigrad.tape import bump

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly"]

_record, _call_backward = Function._record, backward._call_backward
_settings = {"enabled": False, "check_nan": True}
_running: list[Function] = []  # the nodes whose backward is running


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return _settings["enabled"]


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode, when on, looks for NaN."""
    return _settings["check_nan"]


def _switch(enabled: bool, check_nan: bool) -> None:
    _settings.update(enabled=bool(enabled), check_nan=bool(check_nan))
    Function._record = _record_and_note if enabled else _record
    backward._call_backward = _call_and_check if enabled else _call_backward
    bump()


def _record_and_note(self: Function, edges: list, args: tuple, out: Any) -> Any:
    """Note the stack of the call, and whose backward it is part of."""
    stack = traceback.StackSummary.extract(traceback.walk_stack(sys._getframe(2)))  # without this and apply
    self.__dict__["_made"] = "".join(reversed(stack.format())), _running[-1] if _running else None
    return _record(self, edges, args, out)


def _call_and_check(node: Function, dys: list, edges: tuple) -> tuple:
    _running.append(node)
    try:
        dxs = _call_backward(node, dys, edges)
        if _settings["check_nan"]:
            for position, dx in enumerate(dxs):
                if dx is not None and np.isnan(dx.array).any():
                    raise RuntimeError(f"Function '{node.name()}' returned nan values in its {position}th output.")
        return dxs
    except Exception:
        warnings.warn(_story(node), stacklevel=4)
        raise
    finally:
        _running.pop()


def _story(node: Function) -> str:
    """Where the forward call of a node was made; if that was in a backward, where that one's was, and so on."""
    text = f"Error detected in {node.name()}. "
    made = getattr(node, "_made", None)
    if made is None:
        return text + ("No forward pass information available. Enable detect anomaly during forward pass for more "
                       "information.")
    text += f"Traceback of forward call that caused the error:\n{made[0]}"
    while made and made[1] is not None:
        node = made[1]
        made = getattr(node, "_made", None)
        text += f"\n\nPrevious calculation was induced by {node.name()}. " + (
            f"Traceback of forward call that induced the previous calculation:\n{made[0]}" if made else
            "No forward pass information available.")
    return text


class set_detect_anomaly:
    """Switch anomaly mode on or off, at once; as a context manager the previous state comes back at its end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = dict(_settings)
        _switch(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        _switch(**self._before)


class detect_anomaly:
    """A context in which anomaly mode is on. Slow: for looking for a mistake, forward and backward both inside."""

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan
        warnings.warn("Anomaly Detection has been enabled. This mode will increase the runtime and should only be "
                      "enabled for debugging.", stacklevel=2)

    def __enter__(self) -> None:
        self._before = dict(_settings)
        _switch(True, self._check_nan)

    def __exit__(self, *exc: Any) -> None:
        _switch(**self._before)
