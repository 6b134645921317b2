"""Checkpointing: a part of the network keeps its inputs only, and runs again when backward needs what it computed.

Memory for time (Chen et al., 2016). What operations save inside is replaced by a number (saved_tensors_hooks); when the
first of them is asked for, the part runs again, with every generator where it stood, and delivers them all.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from minigrad.autograd.graph import saved_tensors_hooks
from minigrad.creation import zeros
from minigrad.engine import Function
from minigrad.grad_mode import enable_grad
from minigrad.random import positions, replayed
from minigrad.tensor import Tensor

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]


class CheckpointError(RuntimeError):
    """The second run did something else than the first."""


def noop_context_fn() -> tuple[contextlib.AbstractContextManager, contextlib.AbstractContextManager]:
    """Two contexts that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None,
               context_fn: Callable[[], tuple] = noop_context_fn, determinism_check: str = "default",
               debug: bool = False, early_stop: bool = True, **kwargs: Any) -> Any:
    """function(*args, **kwargs), whose inner tensors are not kept but computed again in the backward pass.

    preserve_rng_state=False lets the second run draw new random numbers. context_fn gives two contexts, for the two
    runs. determinism_check="none" lets the second run save other shapes. Both values of use_reentrant do the same here,
    what PyTorch does for False: grad() and inputs= work, and so does a part none of whose arguments requires grad.
    """
    if use_reentrant is None:
        _warn_of_default("checkpoint")
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant and kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant and (context_fn is not noop_context_fn or debug):
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {determinism_check}")
    first, second = context_fn()
    part = _Part(function, args, kwargs, preserve, second, determinism_check == "default" and not use_reentrant)
    with first, saved_tensors_hooks(part.note, part.fetch):
        return function(*args, **kwargs)


def _warn_of_default(name: str) -> None:
    warnings.warn(f"torch.utils.checkpoint.{name}: the use_reentrant parameter should be passed explicitly; "
                  "use_reentrant=False is recommended.", stacklevel=3)


class _Part:
    """One checkpointed call: how to run it again, and what it saved."""

    def __init__(self, function: Callable, args: tuple, kwargs: dict, preserve: bool, context: Any,
                 check: bool) -> None:
        self.function, self.kwargs, self.context, self.check = function, kwargs, context, check
        self.others = [None if isinstance(a, Tensor) else a for a in args]
        self.tensors = {i: a.requires_grad for i, a in enumerate(args) if isinstance(a, Tensor)}
        with enable_grad():
            self.inputs = Inputs.apply(zeros(0, requires_grad=True), *[args[i] for i in self.tensors]).grad_fn
        self.start = positions() if preserve else None
        self.saved: list[tuple] = []                # (shape, dtype) of each tensor that the first run saved
        self.computed: dict[int, Tensor] = {}       # those of the second run that were not asked for yet

    def note(self, saved: Tensor) -> int:
        """In the first run, instead of a saved tensor: its number."""
        self.saved.append((saved.shape, saved.dtype))
        return len(self.saved) - 1

    def fetch(self, number: int) -> Tensor:
        """In the backward pass: the tensor of this number."""
        if number not in self.computed:
            self.computed = dict(enumerate(self.run_again()))
        return self.computed.pop(number)

    def run_again(self) -> list[Tensor]:
        computed: list[Tensor] = []

        def keep(saved: Tensor) -> Tensor:
            computed.append(saved)
            return saved

        args = list(self.others)
        for (i, needs_grad), tensor in zip(self.tensors.items(), self.inputs.saved_tensors):
            args[i] = tensor.detach().requires_grad_(needs_grad)
        with (enable_grad(), self.context, replayed(self.start) if self.start else contextlib.nullcontext(),
              saved_tensors_hooks(keep, lambda saved: saved)):
            self.function(*args, **self.kwargs)
        self.compare([(tensor.shape, tensor.dtype) for tensor in computed])
        return computed

    def compare(self, again: list[tuple]) -> None:
        if len(again) != len(self.saved):
            raise CheckpointError("torch.utils.checkpoint: A different number of tensors was saved during the original "
                                  f"forward and recomputation.\nNumber of tensors saved during forward: "
                                  f"{len(self.saved)}\nNumber of tensors saved during recomputation: {len(again)}.")
        differ = [f"tensor {i}: {a} {list(s)}, then {b} {list(r)}" for i, ((s, a), (r, b)) in enumerate(
            zip(self.saved, again)) if (s, a) != (r, b)]
        if self.check and differ:
            raise CheckpointError("torch.utils.checkpoint: Recomputed values for the following tensors have different "
                                  "metadata than during the forward pass.\n" + "\n".join(differ))


class Inputs(Function):
    """Saves the inputs of a checkpointed part as an operation does, so that a part around it need not keep them."""

    @staticmethod
    def forward(ctx, nothing, *tensors):
        ctx.save_for_backward(*tensors)
        return nothing.clone()


def checkpoint_sequential(functions: Iterable[Callable], segments: int, input: Any, use_reentrant: bool | None = None,
                          **kwargs: Any) -> Any:
    """A chain of functions, or a Sequential, in so many parts, each checkpointed but the last."""
    if use_reentrant is None:
        _warn_of_default("checkpoint_sequential")
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    chain = list(functions.children() if hasattr(functions, "children") else functions)
    size, start = len(chain) // segments, 0
    while size and start < size * (segments - 1):
        input = checkpoint(_run_chain, chain[start:start + size], input, use_reentrant=use_reentrant,
                           preserve_rng_state=preserve)
        start += size
    return _run_chain(chain[start:], input)


def _run_chain(chain: list[Callable], x: Any) -> Any:
    for function in chain:
        x = function(x)
    return x
