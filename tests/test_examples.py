"""The examples and the README's program run as they stand, and the main job learns what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("0*.py"))
MNIST = Path(os.environ.get("MINIGRAD_DATA", "")) / "mnist"


def run(*arguments):
    """What a Python program prints; its exit code must be 0."""
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def final_accuracy(output):
    return float(re.search(r"held-out accuracy ([\d.]+)%", output)[1])


SHORT = [path for path in EXAMPLES if not path.name.startswith("04")]


@pytest.mark.parametrize("path", SHORT, ids=lambda path: path.name)
def test_example_runs(path):
    assert run(path)


def test_readme_program(tmp_path):
    program = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    script = tmp_path / "session.py"
    script.write_text(program)
    accuracy = float(re.search(r"tensor\(([\d.]+)\)\s*$", run(script))[1])
    assert accuracy > 0.9


def test_main_job_on_the_digits(tmp_path):
    curves = tmp_path / "curves.png"
    output = run(ROOT / "examples" / "04_train_digits.py", "--out", curves)
    assert final_accuracy(output) >= 96.0
    assert curves.read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(not MNIST.is_dir(), reason="MINIGRAD_DATA does not name a folder with mnist/ in it")
def test_main_job_on_mnist(tmp_path):
    output = run(ROOT / "examples" / "04_train_digits.py", "--data", MNIST.resolve(), "--out", tmp_path / "curves.png")
    assert final_accuracy(output) >= 96.5


def test_main_job_names_what_is_missing(tmp_path):
    result = subprocess.run([sys.executable, ROOT / "examples" / "04_train_digits.py", "--data", tmp_path],
                            capture_output=True, text=True)
    assert result.returncode == 1
    assert "train-images-idx3-ubyte" in result.stderr and "Traceback" not in result.stderr


def test_readme_names_real_files():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:csrc|minigrad|tests|examples)/[\w./]+)`", text):
        assert (ROOT / path).exists() or path.startswith("examples/out/"), path
