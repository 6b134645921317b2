"""The worker processes of a DataLoader, seen from the process that uses it."""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import time
import weakref
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from minigrad.utils.data.worker import BATCH, CHECK_SECONDS, END, ERROR, RESTART, STOP, Job, work

__all__ = ["WorkerIterator"]

_PATIENCE = 5.0  # seconds that a worker has to finish its sample when it is told to end


class WorkerIterator(Iterator):
    """The batches of an epoch, made by worker processes ahead of time.

    job             what the workers are told
    tasks           the numbers of each batch
    context         multiprocessing, or one of its contexts
    prefetch        how many batches a worker makes ahead
    timeout         seconds to wait for a batch; 0: for ever
    in_order        False: batches come as they are ready
    keep            the workers live on when the epoch ends

    Batch k of an epoch goes to worker k modulo their number (among those whose IterableDataset still has samples).
    """

    def __init__(self, job: Job, tasks: Any, context: Any, prefetch: int, timeout: float, in_order: bool,
                 keep: bool) -> None:
        self._count, self._iterable, self._keep = job.num_workers, job.iterable, keep
        self._prefetch, self._timeout, self._in_order = max(1, prefetch), timeout, in_order
        self.broken: str | None = None  # why no batch can come any more
        self._sent = 0                  # tasks so far, over all epochs: their numbers
        self._processes, self._pipes = _start(job, context)
        self._stop = weakref.finalize(self, _shut_down, self._processes, self._pipes, os.getpid())
        self.restart(tasks)

    def restart(self, tasks: Any) -> None:
        """Begin an epoch; answers to what is left of the last one are thrown away."""
        if self._iterable and self._sent:
            for worker in range(self._count):
                self._tell(worker, RESTART)
        self._tasks = iter(itertools.repeat(None) if self._iterable else tasks)
        self._next = self._first = self._sent  # the number of the batch to give next, and of the epoch's first
        self._open = 0                         # tasks whose answers were not given yet
        self._ready: dict[int, tuple[str, bytes]] = {}
        self._active = [True] * self._count    # whether a worker has more to give
        self._turn = 0
        for _ in range(self._prefetch * self._count):
            self._dispatch()

    def __next__(self) -> Any:
        while self._open and self.broken is None:
            number = self._next if self._in_order else next(iter(self._ready), None)
            if number not in self._ready:
                self._receive()
                continue
            kind, content = self._ready.pop(number)
            self._next += 1
            self._open -= 1
            self._dispatch()
            payload = pickle.loads(content)
            if kind == ERROR:
                payload.reraise()
            if kind == BATCH:
                return payload
        if self.broken is not None:
            raise RuntimeError(self.broken)
        if not self._keep:
            self._stop()
        raise StopIteration

    def _dispatch(self) -> None:
        """Give the next task to the next worker that can do it."""
        worker = next((w % self._count for w in range(self._turn, self._turn + self._count)
                       if self._active[w % self._count]), None)
        if worker is None or self.broken is not None:
            return
        try:
            numbers = next(self._tasks)
        except StopIteration:
            return
        self._turn = worker + 1
        self._tell(worker, (self._sent, numbers))
        self._sent += 1
        self._open += 1

    def _tell(self, worker: int, message: Any) -> None:
        try:
            self._pipes[worker].send(message)
        except OSError:
            self._give_up(self._obituary(worker))

    def _receive(self) -> None:
        """Wait for answers."""
        deadline = time.monotonic() + self._timeout if self._timeout else None
        while True:
            left = CHECK_SECONDS if deadline is None else min(CHECK_SECONDS, max(0.0, deadline - time.monotonic()))
            arrived: list[Any] = wait(self._pipes, left)
            if arrived:
                break
            dead = [w for w, process in enumerate(self._processes) if not process.is_alive()]
            if dead:
                self._give_up(self._obituary(dead[0]))
            if deadline is not None and time.monotonic() >= deadline:
                self._give_up(f"DataLoader timed out after {self._timeout} seconds")
        for pipe in arrived:
            worker = self._pipes.index(pipe)
            try:
                number, kind = pickle.loads(pipe.recv_bytes())
                content = pipe.recv_bytes()
            except (EOFError, OSError):
                self._give_up(self._obituary(worker))
            if number >= self._first:
                self._ready[number] = kind, content
                if kind == END:
                    self._active[worker] = False

    def _obituary(self, worker: int) -> str:
        process = self._processes[worker]
        process.join(CHECK_SECONDS)
        code = process.exitcode
        if code is not None and code < 0:
            try:
                how = f"killed by signal: {signal.Signals(-code).name}"
            except ValueError:
                how = f"killed by signal {-code}"
        else:
            how = f"exit code {code}"
        return f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly ({how})"

    def _give_up(self, why: str) -> None:
        self.broken = why
        if self._stop.detach():
            _shut_down(self._processes, self._pipes, os.getpid(), patience=0.0)
        raise RuntimeError(why)


def _start(job: Job, context: Any) -> tuple[list[Any], list[Connection]]:
    """The processes, and the pipes to them."""
    processes: list[Any] = []
    pipes: list[Connection] = []
    forks = context.get_start_method() == "fork"
    try:
        for number in range(job.num_workers):
            mine, theirs = context.Pipe()
            pipes.append(mine)
            inherited = list(pipes) if forks else []
            process = context.Process(target=work, args=(number, job, theirs, inherited), daemon=True)
            process.start()
            processes.append(process)
            theirs.close()  # now the worker alone holds its end: when it dies, ours reads the end of file
    except BaseException:
        _shut_down(processes, pipes, os.getpid())
        raise
    return processes, pipes


def _shut_down(processes: list[Any], pipes: list[Connection], owner: int, patience: float = _PATIENCE) -> None:
    """End the workers: tell them; those that do not hear are terminated."""
    if os.getpid() != owner:  # a fork of the owner: the workers are not its children
        return
    for pipe in pipes:
        try:
            os.set_blocking(pipe.fileno(), False)  # a full pipe is nothing to wait for
            pipe.send(STOP)
        except OSError:
            pass
        pipe.close()
    deadline = time.monotonic() + patience
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        for end in (process.terminate, process.kill):
            if process.is_alive():
                end()
                process.join(1.0)
