"""Two results of run.py --json side by side: python tests/benchmarks/compare.py before.json after.json

A ratio below 1 says that minigrad took less time in the second, each measured against the peers of its own run where
there are any, so that a slower hour of the machine does not count.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path


def against_peers(case: dict) -> float:
    """minigrad's time over its peers' (geometric mean), or its time alone."""
    own = case["minigrad"].get("seconds", case["minigrad"]["value"])
    peers = [entry["seconds"] for name, entry in case.items() if name != "minigrad"]
    return own / statistics.geometric_mean(peers) if peers else own


def main(before: str, after: str) -> None:
    old, new = (json.loads(Path(path).read_text()) for path in (before, after))
    for threads, groups in new.items():
        for group, cases in groups.items():
            for name, case in cases.items():
                earlier = old.get(threads, {}).get(group, {}).get(name)
                if earlier:
                    ratio = against_peers(case) / against_peers(earlier)
                    print(f"{threads:10} {name:52} x{ratio:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
