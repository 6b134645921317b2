"""Memory does not grow with replays. MINIGRAD_SOAK=1000000 makes it a long run."""

from __future__ import annotations

import os

from .soak import soak


def test_soak():
    assert soak(int(os.environ.get("MINIGRAD_SOAK", 20_000))) < 2 << 20
