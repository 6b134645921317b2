"""The benchmark suite: one command prints a table, minigrad beside NumPy, PyTorch and JAX where they are installed.

    python tests/benchmarks/run.py                          everything, with one thread and with two (half an hour)
    python tests/benchmarks/run.py --only steps --threads 1
    python tests/benchmarks/run.py --json before.json       for compare.py
    python tests/benchmarks/run.py --quick                  every kind of case once, in seconds: does it run at all?

Contestants take turns in one process, and each column but the first says how much longer its owner took than minigrad
in the same rounds: above 1, minigrad is faster.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("steps", "recorded", "epoch", "keras_fit", "products", "elementwise", "overhead", "optimizers", "sharing",
          "footprint")


def measure(groups: list[str], threads: int, quick: bool) -> dict:
    """Every case of the groups, here: {group: {case: {contestant: {"seconds", "ratio", "value", "unit"}}}}"""
    from tests.benchmarks import peers

    peers.use_threads(threads)
    from tests.benchmarks import timing

    libraries = peers.load()
    if torch := libraries["torch"]:
        torch.set_num_threads(threads)
    results: dict = {}
    for group in groups:
        module = __import__(f"tests.benchmarks.{group}", fromlist=[group])
        rows = results[group] = {}
        if group == "footprint":
            rows.update({name: {"minigrad": {"value": value, "unit": unit}}
                         for name, (value, unit) in module.report(libraries, quick).items()})
            show(rows)
            continue
        if group == "products":
            rows["FMA peak of a core"] = {"minigrad": {"value": module.peak(), "unit": "GFLOP/s"}}
        for name, contestants, (unit, scale) in module.cases(libraries, quick):
            found = timing.compare(contestants, quick)
            for entry in found.values():
                entry["unit"] = unit
                entry["value"] = scale / entry["seconds"] if "/s" in unit else scale * entry["seconds"]
            rows[name] = found
            show({name: found})
    return results


def show(rows: dict) -> None:
    for name, contestants in rows.items():
        first, *others = contestants.items()
        text = f"{name:52} {first[1]['value']:10.4g} {first[1]['unit']:10}"
        text += "".join(f"  {other} x{entry['ratio']:.2f}" for other, entry in others)
        print(text, flush=True)


def in_a_process(threads: int, options: argparse.Namespace) -> dict:
    """measure() in a process of its own, since libraries read their number of threads when they are loaded."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results.json"
        subprocess.run([sys.executable, __file__, "--child", str(out), "--threads", str(threads), "--only",
                        *options.only, *["--quick"] * options.quick], check=True, cwd=ROOT)
        return json.loads(out.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        options.child.write_text(json.dumps(measure(options.only, options.threads[0], options.quick)))
        return
    results = {}
    for threads in options.threads:
        print(f"\n{threads} thread{'s' * (threads > 1)}", flush=True)
        results[f"{threads} threads"] = in_a_process(threads, options)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
