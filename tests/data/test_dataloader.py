"""DataLoader: batches and texts as in PyTorch, and the fast way gives what the slow way gives."""

from collections import OrderedDict, UserDict, namedtuple

import numpy as np
import pytest
from faces import OURS, assert_same, same_as_pytorch

from minigrad.creation import arange, from_numpy, ones, randn, tensor
from minigrad.random import Generator, get_rng_state, manual_seed
from minigrad.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    dataloader,
    default_collate,
    default_convert,
)

Point = namedtuple("Point", "x y")
FEATURES = np.arange(22.0).reshape(11, 2)


def _pairs(f):
    return f.data.TensorDataset(f.from_numpy(FEATURES), f.from_numpy(np.arange(11)))


def _stream(f, n=5):
    class Stream(f.data.IterableDataset):
        def __iter__(self):
            return iter(range(n))

        def __len__(self):
            return n
    return Stream()


def _samples(f, make):
    class Samples(f.data.Dataset):
        def __getitem__(self, i):
            return make(f, i)

        def __len__(self):
            return 5
    return Samples()


def _batches(**options):
    return lambda f: list(f.data.DataLoader(_pairs(f), **options))


SCENARIOS = {
    "one by one": _batches(),
    "four": _batches(batch_size=4),
    "four, drop last": _batches(batch_size=4, drop_last=True),
    "no batches": _batches(batch_size=None),
    "larger than all": _batches(batch_size=100),
    "sampler": _batches(batch_size=2, sampler=[3, 1, 2]),
    "batch sampler": _batches(batch_sampler=[[3, 1], [2], [-1]]),
    "own collate": _batches(batch_size=4, collate_fn=len),
    "subset": lambda f: list(f.data.DataLoader(f.data.Subset(_pairs(f), [7, -1, 0]), 2)),
    "subset of a subset": lambda f: list(f.data.DataLoader(f.data.Subset(f.data.Subset(_pairs(f), [7, 5, 0]), [2, 1]))),
    "len": lambda f: [len(f.data.DataLoader(_pairs(f), b, drop_last=d)) for b in (1, 2, 11, 12) for d in (True, False)],
    "len without batches": lambda f: len(f.data.DataLoader(_pairs(f), batch_size=None)),
    "stream": lambda f: list(f.data.DataLoader(_stream(f), 2)),
    "stream, drop last": lambda f: list(f.data.DataLoader(_stream(f), 2, drop_last=True)),
    "stream without batches": lambda f: list(f.data.DataLoader(_stream(f), None)),
    "stream len": lambda f: [len(f.data.DataLoader(_stream(f), b)) for b in (1, 2, 3, None)],
    "stream shuffled": lambda f: f.data.DataLoader(_stream(f), shuffle=True),
    "stream not shuffled": lambda f: len(list(f.data.DataLoader(_stream(f), shuffle=False))),
    "stream sampler": lambda f: f.data.DataLoader(_stream(f), sampler=3),
    "stream batch sampler": lambda f: f.data.DataLoader(_stream(f), batch_sampler=3),
    "workers": lambda f: f.data.DataLoader(_pairs(f), num_workers=-1),
    "timeout": lambda f: f.data.DataLoader(_pairs(f), timeout=-1),
    "prefetch": lambda f: f.data.DataLoader(_pairs(f), prefetch_factor=2),
    "prefetch -1": lambda f: f.data.DataLoader(_pairs(f), prefetch_factor=-1, num_workers=1),
    "persistent": lambda f: f.data.DataLoader(_pairs(f), persistent_workers=True),
    "context": lambda f: f.data.DataLoader(_pairs(f), multiprocessing_context="fork"),
    "no such context": lambda f: f.data.DataLoader(_pairs(f), num_workers=1, multiprocessing_context="thread"),
    "context that is none": lambda f: f.data.DataLoader(_pairs(f), num_workers=1, multiprocessing_context=3),
    "sampler and shuffle": lambda f: f.data.DataLoader(_pairs(f), sampler=[0], shuffle=True),
    "batch sampler and size": lambda f: f.data.DataLoader(_pairs(f), batch_size=2, batch_sampler=[[0]]),
    "batch sampler and drop": lambda f: f.data.DataLoader(_pairs(f), drop_last=True, batch_sampler=[[0]]),
    "no size and drop": lambda f: f.data.DataLoader(_pairs(f), batch_size=None, drop_last=True),
    "size 0": lambda f: f.data.DataLoader(_pairs(f), batch_size=0),
    "size 2.5": lambda f: f.data.DataLoader(_pairs(f), batch_size=2.5),
    "empty, shuffled": lambda f: f.data.DataLoader(f.data.TensorDataset(f.ones(0, 2)), shuffle=True),
    "empty": lambda f: list(f.data.DataLoader(f.data.TensorDataset(f.ones(0, 2)))),
    "set later": lambda f: setattr(f.data.DataLoader(_pairs(f)), "batch_size", 3),
    "set later, dataset": lambda f: setattr(f.data.DataLoader(_pairs(f)), "dataset", 3),
    "attributes": lambda f: (lambda d: [d.batch_size, d.drop_last, d.num_workers, d.pin_memory, d.timeout,
                                        type(d.sampler).__name__, type(d.batch_sampler).__name__, d.prefetch_factor])(
        f.data.DataLoader(_pairs(f), 3)),
    "numbers": lambda f: list(f.data.DataLoader(_samples(f, lambda f, i: i), 2)),
    "floats": lambda f: list(f.data.DataLoader(_samples(f, lambda f, i: i / 2), 2)),
    "arrays": lambda f: list(f.data.DataLoader(_samples(f, lambda f, i: np.full(2, i)), 2)),
    "strings": lambda f: list(f.data.DataLoader(_samples(f, lambda f, i: str(i)), 2)),
    "dicts": lambda f: list(f.data.DataLoader(_samples(f, lambda f, i: {"a": i, "b": (f.ones(2), "x")}), 2)),
    "tensors of two lengths": lambda f: list(f.data.DataLoader(_samples(f, lambda f, i: [0] * (i + 1)), 2)),
    "objects": lambda f: list(f.data.DataLoader(_samples(f, lambda f, i: None), 2)),
}


