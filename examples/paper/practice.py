"""When dropout helps, and when it hurts: small experiments, each a claim of practice with a check.

All on random subsets of MNIST with schedule S, three seeds, no max-norm unless stated; the checks were written down
before the runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paper.networks import Layers, mlp
from paper.protocol import LR_SHORT, N1, SEEDS, Check, Claim, Run, mean_of, seed_run, seeded

FEW = 2000
BOTH = ("test_error", "train_error")


def group(name: str, layers: Layers, epochs: int = 30, batch: int = 50, images: int = FEW,
          seeds: tuple[int, ...] = SEEDS) -> tuple[Run, ...]:
    """The same run with each seed."""
    return tuple(Run(f"{name}-{seed}", layers, epochs, batch, seed, images, lr=LR_SHORT, measures=BOTH)
                 for seed in seeds)


def worse(a: tuple[Run, ...], b: tuple[Run, ...], quantity: str = "test_error") -> Callable[[Any], float]:
    """By how many points a's mean error is above b's."""
    return lambda results: mean_of(results, a, quantity) - mean_of(results, b, quantity)


def every(groups: dict[Any, tuple[Run, ...]]) -> tuple[Run, ...]:
    return tuple(run for runs in groups.values() for run in runs)


# -- the balance: rate and width ---------------------------------------------------------------------------------------

RATES, WIDTHS = (0, .25, .5, .75, .9), (32, 128, 512)
BALANCE = {(width, rate): group(f"balance-{width}-{rate}", mlp((784, width, width, 10), (0, rate, rate)))
           for width in WIDTHS for rate in RATES}

# -- how many images ---------------------------------------------------------------------------------------------------

SIZES = (200, 1000, 5000, 20_000)
NUMBER = {(images, rate): group(f"images-{images}-{rate}", mlp((784, 512, 512, 10), (0, rate, rate)), 100_000 // images,
                                100, images, seeds=SEEDS[:2])
          for images in SIZES for rate in (0, .5)}

# -- how long ----------------------------------------------------------------------------------------------------------

EPOCHS = (2, 5, 20, 50)
PATIENCE = {(epochs, rate): group(f"epochs-{epochs}-{rate}", mlp((784, 512, 512, 10), (0, rate, rate)), epochs)
            for epochs in EPOCHS for rate in (0, .5)}

EXAMPLE = seeded(lambda seed: seed_run(seed, 0, "seed-plain"))

# -- which layers ------------------------------------------------------------------------------------------------------

PLACES = {rates: group(f"place-{'-'.join(map(str, rates))}", mlp((784, 512, 512, 10), rates))
          for rates in ((0, 0, 0), (.2, 0, 0), (.5, 0, 0), (0, .5, .5), (.2, .5, .5), (.5, .5, .5), (.2, .5, .5, .2),
                        (.2, .5, .5, .5))}
NOWHERE, INPUT, INPUT_HALF, HIDDEN, PAPER, HALF, OUTPUT_LITTLE, OUTPUT = PLACES

# -- convolutions ------------------------------------------------------------------------------------------------------


def cnn(pixels: float = 0, maps: float = 0, whole_maps: float = 0, dense: float = 0) -> Layers:
    """Two convolutions of 5 x 5, each with ReLU and pooling, and a hidden layer. What is dropped of the pixels; of the
    first convolution's maps, element by element or whole; and of what goes into the two dense layers."""
    layers = (("dropout", pixels), ("image",), ("conv", 1, 16, 5), ("relu",), ("pool", 2), ("dropout", maps),
              ("dropout2d", whole_maps), ("conv", 16, 32, 5), ("relu",), ("pool", 2), ("flatten",), ("dropout", dense),
              ("linear", 512, 128), ("relu",), ("dropout", dense), ("linear", 128, 10))
    return tuple(layer for layer in layers if layer[1:] != (0,))


CONVOLUTIONS = {name: group(f"cnn-{name}", layers, 15) for name, layers in {
    "none": cnn(), "after": cnn(dense=.5), "before": cnn(pixels=.5), "between": cnn(maps=.5),
    "between-whole": cnn(whole_maps=.5), "everywhere": cnn(.5, .5, 0, .5)}.items()}

PRACTICE = (
    Claim("balance", "Rate and width: a wide network gains, a narrow one underfits", "", every(BALANCE),
          (Check("width 512: error at rate 0 - at .5, points", worse(BALANCE[512, 0], BALANCE[512, .5]), .3),
           Check("width 32: error at rate .5 - at 0, points", worse(BALANCE[32, .5], BALANCE[32, 0]), .3),
           Check("width 32: training error at rate .5 - at 0, points",
                 worse(BALANCE[32, .5], BALANCE[32, 0], "train_error"), .5),
           Check("width 512: error at rate .9 - at .5, points", worse(BALANCE[512, .9], BALANCE[512, .5]), .3))),
    Claim("images", "The number of images: the gain comes from a shortage of data", "", every(NUMBER),
          (Check("error at rate 0 - at .5 at 1,000 images, points", worse(NUMBER[1000, 0], NUMBER[1000, .5]), .2),
           Check("the same at 20,000 images, points", worse(NUMBER[20_000, 0], NUMBER[20_000, .5]), high=.6))),
    Claim("epochs", "Training time: dropout needs more of it", "2 to 3 times longer [B]", every(PATIENCE),
          (Check("2 epochs: error at rate .5 - at 0, points", worse(PATIENCE[2, .5], PATIENCE[2, 0]), .3),
           Check("50 epochs: error at rate 0 - at .5, points", worse(PATIENCE[50, 0], PATIENCE[50, .5]), .2))),
    Claim("example", "784-128-64-10 on all images, ten epochs: dropout does not help", "", EXAMPLE,
          (Check("error at rate .5 - at 0, points", worse(N1, EXAMPLE), .3),), extra=N1),
    Claim("places", "Input, hidden layers, output: the last never", "", every(PLACES),
          (Check("hidden only: gain, points", worse(PLACES[NOWHERE], PLACES[HIDDEN]), .2),
           Check("input .2 besides: gain, points", worse(PLACES[HIDDEN], PLACES[PAPER]), .05),
           Check("output .5 besides: loss, points", worse(PLACES[OUTPUT], PLACES[PAPER]), .05),
           Check("input .5 in place of .2: loss, points", worse(PLACES[HALF], PLACES[PAPER]), .05))),
    Claim("convolutions", "Before convolutions or after", "", every(CONVOLUTIONS),
          (Check("after: gain, points", worse(CONVOLUTIONS["none"], CONVOLUTIONS["after"]), .05),
           Check("error of before - of after, points", worse(CONVOLUTIONS["before"], CONVOLUTIONS["after"]), .1))),
)
