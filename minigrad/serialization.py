"""Saving and loading, without pickle: tensors as safetensors files, which other tools read too.

A file is the length of its header (8 bytes, little-endian), the header (JSON: name -> dtype, shape, data_offsets), and
the tensors' bytes, without gaps. Nested dicts, lists and numbers around the tensors go into the header's metadata.

A file is written beside its target and then put in its place: whoever is killed while saving leaves the old file or the
new one. A file to load is not trusted: everything is checked before it is used, and nothing larger than the file is
allocated.
"""

from __future__ import annotations

import io
import json
import math
import os
import secrets
import stat
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from minigrad.engine import make
from minigrad.packing import Packer, unpack
from minigrad.tensor import Device, Tensor

__all__ = ["load", "load_file", "load_metadata", "save", "save_file"]

_DTYPES = {name: np.dtype(numpy_name) for name, numpy_name in (
    ("F64", "float64"), ("F32", "float32"), ("I64", "int64"), ("I32", "int32"), ("U8", "uint8"), ("BOOL", "bool"))}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_MAX_HEADER = 100_000_000  # bytes; the limit of the safetensors package
_MAX_DIMENSIONS = 32
_METADATA = "__metadata__"
_FOREIGN = {b"PK\3\4": "a file of torch.save (or another zip file)", b"\x80": "an old file of torch.save, or a pickle",
            b"\x93NUMPY": "a file of numpy.save", b"\x89HDF": "an HDF5 file"}
_TREE = "minigrad"         # the metadata entry with the structure around the tensors


# -- files of tensors --------------------------------------------------------------------------------------------------


def save_file(tensors: Mapping[str, Tensor], filename: str | os.PathLike,
              metadata: dict[str, str] | None = None) -> None:
    """Write named tensors as a safetensors file, atomically. metadata: strings to put into its header."""
    _write_atomically(filename, _encode(tensors, metadata))


def load_file(filename: str | os.PathLike, device: Any = "cpu") -> dict[str, Tensor]:
    """The named tensors of a safetensors file. ValueError, which names the file, for anything that is wrong with it."""
    Device(device)
    with open(filename, "rb") as file:
        return _read(file, os.fspath(filename))[0]


def load_metadata(filename: str | os.PathLike) -> dict[str, str]:
    """The metadata of a safetensors file: what save_file was given, or another tool wrote."""
    with open(filename, "rb") as file:
        return _read(file, os.fspath(filename))[1]


def _encode(tensors: Mapping[str, Tensor], metadata: dict[str, str] | None) -> list[Any]:
    """The parts of the file, as bytes-like objects. The header keeps the order of the tensors; their bytes are sorted
    by the size of an element, so that all lie aligned."""
    header: dict[str, Any] = {}
    if metadata:
        if not all(isinstance(text, str) for item in metadata.items() for text in item):
            raise TypeError(f"save_file: metadata must map strings to strings, but got {metadata!r}")
        header[_METADATA] = metadata
    for name, tensor in tensors.items():
        if not isinstance(name, str) or name == _METADATA:
            raise TypeError(f"save_file: {name!r} can't be the name of a tensor")
        if not isinstance(tensor, Tensor):
            raise TypeError(f"save_file: expected a Tensor under {name!r}, but got {type(tensor).__name__}")
        header[name] = {"dtype": _NAMES[np.dtype(tensor.array.dtype)], "shape": list(tensor.shape)}
    parts, end = [], 0
    for name in sorted(tensors, key=lambda name: -tensors[name].array.itemsize):
        array = tensors[name].array
        data = _little_endian(np.ascontiguousarray(array)).reshape(-1).view(np.uint8)
        header[name]["data_offsets"] = [end, end + data.size]
        end += data.size
        parts.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > _MAX_HEADER:
        raise ValueError(f"save_file: the header would have {len(text)} bytes; at most {_MAX_HEADER} are allowed")
    return [len(text).to_bytes(8, "little"), text, *parts]


def _little_endian(array: np.ndarray) -> np.ndarray:
    """From this machine's byte order to that of the file, or back."""
    return array if sys.byteorder == "little" else array.byteswap()


