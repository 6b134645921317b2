"""70,000 grey images of pieces of clothing, 28 x 28, and their classes 0 to 9."""

from __future__ import annotations

import os

from minigrad.keras.datasets.local import Arrays, load

__all__ = ["load_data"]


def load_data(path: str | os.PathLike = "fashion_mnist.npz") -> Arrays:
    """(x_train, y_train), (x_test, y_test): images (60000, 28, 28) and (10000, 28, 28), classes (60000,) and (10000,),
    all uint8, from a local copy.

    path  an .npz file as Keras has it, or a directory with the four IDX files. By default they are looked for in
          $MINIGRAD_DATA/fashion_mnist, and where Keras keeps its downloads.
    """
    return load("fashion_mnist", path)
