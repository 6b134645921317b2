"""Runs experiments in several processes. Killed at any time and started again, it goes on where it was.

Each run has a folder OUT/runs/NAME with its checkpoint and, once finished, its result.json. A process that works on a
run holds the lock of its folder, so that nothing is done twice, even if processes of a killed start are still alive:
these end with their epoch, when they see that they have been left alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import multiprocessing
import os
import queue
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paper.data import load
from paper.linear import relative_difference
from paper.measures import measure
from paper.progress import Progress
from paper.protocol import Run
from paper.training import check_same, specification, train

try:
    import fcntl
except ImportError:  # Windows: no locks, so wait for the processes of a killed start to end
    fcntl = None


def rehearsal(run: Run, epochs: int) -> Run:
    """The same run in miniature, to see that everything works: its numbers mean nothing."""
    return dataclasses.replace(run, epochs=min(run.epochs, epochs), images=min(run.images, 500),
                               held_out=min(run.held_out, 500), passes=min(run.passes, 200))


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time works in this folder. The lock ends with the process, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_locked(folder: Path) -> bool:
    """Whether another process works there: started beside this one, or left over from a killed one."""
    if fcntl is None or not folder.exists():
        return False
    with open(folder / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def result_of(run: Run, out: Path) -> dict[str, Any] | None:
    """What a finished run gave; None if it is not finished. ValueError if another run is there by this name."""
    path = out / "runs" / run.name / "result.json"
    if not path.exists():
        return None
    result = json.loads(path.read_text())
    check_same(run, result["run"], path)
    return result


def results_of(runs: Any, out: Path) -> dict[str, dict[str, Any]]:
    """Of those that are finished, by name."""
    found = {run.name: result_of(run, out) for run in runs}
    return {name: result for name, result in found.items() if result is not None}


def write_json(path: Path, content: Any) -> None:
    """Atomically."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=1))
    os.replace(temporary, path)


def perform(run: Run, out: Path, data_folder: Path, every: float, progress: Any) -> None:
    """Bring one run to its end, from wherever it is, and write its result."""
    folder = out / "runs" / run.name
    with locked(folder):
        if result_of(run, out) is not None:
            return
        result: dict[str, Any] = {"run": specification(run)}
        if run.task == "linear":
            start = time.process_time()
            result |= {"relative_difference": relative_difference(run.seed),
                       "cpu_seconds": time.process_time() - start}
        else:
            data = load(run, data_folder)
            trainer = train(run, data, folder / "checkpoint.safetensors", every, progress)
            start = time.process_time()
            result |= measure(run, trainer.model, data)
            result |= {"history": trainer.history, "wall_seconds": trainer.wall_seconds,
                       "cpu_seconds": trainer.cpu_seconds, "measuring_cpu_seconds": time.process_time() - start}
        write_json(folder / "result.json", result)


def _worker(run: Run, out: Path, data_folder: Path, every: float, messages: Any) -> None:
    """A process of its own: one run."""
    parent = os.getppid()

    def progress(epoch: int) -> None:
        if os.getppid() != parent:
            sys.exit(f"{run.name}: the process that started this one has ended, so this one ends, too")
        messages.put((run.name, epoch))

    perform(run, out, data_folder, every, progress)


def run_all(runs: list[Run], out: Path, data_folder: Path, jobs: int = 1, every: float = 20.0) -> list[str]:
    """All runs that are not finished, in order, `jobs` at a time. Returns the names of those that failed."""
    os.environ["MINIGRAD_NUM_THREADS"] = "1"  # of each process: runs are independent, so processes are the better use
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    waiting = [run for run in runs if result_of(run, out) is None]
    progress, active, failed = Progress(runs, waiting), {}, []
    while waiting or active:
        free = [run for run in waiting if not is_locked(out / "runs" / run.name)] if len(active) < jobs else []
        for run in free[:jobs - len(active)]:
            waiting.remove(run)
            process = context.Process(target=_worker, args=(run, out, data_folder, every, messages), daemon=True)
            process.start()
            active[run.name] = run, process
        with contextlib.suppress(queue.Empty):
            progress.epoch(*messages.get(timeout=0.2))
        for name, (run, process) in list(active.items()):
            if process.exitcode is not None:
                del active[name]
                result = result_of(run, out)
                if result is None:
                    failed.append(name)
                progress.end(run, result)
    progress.close()
    return failed