def _write_atomically(filename: str | os.PathLike, parts: list[Any]) -> None:
    """Write the parts to a new file in the same directory, and put it in the place of filename."""
    target = os.path.realpath(filename)  # the file that a link points to, not the link
    if os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        with open(target, "wb") as file:  # a device or a pipe (a directory is refused here) can't be replaced
            file.writelines(parts)
        return
    directory, name = os.path.split(target)
    temporary = os.path.join(directory, f".{name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise
    _sync_directory(directory)


def _sync_directory(directory: str) -> None:
    """Make the new name durable, where the system can."""
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


# -- reading, with suspicion -------------------------------------------------------------------------------------------


def _read(file: BinaryIO, where: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of an open safetensors file; where: its name, for errors."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > min(size - 8, _MAX_HEADER):
        for magic, what in _FOREIGN.items():
            if start.startswith(magic):
                raise ValueError(f"{where}: this is {what}; minigrad reads safetensors only and runs no pickle. "
                                 "Convert it with safetensors.torch.save_file, or safetensors.numpy.save_file")
        raise ValueError(f"{where}: not a safetensors file: its header would have {length} bytes, but the file has "
                         f"{size}")
    header = _parse(file.read(length), where, "the header")
    if not isinstance(header, dict):
        raise ValueError(f"{where}: the header must be a JSON object, but is a {type(header).__name__}")
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError(f"{where}: {_METADATA} must map strings to strings")
    _check_layout(header, size - 8 - length, where)
    tensors: dict[str, Any] = dict.fromkeys(header)
    for name in sorted(header, key=lambda name: header[name]["data_offsets"]):
        tensors[name] = _read_tensor(file, name, header[name], where)
    return tensors, metadata


def _parse(text: bytes, where: str, what: str) -> Any:
    """JSON in UTF-8, without duplicate keys."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            raise ValueError("duplicate keys")
        return found

    try:
        return json.loads(text.decode(), object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: {what} is not valid JSON: {error}") from None


def _check_layout(header: dict[str, Any], size: int, where: str) -> None:
    """ValueError unless every entry is well-formed, and together they cover the data of this size exactly once."""
    for name, entry in header.items():
        problem = _problem(entry, size)
        if problem:
            raise ValueError(f"{where}: tensor {name!r}: {problem}")
    end = 0
    for name in sorted(header, key=lambda name: header[name]["data_offsets"]):
        start, stop = header[name]["data_offsets"]
        if start != end:
            raise ValueError(f"{where}: tensor {name!r} starts at byte {start} of the data, where byte {end} is next: "
                             f"tensors must neither overlap nor leave gaps")
        end = stop
    if end != size:
        raise ValueError(f"{where}: the tensors take {end} bytes, but the file has {size} bytes of data")


def _problem(entry: Any, size: int) -> str | None:
    """What is wrong with one tensor's entry, in a file with `size` bytes of data."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        return "its entry must have dtype, shape and data_offsets"
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        return f"dtype {dtype!r} is not supported; minigrad has {', '.join(_DTYPES)}"
    if not _are_sizes(shape) or len(shape) > _MAX_DIMENSIONS:
        return f"its shape must be a list of at most {_MAX_DIMENSIONS} non-negative integers"
    if not _are_sizes(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= size:
        return f"its data_offsets must be two ascending integers within the {size} bytes of data"
    expected = math.prod(shape) * _DTYPES[dtype].itemsize
    if offsets[1] - offsets[0] != expected:
        return f"{offsets[1] - offsets[0]} bytes of data, where {dtype} of shape {shape} needs {expected}"
    return None


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 63 for value in values)


def _read_tensor(file: BinaryIO, name: str, entry: dict[str, Any], where: str) -> Tensor:
    dtype, shape = _DTYPES[entry["dtype"]], entry["shape"]
    try:
        array = np.empty(shape, dtype)
    except (ValueError, MemoryError) as error:
        raise ValueError(f"{where}: tensor {name!r} of shape {shape}: {error}") from None
    raw = array.reshape(-1).view(np.uint8)
    if file.readinto(raw) != raw.size:  # type: ignore[attr-defined]
        raise ValueError(f"{where}: truncated while reading tensor {name!r}")
    if dtype.kind == "b" and (raw > 1).any():
        raise ValueError(f"{where}: tensor {name!r}: the elements of BOOL must be 0 or 1")
    return make(_little_endian(array))


# -- structures around tensors -----------------------------------------------------------------------------------------


def save(obj: Any, f: str | os.PathLike | BinaryIO, pickle_module: Any = None, pickle_protocol: int = 2,
         _use_new_zipfile_serialization: bool = True) -> None:
    """Save a state dict, or nested dicts, lists, tuples and sets of tensors, numbers, strings, dtypes and None.

    f: a path, which is written atomically, or an open file. TypeError for anything else: save model.state_dict(), not
    the model. A flat dict of tensors is a plain safetensors file. In a nested structure a tensor that is there twice is
    one tensor after loading; views of one memory are tensors of their own. Named tuples come back as tuples, parameters
    as tensors.
    """
    if isinstance(obj, Mapping) and all(isinstance(k, str) and isinstance(v, Tensor) and not v.requires_grad
                                        for k, v in obj.items()):
        parts = _encode(obj, {"format": "pt"})
    else:
        tensors: dict[str, Tensor] = {}
        tree = Packer(tensors).pack(obj, "")
        parts = _encode(tensors, {"format": "pt", _TREE: json.dumps(tree, separators=(",", ":"))})
    if hasattr(f, "write"):
        for part in parts:
            f.write(part)
    else:
        _write_atomically(f, parts)


def load(f: str | os.PathLike | BinaryIO, map_location: Any = None, pickle_module: Any = None, *,
         weights_only: bool | None = None, mmap: bool | None = None, **pickle_load_args: Any) -> Any:
    """What save was given: a safetensors file's tensors, in the structure that they were saved in.

    The arguments after f are PyTorch's; they change nothing, but a map_location other than the CPU is an error.
    ValueError, which names the file, if anything is wrong with it. No code in a file is ever run.
    """
    if isinstance(map_location, (str, Device)):
        Device(map_location)
    if hasattr(f, "read"):
        where = getattr(f, "name", None) or type(f).__name__
        tensors, metadata = _read(io.BytesIO(f.read()), str(where))
    else:
        where = os.fspath(f)
        with open(f, "rb") as file:
            tensors, metadata = _read(file, where)
    if _TREE not in metadata:
        return tensors
    try:
        return unpack(_parse(metadata[_TREE].encode(), where, "the structure"), tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{where}: the structure around the tensors is damaged: {error!r}") from None
