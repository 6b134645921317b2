"""Programs give with minigrad.keras what they give with Keras: with what Keras gave when it was recorded, and where it
is installed with what it gives.

    KERAS_BACKEND=jax python tests/keras/test_programs_keras.py     records it anew
"""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

import keras_courses  # noqa: F401 - its programs enter themselves
import numpy as np
import pytest
from keras_programs import PROGRAMS, run
from keras_referee import needs_keras, theirs

from minigrad import keras as ours

RECORD = Path(__file__).with_name("recorded.json.gz")


def plain(x: Any) -> Any:
    """As JSON holds it: keys as text, arrays as lists, numbers of single precision with as many digits."""
    if isinstance(x, dict):
        return {str(key): plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(item) for item in x]
    if isinstance(x, (np.ndarray, np.generic)):
        return plain(x.tolist())
    return float(f"{x:.8g}") if isinstance(x, float) else x


@functools.cache
def recorded() -> dict[str, Any]:
    return json.loads(gzip.decompress(RECORD.read_bytes()))


def agree(got: Any, want: Any, where: str = "result") -> None:
    """Equal structures, numbers within a tolerance."""
    if isinstance(want, dict):
        assert list(map(str, got)) == list(map(str, want)), f"{where}: {list(got)} and {list(want)}"
        for (key, a), b in zip(got.items(), want.values()):
            agree(a, b, f"{where}[{key!r}]")
    elif isinstance(got, (np.ndarray, np.generic, float)) or isinstance(want, (np.ndarray, np.generic, float)):
        assert np.shape(got) == np.shape(want), f"{where}: shapes {np.shape(got)} and {np.shape(want)}"
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6, err_msg=where)
    elif isinstance(want, (list, tuple)):
        assert len(got) == len(want), f"{where}: {got} and {want}"
        for i, (a, b) in enumerate(zip(got, want)):
            agree(a, b, f"{where}[{i}]")
    else:
        assert got == want, f"{where}: {got!r} and {want!r}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_recorded(name):
    want, expected = recorded()[name]
    got, printed = run(PROGRAMS[name], ours)
    assert printed == expected
    agree(got, want)


@needs_keras
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_record(name):
    got, printed = recorded()[name]
    for _ in range(3):  # Keras's threads race: on a busy machine its bar loses the last of a generator's batches
        want, expected = run(PROGRAMS[name], theirs())
        if printed == expected:
            break
    assert printed == expected
    agree(got, plain(want))


if __name__ == "__main__":
    results = {name: plain(run(function, theirs())) for name, function in PROGRAMS.items()}
    RECORD.write_bytes(gzip.compress(json.dumps(results).encode(), mtime=0))
