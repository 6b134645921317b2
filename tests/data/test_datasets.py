"""Data sets and samplers. Texts and orders as in PyTorch; distributions by statistics."""

import numpy as np
import pytest
from faces import same_as_pytorch

from minigrad import utils
from minigrad.creation import arange, from_numpy, ones
from minigrad.random import Generator, manual_seed
from minigrad.utils.data import (
    BatchSampler,
    ConcatDataset,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)


def _pairs(f, n=5):
    return f.data.TensorDataset(f.from_numpy(np.arange(n)), f.from_numpy(np.arange(n) * 10.0))


def _stream(f):
    class Stream(f.data.IterableDataset):
        def __iter__(self):
            return iter(range(3))

        def __len__(self):
            return 3
    return Stream()


SCENARIOS = {
    "item": lambda f: _pairs(f)[2],
    "slice": lambda f: _pairs(f)[1:3],
    "len": lambda f: len(_pairs(f)),
    "lengths differ": lambda f: _text(lambda: f.data.TensorDataset(f.ones(2), f.ones(3)), 29),
    "no getitem": lambda f: f.data.Dataset()[0],
    "subset": lambda f: [f.data.Subset(_pairs(f), [3, 1])[0], len(f.data.Subset(_pairs(f), [3, 1]))],
    "subset of a list": lambda f: f.data.Subset(_pairs(f), [3, 1, 0])[[0, 2]],
    "subset items": lambda f: f.data.Subset(_pairs(f), [3, 1, 0]).__getitems__([0, 2]),
    "sum": lambda f: [int((_pairs(f) + _pairs(f, 2))[i][0]) for i in (0, 4, 5, 6, -1, -7)],
    "sum out of range": lambda f: (_pairs(f) + _pairs(f))[-11],
    "concat nothing": lambda f: f.data.ConcatDataset([]),
    "concat streams": lambda f: f.data.ConcatDataset([_stream(f)]),
    "concat sizes": lambda f: f.data.ConcatDataset([_pairs(f), _pairs(f, 2)]).cumulative_sizes,
    "chain": lambda f: [list(_stream(f) + _stream(f)), len(_stream(f) + _stream(f))],
    "split sizes": lambda f: [len(s) for s in f.data.random_split(_pairs(f, 10), [0.33, 0.33, 0.34])],
    "split lengths": lambda f: [len(s) for s in f.data.random_split(_pairs(f, 10), [3, 7])],
    "split wrong": lambda f: f.data.random_split(_pairs(f, 10), [3, 6]),
    "split fraction": lambda f: f.data.random_split(_pairs(f, 10), [1.5, -0.5]),
    "stack": lambda f: [list(f.data.StackDataset(_pairs(f), [1, 2, 3, 4, 5])[i]) for i in (0, 4)],
    "stack by name": lambda f: f.data.StackDataset(a=_pairs(f), b=[1, 2, 3, 4, 5])[2],
    "stack items": lambda f: [f.data.StackDataset([5, 6], "ab").__getitems__([1, 0]),
                              f.data.StackDataset(x=f.data.Subset([5, 6], [1, 0])).__getitems__([1, 0])],
    "stack len": lambda f: len(f.data.StackDataset(_pairs(f))),
    "stack sizes": lambda f: f.data.StackDataset(_pairs(f), [1]),
    "stack nothing": lambda f: f.data.StackDataset(),
    "stack both": lambda f: f.data.StackDataset([1], a=[1]),
    "stack loaded": lambda f: list(f.data.DataLoader(f.data.StackDataset(a=[1, 2, 3], b=_pairs(f, 3)), 2)),
    "sequential": lambda f: list(f.data.SequentialSampler(_pairs(f))),
    "random of nothing": lambda f: f.data.RandomSampler([]),
    "random replacement": lambda f: f.data.RandomSampler([1], replacement=1),
    "random samples": lambda f: f.data.RandomSampler([1], num_samples=0),
    "random len": lambda f: len(f.data.RandomSampler(range(5), num_samples=12)),
    "batches": lambda f: list(f.data.BatchSampler(range(7), 3, False)),
    "whole batches": lambda f: list(f.data.BatchSampler(range(7), 3, True)),
    "number of batches": lambda f: [len(f.data.BatchSampler(range(n), 3, d)) for n in (0, 6, 7) for d in (True, False)],
    "batch size": lambda f: f.data.BatchSampler(range(7), 0, False),
    "batch size True": lambda f: f.data.BatchSampler(range(7), True, False),
    "drop last": lambda f: f.data.BatchSampler(range(7), 1, 2),
    "weights samples": lambda f: f.data.WeightedRandomSampler([1.0], 0),
    "weights replacement": lambda f: f.data.WeightedRandomSampler([1.0], 1, replacement=1),
    "weights shape": lambda f: f.data.WeightedRandomSampler([[1.0]], 1),
    "weights negative": lambda f: list(f.data.WeightedRandomSampler([1.0, -1.0], 1)),
    "weights nan": lambda f: list(f.data.WeightedRandomSampler([1.0, float("nan")], 1)),
    "weights zero": lambda f: list(f.data.WeightedRandomSampler([0.0, 0.0], 1)),
    "too many weights": lambda f: list(f.data.WeightedRandomSampler([1.0, 1.0], 3, replacement=False)),
    "weights one possible": lambda f: list(f.data.WeightedRandomSampler([0.0, 1.0, 0.0], 4)),
}


