"""Tensors print as PyTorch's do, character by character."""

from __future__ import annotations

import numpy as np
import pytest
from engine.face import needs_torch, ours, theirs

inf, nan = float("inf"), float("nan")
RNG = np.random.default_rng(0)
VALUES = [1.5, 3.0, [], [1, 2, 3], [1.5, 2, -3.25], [1e-5, 1, 2], [1e9, 1, 2], [1e5, 1.5], [nan, 1, inf], [nan, nan],
          [inf, -1.5], [0.0, 0.0], [-0.0, 1], [1e-3, 1e-4], [12345.678, 0.001], [1e8 + 1, 1], [999.5, 0.0009], 1e-10,
          [[nan, -inf], [0.25, 0]], [-inf, 1e6, 1e-6], [100000.0, 2], [[-100.0, 3], [0, nan]]]
SHAPES = [(2, 3), (2, 2, 3), (30,), (100, 4), (2000,), (50, 50), (3, 40), (12, 12, 12), (1, 1, 1), (0, 3), (2, 0),
          (7, 100), (2, 1001), (1001, 2), (1001, 1, 2)]
ARRAYS = [*(np.array(v, t) for v in VALUES for t in (np.float32, np.float64)),
          *(RNG.standard_normal(shape).astype(np.float32) for shape in SHAPES),
          *(RNG.standard_normal((3, 3)) * scale for scale in (1e6, 1e-6)),
          *(RNG.integers(-1000, 1000, shape) for shape in ((), (5, 5), (2000,), (40, 40))),
          np.array([1, -200, 3], np.int32), np.array([1, 200], np.uint8), RNG.random((5, 30)) < 0.5, np.array(True),
          np.zeros((0, 2), np.int64)]
OPTIONS = [{}, {"precision": 2}, {"sci_mode": True}, {"sci_mode": False}, {"linewidth": 40}, {"threshold": 5},
           {"edgeitems": 1, "threshold": 10}, {"profile": "full"}, {"profile": "short"}]


@pytest.fixture(params=OPTIONS, ids=str)
def options(request):
    libraries = [ours, theirs()]
    for library in libraries:
        library.set_printoptions(**request.param)
    yield request.param
    for library in libraries:
        library.set_printoptions(profile="default")


def texts(library, array):
    x = library.from_numpy(array.copy())
    yield str(x)
    if array.dtype.kind == "f":
        x.requires_grad_()
        yield from (repr(x), str(x * 2), str(-x), f"{x}")


@needs_torch
def test_text(options):
    for array in ARRAYS if options.get("profile") != "full" else [a for a in ARRAYS if a.size < 500]:
        for got, want in zip(texts(ours, array), texts(theirs(), array)):
            if "dtype=" in want:  # our name is longer than PyTorch's, so that lines break elsewhere
                got, want = got.replace("minigrad.", "torch.").split(), want.split()
            assert got == want
