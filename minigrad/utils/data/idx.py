"""IDX files, the format of MNIST: a magic number (type, number of dimensions), the sizes, the elements, big-endian."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from typing import Any, BinaryIO

import numpy as np

from minigrad import dtypes
from minigrad.engine import make
from minigrad.tensor import Tensor

__all__ = ["read_idx"]

# By code: how the elements are stored, and as what they are read.
_TYPES = {0x08: (">u1", "uint8"), 0x09: (">i1", "int32"), 0x0B: (">i2", "int32"), 0x0C: (">i4", "int32"),
          0x0D: (">f4", "float32"), 0x0E: (">f8", "float64")}
_MAX_DIMENSIONS = 32
_CHUNK = 1 << 20


def read_idx(path: str | os.PathLike) -> Tensor:
    """The array of an IDX file, plain or gzipped, as a tensor: MNIST's images are uint8 (60000, 28, 28), its labels
    uint8 (60000).

    FileNotFoundError if there is no such file; ValueError, which names the file, if it is not an IDX file, is
    truncated, or has more data than its header says. No more memory is used than the file has data.
    """
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not zipped:
            return _read(file, path, os.fstat(file.fileno()).st_size)
        try:
            with gzip.open(file) as unzipped:
                return _read(unzipped, path, None)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{os.fspath(path)}: the gzip data is damaged or truncated: {error}") from None


def _read(file: Any, path: Any, size: int | None) -> Tensor:
    """The tensor of an open IDX file of this size in bytes, None if it is not known."""
    (stored, read_as), shape = _read_header(file, path)
    dtype = np.dtype(stored)
    expected = math.prod(shape) * dtype.itemsize
    what = f"a header for {dtype.name} of shape {list(shape)}, {expected} bytes of data,"
    if size is not None and size - file.tell() != expected:
        raise ValueError(f"{os.fspath(path)}: {what} but {size - file.tell()} bytes follow")
    data = _read_up_to(file, expected)
    if len(data) != expected:
        raise ValueError(f"{os.fspath(path)}: truncated: {what} but only {len(data)} bytes follow")
    if file.read(1):
        raise ValueError(f"{os.fspath(path)}: {what} but more follow")
    try:
        array = np.frombuffer(data, dtype).reshape(shape)
    except ValueError as error:  # sizes beyond what NumPy counts, one of them 0
        raise ValueError(f"{os.fspath(path)}: {what} is not possible: {error}") from None
    return make(array.astype(dtypes.resolve(read_as), copy=False))


def _read_header(file: BinaryIO, path: Any) -> tuple[tuple[str, str], tuple[int, ...]]:
    """The element type, as in _TYPES, and the shape."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        raise ValueError(f"{os.fspath(path)}: not an IDX file: it starts with {magic.hex(' ') or 'nothing'}, where "
                         "00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of dimensions are expected")
    ndim = magic[3]
    if ndim > _MAX_DIMENSIONS:
        raise ValueError(f"{os.fspath(path)}: {ndim} dimensions; at most {_MAX_DIMENSIONS} are supported")
    sizes = file.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise ValueError(f"{os.fspath(path)}: truncated in the header: {ndim} sizes are expected")
    return _TYPES[magic[2]], tuple(np.frombuffer(sizes, ">u4").tolist())


def _read_up_to(file: BinaryIO, n: int) -> bytearray:
    """At most n bytes, in pieces: a header that promises too much costs no more than the file has."""
    data = bytearray()
    while len(data) < n and (piece := file.read(min(_CHUNK, n - len(data)))):
        data += piece
    return data
