"""The examples and the README's program run as they stand, and the main job learns what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from minigrad import nn
from minigrad.keras.layers import dropping
from minigrad.nn.layers.dropping import Draws

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
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
    """Its pieces of Python, one after another: ten lines, dropout, a whole step in one call."""
    pieces = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    script = tmp_path / "session.py"
    script.write_text("import warnings\nwarnings.simplefilter('error')\n" + "".join(pieces))
    output = run(script)
    assert float(re.search(r"tensor\(([\d.]+)\)$", output, re.MULTILINE)[1]) > 0.9
    assert len(pieces) == 3 and "mg_linear_grad" in output


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
    for path in re.findall(r"`((?:csrc|minigrad|tests|examples)/[\w./]+)`", README):
        assert (ROOT / path).exists() or path.startswith("examples/out/"), path


def test_readme_names_every_dropout():
    """The table of the family has the layers that drop or add noise, and no others; each is a function, too."""
    section = re.search(r"## Dropout\n(.*?)\n## ", README, re.DOTALL)[1]
    torch_rows, keras_row = section.split("| in Keras's words |")
    named = set(re.findall(r"`([A-Z]\w+)`", torch_rows.partition("| drops |")[2]))
    assert named == {name for name in nn.layers.__all__ if issubclass(getattr(nn, name), Draws)}
    snake = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in named}
    assert all(callable(getattr(nn.functional, name)) for name in snake)
    assert set(re.findall(r"`([A-Z]\w+)`", keras_row)) == set(dropping.__all__)
