"""MNIST's format, wherever it lies: Keras's .npz file, or a directory with the four IDX files, gzipped or not."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from minigrad.utils.data.idx import read_idx

__all__ = ["Arrays", "load"]

Arrays = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
_IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_KEYS = ("x_train", "y_train", "x_test", "y_test")


def _idx_files(directory: Path) -> list[Path] | None:
    """The four files; None unless all are there."""
    found = [next((path for path in (directory / f"{name}.gz", directory / name) if path.is_file()), None)
             for name in _IDX]
    return None if None in found else found


def _read(path: Path) -> Arrays | None:
    """What is at a path: None if nothing is."""
    if path.is_file():
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in _KEYS if key not in file]
            if missing:
                raise ValueError(f"{path}: expected the arrays {', '.join(_KEYS)}, but {', '.join(missing)} are not "
                                 "there")
            x_train, y_train, x_test, y_test = (file[key] for key in _KEYS)
        return (x_train, y_train), (x_test, y_test)
    files = _idx_files(path)
    if files is None:
        return None
    x_train, y_train, x_test, y_test = (read_idx(file).numpy() for file in files)
    return (x_train, y_train), (x_test, y_test)


def load(name: str, path: str | os.PathLike) -> Arrays:
    """(x_train, y_train), (x_test, y_test), uint8, of a data set: from the path, or from where it usually lies.

    FileNotFoundError, which says what was looked for, if it is not there.
    """
    tried = [Path(path).expanduser()]
    default = str(path) == f"{name}.npz"
    if default:
        if os.environ.get("MINIGRAD_DATA"):
            tried += [Path(os.environ["MINIGRAD_DATA"]) / name, Path(os.environ["MINIGRAD_DATA"]) / f"{name}.npz"]
        keras = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"
        tried += [keras / f"{name}.npz", keras / name]
    for place in tried:
        arrays = _read(place)
        if arrays is not None:
            return arrays
    raise FileNotFoundError(
        f"{name}.load_data: nothing is downloaded. Give path= an .npz file with the arrays {', '.join(_KEYS)}, or a "
        f"directory with the files {', '.join(_IDX)} (.gz or not), or set MINIGRAD_DATA to the directory that holds "
        f"{name}/ with them. Looked at: {', '.join(map(str, tried))}")
