"""What the environment decides when minigrad is imported: instruction set and threads; and what show_config prints."""

import os
import subprocess
import sys

import pytest

from minigrad import native

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def start(program, **environment):
    """A fresh process with these variables, and none of the others that matter."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ("MINIGRAD_ISA", "MINIGRAD_NUM_THREADS", "OMP_NUM_THREADS")}
    return subprocess.run([sys.executable, "-c", f"import minigrad; {program}"], capture_output=True, text=True,
                          env={**kept, **environment})


@pytest.mark.parametrize(("environment", "threads"), [
    ({"MINIGRAD_NUM_THREADS": "3"}, 3),
    ({"OMP_NUM_THREADS": "5"}, 5),
    ({"OMP_NUM_THREADS": "4,2"}, 4),
    ({"MINIGRAD_NUM_THREADS": "1", "OMP_NUM_THREADS": "5"}, 1),
    ({"OMP_NUM_THREADS": "many"}, None),
    ({}, None),
])
def test_threads(environment, threads):
    got = int(start("print(minigrad.get_num_threads())", **environment).stdout)
    assert got == threads if threads else 1 <= got <= CORES


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_threads_must_be_a_positive_integer(value):
    result = start("", MINIGRAD_NUM_THREADS=value)
    assert result.returncode == 1 and "MINIGRAD_NUM_THREADS must be a positive integer" in result.stderr


def test_instruction_set():
    result = start("minigrad.show_config(); x = minigrad.ones(100); print((x + x).sum().item())", MINIGRAD_ISA="scalar")
    assert "instruction set: scalar" in result.stdout and "200.0" in result.stdout


def test_unknown_instruction_set():
    result = start("", MINIGRAD_ISA="avx9000")
    assert result.returncode == 1 and "'avx9000' is not available on this CPU; choose one of" in result.stderr


def test_show_config(capsys):
    native.show_config()
    printed = capsys.readouterr().out
    assert native.get_isa() in printed and "compiler" in printed


@pytest.mark.parametrize(("n", "error"), [(0, RuntimeError), (-1, RuntimeError), (1.5, TypeError), ("2", TypeError),
                                          (True, TypeError)])
def test_set_num_threads_refuses(n, error):
    before = native.get_num_threads()
    with pytest.raises(error):
        native.set_num_threads(n)
    assert native.get_num_threads() == before
