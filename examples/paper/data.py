"""MNIST for a run: pixels / 255, a random subset if it asks for one, and images held out of the training set or the
test set to measure on."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as torch
from minigrad.utils.data import read_idx
from paper.protocol import Run


class Data(NamedTuple):
    train: tuple[Any, Any]  # images (N, 784), labels (N)
    test: tuple[Any, Any]


@functools.cache
def mnist(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of "train" or "t10k" from the IDX files, gzipped or not, in the folder or its folder mnist."""
    images, labels = (np.asarray(read_idx(_find(folder, f"{part}-{kind}-ubyte")))
                      for kind in ("images-idx3", "labels-idx1"))
    return images.reshape(len(images), -1), labels


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz", folder / "mnist" / name, folder / "mnist" / f"{name}.gz"):
        if path.exists():
            return path
    raise FileNotFoundError(f"{folder / name}(.gz) not found: --data names a folder with MNIST's four IDX files")


def load(run: Run, folder: Path) -> Data:
    """What a run trains and is measured on. Its subset depends on its seed alone."""
    images, labels = mnist(folder, "train")
    order = torch.Generator().manual_seed(run.seed + 2_000_000).permutation(len(images))
    train = order[:run.images] if run.images < len(images) else slice(None)
    test = mnist(folder, "t10k")
    if run.held_out:
        chosen = order[-run.held_out:]
        test = images[chosen], labels[chosen]
    return Data(_tensors(images[train], labels[train]), _tensors(*test))


def _tensors(images: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
    return (torch.from_numpy(images.astype(np.float32) / np.float32(255)), torch.from_numpy(labels.astype(np.int64)))
