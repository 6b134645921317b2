"""Nanoseconds per element, forward and forward with backward, at 4 K, 128 K and 16 M elements, beside memcpy."""

from __future__ import annotations

from typing import Any

import numpy as np

SHAPES = ((32, 128), (128, 1024), (4096, 4096))


def operations(torch: Any, rows: int, cols: int) -> dict[str, Any]:
    """name -> f(x), in PyTorch's names: of minigrad or PyTorch."""
    functional = torch.nn.functional
    bias, target = torch.zeros(cols), torch.zeros(rows, dtype=torch.int64)
    return {
        "dropout": lambda x: functional.dropout(x, 0.5),
        "relu": lambda x: functional.relu(x),
        "gelu": lambda x: functional.gelu(x),
        "softmax": lambda x: functional.softmax(x, -1),
        "log_softmax": lambda x: functional.log_softmax(x, -1),
        "cross_entropy": lambda x: functional.cross_entropy(x, target),
        "row mean and variance": lambda x: (x.mean(1), x.var(1))[1],
        "add a row": lambda x: x + bias,
    }


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    for rows, cols in SHAPES[:1] if quick else SHAPES:
        array = np.random.default_rng(0).standard_normal((rows, cols)).astype(np.float32)
        copy = np.empty_like(array)
        unit = ("ns/element", 1e9 / array.size)
        for name in operations(libraries["minigrad"], 1, 1):
            forward: dict[str, Any] = {}
            both: dict[str, Any] = {}
            for library in ("minigrad", "torch"):
                if torch := libraries[library]:
                    forward[library], both[library] = _pair(torch, array, operations(torch, rows, cols)[name])
            forward["memcpy"] = both["memcpy"] = lambda array=array, copy=copy: np.copyto(copy, array)
            yield f"{name} {rows}x{cols}", forward, unit
            yield f"{name} {rows}x{cols}, with backward", both, unit


def _pair(torch: Any, array: np.ndarray, function: Any) -> tuple[Any, Any]:
    """Forward alone, and forward with backward."""
    x, leaf = torch.from_numpy(array), torch.from_numpy(array.copy()).requires_grad_()
    with torch.no_grad():
        dy = torch.ones_like(function(x))

    def forward() -> None:
        with torch.no_grad():
            function(x)

    def both() -> None:
        leaf.grad = None
        function(leaf).backward(dy)

    return forward, both