test_same_as_pytorch = same_as_pytorch(SCENARIOS)


COLLATE = {
    "bools": [True, False], "ints": [1, 2], "floats": [1.5, 2.0], "float32": [np.float32(1), np.float32(2)],
    "float64": [np.float64(1.5)], "int32": [np.int32(1), np.int32(4)], "bool_": [np.bool_(True)], "bytes": [b"a", b"b"],
    "tuples": [(1, 2.0), (3, 4.0)], "lists": [[1, 2], [3, 4]], "points": [Point(1, 2), Point(3, 4)],
    "unequal": [(1, 2), (3,)], "ordered": [OrderedDict(a=1), OrderedDict(a=2)], "nested": [{"a": [{"b": 1}]}] * 2,
    "user dict": [UserDict(a=1), UserDict(a=2)], "range": [range(2), range(2)], "object": [object()],
    "strings in an array": [np.array(["a"])], "objects in an array": [np.array([None])],
    "0-d arrays": [np.array(1.5), np.array(2.5)], "uint8": [np.uint8(3)], "none": [None],
}


def _shape(value):
    """Kinds, dtypes and values at any depth."""
    if hasattr(value, "detach"):
        return [str(value.dtype), value.detach().numpy().tolist()]
    if isinstance(value, (dict, UserDict)):
        return [type(value).__name__, {k: _shape(v) for k, v in value.items()}]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [_shape(v) for v in value]]
    return repr(value).split(" at 0x")[0]


@pytest.mark.parametrize("batch", COLLATE.values(), ids=COLLATE.keys())
def test_collate_as_in_pytorch(batch):
    torch = pytest.importorskip("torch")
    assert_same(lambda f: _shape(f.data.default_collate(batch)), torch)
    assert_same(lambda f: _shape(f.data.default_convert(batch[0])), torch)


def test_collate_tensors():
    batch = default_collate([ones(2, 3), ones(2, 3) * 2])
    assert batch.shape == (2, 2, 3) and batch[1].tolist() == [[2.0] * 3] * 2
    with pytest.raises(RuntimeError, match="equal size"):
        default_collate([ones(2), ones(3)])
    x = ones(2).requires_grad_()
    default_collate([x, x * 2]).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0], "gradients flow, as through stack"
    assert default_convert("a") == "a" and default_convert(np.ones(2)).tolist() == [1.0, 1.0]


# -- the fast way ------------------------------------------------------------------------------------------------------


class _Plain(Dataset):
    """A TensorDataset that the loader does not recognise."""

    def __init__(self, inner):
        self.inner = inner

    def __getitem__(self, index):
        return self.inner[index]

    def __len__(self):
        return len(self.inner)


def _bytes(batches):
    return [[(t.dtype.name, tuple(t.shape), t.numpy().tobytes()) for t in batch] for batch in batches]


def _data(kind):
    rng = np.random.default_rng(0)
    tensors = [from_numpy(rng.standard_normal((23, 3, 2)).astype(np.float32)), from_numpy(rng.integers(0, 9, 23)),
               from_numpy(rng.integers(0, 255, (23, 5)).astype(np.uint8)), from_numpy(rng.random(23) > 0.5),
               from_numpy(rng.random((7, 23)).T), from_numpy(np.ones((23, 0)))]
    data = TensorDataset(*tensors)
    return {"all": data, "subset": Subset(data, [5, -1, 3, 3, 0]), "array": Subset(data, np.arange(9)[::-1]),
            "tensor": Subset(data, arange(4)), "deep": Subset(Subset(data, range(2, 20)), [1, -1, 4])}[kind]


