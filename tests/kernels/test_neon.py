"""The NEON kernels, cross-compiled for aarch64 and run in an emulator, against the scalar ones: neon_check.c."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kernel_harness import CSRC, SIGNATURES

# As in build_ops.py, less what only shared libraries need.
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-ffp-contract=off", "-fno-math-errno", "-pthread", f"-I{CSRC}"]


def build(compiler: str, folder: Path) -> Path:
    """neon_check with all of csrc, linked statically so that the emulator needs no libraries."""
    def compile_one(source: Path) -> str:
        target = folder / f"{source.stem}.o"
        subprocess.run([compiler, *FLAGS, "-c", str(source), "-o", str(target)], check=True)
        return str(target)

    sources = [*sorted(CSRC.glob("*.c")), Path(__file__).with_name("neon_check.c")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources))
    program = folder / "neon_check"
    subprocess.run([compiler, *objects, "-static", "-pthread", "-lm", "-o", str(program)], check=True)
    return program


def find(name: str) -> str:
    path = shutil.which(name)
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


def test_neon_agrees_with_scalar(tmp_path):
    on_arm = platform.machine() in ("aarch64", "arm64")
    compiler = find("cc" if on_arm else "aarch64-linux-gnu-gcc")
    emulator = [] if on_arm else [shutil.which("qemu-aarch64-static") or find("qemu-aarch64")]
    program = build(compiler, tmp_path)
    run = subprocess.run([*emulator, str(program), "neon", "scalar"], capture_output=True, text=True, timeout=300)
    assert run.stdout.splitlines()[-1:] == [f"{len(SIGNATURES)} kernels compared, 0 wrong"], run.stdout + run.stderr
    assert run.returncode == 0
