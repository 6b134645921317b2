"""Optimiser updates of many parameters, in GB/s of what must be read and written, beside memcpy."""

from __future__ import annotations

from typing import Any

import numpy as np

# name -> (class, options, arrays read and written per element)
UPDATES = {"SGD": ("SGD", {"lr": 1e-3}, 3), "SGD with momentum": ("SGD", {"lr": 1e-3, "momentum": 0.9}, 5),
           "Adam": ("Adam", {"lr": 1e-3}, 7)}


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    for width in (64,) if quick else (64, 1024, 4096):
        for name, (cls, options, arrays) in UPDATES.items():
            runs = {library: _run(torch, width, cls, options) for library in ("minigrad", "torch")
                    if (torch := libraries[library])}
            if torch := libraries["torch"]:
                runs["torch fused"] = _run(torch, width, cls, {**options, "fused": True})
            n = 2 * width * width + 2 * width
            source, target = np.ones(n * arrays // 2, np.float32), np.empty(n * arrays // 2, np.float32)
            runs["memcpy"] = lambda source=source, target=target: np.copyto(target, source)
            yield f"{name}, 2 layers of {width}", runs, ("GB/s", 4e-9 * n * arrays)


def _run(torch: Any, width: int, cls: str, options: dict) -> Any:
    """A step over two layers' weights and biases."""
    params = [torch.zeros(*shape, requires_grad=True) for shape in ((width, width), (width,)) * 2]
    for p in params:
        p.grad = torch.ones_like(p)
    return getattr(torch.optim, cls)(params, **options).step
