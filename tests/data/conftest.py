"""No worker process outlives its test."""

import gc
import multiprocessing

import pytest


@pytest.fixture
def nothing_is_left():
    yield
    gc.collect()
    assert multiprocessing.active_children() == []
