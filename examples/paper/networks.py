"""Networks as data: a tuple of layers, each (name, arguments), so that a run can be compared, costed, written down."""

from __future__ import annotations

import math
from typing import Any

from minigrad import nn

Layers = tuple[tuple, ...]

KINDS: dict[str, Any] = {
    "linear": nn.Linear, "relu": nn.ReLU, "dropout": nn.Dropout, "gaussian": nn.GaussianDropout, "conv": nn.Conv2d,
    "dropout2d": nn.Dropout2d, "pool": nn.MaxPool2d, "flatten": nn.Flatten,
    "image": lambda: nn.Unflatten(1, (1, 28, 28))}


def mlp(widths: tuple[int, ...], rates: tuple[float, ...] = (), noise: str = "dropout") -> Layers:
    """Linear layers with ReLU between them. rates: what is dropped of the input, of each hidden layer, and, if one more
    is given, of the output; 0, or nothing, is no dropout layer. noise: "dropout" or "gaussian"."""
    rates = rates + (0.0,) * (len(widths) - len(rates))
    layers: list[tuple] = [(noise, rates[0])]
    for inputs, outputs, rate in zip(widths, widths[1:], rates[1:]):
        layers += [("linear", inputs, outputs), ("relu",), (noise, rate)]
    del layers[-2]  # the output has no ReLU
    return tuple(layer for layer in layers if layer != (noise, 0.0))


def build(layers: Layers, init: str | tuple[float, ...]) -> nn.Sequential:
    """The network, its weights drawn from the default generator, its biases 0.

    init: "he" for N(0, 2 / fan in), "glorot" for U(+-sqrt(6 / (fan in + fan out))), or a bound b of U(+-b) per layer
    """
    model = nn.Sequential(*(KINDS[name](*arguments) for name, *arguments in layers))
    weighted = weighted_layers(model)
    for number, layer in enumerate(weighted):
        if init == "he":
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        elif init == "glorot":
            nn.init.xavier_uniform_(layer.weight)
        else:
            nn.init.uniform_(layer.weight, -init[number], init[number])
        nn.init.zeros_(layer.bias)
    return model


def weighted_layers(model: nn.Sequential) -> list[Any]:
    return [layer for layer in model if isinstance(layer, (nn.Linear, nn.Conv2d))]


def training_flops(layers: Layers) -> int:
    """Floating-point operations of one image's training step: three products of 2 W each; two in the first layer, whose
    input needs no gradient."""
    total, size, products = 0, 28, 2
    for name, *arguments in layers:
        if name == "pool":
            size //= arguments[0]
        elif name in ("linear", "conv"):
            positions = 1
            if name == "conv":
                size -= arguments[2] - 1
                positions = size * size
            weights = math.prod(arguments[:2]) * (arguments[2]**2 if name == "conv" else 1)
            total += 2 * products * weights * positions
            products = 3
    return total
