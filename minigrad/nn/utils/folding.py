"""The classic dropout's factor, moved into the weights that follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from minigrad.grad_mode import no_grad
from minigrad.nn import activations, layers
from minigrad.nn.containers import Sequential
from minigrad.nn.module import Module
from minigrad.ops.dropout import check_probability

__all__ = ["fold_dropout_"]

M = TypeVar("M", bound=Module)

_WEIGHTS = (layers.Linear, layers.Conv1d, layers.Conv2d)
# f(p x) = p f(x) for p >= 0, so that the factor may pass
_PASSES = (layers.Identity, layers.Flatten, layers.Unflatten, activations.ReLU, activations.LeakyReLU, layers.Dropout,
           layers.MaxPool1d, layers.MaxPool2d, layers.AvgPool1d, layers.AvgPool2d)


@no_grad()
def fold_dropout_(model: M) -> M:
    """Multiply the weights W behind each nn.ClassicDropout by its keep_prob, and put an nn.Identity in its place.

    In evaluation the model computes what it did before, W (p x) = (p W) x, and needs no factor any more: the network
    that the paper uses at test time (Srivastava et al., 2014, figure 2). Biases stay. In place; returns the model.

    The weights are those of the next Linear or convolution in the same nn.Sequential, or in those inside it; between
    may be what lets a factor pass: ReLU, Flatten, pooling. ValueError, before anything changes, for anything else.
    """
    plans, classics = [], {id(m) for m in model.modules() if isinstance(m, layers.ClassicDropout)}
    chain = list(_chain(model)) if type(model) is Sequential else []
    for at, (holder, name, module) in enumerate(chain):
        if isinstance(module, layers.ClassicDropout):
            plans.append((holder, name, module, _weights_behind(chain, at)))
            classics.discard(id(module))
    if classics:
        raise ValueError("fold_dropout_: a ClassicDropout is not directly in a chain of nn.Sequential, so it can't be "
                         "seen which weights follow it")
    targets = [target for *_, target in plans]
    if any(sum(module is target for _, _, module in chain) > 1 for target in targets):
        raise ValueError("fold_dropout_: weights behind a ClassicDropout are used at another place, too")
    for holder, name, module, target in plans:
        target.weight.mul_(check_probability(module.keep_prob))
        holder._modules[name] = layers.Identity()
    return model


def _chain(model: Sequential) -> Iterator[tuple[Sequential, str, Module]]:
    """(its holder, its name, module) for each module in the order of the calls, those of inner Sequentials included."""
    for name, module in model._modules.items():
        if type(module) is Sequential:
            yield from _chain(module)
        else:
            yield model, name, module


def _weights_behind(chain: list[tuple[Sequential, str, Module]], at: int) -> Module:
    for _, name, module in chain[at + 1:]:
        if isinstance(module, _WEIGHTS):
            return module
        if not isinstance(module, (*_PASSES, layers.ClassicDropout)):
            raise ValueError(f"fold_dropout_: a factor does not pass {type(module).__name__} ({name}), which is behind "
                             "a ClassicDropout")
    raise ValueError("fold_dropout_: no weights follow a ClassicDropout")
