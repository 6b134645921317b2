"""A long run of replays beside a plain one: memory must not grow, and the bits must stay the same.

    python -m tests.replay.soak [replays] [checkpoints]

MINIGRAD_SOAK sets the number of replays, too; test_soak.py makes a short run of it.
"""

from __future__ import annotations

import os
import resource
import sys
from functools import partial

import minigrad
from minigrad import optim

from .twins import classifier, mlp, state_of

PAGE = resource.getpagesize()


def resident() -> int:
    """Bytes of this process that are in memory now."""
    try:
        with open("/proc/self/statm", encoding="ascii") as numbers:
            return int(numbers.read().split()[1]) * PAGE
    except OSError:  # not Linux: the most there ever was, which grows where memory does
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def soak(replays: int, checkpoints: int = 10, say=lambda text: None) -> int:
    """Bytes by which memory grew between the first checkpoint and the last; AssertionError where the runs differ."""
    def world():
        minigrad.manual_seed(0)
        return classifier(mlp(2, 16, 16, 2), partial(optim.SGD, lr=0.01, momentum=0.9), (100, 2), 2)

    ours, plain = world(), world()
    step = minigrad.compile(ours.step, fullgraph=True)
    batches = [ours.batch(k) for k in range(7)]
    kept, start, piece = None, 0, replays // checkpoints
    for checkpoint in range(checkpoints):
        for k in range(checkpoint * piece, (checkpoint + 1) * piece):
            x, y = batches[k % 7]
            loss = step(x, y)
            if k % 1000 == 0:  # somebody keeps a result and a gradient for a while, and the rate changes
                kept = loss, ours.model[0].weight.grad
                ours.optimizer.param_groups[0]["lr"] = 0.01 / (1 + k / replays)
        for k in range(checkpoint * piece, (checkpoint + 1) * piece):
            want = plain.step(*batches[k % 7])
            if k % 1000 == 0:
                plain.optimizer.param_groups[0]["lr"] = 0.01 / (1 + k / replays)
        assert loss.item() == want.item(), f"checkpoint {checkpoint}: the losses differ"
        states = state_of(ours), state_of(plain)
        assert states[0] == states[1], f"checkpoint {checkpoint}: the states differ"
        del states
        start = start or resident()
        say(f"{(checkpoint + 1) * piece:>10} replays   {resident() / 2**20:.2f} MiB   loss {loss.item():.6f}")
    assert kept is not None
    return resident() - start


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[1:]] or [int(os.environ.get("MINIGRAD_SOAK", 10**6))]
    print(f"grew by {soak(*counts, say=partial(print, flush=True)) / 2**10:.0f} KiB")
