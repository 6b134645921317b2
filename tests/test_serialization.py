"""save, load, save_file, load_file: round trips, the safetensors package, and being killed while saving."""

import io
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from collections import OrderedDict

import numpy as np
import pytest

from minigrad import nn, optim, serialization
from minigrad.creation import from_numpy, ones, randn, tensor, zeros
from minigrad.dtypes import float32, float64, uint8
from minigrad.parts import Device, Size
from minigrad.random import Generator
from minigrad.serialization import load, load_file, load_metadata, save, save_file

RNG = np.random.default_rng(0)
ARRAYS = {
    "weight": RNG.standard_normal((3, 4)).astype(np.float32), "double": RNG.standard_normal((2, 2, 2)),
    "flags": np.array([True, False, True]), "bytes": np.arange(5, dtype=np.uint8), "ints": np.arange(4),
    "ints32": np.arange(3, dtype=np.int32), "scalar": np.array(2.5), "none": np.zeros((0, 3), np.float32),
    "0.weight": np.array([np.nan, np.inf, -0.0]), 'a "name"\n': np.ones(1),
}


def _tensors():
    return {name: from_numpy(array.copy()) for name, array in ARRAYS.items()}


def _same(tensors, arrays=ARRAYS):
    assert list(tensors) == list(arrays), "in the order of saving"
    for name, array in arrays.items():
        got = tensors[name].numpy()
        assert got.dtype == array.dtype and got.shape == array.shape and got.tobytes() == array.tobytes(), name


# -- round trips -------------------------------------------------------------------------------------------------------


def test_files_of_tensors(tmp_path):
    save_file(_tensors(), tmp_path / "a.safetensors", {"epoch": "3"})
    found = load_file(str(tmp_path / "a.safetensors"))
    _same(found)
    for t in found.values():
        assert t.array.dtype is np.dtype(t.array.dtype.name) and t.array.flags.writeable
    save(_tensors(), tmp_path / "b.pt")
    _same(load(tmp_path / "b.pt", map_location="cpu", weights_only=True))


def test_alignment_of_the_data(tmp_path):
    save_file(_tensors(), tmp_path / "a")
    data = (tmp_path / "a").read_bytes()
    length = int.from_bytes(data[:8], "little")
    assert length % 8 == 0
    header = json.loads(data[8:8 + length])
    sizes = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "U8": 1, "BOOL": 1}
    assert all(entry["data_offsets"][0] % sizes[entry["dtype"]] == 0 for entry in header.values())


def test_strided_and_read_only_tensors(tmp_path):
    array = np.arange(12.0).reshape(3, 4)
    array.flags.writeable = False
    save_file({"t": from_numpy(array).t(), "half": from_numpy(array)[:, ::2]}, tmp_path / "a")
    found = load_file(tmp_path / "a")
    assert (found["t"].numpy() == array.T).all() and (found["half"].numpy() == array[:, ::2]).all()


STRUCTURE = {
    "epoch": 3, "lr": 0.1, "best": math.inf, "worst": -math.inf, "name": "run 1", "none": None, "flag": True,
    "betas": (0.9, 0.999), "history": [1.0, [2, (3,)], []], "empty": {}, 5: "int key", None: 1, 2.5: "x", True: (),
    "big": 10 ** 30, "exact": 0.1 + 0.2, (1, "a", (2.5, None)): "tuple key", float32: float64, "dtype": uint8,
    "size": Size([2, 3]), "ordered": OrderedDict(b=1, a=OrderedDict()), "set": {1, "a"}, "frozen": frozenset({(1, 2)}),
    "device": Device("cpu"),
}


