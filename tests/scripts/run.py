"""Runs a PyTorch script as it stands, and with its import of torch changed, and compares what it prints.

A script prints numbers; where it draws any, it draws them from NumPy, since the generators differ.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import warnings
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)\b", re.IGNORECASE)


def with_minigrad(source: str) -> str:
    """The script with `torch` imported from minigrad: its imports are changed, and nothing else."""
    source = re.sub(r"^import torch$", "import minigrad as torch", source, flags=re.MULTILINE)
    return re.sub(r"^(\s*)(import|from) torch\b(.*)$", r"\1\2 minigrad\3", source, flags=re.MULTILINE)


def printed(source: str, name: str) -> str:
    """What it prints. Warnings are errors: a script of today gives none."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
    return out.getvalue()


def assert_same_output(got: str, want: str, rtol: float = 2e-3, atol: float = 2e-4) -> None:
    """The same words, and numbers that are near, line by line. What made a tensor may have another name."""
    got, want = (re.sub(r"grad_fn=<\w+>", "grad_fn", text.replace("minigrad.", "torch.")) for text in (got, want))
    for ours, theirs in itertools.zip_longest(got.splitlines(), want.splitlines()):
        assert ours is not None and theirs is not None, f"only one has the line {ours or theirs}"
        where = f"\n{ours}\nshould be\n{theirs}"
        words = [re.sub(r"\s+", "", NUMBER.sub("#", line)) for line in (ours, theirs)]
        assert words[0] == words[1], where
        numbers = [np.array([float(x) for x in NUMBER.findall(line)]) for line in (ours, theirs)]
        np.testing.assert_allclose(*numbers, rtol=rtol, atol=atol, err_msg=where)
