"""The training loop: schedules, max-norm, and a checkpoint from which it goes on bit for bit."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import minigrad as torch
from minigrad import nn
from minigrad.nn.utils import MaxNorm
from minigrad.utils.data import DataLoader, TensorDataset
from paper.measures import error, reconstruction_error
from paper.networks import build, weighted_layers
from paper.protocol import Run

# test errors on the way, for the figures: at most so many, at least so many images apart
CURVE_POINTS, CURVE_IMAGES = 50, 60_000


def s_schedule(run: Run, epoch: int) -> tuple[float, float]:
    """S(E): lr = lr0 .0176^(e/E), which is .98 per epoch at E = 200; momentum .5 to .9 over the first quarter."""
    return run.lr * .0176**(epoch / run.epochs), .5 + .4 * min(1.0, 4 * epoch / run.epochs)


def pylearn2_schedule(run: Run, epoch: int) -> tuple[float, float]:
    """Pylearn2's papers/dropout/mnist.yaml: lr falls linearly to .0223 of itself at epoch 560, momentum rises from .5
    to .699 at epoch 698."""
    return run.lr * (1 - (1 - .0223) * min(1.0, epoch / 559)), .5 + (.699 - .5) * min(1.0, epoch / 697)


def constant_schedule(run: Run, epoch: int) -> tuple[float, float]:
    return run.lr, 0.0


SCHEDULES = {"S": s_schedule, "pylearn2": pylearn2_schedule, "constant": constant_schedule}


class Trainer:
    """A run in progress. Everything that the future depends on is in state(): weights, the optimiser's momentum, and
    the two generators, one that initial weights and masks are drawn from and one for the order of the batches. So runs
    of one seed share the initial weights and the order of the batches, whatever they drop."""

    def __init__(self, run: Run, data: Any) -> None:
        self.run, self.data = run, data
        self.epoch, self.history = 0, []
        self.cpu_seconds = self.wall_seconds = 0.0
        torch.manual_seed(run.seed)
        self.model = build(run.layers, run.init)
        self.order = torch.Generator().manual_seed(run.seed + 1_000_000)
        self.optimizer = (torch.optim.Adam(self.model.parameters(), lr=run.lr) if run.optimizer == "adam" else
                          torch.optim.SGD(self.model.parameters(), lr=run.lr, momentum=.5))
        for layer, bound in zip(weighted_layers(self.model), run.max_norm):
            MaxNorm(layer.weight, bound).follow(self.optimizer)
        images, labels = data.train
        self.loader = DataLoader(TensorDataset(images, labels), batch_size=run.batch, shuffle=True,
                                 generator=self.order)
        self.loss = nn.CrossEntropyLoss() if run.task == "classify" else nn.MSELoss()

    def train_epoch(self) -> None:
        """One pass over the data, and its row of the history."""
        cpu, wall = time.process_time(), time.perf_counter()
        run, model, optimizer, loss_fn = self.run, self.model, self.optimizer, self.loss
        lr, momentum = SCHEDULES[run.schedule](run, self.epoch)
        group = optimizer.param_groups[0]
        group["lr"] = lr
        if run.optimizer == "sgd":
            group["momentum"] = momentum
        model.train()
        total = 0.0
        reconstruct = run.task == "reconstruct"
        for x, y in self.loader:
            loss = loss_fn(model(x), x if reconstruct else y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        self.epoch += 1
        row = {"epoch": self.epoch, "loss": total / len(self.loader)}
        if self.epoch % max(1, run.epochs // CURVE_POINTS, CURVE_IMAGES // run.images) == 0 or self.epoch == run.epochs:
            measure = reconstruction_error if reconstruct else error
            row["test_error"] = measure(model, *self.data.test)
        self.history.append(row)
        self.cpu_seconds += time.process_time() - cpu
        self.wall_seconds += time.perf_counter() - wall

    # -- the checkpoint ------------------------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Atomic: who is killed here leaves the old checkpoint or the new one."""
        torch.save({"run": specification(self.run), "epoch": self.epoch, "model": self.model.state_dict(),
                    "optimizer": self.optimizer.state_dict(), "masks": torch.get_rng_state(),
                    "order": self.order.get_state(), "history": self.history, "cpu_seconds": self.cpu_seconds,
                    "wall_seconds": self.wall_seconds}, path)

    def restore(self, path: Path) -> None:
        """Go on where save() was called. ValueError if another run was saved there."""
        saved = torch.load(path)
        check_same(self.run, saved["run"], path)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["masks"])
        self.order.set_state(saved["order"])
        self.epoch, self.history = saved["epoch"], saved["history"]
        self.cpu_seconds, self.wall_seconds = saved["cpu_seconds"], saved["wall_seconds"]


def train(run: Run, data: Any, checkpoint: Path, every: float = 20.0,
          progress: Callable[[int], None] = lambda epoch: None) -> Trainer:
    """Train to the end, from the checkpoint if there is one; save at the first end of an epoch after `every` seconds,
    and at the end. progress(epoch) is called at the start and after each epoch."""
    trainer = Trainer(run, data)
    if checkpoint.exists():
        trainer.restore(checkpoint)
    progress(trainer.epoch)
    saved = time.monotonic()
    while trainer.epoch < run.epochs:
        trainer.train_epoch()
        if time.monotonic() - saved >= every or trainer.epoch == run.epochs:
            trainer.save(checkpoint)
            saved = time.monotonic()
        progress(trainer.epoch)
    return trainer


def specification(run: Run) -> str:
    """What distinguishes a run from another, as text: its learning rate, and all that is not Run's default."""
    return json.dumps({field.name: value for field in dataclasses.fields(run)
                       if (value := getattr(run, field.name)) != field.default or field.name == "lr"})


def check_same(run: Run, saved: str, path: Path) -> None:
    if saved != specification(run):
        raise ValueError(f"{path} is of another {run.name}: {saved}, while now it is {specification(run)}. "
                         "Use another --out, or delete it")