def test_structures(tmp_path):
    given = {**STRUCTURE, "weights": {"a": ones(2), "b": [zeros(1), (tensor(7),)]}, "nan": math.nan}
    save(given, tmp_path / "a")
    found = load(tmp_path / "a")
    assert {k: found[k] for k in STRUCTURE} == STRUCTURE and list(found) == list(given)
    assert [type(found[k]) for k in STRUCTURE] == [type(v) for v in STRUCTURE.values()]
    assert math.isnan(found["nan"]) and found["weights"]["b"][1][0].item() == 7
    assert found["weights"]["a"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("obj", [3, "text", None, [], (), {}, [ones(1)], ones(2), np.float32(1.5), {"a": 1}])
def test_any_top(obj, tmp_path):
    save(obj, tmp_path / "a")
    found = load(tmp_path / "a")
    assert str(found) == str(obj.item() if isinstance(obj, np.generic) else obj)


def test_what_requires_grad(tmp_path):
    leaf = ones(2).requires_grad_()
    for obj in ({"a": leaf, "b": ones(2), "c": leaf}, {"a": leaf * 2.0, "b": ones(2), "c": nn.Parameter(ones(1))}):
        save(obj, tmp_path / "a")
        found = load(tmp_path / "a")
        assert [t.requires_grad for t in found.values()] == [True, False, True]
        assert all(t.is_leaf for t in found.values())


def test_generators_and_schedulers(tmp_path):
    generator = Generator().manual_seed(5)
    generator.words(7)
    optimiser = optim.SGD([nn.Parameter(ones(1))], lr=0.1)
    schedulers = [optim.lr_scheduler.StepLR(optimiser, 2), optim.lr_scheduler.ReduceLROnPlateau(optimiser)]
    for _ in range(3):
        optimiser.step()
        schedulers[0].step()
        schedulers[1].step(1.0)
    save({"generator": generator.get_state(), "schedulers": [s.state_dict() for s in schedulers]}, tmp_path / "a")
    found = load(tmp_path / "a")
    assert found["schedulers"] == [s.state_dict() for s in schedulers]
    other = Generator()
    other.set_state(found["generator"])
    assert other.words(4).tolist() == generator.words(4).tolist()


def test_a_tensor_saved_twice_is_one_tensor(tmp_path):
    shared = ones(1000)
    save({"a": shared, "b": [shared]}, tmp_path / "a")
    found = load(tmp_path / "a")
    assert found["a"] is found["b"][0] and (tmp_path / "a").stat().st_size < 6000


def test_names_that_clash(tmp_path):
    save({"a.b": ones(1), "a": {"b": zeros(1)}, "x": {"": ones(2)}, "": ones(3), "__metadata__": ones(4), "n": 1},
         tmp_path / "a")
    found = load(tmp_path / "a")
    assert found["a.b"].tolist() == [1.0] and found["a"]["b"].tolist() == [0.0]
    assert [len(found[""]), len(found["x"][""]), len(found["__metadata__"])] == [3, 2, 4]


def test_models_and_optimisers(tmp_path):
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5, seed=1))
    optimiser = optim.Adam(model.parameters())
    model(randn(4, 3)).sum().backward()
    optimiser.step()
    save({"model": model.state_dict(), "optimiser": optimiser.state_dict()}, tmp_path / "a")
    found = load(tmp_path / "a")
    assert found["optimiser"]["param_groups"] == optimiser.state_dict()["param_groups"]
    assert found["optimiser"]["state"].keys() == {0, 1}
    model.load_state_dict(found["model"])
    optimiser.load_state_dict(found["optimiser"])


def test_open_files(tmp_path):
    buffer = io.BytesIO()
    save({"a": ones(2), "n": 1}, buffer)
    buffer.seek(0)
    assert load(buffer)["a"].tolist() == [1.0, 1.0]
    with open(tmp_path / "a", "wb") as file:
        save({"a": ones(2)}, file)
    with open(tmp_path / "a", "rb") as file:
        assert load(file)["a"].tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="BytesIO"):
        load(io.BytesIO(b"nonsense"))


CYCLE: list = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize("obj, text", [
    (nn.Linear(1, 1), r"state_dict\(\)"), ({"model": nn.Linear(1, 1)}, "at 'model'"), (Generator(), r"get_state\(\)"),
    ([1, {"a": object()}], r"at '1\.a'"), (np.ones(2), "ndarray"), ([1j], "complex"), (range(3), "range"),
    ({(1, object()): 3, "n": 1}, "keys"), ({ones(1): 3, "n": 1}, "keys"),
    (CYCLE, "contains itself"), (print, "without pickle"), ([b"bytes"], "bytes"),
], ids=lambda v: v if isinstance(v, str) else type(v).__name__)
def test_what_cannot_be_saved(obj, text, tmp_path):
    with pytest.raises((TypeError, ValueError), match=text):
        save(obj, tmp_path / "a")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("tensors, metadata", [
    ({"a": 1}, None), ({1: ones(1)}, None), ({"__metadata__": ones(1)}, None), ({"a": np.ones(1)}, None),
    ({}, {"a": 1}), ({}, {1: "a"})])
def test_what_cannot_be_in_a_file_of_tensors(tensors, metadata, tmp_path):
    with pytest.raises(TypeError, match="save_file"):
        save_file(tensors, tmp_path / "a", metadata)


def test_devices(tmp_path):
    save_file({"a": ones(1)}, tmp_path / "a")
    with pytest.raises(RuntimeError, match="CPU"):
        load_file(tmp_path / "a", device="cuda")
    with pytest.raises(RuntimeError, match="CPU"):
        load(tmp_path / "a", map_location="cuda:0")


# -- the safetensors package -------------------------------------------------------------------------------------------


def test_safetensors_reads_ours(tmp_path):
    package = pytest.importorskip("safetensors")
    numpy = pytest.importorskip("safetensors.numpy")
    save_file(_tensors(), tmp_path / "a", {"epoch": "3"})
    found = numpy.load_file(tmp_path / "a")
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype and found[name].tobytes() == array.tobytes()
    with package.safe_open(tmp_path / "a", "np") as file:
        assert file.metadata() == {"epoch": "3"}
    assert load_metadata(tmp_path / "a") == {"epoch": "3"}
    save({"n": 1, "x": {"a": ones(2)}}, tmp_path / "b")
    assert numpy.load_file(tmp_path / "b")["x.a"].tolist() == [1.0, 1.0]


