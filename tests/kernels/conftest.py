"""Fixtures of the kernel tests: each instruction set of this machine, each element type, and a number of threads."""

import numpy as np
import pytest
from kernel_harness import FLOATS, available_isas

from minigrad import native


@pytest.fixture(params=available_isas())
def isa(request):
    before = native.get_isa()
    yield native.set_isa(request.param)
    native.set_isa(before)


@pytest.fixture(params=FLOATS, ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(autouse=True)
def one_thread():
    """Tests start with one thread; those about threads ask for more."""
    before = native.get_num_threads()
    native.set_num_threads(1)
    yield
    native.set_num_threads(before)


@pytest.fixture(autouse=True)
def quiet_references():
    """References overflow and divide by zero on purpose."""
    with np.errstate(all="ignore"):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)
