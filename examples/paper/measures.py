"""What is measured of a trained network."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as torch
from minigrad import nn

ROWS = 1000     # of one evaluation step
DRAWS = 100     # of k out of all passes, for Monte-Carlo's mean and spread


def batches(images: Any) -> list[Any]:
    return [images[start:start + ROWS] for start in range(0, len(images), ROWS)]


@torch.no_grad()
def error(model: nn.Module, images: Any, labels: Any) -> float:
    """Per cent of images that are classified wrongly, dropout off."""
    model.eval()
    guesses = np.concatenate([model(x).argmax(1).numpy() for x in batches(images)])
    return percent_wrong(guesses, labels)


def percent_wrong(guesses: np.ndarray, labels: Any) -> float:
    return 100 * float(np.mean(guesses != labels.numpy()))


@torch.no_grad()
def reconstruction_error(model: nn.Module, images: Any, labels: Any) -> float:
    """Mean squared error of a pixel, dropout off."""
    model.eval()
    return float(np.mean([((model(x) - x)**2).mean().item() for x in batches(images)]))


@torch.no_grad()
def monte_carlo(model: nn.Module, images: Any, labels: Any, passes: int) -> dict[str, list[float]]:
    """Error of the averaged probabilities of k sampled networks, k = 1 .. passes / 2: mean and standard deviation over
    100 draws of k of the passes, as the paper's figure 11 has it."""
    model.train()
    samples = np.stack([np.concatenate([model(x).softmax(1).numpy() for x in batches(images)])
                        for _ in range(passes)])
    rng, n = np.random.default_rng(0), passes // 2
    errors = np.empty((DRAWS, n))
    for draw in range(DRAWS):
        total = np.zeros_like(samples[0])
        for k, number in enumerate(rng.permutation(passes)[:n]):
            total += samples[number]
            errors[draw, k] = percent_wrong(total.argmax(1), labels)
    return {"mean": errors.mean(0).tolist(), "std": errors.std(0).tolist()}


@torch.no_grad()
def activation(model: nn.Module, images: Any, labels: Any) -> dict[str, Any]:
    """The first hidden layer's activations: their mean, how many are 0, and their histogram."""
    model.eval()
    first = nn.Sequential(*list(model)[:2])
    values = np.concatenate([first(x).numpy() for x in batches(images)])
    counts, edges = np.histogram(values, bins=40, range=(0, 8))
    return {"mean": float(values.mean()), "zeros": float(np.mean(values == 0)), "counts": counts.tolist(),
            "edges": edges.tolist()}


def measure(run: Any, model: nn.Module, data: Any) -> dict[str, Any]:
    """All that the run asks for, by name."""
    functions = {"test_error": lambda: error(model, *data.test), "train_error": lambda: error(model, *data.train),
                 "reconstruction_error": lambda: reconstruction_error(model, *data.test),
                 "activation": lambda: activation(model, *data.test),
                 "monte_carlo": lambda: monte_carlo(model, *data.test, run.passes)}
    return {name: functions[name]() for name in run.measures}
