"""FloatTensor, LongTensor and so on, and Tensor as a constructor: what older scripts call."""

from __future__ import annotations

import pytest

from engine.face import ours, same_as_torch

NAMES = ["FloatTensor", "DoubleTensor", "LongTensor", "IntTensor", "ByteTensor", "BoolTensor"]


@pytest.mark.parametrize("name", NAMES)
def test_constructors(name):
    @same_as_torch
    def scenario(t):
        kind = getattr(t, name)
        made = kind([[1, 0], [1, 1]])
        assert isinstance(made, kind) and not isinstance(made, t.IntTensor if name != "IntTensor" else t.LongTensor)
        assert isinstance(made, t.Tensor) and not isinstance(1, kind)
        assert made.type().split(".")[1] == name
        return [made, t.ones(2).type(kind), t.ones(2).type(f"torch.{name}"), list(kind(2, 3).shape),
                list(kind().shape)]

    for against_torch in (False, True):
        scenario(against_torch)


@same_as_torch
def test_tensor(t):
    return [t.Tensor([1, 2]), t.Tensor([[True]]), list(t.Tensor(2, 3).shape), list(t.Tensor(4).shape), t.Tensor()]


def test_a_name_that_is_none():
    with pytest.raises(ValueError, match="invalid type"):
        ours.ones(2).type("torch.HalfTensor")
