"""What a row of the table of operations says, and how its inputs are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from engine.face import find

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# Lengths around the widths of the vectors that kernels use, and their unrolled loops.
WIDTHS = (0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 130)


@dataclass(frozen=True)
class Draw:
    """An input to be drawn. Floats take the type under test, and require grad."""

    shape: tuple[int, ...]
    make: Callable[[np.random.Generator, tuple], np.ndarray]
    grad: bool = True

    def __call__(self, rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        values = np.asarray(self.make(rng, self.shape))
        return values.astype(dtype) if values.dtype.kind == "f" else values


def _drawing(make: Callable) -> Callable[..., Draw]:
    return lambda *shape, grad=True: Draw(shape, make, grad)


def _distinct(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    size = int(np.prod(shape))
    return ((rng.permutation(size) + 0.5) * (4.0 / max(size, 1)) - 2.0).reshape(shape)


normal = _drawing(lambda rng, shape: rng.standard_normal(shape))
positive = _drawing(lambda rng, shape: rng.gamma(2.0, 1.0, shape) + 0.3)
unit = _drawing(lambda rng, shape: rng.uniform(0.1, 0.9, shape))
away = _drawing(lambda rng, shape: rng.choice([-1.0, 1.0], shape) * rng.uniform(0.2, 2.5, shape))  # from a kink at 0
distinct = _drawing(_distinct)                                                            # no ties, none near 0
below = _drawing(lambda rng, shape: rng.uniform(-1.5, -0.5, shape))
above = _drawing(lambda rng, shape: rng.uniform(0.5, 1.2, shape))
coin = _drawing(lambda rng, shape: rng.random(shape) < 0.5)


def whole(high: int, *shape: int, low: int = 0) -> Draw:
    """int64 from low to high - 1."""
    return Draw(shape, lambda rng, shape: rng.integers(low, high, shape), grad=False)


@dataclass(frozen=True)
class Sample:
    """Arguments of one call: Draws, lists of Draws, or constants."""

    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)

    def arrays(self, dtype: np.dtype) -> list:
        rng = np.random.default_rng(20140615)
        return [[a(rng, dtype) for a in arg] if isinstance(arg, list) else arg(rng, dtype) if isinstance(arg, Draw)
                else arg for arg in self.args]

    @property
    def draws(self) -> list[Draw]:
        return [a for arg in self.args for a in (arg if isinstance(arg, list) else [arg]) if isinstance(a, Draw)]

    def __repr__(self) -> str:
        shapes = [[d.shape for d in a] if isinstance(a, list) else a.shape if isinstance(a, Draw) else a
                  for a in self.args]
        return f"{shapes} {self.kwargs or ''}"


def call(*args: Any, **kwargs: Any) -> Sample:
    return Sample(args, kwargs)


@dataclass(frozen=True)
class Row:
    """One operation, called the same way in both libraries.

    name       its path in the library, such as "nn.functional.relu"
    reference  the same on float64 arrays; None where PyTorch alone judges
    samples    what it is called with; those with few elements are also differentiated numerically
    covers     names of the Functions whose gradients its checks prove, of first and second order
    how        how it is called in both libraries, if not by name: how(library, *args, **kwargs)
    torch      whether PyTorch has it
    ulps       by how many units in the last place (of max(1, |value|)) a result may be off
    differentiable  whether its gradients are held against differences
    eps        the step of its differences, if it rounds coarsely
    bug        what is known to be wrong with it
    """

    name: str
    reference: Callable | None
    samples: tuple[Sample, ...]
    covers: tuple[str, ...] = ()
    how: Callable | None = None
    torch: bool = True
    ulps: float = 32
    differentiable: bool = True
    eps: float | None = None
    bug: str = ""

    def run(self, library: Any, args: list, kwargs: dict) -> Any:
        function = self.how or find(library, self.name)
        return function(library, *args, **kwargs) if self.how else function(*args, **kwargs)


def split(text: str) -> tuple[str, ...]:
    return tuple(text.split())
