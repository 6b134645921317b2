"""DataLoader with worker processes: the batches of one process, in their order, and nothing left behind."""

import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from minigrad import native
from minigrad.creation import from_numpy, rand, tensor
from minigrad.random import Generator, default_generator, initial_seed, manual_seed
from minigrad.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
)
from minigrad.utils.data.worker import CHECK_SECONDS

pytestmark = [pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork"),
              pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
              pytest.mark.filterwarnings("ignore:This DataLoader will create")]
ROOT = Path(__file__).resolve().parents[2]


class Squares(Dataset):
    def __init__(self, n=23):
        self.n = n

    def __getitem__(self, i):
        if not -self.n <= i < self.n:
            raise IndexError(i)
        return {"x": from_numpy(np.full((2, 3), i * i, np.float32)), "i": i, "name": str(i)}

    def __len__(self):
        return self.n


class Calls(Dataset):
    """Sample i is function(i)."""

    def __init__(self, function, n=8):
        self.function, self.n = function, n

    def __getitem__(self, i):
        return self.function(i)

    def __len__(self):
        return self.n


class Counting(IterableDataset):
    """0 .. n - 1, each worker its share if `shared`."""

    def __init__(self, n, shared=True):
        self.n, self.shared = n, shared

    def __iter__(self):
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info and self.shared else (0, 1)
        return iter(range(first, self.n, step))


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    gc.collect()
    assert multiprocessing.active_children() == []


def _plain(batch):
    if isinstance(batch, dict):
        return {key: _plain(value) for key, value in batch.items()}
    return batch.tolist() if hasattr(batch, "tolist") else batch


def _epoch(loader):
    return [_plain(batch) for batch in loader]


def _pid(i):
    return os.getpid()


# -- the same batches --------------------------------------------------------------------------------------------------


