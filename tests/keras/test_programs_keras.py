"""Programs give with minigrad.keras what they give with Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras_programs import PROGRAMS, run
from keras_referee import needs_keras, theirs

from minigrad import keras as ours


def agree(got: Any, want: Any, where: str = "result") -> None:
    """Equal structures, numbers within a tolerance."""
    if isinstance(want, dict):
        assert list(got) == list(want), f"{where}: {list(got)} and {list(want)}"
        for key in want:
            agree(got[key], want[key], f"{where}[{key!r}]")
    elif isinstance(want, (list, tuple)):
        assert len(got) == len(want), f"{where}: {got} and {want}"
        for i, (a, b) in enumerate(zip(got, want)):
            agree(a, b, f"{where}[{i}]")
    elif isinstance(want, (np.ndarray, np.generic, float)):
        assert np.shape(got) == np.shape(want), f"{where}: shapes {np.shape(got)} and {np.shape(want)}"
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6, err_msg=where)
    else:
        assert got == want, f"{where}: {got!r} and {want!r}"


@needs_keras
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name):
    got, printed = run(PROGRAMS[name], ours)
    want, expected = run(PROGRAMS[name], theirs())
    assert printed == expected
    agree(got, want)
