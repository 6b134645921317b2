"""How worker processes end: with errors, killed, left early; and nothing is left behind."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from minigrad import native
from minigrad.creation import rand
from minigrad.utils.data import DataLoader
from minigrad.utils.data.worker import CHECK_SECONDS

from .processes import MARKS, Calls, Squares, pid_of

pytestmark = MARKS
ROOT = Path(__file__).resolve().parents[2]


# -- errors ------------------------------------------------------------------------------------------------------------


class Strange(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


def _raise(error):
    def sample(i):
        if i == 1:
            raise error
        return i
    return sample


@pytest.mark.parametrize("error, kind", [(ValueError("bad sample"), ValueError), (KeyError("bad sample"), KeyError),
                                         (Strange("bad sample", 2), RuntimeError), (StopIteration("bad sample"),
                                                                                    RuntimeError)], ids=str)
def test_errors_are_raised_here(error, kind):
    """Class and text as in PyTorch, the worker's traceback in it; the batches after it still come."""
    batches = iter(DataLoader(Calls(_raise(error), 5), num_workers=2))
    assert next(batches).item() == 0
    with pytest.raises(kind) as caught:
        next(batches)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.startswith(f"Caught {type(error).__name__} in DataLoader worker process 1.\nOriginal Traceback (most")
    assert "in sample\n" in text and "bad sample" in text
    assert [b.item() for b in batches] == [2, 3, 4]


def test_errors_elsewhere():
    def no_init(worker):
        raise ValueError("no init")

    with pytest.raises(ValueError, match="no init"):
        list(DataLoader(Squares(), num_workers=2, worker_init_fn=no_init))
    with pytest.raises(ZeroDivisionError):
        list(DataLoader(Squares(), 2, num_workers=2, collate_fn=lambda batch: 1 / 0))
    with pytest.raises(RuntimeError, match=r"(?s)in DataLoader worker process 0.*pickle"):
        list(DataLoader(Squares(), 2, num_workers=2, collate_fn=lambda batch: lambda: None))

    class Local(Exception):
        pass

    with pytest.raises(RuntimeError, match="Caught Local in DataLoader"):
        list(DataLoader(Calls(_raise(Local("x"))), num_workers=2))

    def broken_sampler():
        yield 0
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(DataLoader(Squares(), num_workers=2, sampler=broken_sampler()))


DEATHS = {"killed": (lambda: os.kill(os.getpid(), signal.SIGKILL), "killed by signal: SIGKILL"),
          "exit": (lambda: os._exit(3), "exit code 3"),
          "sys.exit": (lambda: sys.exit(4), "exit code 4")}


@pytest.mark.parametrize("die, how", DEATHS.values(), ids=DEATHS.keys())
@pytest.mark.parametrize("persistent", [False, True])
def test_a_worker_that_dies(die, how, persistent):
    def sample(i):
        if i == 3:
            die()
        return i

    loader = DataLoader(Calls(sample), num_workers=2, persistent_workers=persistent)
    started, batches = time.monotonic(), iter(loader)
    with pytest.raises(RuntimeError, match=rf"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly \({how}"):
        for _ in range(8):
            next(batches)
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        next(batches)
    assert time.monotonic() - started < 30
    assert multiprocessing.active_children() == []
    loader.dataset.function = pid_of
    assert len(list(loader)) == 8, "a new epoch has new workers"


def test_a_worker_that_is_killed_while_idle():
    loader = DataLoader(Calls(pid_of, 30), num_workers=2, prefetch_factor=1, persistent_workers=True)
    batches = iter(loader)
    os.kill(next(batches).item(), signal.SIGKILL)
    with pytest.raises(RuntimeError, match="SIGKILL"):
        for _ in range(30):
            next(batches)


def test_timeout():
    loader = DataLoader(Calls(lambda i: time.sleep(60 * i)), num_workers=1, timeout=0.2, collate_fn=len)
    batches, started = iter(loader), time.monotonic()
    next(batches)
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.2 seconds"):
        next(batches)
    assert time.monotonic() - started < 20


def test_functions_that_do_not_travel():
    """A data set that cannot be pickled is refused when workers are spawned; nobody is left waiting."""
    with pytest.raises(Exception, match=r"pickle|lambda"):
        iter(DataLoader(Calls(lambda i: i), num_workers=2, multiprocessing_context="spawn"))


def test_too_many_workers():
    with pytest.warns(UserWarning, match="This DataLoader will create 5000 worker processes in total"):
        DataLoader(Squares(), num_workers=5000)


# -- nothing is left behind --------------------------------------------------------------------------------------------


def test_leaving_early():
    """`break`, an exception in the loop, and iterators nobody keeps: the workers end at once."""
    loader = DataLoader(Squares(), num_workers=2)
    started = time.monotonic()
    for _ in loader:
        break
    assert multiprocessing.active_children() == []
    with pytest.raises(ValueError, match="mine"):
        for _ in loader:
            raise ValueError("mine")
    gc.collect()
    assert multiprocessing.active_children() == []
    iter(loader)
    assert multiprocessing.active_children() == [] and time.monotonic() - started < 4


def test_two_loaders_at_once():
    """The workers of the second hold copies of the first one's pipes; the first ends without waiting for them."""
    short, long = DataLoader(Squares(4), num_workers=1), DataLoader(Squares(9), num_workers=1)
    started = time.monotonic()
    ahead = iter(long)
    batches = iter(short)
    more = iter(long)
    assert len(list(batches)) == 4 and time.monotonic() - started < 4
    assert len(list(ahead)) == len(list(more)) == 9


def test_the_pool_of_threads_survives():
    """Kernels with two threads before, in (with one) and after the workers."""
    big = rand(400, 400)
    threads = native.get_num_threads()
    native.set_num_threads(2)
    try:
        expected = (big @ big).numpy().tobytes()
        data = Calls(lambda i: (big @ big).numpy())
        for batch in DataLoader(data, num_workers=2):
            assert (big @ big).numpy().tobytes() == expected == batch.numpy().tobytes()
    finally:
        native.set_num_threads(threads)


SCRIPT = textwrap.dedent("""
    import os, signal, sys, time
    from minigrad.utils.data import DataLoader, Dataset

    signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where tests run in the background

    class Slow(Dataset):
        def __getitem__(self, i):
            time.sleep(0.05)
            return os.getpid()
        def __len__(self):
            return 10_000

    batches = iter(DataLoader(Slow(), num_workers=2))
    print(next(batches).item(), next(batches).item(), flush=True)
    for batch in batches:
        pass
""")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_a_parent_that_ends(how):
    """Ctrl-C, which reaches the workers too, or a kill of the parent alone: no worker stays."""
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(set(workers)) == 2
    deadline = time.monotonic() + CHECK_SECONDS - 1  # their pipes tell them, not the watch they keep besides
    if how == signal.SIGINT:
        os.killpg(parent.pid, how)
    else:
        parent.send_signal(how)
    errors = parent.communicate(timeout=30)[1]
    assert parent.returncode != 0
    assert errors.count("KeyboardInterrupt") == (how == signal.SIGINT), "the parent's; the workers say nothing"
    while any(map(_lives, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, workers)) and time.monotonic() < deadline


def _lives(pid):
    try:
        os.kill(pid, 0)
        return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
    except (ProcessLookupError, FileNotFoundError):
        return False
