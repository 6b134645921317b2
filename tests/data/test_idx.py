"""read_idx: every type and shape, plain and zipped, and every way in which a file can be wrong."""

import gzip
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from minigrad.utils.data import read_idx

MNIST = Path(os.environ.get("MINIGRAD_DATA", "")) / "mnist"
CODES = {0x08: ("u1", "uint8"), 0x09: ("i1", "int32"), 0x0B: (">i2", "int32"), 0x0C: (">i4", "int32"),
         0x0D: (">f4", "float32"), 0x0E: (">f8", "float64")}


def _file(array, code=0x08, stored="u1"):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(stored).tobytes()


IMAGES = _file(np.arange(24).reshape(2, 3, 4))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (0, 3), (1, 1)])
@pytest.mark.parametrize("zipped", [False, True])
def test_round_trip(code, shape, zipped, tmp_path):
    stored, read_as = CODES[code]
    array = (np.arange(np.prod(shape)) - (0 if code == 8 else 7)).reshape(shape)
    data = _file(array, code, stored)
    (tmp_path / "f").write_bytes(gzip.compress(data) if zipped else data)
    t = read_idx(tmp_path / "f")
    assert t.dtype.name == read_as and tuple(t.shape) == shape and (t.numpy() == array).all()
    t.add_(1)  # the tensor owns its memory


def test_without_dimensions(tmp_path):
    (tmp_path / "f").write_bytes(_file(np.array(7)))
    assert read_idx(str(tmp_path / "f")).item() == 7


BROKEN = {
    "empty": (b"", "not an IDX file"),
    "short": (IMAGES[:3], "not an IDX file"),
    "text": (b"<!DOCTYPE html>", "not an IDX file"),
    "magic": (b"\1" + IMAGES[1:], "not an IDX file"),
    "type": (IMAGES[:2] + b"\x0a" + IMAGES[3:], "not an IDX file"),
    "no sizes": (IMAGES[:4], "truncated in the header"),
    "half the sizes": (IMAGES[:11], "truncated in the header"),
    "no data": (IMAGES[:16], "24 bytes of data"),
    "a byte less": (IMAGES[:-1], "24 bytes of data"),
    "a byte more": (IMAGES + b"x", "24 bytes of data"),
    "dimensions": (bytes([0, 0, 8, 255]) + b"\0" * 2000, "255 dimensions"),
    "huge": (bytes([0, 0, 8, 3]) + b"\xff" * 12 + b"abc", "bytes of data"),
    "huge floats": (bytes([0, 0, 14, 4]) + b"\xff" * 16 + b"abc", "bytes of data"),
    "huge but for a 0": (bytes([0, 0, 8, 4]) + b"\xff" * 12 + b"\0" * 4, "not possible|bytes of data"),
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("data, text", BROKEN.values(), ids=BROKEN.keys())
def test_broken_files(data, text, zipped, tmp_path):
    path = tmp_path / "train-images"
    path.write_bytes(gzip.compress(data) if zipped else data)
    tracemalloc.start()
    with pytest.raises(ValueError, match=text) as caught:
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert peak < 8 << 20, "no memory for what is not there"


def test_damaged_gzip(tmp_path):
    whole = gzip.compress(_file(np.random.default_rng(0).integers(0, 255, 5000)))
    for number, data in enumerate((whole[:-1], whole[:50], whole[:2], whole[:30] + b"\0" * 20 + whole[50:],
                                   whole[:-8] + b"\0" * 8, whole + b"garbage")):
        path = tmp_path / f"{number}.gz"
        path.write_bytes(data)
        with pytest.raises(ValueError, match=f"{number}.gz"):
            read_idx(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(IsADirectoryError):
        read_idx(tmp_path)


@pytest.mark.skipif(not MNIST.is_dir(), reason="MINIGRAD_DATA does not name a folder with mnist/ in it")
def test_mnist():
    images, labels = (read_idx(MNIST / f"t10k-{name}.gz") for name in ("images-idx3-ubyte", "labels-idx1-ubyte"))
    assert tuple(images.shape) == (10000, 28, 28) and tuple(labels.shape) == (10000,)
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]
