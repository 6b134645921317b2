"""A training step as one call of C (minigrad.compile), beside the same step run as it is, PyTorch, and jit in JAX; and
an epoch of the seed network on MNIST."""

from __future__ import annotations

from typing import Any

import minigrad
from tests.benchmarks import epoch
from tests.benchmarks.steps import NETWORKS, compiled, eager


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    for name, net in NETWORKS.items():
        if quick and name in ("paper", "wide"):
            continue
        steps = {"recorded": minigrad.compile(eager(minigrad, net), fullgraph=True), "as it is": eager(minigrad, net)}
        if torch := libraries["torch"]:
            steps["torch"] = eager(torch, net)
        if jax := libraries["jax"]:
            steps["jax jit"] = compiled(jax, net)
        yield f"recorded step {name}", steps, ("us", 1e6)
    yield from epoch.recorded(libraries, quick)