def _text(call, length):
    """The start of an error's text."""
    try:
        call()
    except AssertionError as error:
        return str(error)[:length]


test_same_as_pytorch = same_as_pytorch(SCENARIOS)


def test_concat_past_the_end():
    with pytest.raises(IndexError):
        (TensorDataset(ones(2)) + TensorDataset(ones(2)))[4]
    assert [x.item() for (x,) in TensorDataset(arange(2)) + TensorDataset(arange(2))] == [0, 1, 0, 1]


@pytest.mark.parametrize("bad", [np.ones(3), 3, ones(1)[0]], ids=["array", "number", "0-d"])
def test_tensor_dataset_of_no_tensors(bad):
    with pytest.raises(TypeError, match="argument 1 must be a Tensor"):
        TensorDataset(ones(3), bad)


def test_iterable_without_iter():
    with pytest.raises(NotImplementedError):
        iter(IterableDataset())
    assert issubclass(IterableDataset[int].__origin__, Dataset[int].__origin__)


def test_subset_that_forgets_getitems():
    class Half(Subset):
        def __getitem__(self, index):
            return 1

    with pytest.raises(NotImplementedError, match="__getitems__"):
        Half(range(3), [0])


def test_random_split_covers_everything_and_repeats():
    data = TensorDataset(arange(100))
    parts = random_split(data, [70, 30], Generator().manual_seed(1))
    again = random_split(data, [0.7, 0.3], Generator().manual_seed(1))
    assert sorted(parts[0].indices + parts[1].indices) == list(range(100))
    assert [p.indices for p in parts] == [p.indices for p in again]
    assert random_split(data, [0.7, 0.3])[0].indices != parts[0].indices
    with pytest.warns(UserWarning, match="split at index 1 is 0"):
        random_split(TensorDataset(arange(1)), [0.9, 0.1])
    with pytest.raises(ValueError, match="negative"):
        random_split(data, [101, -1])


def test_random_sampler():
    a = RandomSampler(range(50), generator=Generator().manual_seed(1))
    first, second = list(a), list(a)
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    assert list(RandomSampler(range(50), generator=Generator().manual_seed(1))) == first
    manual_seed(5)
    default = list(RandomSampler(range(50)))
    manual_seed(5)
    assert list(RandomSampler(range(50))) == default
    many = list(RandomSampler(range(10), num_samples=25))
    assert sorted(many[:10]) == sorted(many[10:20]) == list(range(10)) and len(set(many[20:])) == 5
    drawn = list(RandomSampler(range(10), replacement=True, num_samples=1000))
    assert set(drawn) == set(range(10)) and len(drawn) == 1000
    assert all(isinstance(i, int) for i in first)


def test_every_order_is_as_likely():
    """All 6 orders of 3: chi-squared with 5 degrees of freedom stays below its 1 in 10^6 bound."""
    g, counts = Generator().manual_seed(0), {}
    for _ in range(3000):
        order = tuple(RandomSampler(range(3), generator=g))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6 and sum((n - 500) ** 2 / 500 for n in counts.values()) < 36


def test_subset_random_sampler():
    sampler = SubsetRandomSampler(["a", "b", "c"], Generator().manual_seed(1))
    assert sorted(sampler) == ["a", "b", "c"] and len(sampler) == 3
    assert sorted(SubsetRandomSampler([5, 7]).epoch().tolist()) == [5, 7]


@pytest.mark.parametrize("weights", [[1, 2, 3, 4], [0, 1, 0, 5, 0], [1e-30, 1e-30], [1e300, 1e300]])
def test_weighted_sampler_with_replacement(weights):
    n = 20000
    drawn = np.bincount(list(WeightedRandomSampler(weights, n, generator=Generator().manual_seed(3))),
                        minlength=len(weights))
    expected = np.array(weights, float) / max(weights)
    expected *= n / expected.sum()
    assert (drawn[expected == 0] == 0).all()
    kept = expected > 0
    assert ((drawn[kept] - expected[kept]) ** 2 / expected[kept]).sum() < 40


def test_weighted_sampler_without_replacement():
    """The first draw goes by weight, and no number comes twice."""
    g, first = Generator().manual_seed(3), np.zeros(3)
    for _ in range(4000):
        drawn = list(WeightedRandomSampler([1.0, 2.0, 0.0, 1.0], 3, replacement=False, generator=g))
        assert sorted(drawn) == [0, 1, 3]
        first[drawn.index(1)] += 1
    assert abs(first[0] / 4000 - 0.5) < 0.04
    with pytest.raises(RuntimeError, match="not enough"):
        list(WeightedRandomSampler([1.0, 0.0], 2, replacement=False))


def test_batch_sampler_of_a_stream():
    assert list(BatchSampler(iter("abcde"), 2, False)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(SequentialSampler(range(3)).epoch()) == [0, 1, 2]
    assert ConcatDataset([range(2), range(2)])[3] == 1
    assert from_numpy(RandomSampler(range(4)).epoch()).dtype.name == "int64"


def test_what_is_not_offered():
    with pytest.raises(AttributeError, match="one process; use RandomSampler"):
        _ = utils.data.DistributedSampler
