"""Keras's fit of 784-128-64-10 (dropout .5, Adam, batches of 32), three epochs at a time: minigrad beside Keras 3 on
JAX and PyTorch, each in a process of its own, taking turns. Needs Keras."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 3  # of a call of fit


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    if quick or importlib.util.find_spec("keras") is None:
        return
    backends = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
    yield "Keras's fit, an epoch of 1,875 steps", {
        "minigrad": _worker("minigrad"), **{f"keras {name}": _worker(name) for name in backends}}, ("s", 1 / EPOCHS)


def _worker(library: str) -> Any:
    """A function that has another process call fit."""
    threads = os.environ["OMP_NUM_THREADS"]
    process = subprocess.Popen([sys.executable, __file__, library, threads], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
                               env={**os.environ, "KERAS_BACKEND": library.replace("minigrad", "jax"),
                                    "PYTHONPATH": str(ROOT)})

    def fit() -> None:
        process.stdin.write("go\n")
        process.stdin.flush()
        if process.stdout.readline() != "done\n":
            raise RuntimeError(f"the process that trains with {library} has ended")

    return fit


def _data() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's training images, or noise where MINIGRAD_DATA is not set."""
    folder = Path(os.environ.get("MINIGRAD_DATA", "")) / "mnist"
    if not folder.is_dir():
        source = np.random.default_rng(0)
        return source.random((60_000, 784), np.float32), source.integers(0, 10, 60_000)
    from minigrad.utils.data.idx import read_idx

    images = np.asarray(read_idx(folder / "train-images-idx3-ubyte.gz")).reshape(-1, 784).astype(np.float32) / 255
    return images, np.asarray(read_idx(folder / "train-labels-idx1-ubyte.gz")).astype(np.int64)


def _train(library: str, threads: int) -> None:
    """In the process: a fit for each line of input."""
    if hasattr(os, "sched_setaffinity"):  # what XLA goes by
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    if library == "minigrad":
        import minigrad.keras as keras
    else:
        import keras
    x, labels = _data()
    y = np.eye(10, dtype=np.float32)[labels]
    layers = keras.layers
    model = keras.models.Sequential([
        keras.Input((784,)), layers.Dense(128, activation="relu"), layers.Dropout(0.5),
        layers.Dense(64, activation="relu"), layers.Dropout(0.5), layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    for _ in sys.stdin:
        model.fit(x, y, epochs=EPOCHS, batch_size=32, verbose=0)
        print("done", flush=True)


if __name__ == "__main__":
    _train(sys.argv[1], int(sys.argv[2]))
