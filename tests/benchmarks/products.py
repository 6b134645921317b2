"""Matrix products in all four transpose forms, in GFLOP/s."""

from __future__ import annotations

from typing import Any

import numpy as np

SQUARES = [(n, n, n) for n in (1, 2, 4, 8, 16, 31, 64, 128, 256, 512, 1024, 2048)]
# Every product of the four networks: forward x @ w^T, backward dy @ w and dy^T @ x.
NETWORK_PRODUCTS = [
    (batch, n, k, "NT") for batch, n, k in ((100, 16, 2), (100, 16, 16), (100, 2, 16), (32, 128, 784), (32, 64, 128),
                                            (32, 10, 64), (128, 1024, 784), (128, 1024, 1024), (128, 10, 1024),
                                            (128, 4096, 784), (128, 4096, 4096), (128, 10, 4096))]
NETWORK_PRODUCTS += [(m, k, n, "NN") for m, n, k, _ in NETWORK_PRODUCTS[:12] if k not in (2, 784)]
NETWORK_PRODUCTS += [(n, k, m, "TN") for m, n, k, _ in NETWORK_PRODUCTS[:12]]


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    shapes = [(*shape, form) for shape in SQUARES for form in ("NN", "NT", "TN", "TT")] + NETWORK_PRODUCTS
    if quick:
        shapes = [s for s in shapes if s[0] * s[1] * s[2] <= 1 << 18][::4]
    for m, n, k, form in shapes:
        yield f"matmul {m}x{n}x{k} {form}", dict(contestants(libraries, m, n, k, form)), ("GFLOP/s", 2e-9 * m * n * k)


def contestants(libraries: dict[str, Any], m: int, n: int, k: int, form: str) -> Any:
    source = np.random.default_rng(0)
    a = source.standard_normal((k, m) if form[0] == "T" else (m, k)).astype(np.float32)
    b = source.standard_normal((n, k) if form[1] == "T" else (k, n)).astype(np.float32)

    def oriented(x: Any, y: Any) -> tuple[Any, Any]:
        return (x.T if form[0] == "T" else x), (y.T if form[1] == "T" else y)

    for name in ("minigrad", "torch"):
        if library := libraries[name]:
            x, y = oriented(library.from_numpy(a), library.from_numpy(b))
            yield name, lambda library=library, x=x, y=y: library.matmul(x, y)
    x, y = oriented(a, b)
    yield "numpy", lambda: np.matmul(x, y)
    if jax := libraries["jax"]:
        f = jax.jit(lambda x, y: oriented(x, y)[0] @ oriented(x, y)[1])
        ja, jb = jax.numpy.asarray(a), jax.numpy.asarray(b)
        yield "jax jit", lambda: f(ja, jb).block_until_ready()


def peak(seconds: float = 0.3) -> float:
    """GFLOP/s of the best that a core does here: a product that stays in the caches, many times; the fastest round."""
    from minigrad.native import ffi, lib, pointer
    from tests.benchmarks.timing import calibrate, once

    m, n, k = 12 * 4, 32 * 2, 384
    a, b, c = (np.ones(shape, np.float32) for shape in ((k, m), (k, n), (m, n)))
    pa, pb, pc = pointer(a), pointer(b), pointer(c)

    def run() -> None:
        lib.mg_matmul(11, pc, pa, pb, ffi.NULL, m, n, k, 1, m, n, 1)

    calls = calibrate(run, seconds / 10)
    return 2e-9 * m * n * k / min(once(run, calls) for _ in range(10))
