"""Files that are not what they say: every one is a ValueError that names the file, and costs no memory."""

import contextlib
import io
import json
import tracemalloc

import numpy as np
import pytest

from minigrad.creation import arange, ones, tensor
from minigrad.serialization import load, load_file, save


def _file(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def _entry(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


E, D = _entry(), b"\0" * 8
_TEXT = json.dumps(E).encode()
HOSTILE = {
    "empty file": (b"", "header would have"), "seven bytes": (b"\0" * 7, "header would have"),
    "no header": (b"\0" * 8, "not valid JSON"),
    "header beyond the file": (_file({"a": E}, D, 1000), "header would have 1000"),
    "header of 2^63": (_file({"a": E}, D, 1 << 63), "header would have"),
    "header cut": (_file({"a": E}, D, 10), "not valid JSON"),
    "text": (b"<!DOCTYPE html><html>", "header would have"),
    "no JSON": (_file(b"{abc"), "not valid JSON"), "no UTF-8": (_file(b'{"\xff": 1}'), "not valid JSON"),
    "UTF-16": (_file('{"a": 1}'.encode("utf-16")), "not valid JSON"),
    "a list": (_file([1]), "must be a JSON object"), "null": (_file(b"null"), "must be a JSON object"),
    "deep": (_file(b"[" * 100000), "not valid JSON"), "deep object": (_file(b'{"a":' * 100000), "not valid JSON"),
    "duplicate names": (_file(b'{"a":%s,"a":%s}' % (_TEXT, _TEXT), D), "duplicate"),
    "duplicate keys": (_file(b'{"a":{"dtype":"F32","dtype":"F64","shape":[],"data_offsets":[0,8]}}', D), "duplicate"),
    "entry is a number": (_file({"a": 3}, D), "must have dtype"),
    "no shape": (_file({"a": {"dtype": "F32", "data_offsets": [0, 8]}}, D), "must have dtype"),
    "an extra key": (_file({"a": _entry(extra=1)}, D), "must have dtype"),
    "dtype F16": (_file({"a": _entry("F16", (4,))}, D), "dtype 'F16' is not supported"),
    "dtype list": (_file({"a": _entry(["F32"])}, D), "not supported"),
    "shape of a word": (_file({"a": {**E, "shape": "2"}}, D), "its shape"),
    "negative shape": (_file({"a": _entry(shape=(-2,))}, D), "its shape"),
    "two negative sizes": (_file({"a": _entry(shape=(-1, -2))}, D), "its shape"),
    "shape of floats": (_file({"a": _entry(shape=(2.0,))}, D), "its shape"),
    "shape of bools": (_file({"a": _entry(shape=(True, 2))}, D), "its shape"),
    "shape of 2^64": (_file({"a": _entry(shape=(1 << 64,))}, D), "its shape"),
    "40 dimensions": (_file({"a": _entry(shape=(1,) * 40)}, D), "its shape"),
    "huge": (_file({"a": _entry(shape=(1 << 40, 1 << 40))}, D), "bytes of data, where"),
    "overflowing": (_file({"a": _entry(shape=(1 << 62, 4))}, D), "bytes of data, where"),
    "huge but for a 0": (_file({"a": _entry(shape=(1 << 62, 1 << 62, 0), offsets=(0, 0)), "b": E}, D), "tensor 'a'"),
    "digits": (_file(b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}', D), "'a'|JSON"),
    "NaN": (_file(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', D), "its shape"),
    "one offset": (_file({"a": _entry(offsets=(0,))}, D), "data_offsets"),
    "three offsets": (_file({"a": _entry(offsets=(0, 4, 8))}, D), "data_offsets"),
    "offsets back": (_file({"a": _entry(offsets=(8, 0))}, D), "data_offsets"),
    "negative offset": (_file({"a": _entry(offsets=(-8, 0))}, D), "data_offsets"),
    "offsets beyond": (_file({"a": _entry(offsets=(8, 16))}, D), "data_offsets"),
    "offset of 2^63": (_file({"a": _entry(offsets=(0, 1 << 63))}, D), "data_offsets"),
    "size and offsets differ": (_file({"a": _entry(shape=(3,))}, D), "8 bytes of data, where"),
    "overlap": (_file({"a": E, "b": E}, D), "overlap"),
    "partial overlap": (_file({"a": E, "b": _entry(offsets=(4, 12))}, D + b"\0" * 4), "overlap"),
    "gap": (_file({"a": _entry(offsets=(4, 12))}, D + b"\0" * 4), "gaps"),
    "data left over": (_file({"a": E}, D + b"\0"), "9 bytes of data"),
    "data without tensors": (_file({}, D), "8 bytes of data"),
    "truncated": (_file({"a": E}, D[:-1]), "data_offsets"),
    "metadata of numbers": (_file({"__metadata__": {"a": 1}}), "map strings to strings"),
    "metadata list": (_file({"__metadata__": ["a"]}), "map strings to strings"),
    "bool 2": (_file({"a": _entry("BOOL", (8,))}, b"\0\1\2\0\0\0\0\0"), "0 or 1"),
}


@pytest.mark.parametrize("data, text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files(data, text, tmp_path):
    path = tmp_path / "model.st"
    path.write_bytes(data)
    tracemalloc.start()
    for read in (load_file, load):
        with pytest.raises(ValueError, match=text) as caught:
            read(path)
        assert "model.st" in str(caught.value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20, "nothing is allocated for what is not there"


TREES = ["", "nonsense", "[", "[" * 50000, '{"tensor":"b"}', '{"tensor":1}', '{"tensor":["a"]}', '{"float":"1"}',
         '{"tuple":3}', '{"dict":{}}', '{"dict":[[1]]}', '{"dict":[[1,2,3]]}', '{"dict":[[[],1]]}', '{"dict":["ab",3]}',
         '{"exec":"os.system"}', '{"a":1,"b":2}', "{}", '{"dict":[],"dict":[]}', '{"tuple":' * 3000 + "[]" + "}" * 3000,
         '{"dict":[[{"tensor":"a"},1]' + "]" * 3, '{"set":[[]]}', '{"set":{}}', '{"dtype":"float16"}', '{"dtype":[]}',
         '{"device":"cuda"}', '{"size":"ab"}', '{"ordered":[1]}', '{"leaf":["a"]}', '{"leaf":"b"}', '{"leaf":"i"}']


@pytest.mark.parametrize("tree", TREES, ids=[tree[:20] for tree in TREES])
def test_hostile_structures(tree, tmp_path):
    numbers = _entry("I64", (1,), (8, 16))
    (tmp_path / "model.st").write_bytes(_file({"__metadata__": {"minigrad": tree}, "a": E, "i": numbers}, D + D))
    with pytest.raises(ValueError, match=r"model\.st.*structure"):
        load(tmp_path / "model.st")
    assert list(load_file(tmp_path / "model.st")) == ["a", "i"]


def test_random_damage(tmp_path):
    """Whatever bytes change, the answer is a ValueError or tensors; nothing else."""
    save({"w": {"a": ones(3), "b": arange(4), "c": tensor([True])}, "n": [1, (2.5, None)]}, tmp_path / "a")
    good, rng = (tmp_path / "a").read_bytes(), np.random.default_rng(1)
    for _ in range(600):
        data = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(0, len(good))] = rng.integers(0, 256)
        if rng.random() < 0.3:
            del data[rng.integers(0, len(data)):]
        with contextlib.suppress(ValueError):
            load(io.BytesIO(bytes(data)))


def test_missing_files(tmp_path):
    for read in (load, load_file):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            read(tmp_path / "nowhere")
        with pytest.raises(IsADirectoryError):
            read(tmp_path)
