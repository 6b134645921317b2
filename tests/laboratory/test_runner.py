"""The runner on images that are made up: started, killed, started again. No MNIST, seconds."""

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from paper import measures, practice, protocol, report
from paper.data import load
from paper.networks import build, mlp, training_flops
from paper.runner import perform, rehearsal, result_of
from paper.training import s_schedule

import minigrad as torch

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "06_reproduce_the_paper.py"
EPOCHS = 8
TIMES = ("cpu_seconds", "wall_seconds", "measuring_cpu_seconds")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder like MNIST's, with ten noisy patterns."""
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    patterns = rng.integers(0, 256, (10, 28, 28))
    for part, n in (("train", 1500), ("t10k", 200)):
        labels = rng.integers(0, 10, n)
        pixels = (patterns[labels] * .3 + rng.integers(0, 256, (n, 28, 28)) * .7).astype(np.uint8)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, n, 28, 28) + pixels.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 0x801, n) + labels.astype(np.uint8).tobytes())
    return folder


def start(images, out):
    """N4 in miniature: two runs at a time, one with Monte-Carlo dropout, a checkpoint after every epoch."""
    return subprocess.Popen(
        [sys.executable, SCRIPT, "short", "--only", "N4", "--data", images, "--out", out, "--jobs", "2", "--every", "0",
         "--rehearse", str(EPOCHS)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def checkpoint(out, run):
    return out / "runs" / run.name / "checkpoint.safetensors"


RUNS = [rehearsal(run, EPOCHS) for run in (protocol.GAUSSIAN, protocol.DROPPED[0])]


@pytest.fixture(scope="module")
def uninterrupted(images, tmp_path_factory):
    out = tmp_path_factory.mktemp("uninterrupted")
    output = finish(start(images, out))
    assert "table.md" in output and "N4" in (out / "short" / "table.md").read_text()
    return out


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("whom", ["everything", "main process only"])
def test_killed_and_started_again_gives_the_same_bits(images, uninterrupted, tmp_path, whom):
    process = start(images, tmp_path)
    deadline = time.monotonic() + 120
    while not checkpoint(tmp_path, RUNS[0]).exists() and time.monotonic() < deadline:
        time.sleep(.005)
    (os.killpg if whom == "everything" else os.kill)(process.pid, signal.SIGKILL)
    process.wait()
    assert torch.load(checkpoint(tmp_path, RUNS[0]))["epoch"] < EPOCHS  # it was in the middle
    assert result_of(RUNS[0], tmp_path) is None
    finish(start(images, tmp_path))
    for run in RUNS:
        same(torch.load(checkpoint(tmp_path, run)), torch.load(checkpoint(uninterrupted, run)))
        same(result_of(run, tmp_path), result_of(run, uninterrupted))


def same(a, b, path=""):
    """Equal in everything but the times, tensors bit for bit."""
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a.keys() - set(TIMES):
            same(a[key], b[key], f"{path}/{key}")
    elif isinstance(a, torch.Tensor):
        assert a.numpy().tobytes() == b.numpy().tobytes(), path
    else:
        assert a == b, path


def test_a_finished_run_is_not_run_again(images, uninterrupted):
    before = checkpoint(uninterrupted, RUNS[0]).stat().st_mtime_ns
    assert "2 of 2 runs are finished" in finish(start(images, uninterrupted))
    assert checkpoint(uninterrupted, RUNS[0]).stat().st_mtime_ns == before


def test_another_run_of_the_same_name_is_refused(images, uninterrupted):
    other = rehearsal(protocol.GAUSSIAN, EPOCHS - 1)
    with pytest.raises(ValueError, match="Use another --out"):
        result_of(other, uninterrupted)
    (uninterrupted / "runs" / other.name / "result.json").rename(uninterrupted / "moved.json")
    with pytest.raises(ValueError, match="Use another --out"):
        perform(other, uninterrupted, images, 0, lambda epoch: None)
    (uninterrupted / "moved.json").rename(uninterrupted / "runs" / other.name / "result.json")


@pytest.mark.parametrize("claims", [protocol.SHORT, protocol.FULL, practice.PRACTICE],
                         ids=["short", "full", "practice"])
def test_every_run_has_a_name_of_its_own_and_every_check_a_value(claims):
    runs = {run for claim in claims for run in (*claim.runs, *claim.extra)}
    assert len({run.name for run in runs}) == len(runs)
    numbers = {"test_error": 1.0, "train_error": 1.0, "relative_difference": 1.0, "activation": {"mean": 1.0},
               "monte_carlo": {"mean": [1.0] * 100}}
    results = {run.name: numbers for run in runs}
    for claim in claims:
        for check in claim.checks:
            assert report.value_of(check, results) is not None, check.what


def test_runs_of_a_seed_share_images_initial_weights_and_order(images):
    plain, dropped = (rehearsal(runs[1], 1) for runs in (protocol.PLAIN, protocol.DROPPED))
    assert load(plain, images).train[0].equal(load(dropped, images).train[0])
    models = []
    for run in (plain, dropped):
        torch.manual_seed(run.seed)
        models.append(build(run.layers, run.init))
    assert all(a.equal(b) for a, b in zip(models[0].parameters(), models[1].parameters()))


def test_images_held_out_are_not_trained_on(images):
    run = rehearsal(protocol.LEARNING_RATES[0], 1)
    data = load(run, images)
    train = {row.tobytes() for row in data.train[0].numpy()}
    assert len(train) == 500 == len(data.test[0])
    assert not train & {row.tobytes() for row in data.test[0].numpy()}


def test_schedule():
    run = protocol.Run("run", (), 200, lr=.1)
    assert [s_schedule(run, epoch) for epoch in (0, 25, 50)] == [
        pytest.approx(values) for values in ((.1, .5), (.1 * .0176**.125, .7), (.1 * .0176**.25, .9))]
    assert s_schedule(run, 1)[0] / run.lr == pytest.approx(.98, abs=2e-4)


def test_networks():
    assert mlp((784, 5, 10), (.2, .5)) == (("dropout", .2), ("linear", 784, 5), ("relu",), ("dropout", .5),
                                          ("linear", 5, 10))
    assert mlp((784, 10)) == (("linear", 784, 10),)
    assert training_flops(mlp((784, 5, 10), (.2, .5))) == 4 * 784 * 5 + 6 * 5 * 10


def test_monte_carlo_of_a_network_without_dropout_is_its_error(images):
    run = rehearsal(protocol.PLAIN[0], 1)
    x, y = load(run, images).test
    torch.manual_seed(0)
    model = build(run.layers, run.init)
    curve = measures.monte_carlo(model, x, y, 6)
    assert curve == {"mean": pytest.approx([measures.error(model, x, y)] * 3), "std": [0.0] * 3}


def test_table_says_what_holds_and_what_does_not():
    claim = protocol.Claim("X", "what", "1.0 [A]", (), (
        protocol.Check("a", lambda results: 1.15, high=1.2, target=1.1), protocol.Check("b", lambda results: 2, 3, 4),
        protocol.Check("c", lambda results: results["none"], 0)))
    rows = report.table([claim], {}).splitlines()[2:]
    assert [row.split(" | ")[-3:] for row in rows] == [
        ["1.15", "at most 1.2; target 1.1", "accepted, target missed |"], ["2", "3 to 4", "**missed** |"],
        ["not run", "at least 0", " |"]]


def test_results_are_json(uninterrupted):
    results = json.loads((uninterrupted / "short" / "results.json").read_text())
    assert set(results) == {run.name for run in RUNS}
