"""Fixtures that put the library's settings back."""

import pytest

from minigrad.native import get_isa, get_num_threads, set_isa, set_num_threads


@pytest.fixture(params=["scalar", "avx2", "avx512", "neon"])
def isa(request):
    """Run under each instruction set that this CPU has."""
    before = get_isa()
    try:
        set_isa(request.param)
    except ValueError:
        pytest.skip(f"this CPU has no {request.param}")
    yield request.param
    set_isa(before)


@pytest.fixture
def threads():
    """A function that sets the number of threads for the rest of the test."""
    before = get_num_threads()
    yield set_num_threads
    set_num_threads(before)
