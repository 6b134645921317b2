"""No test of the package leaves anything recording."""

from __future__ import annotations

import pytest

import minigrad
from minigrad import memory, tape
from minigrad.ops import kernel


@pytest.fixture(autouse=True)
def nothing_is_left_recording():
    before = kernel.empty, memory.empty
    yield
    assert tape.active is None and not minigrad.compiler.is_compiling()
    assert (kernel.empty, memory.empty) == before
