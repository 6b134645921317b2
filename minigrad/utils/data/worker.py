"""A worker process of a DataLoader: it gets numbers through a pipe and sends batches back.

Each worker has a pipe of its own, and no lock is shared: a worker that is killed, at whatever moment, disturbs nobody
else, and its end of the pipe closes. A worker that finds the other end closed, since the parent died, ends too.
"""

from __future__ import annotations

import multiprocessing
import queue
import random
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

from minigrad.native import set_num_threads
from minigrad.random import manual_seed
from minigrad.utils.data.fetch import Stream, fetch

__all__ = ["BATCH", "END", "ERROR", "RESTART", "STOP", "Failure", "Job", "WorkerInfo", "get_worker_info", "work"]

BATCH, ERROR, END = "batch", "error", "end"  # what an answer holds
RESTART, STOP = "restart", "stop"  # in place of a task: begin an IterableDataset anew; end
CHECK_SECONDS = 5.0  # how often to look whether the other process still lives, should its pipe not tell


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker may know of itself: its number, how many there are, its seed, and its copy of the data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process, what it is; None elsewhere."""
    return _info


@dataclass(frozen=True)
class Job:
    """What all workers of a loader are told."""

    dataset: Any
    collate: Callable
    iterable: bool
    batched: bool
    batch_size: int | None
    drop_last: bool
    init: Callable | None
    num_workers: int
    base_seed: int


class Failure:
    """An exception, to be raised again in another process."""

    def __init__(self, error: BaseException, worker: int) -> None:
        self.type: type = type(error)
        details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.text = f"Caught {self.type.__name__} in DataLoader worker process {worker}.\nOriginal {details}"
        if issubclass(self.type, StopIteration):
            self.type = RuntimeError  # it would end the loop as if nothing had happened

    def reraise(self) -> None:
        """Raise an exception of the same class whose text is the worker's traceback."""
        text = _Verbatim(self.text) if self.type is KeyError else self.text
        try:
            error = self.type(text)
        except Exception:  # its class wants other arguments
            error = RuntimeError(text)
        raise error


class _Verbatim(str):
    """A text that looks the same as a repr, which KeyError shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def work(worker: int, job: Job, pipe: Connection, inherited: list[Connection]) -> None:
    """The life of a worker."""
    for other in inherited:  # the parent's ends, which a fork copies: held open here, they would never seem closed
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    set_num_threads(1)
    _seed(job.base_seed, worker)
    global _info
    _info = WorkerInfo(worker, job.num_workers, job.base_seed + worker, job.dataset)
    answers: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_send_all, args=(pipe, answers), daemon=True).start()
    try:
        if job.init is not None:
            job.init(worker)
        failure = None
    except Exception as error:
        failure = Failure(error, worker)
    stream = None
    while (task := _receive(pipe)) != STOP:
        if task == RESTART:
            stream = None
            continue
        number, numbers = task
        answer = ERROR, failure
        if failure is None:
            answer, stream = _answer(job, worker, numbers, stream)
        failure = None
        answers.put(_packed(number, *answer, worker))


def _seed(base: int, worker: int) -> None:
    """Seed Python's, minigrad's and NumPy's generators, each worker's differently."""
    random.seed(base + worker)
    manual_seed(base + worker)
    np.random.seed(np.random.SeedSequence([base, worker]).generate_state(4))


def _receive(pipe: Connection) -> Any:
    """The next task; STOP when the parent is gone."""
    try:
        while not pipe.poll(CHECK_SECONDS):
            parent = multiprocessing.parent_process()
            if parent is not None and not parent.is_alive():
                return STOP
        return pipe.recv()
    except (EOFError, OSError):
        return STOP


def _send_all(pipe: Connection, answers: queue.SimpleQueue) -> None:
    """Send what the worker has ready. In a thread, so that the worker always comes to read its tasks: else it and the
    parent might both wait for the other to read."""
    while True:
        try:
            for part in answers.get():
                pipe.send_bytes(part)
        except OSError:  # nobody reads any more
            return


def _answer(job: Job, worker: int, numbers: Any, stream: Stream | None) -> tuple[tuple[str, Any], Stream | None]:
    try:
        if not job.iterable:
            return (BATCH, fetch(job.dataset, job.collate, job.batched, numbers)), None
        if stream is None:
            stream = Stream(job.dataset, job.collate, job.batch_size, job.drop_last)
        try:
            return (BATCH, next(stream)), stream
        except StopIteration:
            return (END, None), stream
    except Exception as error:
        return (ERROR, Failure(error, worker)), stream


def _packed(number: int, kind: str, payload: Any, worker: int) -> tuple[Any, Any]:
    """(number, kind) and the payload as bytes; an error where it cannot be pickled."""
    try:
        content = ForkingPickler.dumps(payload, protocol=5)
    except Exception as error:
        kind, payload = ERROR, payload if kind == ERROR else Failure(error, worker)
        payload.type = RuntimeError  # a class that can be pickled
        content = ForkingPickler.dumps(payload)
    return ForkingPickler.dumps((number, kind)), content
