"""Import time beyond NumPy's, installed size, and the peak memory of a training run, each in processes of their own."""

from __future__ import annotations

import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

PEAK = """
import sys
sys.path.insert(0, {root!r})
from tests.benchmarks import steps
from tests.benchmarks.footprint import peak_megabytes
import {module} as torch
before = peak_megabytes()
step = steps.eager(torch, steps.NETWORKS["paper"])
for _ in range({count}):
    step()
print(peak_megabytes() - before)
"""


def peak_megabytes() -> float:
    """The most memory that this process has held. Not getrusage, whose maximum is the parent's after exec on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS


def python(program: str) -> float:
    """What a Python program prints, as a number."""
    return float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


def import_seconds(module: str) -> float:
    timer = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"
    return statistics.median(python(timer.format(module)) for _ in range(7))


def needed_megabytes() -> float:
    """What the paper step cannot do without: parameters, gradients, momenta, and activations until backward."""
    from tests.benchmarks.steps import NETWORKS

    net = NETWORKS["paper"]
    weights = sum((i + 1) * o for i, o in zip(net.sizes, net.sizes[1:]))
    activations = net.batch * (2 * net.sizes[0] + sum(3 * width for width in net.sizes[1:-1]) + net.sizes[-1])
    return 4 * (3 * weights + activations) / 2**20


def report(libraries: dict, quick: bool) -> dict[str, tuple[float, str]]:
    """name -> (value, unit)"""
    import minigrad

    package = Path(minigrad.__file__).parent
    size = sum(path.stat().st_size for path in package.rglob("*") if path.suffix in (".py", ".so", ".typed"))
    numbers = {
        "import beyond NumPy's": (1e3 * (import_seconds("minigrad") - import_seconds("numpy")), "ms"),
        "import with nn, optim and utils.data": (
            1e3 * (import_seconds("minigrad.nn, minigrad.optim, minigrad.utils.data") - import_seconds("numpy")), "ms"),
        "installed package": (size / 2**20, "MB"),
        "paper step needs at least": (needed_megabytes(), "MB"),
    }
    root, count = str(Path(__file__).resolve().parents[2]), 2 if quick else 20
    for name in ("minigrad", "torch"):
        if libraries[name]:
            numbers[f"paper step, peak growth, {name}"] = (
                python(PEAK.format(root=root, module=name, count=count)), "MB")
    return numbers
