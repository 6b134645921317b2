"""Fixtures of the tests of operations: each instruction set of this machine, each type of float."""

import pytest

from minigrad import native

from .row import FLOATS


def available_isas() -> list[str]:
    found, before = [], native.get_isa()
    for isa in ("scalar", "avx2", "avx512", "neon"):
        try:
            found.append(native.set_isa(isa))
        except ValueError:
            continue
    native.set_isa(before)
    return found


@pytest.fixture(params=available_isas())
def isa(request):
    before = native.get_isa()
    native.set_isa(request.param)
    yield request.param
    native.set_isa(before)


@pytest.fixture(params=FLOATS, ids=str)
def dtype(request):
    return request.param