OPTIONS = {
    "one by one": {}, "four": {"batch_size": 4}, "drop last": {"batch_size": 4, "drop_last": True},
    "shuffled": {"batch_size": 5, "shuffle": True}, "no batches": {"batch_size": None},
    "sampler": {"batch_size": 2, "sampler": [3, 1, -1]}, "batch sampler": {"batch_sampler": [[1, 2], [3], [4, 5, 6]]},
    "weighted": {"batch_size": 3, "sampler": WeightedRandomSampler([1.0] * 23, 10)},
    "batches of batches": {"batch_size": None, "sampler": BatchSampler(range(23), 4, False)},
    "collate": {"batch_size": 3, "collate_fn": len}, "one batch": {"batch_size": 100},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("workers", [1, 3])
def test_as_with_one_process(options, workers):
    """The generator moves as it does without workers: orders are the same, epoch after epoch."""
    data = Squares()
    if options.get("batch_size", 1) is None and "sampler" in options:
        data = Calls(lambda numbers: [n * 10 for n in numbers])
    manual_seed(5)
    expected = [_epoch(DataLoader(data, **options)) for _ in range(2)], default_generator.state.tolist()
    manual_seed(5)
    loader = DataLoader(data, num_workers=workers, **options)
    assert ([_epoch(loader) for _ in range(2)], default_generator.state.tolist()) == expected
    assert len(loader) == len(expected[0][0])


@pytest.mark.parametrize("context", ["spawn", "forkserver", multiprocessing.get_context("fork")], ids=str)
def test_ways_to_start(context):
    loader = DataLoader(Squares(5), 2, num_workers=2, multiprocessing_context=context, collate_fn=default_collate)
    assert _epoch(loader) == _epoch(DataLoader(Squares(5), 2))


def test_an_empty_data_set():
    assert _epoch(DataLoader(Squares(0), 2, num_workers=2)) == []


def test_a_gather_in_c_needs_no_workers():
    data = TensorDataset(tensor([1, 2, 3]))
    with_workers = DataLoader(Subset(data, [2, 0]), 2, num_workers=1)
    assert not hasattr(iter(with_workers), "broken") and [b.tolist() for (b,) in with_workers] == [[3, 1]]
    seen = DataLoader(data, 2, num_workers=1, worker_init_fn=_no_init)
    assert hasattr(iter(seen), "broken") and [b.tolist() for (b,) in seen] == [[1, 2], [3]]


def _no_init(worker):
    pass


def test_large_tasks_and_batches():
    """Both pipes are full at once, and nobody waits for ever."""
    loader = DataLoader(Calls(lambda i: np.full(3, i), 400_000), batch_sampler=[list(range(40_000))] * 6, num_workers=1,
                        collate_fn=lambda batch: np.zeros(100_000), timeout=60)
    assert [batch.shape for batch in loader] == [(100_000,)] * 6


def test_in_order_or_not():
    def sample(i):
        time.sleep(0.3 if i == 0 else 0)
        return i

    data = Calls(sample, 6)
    assert [b.item() for b in DataLoader(data, num_workers=2)] == list(range(6))
    unordered = [b.item() for b in DataLoader(data, num_workers=2, in_order=False)]
    assert sorted(unordered) == list(range(6)) and unordered[0] != 0


def test_prefetching(tmp_path):
    """Each worker makes prefetch_factor batches ahead, and not one more."""
    def sample(i):
        (tmp_path / str(i)).touch()
        return i

    for factor in (1, 3):
        batches = iter(DataLoader(Calls(sample, 40), 2, num_workers=2, prefetch_factor=factor))
        next(batches)
        deadline = time.monotonic() + 10
        expected = 2 * (2 * factor + 1)
        while len(list(tmp_path.iterdir())) < expected and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        assert len(list(tmp_path.iterdir())) == expected
        del batches
        for file in tmp_path.iterdir():
            file.unlink()


# -- data sets that are iterated over ----------------------------------------------------------------------------------


def test_iterable():
    """Batches come from the workers in turn, until each has no more; drop_last is each worker's own."""
    assert _epoch(DataLoader(Counting(7), 2, num_workers=2)) == [[0, 2], [1, 3], [4, 6], [5]]
    assert _epoch(DataLoader(Counting(7), 2, num_workers=2, drop_last=True)) == [[0, 2], [1, 3], [4, 6]]
    assert _epoch(DataLoader(Counting(5), None, num_workers=2)) == [0, 1, 2, 3, 4]
    assert _epoch(DataLoader(Counting(2, shared=False), 1, num_workers=3)) == [[0], [0], [0], [1], [1], [1]]
    assert _epoch(DataLoader(Counting(1), 1, num_workers=3)) == [[0]]
    assert _epoch(DataLoader(Counting(0), 1, num_workers=2)) == []


def test_iterable_as_in_pytorch():
    torch = pytest.importorskip("torch")

    class Theirs(torch.utils.data.IterableDataset):
        def __iter__(self):
            info = torch.utils.data.get_worker_info()
            return iter(range(info.id * 100, info.id * 100 + 1 + 4 * info.id))

    class Ours(IterableDataset):
        def __iter__(self):
            info = get_worker_info()
            return iter(range(info.id * 100, info.id * 100 + 1 + 4 * info.id))

    theirs = torch.utils.data.DataLoader(Theirs(), 2, num_workers=3)
    assert _epoch(DataLoader(Ours(), 2, num_workers=3)) == [b.tolist() for b in theirs]


# -- workers that stay -------------------------------------------------------------------------------------------------


def test_persistent_workers():
    loader = DataLoader(Calls(_pid, 6), num_workers=2, persistent_workers=True)
    first = {pid for b in loader for pid in b.tolist()}
    again = iter(loader)
    next(again)
    assert iter(loader) is again, "as in PyTorch: one iterator, which begins anew"
    assert {pid for b in again for pid in b.tolist()} == first and len(first) == 2
    assert len(multiprocessing.active_children()) == 2
    other = DataLoader(Calls(_pid, 6), num_workers=2)
    assert {p for b in other for p in b.tolist()} != {p for b in other for p in b.tolist()}


def test_persistent_workers_after_a_break():
    """What was on its way is thrown away; an IterableDataset begins anew."""
    loader = DataLoader(Squares(), 2, num_workers=2, persistent_workers=True, shuffle=True)
    stream = DataLoader(Counting(9), 2, num_workers=2, persistent_workers=True)
    for _ in range(3):
        for _, _ in zip(loader, stream):
            break
    assert sorted(i for batch in loader for i in batch["i"].tolist()) == list(range(23))
    for _ in range(2):
        assert _epoch(stream) == [[0, 2], [1, 3], [4, 6], [5, 7], [8]]
    for in_order in (True, False):
        short = DataLoader(Counting(4), 2, num_workers=2, persistent_workers=True, in_order=in_order)
        for _ in range(3):
            next(iter(short))
            time.sleep(0.05)  # now all answers are on their way, "no more" among them
        assert sorted(_epoch(short)) == [[0, 2], [1, 3]]


# -- what a worker knows -----------------------------------------------------------------------------------------------


def _knowledge(i):
    info = get_worker_info()
    return (info.id, info.num_workers, info.seed, initial_seed(), random.random(), np.random.rand(), rand(1).item(),
            native.get_num_threads(), len(info.dataset))


def _known(generator):
    loader = DataLoader(Calls(_knowledge, 2), num_workers=2, collate_fn=lambda batch: batch[0], generator=generator)
    return [list(loader) for _ in range(2)]


def test_seeds():
    """base_seed + id for all generators; another base_seed each epoch; the same again from the same generator."""
    def at(seed):
        return Generator().manual_seed(seed)

    first, second = _known(at(1))
    assert [k[:2] for k in first] == [(0, 2), (1, 2)] and first[0][7:] == (1, 2)
    assert first[1][2] == first[0][2] + 1 and first[0][2] != second[0][2]
    for known in (*first, *second):
        assert known[3] == known[2]
        python, own = random.Random(known[2]).random(), Generator().manual_seed(known[2])
        assert known[4] == python and own.uniform((1,), np.dtype(np.float32)).item() == known[6]
    assert len({k[5] for k in (*first, *second)}) == 4
    assert _known(at(1)) == [first, second] and _known(at(2))[0] != first
    generator = at(1)
    _known(generator)
    assert generator.state.tolist() == [1, 0], "the generator does not move"
    assert get_worker_info() is None


def test_worker_init():
    def init(worker):
        get_worker_info().dataset.function = lambda i: 100 * worker + i

    assert [b.item() for b in DataLoader(Calls(None, 4), num_workers=2, worker_init_fn=init)] == [0, 101, 2, 103]


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
    loader.dataset.function = _pid
    assert len(list(loader)) == 8, "a new epoch has new workers"


def test_a_worker_that_is_killed_while_idle():
    loader = DataLoader(Calls(_pid, 30), num_workers=2, prefetch_factor=1, persistent_workers=True)
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
    import os, sys, time
    from minigrad.utils.data import DataLoader, Dataset

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
