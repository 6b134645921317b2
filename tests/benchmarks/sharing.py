"""Two threads against one, in one process: training steps and single kernels at the widths where others get slower."""

from __future__ import annotations

from typing import Any

import numpy as np

WIDTHS = (2, 45, 46, 128, 1024)
BATCHES = (32, 128)


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    torch = libraries["minigrad"]
    threads = torch.get_num_threads()
    if threads == 1:
        return
    for batch in BATCHES[:1] if quick else BATCHES:
        for width in WIDTHS[:2] if quick else WIDTHS:
            for name, function in {"step": _step(torch, width, batch), **_kernels(torch, width, batch)}.items():
                runs = {"minigrad": _with_threads(torch, threads, function),
                        "one thread": _with_threads(torch, 1, function)}
                yield f"{name} {batch}x{width}, {threads} threads", runs, ("us", 1e6)
    torch.set_num_threads(threads)


def _with_threads(torch: Any, count: int, function: Any) -> Any:
    def run() -> None:
        torch.set_num_threads(count)
        function()

    return run


def _kernels(torch: Any, width: int, batch: int) -> dict[str, Any]:
    functional = torch.nn.functional
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((batch, width)).astype(np.float32))
    w = torch.from_numpy(np.random.default_rng(1).standard_normal((width, width)).astype(np.float32))
    return {
        "linear": lambda: functional.linear(x, w), "relu": lambda: functional.relu(x), "add": lambda: x + x,
        "gelu": lambda: functional.gelu(x), "softmax": lambda: functional.softmax(x, -1),
        "dropout": lambda: functional.dropout(x, 0.2), "sum of rows": lambda: x.sum(1),
        "sum of columns": lambda: x.sum(0),
    }


def _step(torch: Any, width: int, batch: int) -> Any:
    """A training step of three layers of this width."""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(width, width), nn.ReLU(),
                          nn.Linear(width, 10))
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.rand(batch, width), torch.randint(0, 10, (batch,))

    def step() -> None:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step