@pytest.mark.parametrize("kind", ["all", "subset", "array", "tensor", "deep"])
@pytest.mark.parametrize("options", [{}, {"batch_size": 4}, {"batch_size": 4, "drop_last": True},
                                     {"batch_size": 4, "shuffle": True}, {"batch_size": 99}])
def test_fast_is_slow(kind, options, monkeypatch):
    data, calls, rows = _data(kind), [], dataloader.rows
    manual_seed(3)
    slow = _bytes(DataLoader(_Plain(data), **options))
    monkeypatch.setattr(dataloader, "rows", lambda *a: calls.append(1) or rows(*a))
    manual_seed(3)
    fast = _bytes(DataLoader(data, **options))
    assert fast == slow
    assert len(calls) == 5 * len(fast), "one gather per batch and contiguous tensor"


@pytest.mark.parametrize("sampler", [lambda: SubsetRandomSampler([4, 2, -1], Generator().manual_seed(1)),
                                     lambda: RandomSampler(range(23), True, 40, Generator().manual_seed(1)),
                                     lambda: WeightedRandomSampler([1] * 23, 9, generator=Generator().manual_seed(1))])
def test_fast_is_slow_with_samplers(sampler):
    data = _data("all")
    slow = DataLoader(_Plain(data), batch_size=4, sampler=sampler())
    assert _bytes(DataLoader(data, batch_size=4, sampler=sampler())) == _bytes(slow)


@pytest.mark.parametrize("change", ["dataset", "sampler", "batch sampler", "collate"])
def test_overridden_code_runs(change):
    """Whoever overrides a part gets that part called."""
    seen = []

    class MyData(TensorDataset):
        def __getitem__(self, index):
            seen.append(index)
            return super().__getitem__(index)

    class MySampler(RandomSampler):
        def __iter__(self):
            seen.append(1)
            return iter([0])

    class MyBatches(BatchSampler):
        def __iter__(self):
            seen.append(1)
            return iter([[0]])

    data = (MyData if change == "dataset" else TensorDataset)(ones(3))
    options = {"sampler": {"sampler": MySampler(data)}, "batch sampler": {"batch_sampler": MyBatches([0], 1, False)},
               "collate": {"collate_fn": seen.extend}, "dataset": {}}[change]
    list(DataLoader(data, **options))
    assert seen


def test_indices_out_of_range():
    data = TensorDataset(ones(3))
    for indices in ([0, 3], [-4]):
        with pytest.raises(IndexError):
            list(DataLoader(Subset(data, indices)))
    with pytest.raises(IndexError):
        list(DataLoader(data, sampler=SubsetRandomSampler([7])))


def test_batches_do_not_share_memory_with_the_data():
    data = TensorDataset(ones(4))
    (batch,) = next(iter(DataLoader(data, 4)))
    batch.zero_()
    assert data.tensors[0].tolist() == [1.0] * 4


def test_two_iterators_at_once():
    loader = DataLoader(TensorDataset(arange(20)), 5, shuffle=True, generator=Generator().manual_seed(1))
    seen = [[], []]
    for (a,), (b,) in zip(loader, loader):
        seen[0] += a.tolist()
        seen[1] += b.tolist()
    assert sorted(seen[0]) == sorted(seen[1]) == list(range(20)) and seen[0] != seen[1]


def test_shuffling_follows_the_generator():
    def epochs(seed):
        loader = DataLoader(TensorDataset(arange(30)), 7, shuffle=True, generator=Generator().manual_seed(seed))
        return [[b.tolist() for (b,) in loader] for _ in range(2)]

    before = get_rng_state().tolist()
    one, again, other = epochs(1), epochs(1), epochs(2)
    assert one == again != other and one[0] != one[1]
    assert sorted(i for batch in one[0] for i in batch) == list(range(30))
    assert get_rng_state().tolist() == before


def test_data_that_changes_is_seen():
    x = ones(4)
    batches = iter(DataLoader(TensorDataset(x), 2))
    next(batches)
    x.fill_(5.0)
    assert next(batches)[0].tolist() == [5.0, 5.0]


def test_data_that_requires_grad():
    x = randn(4, 2).requires_grad_()
    for (batch,) in DataLoader(TensorDataset(x), 2, shuffle=True):
        (batch * 3).sum().backward()
    assert x.grad.tolist() == [[3.0, 3.0]] * 4


def test_getitems_is_used():
    class Many(Dataset):
        def __getitems__(self, indices):
            return [tensor(i * 10) for i in indices]

        def __len__(self):
            return 4

    assert [b.tolist() for b in DataLoader(Many(), 3)] == [[0, 10, 20], [30]]
    assert list(OURS.data.DataLoader([1, 2, 3], 2))[1].tolist() == [3]
