"""DataLoader with worker processes: the batches of one process, in their order."""

import multiprocessing
import random
import time

import numpy as np
import pytest

from minigrad import native
from minigrad.creation import rand, tensor
from minigrad.random import Generator, default_generator, initial_seed, manual_seed
from minigrad.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
)

from .processes import MARKS, Calls, Counting, Squares, epoch_of, pid_of

pytestmark = MARKS


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
    expected = [epoch_of(DataLoader(data, **options)) for _ in range(2)], default_generator.state.tolist()
    manual_seed(5)
    loader = DataLoader(data, num_workers=workers, **options)
    assert ([epoch_of(loader) for _ in range(2)], default_generator.state.tolist()) == expected
    assert len(loader) == len(expected[0][0])


@pytest.mark.parametrize("context", ["spawn", "forkserver", multiprocessing.get_context("fork")], ids=str)
def test_ways_to_start(context):
    loader = DataLoader(Squares(5), 2, num_workers=2, multiprocessing_context=context, collate_fn=default_collate)
    assert epoch_of(loader) == epoch_of(DataLoader(Squares(5), 2))


def test_an_empty_data_set():
    assert epoch_of(DataLoader(Squares(0), 2, num_workers=2)) == []


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
    assert epoch_of(DataLoader(Counting(7), 2, num_workers=2)) == [[0, 2], [1, 3], [4, 6], [5]]
    assert epoch_of(DataLoader(Counting(7), 2, num_workers=2, drop_last=True)) == [[0, 2], [1, 3], [4, 6]]
    assert epoch_of(DataLoader(Counting(5), None, num_workers=2)) == [0, 1, 2, 3, 4]
    assert epoch_of(DataLoader(Counting(2, shared=False), 1, num_workers=3)) == [[0], [0], [0], [1], [1], [1]]
    assert epoch_of(DataLoader(Counting(1), 1, num_workers=3)) == [[0]]
    assert epoch_of(DataLoader(Counting(0), 1, num_workers=2)) == []


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
    assert epoch_of(DataLoader(Ours(), 2, num_workers=3)) == [b.tolist() for b in theirs]


# -- workers that stay -------------------------------------------------------------------------------------------------


def test_persistent_workers():
    loader = DataLoader(Calls(pid_of, 6), num_workers=2, persistent_workers=True)
    first = {pid for b in loader for pid in b.tolist()}
    again = iter(loader)
    next(again)
    assert iter(loader) is again, "as in PyTorch: one iterator, which begins anew"
    assert {pid for b in again for pid in b.tolist()} == first and len(first) == 2
    assert len(multiprocessing.active_children()) == 2
    other = DataLoader(Calls(pid_of, 6), num_workers=2)
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
        assert epoch_of(stream) == [[0, 2], [1, 3], [4, 6], [5, 7], [8]]
    for in_order in (True, False):
        short = DataLoader(Counting(4), 2, num_workers=2, persistent_workers=True, in_order=in_order)
        for _ in range(3):
            next(iter(short))
            time.sleep(0.05)  # now all answers are on their way, "no more" among them
        assert sorted(epoch_of(short)) == [[0, 2], [1, 3]]


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
