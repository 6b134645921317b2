"""Microseconds per operation on one element: what an operation costs before it computes anything."""

from __future__ import annotations

from typing import Any

import numpy as np


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    for name in ("add", "mul", "relu", "exp", "sum", "matmul", "linear", "dropout"):
        for kind in ("forward, not recorded", "forward, recorded", "forward and backward"):
            runs = {library: _run(torch, name, kind) for library in ("minigrad", "torch")
                    if (torch := libraries[library])}
            yield f"{name} of one element, {kind}", runs, ("us", 1e6)


def _run(torch: Any, name: str, kind: str) -> Any:
    x, w = torch.ones(1, 1), torch.ones(1, 1)
    x.requires_grad_(kind != "forward, not recorded")
    functional = torch.nn.functional
    function = {
        "add": lambda: x + w, "mul": lambda: x * w, "relu": lambda: functional.relu(x), "exp": lambda: x.exp(),
        "sum": lambda: x.sum(), "matmul": lambda: x @ w, "linear": lambda: functional.linear(x, w),
        "dropout": lambda: functional.dropout(x, 0.5),
    }[name]
    if kind != "forward and backward":
        return function
    dy = torch.from_numpy(np.ones(() if name == "sum" else (1, 1), np.float32))

    def both() -> None:
        x.grad = None
        function().backward(dy)

    return both
