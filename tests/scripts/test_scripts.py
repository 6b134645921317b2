"""Scripts as users write them, with `import torch` and with `import minigrad as torch`: they print the same."""

from __future__ import annotations

import pytest
from engine.face import needs_torch, theirs

from .run import FOLDER, assert_same_output, printed, with_minigrad

SCRIPTS = sorted(FOLDER.glob("script_*.py"))


def test_there_are_scripts():
    assert len(SCRIPTS) >= 10


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem.removeprefix("script_"))
@needs_torch
def test_prints_the_same(path):
    source = path.read_text(encoding="utf-8")
    changed = with_minigrad(source)
    assert "import minigrad as torch" in changed
    theirs()
    got = printed(changed, str(path))
    assert got.count("\n") >= 3, "a script prints what there is to compare"
    assert_same_output(got, printed(source, str(path)))


def test_the_comparison_fails_where_it_should():
    for got, want in (("loss 1.0", "loss 1.01"), ("loss 1.0", "cost 1.0"), ("a 1", "a 1 2"), ("x nan", "x 1.0")):
        with pytest.raises(AssertionError):
            assert_same_output(got, want)
