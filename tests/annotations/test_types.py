"""The annotations: mypy finds no error in the package, none in good.py, strictly, and in bad.py just what it names."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as torch

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def mypy(cache, *args):
    """What mypy finds: {(file, line): [code, ...]}"""
    run = subprocess.run([sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir", cache,
                          "--no-error-summary", *args], capture_output=True, text=True, cwd=ROOT, check=False)
    assert not run.stderr, run.stderr
    found: dict = {}
    for line in run.stdout.splitlines():
        if " note: " not in line:
            file, number, code = re.fullmatch(r"(.*?):(\d+): error: .*\[([a-z-]+)\]", line).groups()
            found.setdefault((Path(file).name, int(number)), []).append(code)
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    pytest.importorskip("mypy", reason="checks the annotations with mypy, which is not installed")
    return tmp_path_factory.mktemp("mypy")


def test_the_package(cache):
    assert not mypy(cache, "minigrad")


def test_user_code(cache):
    found = mypy(cache, "--strict", "--follow-imports=silent", HERE / "good.py", HERE / "bad.py")
    named = {("bad.py", number): re.findall(r"# \[([a-z-]+)\]$", line)
             for number, line in enumerate((HERE / "bad.py").read_text(encoding="utf-8").splitlines(), 1)}
    assert found == {place: codes for place, codes in named.items() if codes}
    assert len(found) > 15


def test_the_package_says_that_it_is_typed():
    assert (Path(torch.__file__).parent / "py.typed").exists()
