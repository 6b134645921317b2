"""examples/paper is a package beside the examples, not part of minigrad: its folder goes on the path, also for the
processes that it starts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))
