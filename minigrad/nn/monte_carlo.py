"""Monte-Carlo dropout: many passes with dropout on tell how sure a network is (Gal, Ghahramani: Dropout as a Bayesian
approximation, ICML 2016)."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from minigrad.engine import make
from minigrad.grad_mode import no_grad
from minigrad.nn.containers import Sequential
from minigrad.nn.functional.noises import check_count
from minigrad.nn.layers.dropping import Draws
from minigrad.nn.module import Module
from minigrad.ops.softmax import softmax
from minigrad.random import Generator, stream
from minigrad.tensor import Tensor

__all__ = ["MonteCarlo", "mc_dropout"]


class MonteCarlo(NamedTuple):
    """What samples of a network's outputs say, each of shape (N, ...); entropies (N, ...) without the class dimension.

    mean                of the probabilities, or of the values
    std                 their standard deviation over the samples
    entropy             H[mean], in nats: all of the uncertainty. None for values
    mutual_information  H[mean] - mean of H: what more data would take away; 0 where all samples agree. None for values
    """

    mean: Tensor
    std: Tensor
    entropy: Tensor | None
    mutual_information: Tensor | None


def _probabilities(y: Tensor) -> Tensor:
    return softmax(y, -1)


_TO_PROBABILITIES: dict[str, Callable[[Tensor], Tensor] | None] = {
    "logits": _probabilities, "log_probabilities": lambda y: y.exp(), "probabilities": lambda y: y, "values": None}


@no_grad()
def mc_dropout(model: Module, x: Tensor, samples: int = 100, *, outputs: str = "logits", precision: float = math.inf,
               max_rows: int = 4096, generator: Generator | None = None, seed: int | None = None,
               layers: tuple[type[Module], ...] = ()) -> MonteCarlo:
    """Mean, spread and entropies of model(x) over `samples` passes with dropout on and everything else in evaluation.

    x          (N, ...), the batch first. It is repeated, so that many passes are one call; each has masks of its own
    outputs    what the model gives, its classes along the last dimension: "logits", "log_probabilities",
               "probabilities"; or "values" of a regression, whose variance is the samples' + 1 / precision (Gal's tau)
    max_rows   rows of one call at most (but at least N): what bounds the memory
    generator, seed  where all layers draw from in these passes, in place of their own streams
    layers     types of further modules that are to be in training mode: minigrad's dropout and noise layers always are

    The part of a Sequential in front of its first dropout is computed once. Layers whose noise is the same for all rows
    of a call (DropConnect, a noise_shape that shares the batch) get a call per sample. Modes, and the layers'
    generators, are put back. ValueError if nothing in the model is random.
    """
    check_count(samples, "mc_dropout: samples")
    if outputs not in _TO_PROBABILITIES:
        raise ValueError(f"mc_dropout: outputs must be one of {', '.join(_TO_PROBABILITIES)}, but got {outputs!r}")
    if not precision > 0.0:
        raise ValueError(f"mc_dropout: precision has to be positive, but got {precision}")
    if not isinstance(x, Tensor) or not x.ndim:
        raise TypeError("mc_dropout: expected x to be a Tensor (N, ...), the batch first")
    random = [module for module in model.modules() if isinstance(module, (Draws, *layers))]
    if not random:
        raise ValueError("mc_dropout: the model has no dropout layer, so that all samples would be the same. Name your "
                         "own types of random layers in layers=")
    with _only_these(model, random, stream(generator, seed) if (generator, seed) != (None, None) else None):
        before, after = _parts(model, random)
        return _summary(_passes(after, before(x), samples, 1 if _shared(random) else max_rows), outputs, precision)


def _shared(random: list[Module]) -> bool:
    return any(isinstance(module, Draws) and module.same_for_all_rows() for module in random)


@contextlib.contextmanager
def _only_these(model: Module, random: list[Module], source: Generator | None) -> Iterator[None]:
    """Within, these modules train, and all others evaluate; the random ones draw from source, if there is one."""
    modes = [(module, module.training) for module in model.modules()]
    generators = [(module, module.generator) for module in random if isinstance(module, Draws)]
    try:
        for module, _ in modes:
            module.training = False
        for module in random:
            module.training = True
        for module, own in generators:
            module.generator = source or own
        yield
    finally:
        for module, training in modes:
            module.training = training
        for module, own in generators:
            module.generator = own


def _parts(model: Module, random: list[Module]) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """The model as two functions, of which the first draws nothing."""
    if type(model) is not Sequential or model._hooks is not None:
        return (lambda x: x), model
    children = list(model)
    first = next(i for i, child in enumerate(children) if any(module in random for module in child.modules()))
    return Sequential(*children[:first]), Sequential(*children[first:])


def _passes(model: Callable[[Tensor], Tensor], x: Tensor, samples: int, max_rows: int) -> Iterator[Tensor]:
    """model(x), (S, N, ...), for as many samples S at a time as max_rows allows, `samples` in all."""
    n = x.shape[0]
    at_once = max(1, min(samples, max_rows // max(n, 1)))
    while samples > 0:
        count = min(at_once, samples)
        y = model(x.expand(count, *x.shape).reshape(count * n, *x.shape[1:]) if count > 1 else x)
        if not isinstance(y, Tensor) or not y.ndim or y.shape[0] != count * n:
            raise RuntimeError(f"mc_dropout: expected the model to give one tensor with a row for each of {count * n} "
                               f"rows, but got {list(y.shape) if isinstance(y, Tensor) else type(y).__name__}")
        yield y.reshape(count, n, *y.shape[1:])
        samples -= count


def _summary(passes: Iterator[Tensor], outputs: str, precision: float) -> MonteCarlo:
    """The moments, in float64, chunk by chunk: by NumPy, as nothing here has a gradient."""
    convert, count, mean, squares, own = _TO_PROBABILITIES[outputs], 0, 0.0, 0.0, 0.0
    for y in passes:
        dtype, values = y.array.dtype, (y if convert is None else convert(y)).array.astype(np.float64)
        chunk = values.mean(axis=0)
        total = count + len(values)
        squares = (squares + ((values - chunk)**2).sum(axis=0)  # of the distances from the mean, by Chan's formula
                   + (chunk - mean)**2 * (count * len(values) / total))
        mean, count = mean + (chunk - mean) * (len(values) / total), total
        if convert is not None:
            own = own + _entropy(values).sum(axis=0)
    variance = squares / max(count - 1, 1) + (1.0 / precision if convert is None else 0.0)
    result = [mean, np.sqrt(variance)]
    if convert is not None:
        entropy = _entropy(mean)
        result += [entropy, np.maximum(entropy - own / count, 0.0)]
    return MonteCarlo(*(make(np.asarray(part, dtype)) for part in result), *[None] * (4 - len(result)))


def _entropy(p: np.ndarray) -> np.ndarray:
    """-sum p ln p along the last axis, with 0 ln 0 = 0."""
    return -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1)
