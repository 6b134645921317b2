"""One epoch of the seed network over MNIST through DataLoader, in seconds. Needs MINIGRAD_DATA."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.steps import NETWORKS


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    folder = _mnist()
    if not quick and folder is not None:
        yield "epoch of seed on MNIST", {name: _epoch(torch, folder) for name in ("minigrad", "torch")
                                         if (torch := libraries[name])}, ("s", 1)


def recorded(libraries: dict[str, Any], quick: bool) -> Any:
    """The same with the step compiled: the whole epoch by compiled.epoch(loader), and batch by batch."""
    folder = _mnist()
    if not quick and folder is not None:
        contestants = {"recorded": _epoch(libraries["minigrad"], folder, "epoch"),
                       "by batches": _epoch(libraries["minigrad"], folder, "batches")}
        if torch := libraries["torch"]:
            contestants["torch"] = _epoch(torch, folder)
        yield "recorded epoch of seed on MNIST", contestants, ("s", 1)


def _mnist() -> Path | None:
    folder = Path(os.environ.get("MINIGRAD_DATA", "")) / "mnist"
    return folder if folder.is_dir() else None


def _epoch(torch: Any, folder: Path, recorded: str = "") -> Any:
    from minigrad.utils.data.idx import read_idx

    images = np.asarray(read_idx(folder / "train-images-idx3-ubyte.gz")).reshape(-1, 784).astype(np.float32) / 255
    labels = np.asarray(read_idx(folder / "train-labels-idx1-ubyte.gz")).astype(np.int64)
    data = torch.utils.data.TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
    net, nn = NETWORKS["seed"], torch.nn
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 64), nn.ReLU(),
                          nn.Dropout(0.5), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    batches = torch.utils.data.DataLoader(data, batch_size=net.batch, shuffle=True)

    def step(x: Any, y: Any) -> Any:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    if recorded:
        step = torch.compile(step, fullgraph=True)
    if recorded == "epoch":
        return lambda: step.epoch(batches)

    def epoch() -> None:
        for x, y in batches:
            step(x, y)

    return epoch