def test_ours_reads_safetensors(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file(ARRAYS, tmp_path / "a", {"format": "np"})
    assert load_metadata(tmp_path / "a") == {"format": "np"}
    found = load_file(tmp_path / "a")
    _same({name: found[name] for name in ARRAYS})
    _same({name: load(tmp_path / "a")[name] for name in ARRAYS})


def test_a_pytorch_model_through_safetensors(tmp_path):
    torch, package = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    theirs, ours = torch.nn.Linear(3, 2), nn.Linear(3, 2)
    package.save_file(theirs.state_dict(), tmp_path / "a")
    ours.load_state_dict(load(tmp_path / "a"))
    assert ours.weight.tolist() == theirs.weight.tolist()
    save(ours.state_dict(), tmp_path / "b")
    theirs.load_state_dict(package.load_file(tmp_path / "b"))


def test_a_file_of_torch_save_is_explained(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"a": torch.ones(2)}, tmp_path / "new.pt")
    torch.save({"a": torch.ones(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    for name in ("new.pt", "old.pt"):
        with pytest.raises(ValueError, match=rf"{name}.*torch\.save.*no pickle"):
            load(tmp_path / name)


@pytest.mark.parametrize(("data", "text"), [
    (pickle.dumps({"a": 1}), "a pickle"), (b"\x93NUMPY\1\0v\0{'descr'", r"numpy\.save"), (b"\x89HDF\r\n\x1a\n", "HDF5"),
])
def test_other_files_are_explained(data, text):
    with pytest.raises(ValueError, match=text):
        load(io.BytesIO(data))


def test_pytorchs_arguments(tmp_path):
    save({"a": ones(1)}, tmp_path / "a", pickle_protocol=4, _use_new_zipfile_serialization=False)
    for keywords in ({"map_location": lambda storage, where: storage}, {"map_location": {"cuda:0": "cpu"}},
                     {"map_location": Device("cpu"), "weights_only": False}, {"mmap": True}, {"encoding": "latin1"}):
        assert load(tmp_path / "a", **keywords)["a"].tolist() == [1.0]
    with pytest.raises(TypeError, match="unexpected keyword"):
        save({"a": ones(1)}, tmp_path / "a", protocol=4)


# -- being interrupted -------------------------------------------------------------------------------------------------


class _Killed(BaseException):
    """Like KeyboardInterrupt: no Exception."""


def _fail(*args, **kwargs):
    raise _Killed


@pytest.mark.parametrize("where", ["replace", "fsync", "write"])
def test_a_failure_leaves_the_old_file(where, tmp_path, monkeypatch):
    path = tmp_path / "model.st"
    save({"a": ones(3)}, path)
    before = path.read_bytes()
    parts = [b"x", object()] if where == "write" else None
    with monkeypatch.context() as patch:
        if where != "write":
            patch.setattr(os, where, _fail)
        with pytest.raises(_Killed if where != "write" else TypeError):
            if parts:  # the second part can't be written
                serialization._write_atomically(path, parts)
            else:
                save({"a": zeros(5)}, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.st"]
    save({"a": zeros(5)}, path)
    assert load(path)["a"].tolist() == [0.0] * 5


def test_nowhere_to_write(tmp_path):
    with pytest.raises(FileNotFoundError):
        save({"a": ones(1)}, tmp_path / "no" / "model.st")
    with pytest.raises(IsADirectoryError):
        save({"a": ones(1)}, tmp_path)
    assert not os.listdir(tmp_path)


def test_links_and_devices(tmp_path):
    save({"a": ones(1)}, tmp_path / "real.st")
    (tmp_path / "link.st").symlink_to(tmp_path / "real.st")
    save({"a": ones(2)}, tmp_path / "link.st")
    assert (tmp_path / "link.st").is_symlink() and len(load(tmp_path / "real.st")["a"]) == 2
    save({"a": ones(2)}, os.devnull)
    assert not os.path.isfile(os.devnull)


def test_a_relative_path_and_the_usual_permissions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save({"a": ones(1)}, "model.st")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "model.st").stat().st_mode == (tmp_path / "plain").stat().st_mode


SAVER = """
    import sys
    from minigrad.creation import full
    from minigrad.serialization import save
    n = 0
    while True:
        n += 1
        save({"n": n, "a": full((200_000,), float(n)), "b": full((200_000,), float(n))}, sys.argv[1])
        print(n, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_killed_while_saving(tmp_path):
    """A process that does nothing but save is killed at random moments: the file is always one whole version."""
    path, seen = tmp_path / "model.st", set()
    for delay in np.random.default_rng(0).uniform(0.0, 0.05, 8):
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(SAVER), str(path)], stdout=subprocess.PIPE)
        try:
            process.stdout.readline()  # it has saved once
            time.sleep(delay)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        found = load(path)
        seen.add(found["n"])
        assert (found["a"].numpy() == found["n"]).all() and (found["b"].numpy() == found["n"]).all()
    assert len(seen) > 1, "it was killed at different moments"
