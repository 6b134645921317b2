"""The figures, as PNG files; each is drawn if the runs that it shows are finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from paper import practice as p
from paper.protocol import F1, F2, F3, F4, F5, F6, F6B, F7, F9, mean_of

CAPTIONS = {"learning_curves": "Test error along training (figure 4)", "keep_probability": "The probability of keeping "
            "a unit (figure 9)", "images": "The number of images (figure 10)", "monte_carlo": "Averaging sampled "
            "networks (figure 11)", "sparsity": "Activations of an autoencoder's hidden units (figures 7, 8)",
            "balance": "Rate and width", "practice": "Images, epochs, and where to drop"}


TICKS = (0, .1, .2, .5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50)


def draw(results: dict[str, Any], out: Path) -> list[str]:
    """Draw what can be drawn, and return the names of the files."""
    try:
        import matplotlib
    except ImportError:
        return ["no figures: pip install matplotlib to have them drawn"]
    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = []
    for name, (runs, columns, plot) in FIGURES.items():
        finished = [run for run in runs if run.name in results]
        if len(finished) < (1 if name == "learning_curves" else len(runs)):
            continue
        figure, axes = pyplot.subplots(1, columns, figsize=(6.4 if columns == 1 else 3.6 * columns, 4),
                                       layout="constrained")
        plot(axes, results)
        figure.suptitle(CAPTIONS[name])
        figure.savefig(out / f"{name}.png", dpi=110)
        pyplot.close(figure)
        names.append(f"{name}.png")
    return names


def plain_numbers(axes: Any, at: Any = None) -> None:
    """A logarithmic y axis that goes down to 0, with plain numbers; and a logarithmic x axis with the numbers `at`."""
    axes.set_yscale("symlog", linthresh=.1)
    ticks = [value for value in TICKS if value <= axes.dataLim.ymax * 1.2]
    axes.set_yticks(ticks, [f"{value:g}" for value in ticks])
    axes.set_ylim(axes.dataLim.ymin * .9, axes.dataLim.ymax * 1.1)
    if at is not None:
        axes.set_xscale("log")
        axes.set_xticks(at, [f"{value:,}" for value in at])
    axes.minorticks_off()


# -- the paper's figures -----------------------------------------------------------------------------------------------

CURVES = {F2[0]: "784-800-800-10, no dropout", F5[0]: "2 x 1024, dropout and max-norm", F5[1]: "the same, Gaussian",
          F3: "3 x 1024, dropout", F4: "3 x 1024, dropout and max-norm", F1: "784-898-1532-10, Pylearn2's"}


def learning_curves(axes: Any, results: dict[str, Any]) -> None:
    for run, label in CURVES.items():
        if run.name in results:
            rows = [row for row in results[run.name]["history"] if "test_error" in row]
            axes.plot([row["epoch"] for row in rows], [row["test_error"] for row in rows], label=label)
    axes.set(xlabel="epoch", ylabel="test error, %", ylim=(.9, 3), xlim=(0, None))
    axes.legend()


def keep_probability(axes: Any, results: dict[str, Any]) -> None:
    for quantity, label in (("test_error", "test"), ("train_error", "training")):
        axes.plot(list(F6), [results[run.name][quantity] for run in F6.values()], "o-", label=f"{label}, n = 1024")
    if F6B.name in results:
        axes.plot([.1], [results[F6B.name]["test_error"]], "s", label="test, n = 2560: p n = 256")
    axes.set(xlabel="p, probability of keeping a hidden unit", ylabel="error, %")
    plain_numbers(axes)
    axes.legend()


def images(axes: Any, results: dict[str, Any]) -> None:
    for kind, label in (("plain", "without dropout"), ("dropout", "with dropout")):
        runs = [(size, run) for (size, of), run in F7.items() if of == kind]
        axes.plot([size for size, _ in runs], [results[run.name]["test_error"] for _, run in runs], "o-", label=label)
    axes.set(xlabel="images to train on", ylabel="test error, %")
    plain_numbers(axes, sorted({size for size, _ in F7}))
    axes.legend()


def monte_carlo(axes: Any, results: dict[str, Any]) -> None:
    curve = results[F4.name]["monte_carlo"]
    mean, std = np.array(curve["mean"]), np.array(curve["std"])
    k = np.arange(1, len(mean) + 1)
    axes.plot(k, mean, label="average of k sampled networks, with standard deviation")
    axes.fill_between(k, mean - std, mean + std, alpha=.2)
    axes.axhline(results[F4.name]["test_error"], color="C1", label="weight scaling: dropout off")
    axes.set(xlabel="k", ylabel="test error, %", ylim=(None, mean[1]))
    axes.legend()


def sparsity(axes: Any, results: dict[str, Any]) -> None:
    for side, run, title in zip(axes, F9, ("without dropout", "dropout .5")):
        activation = results[run.name]["activation"]
        edges = np.array(activation["edges"])
        side.bar(edges[:-1], np.array(activation["counts"]) / sum(activation["counts"]), np.diff(edges), align="edge")
        side.set(title=f"{title}\nmean {activation['mean']:.2f}, zeros {activation['zeros']:.0%}",
                 xlabel="activation", ylabel="share", yscale="log")


# -- practice ----------------------------------------------------------------------------------------------------------


def balance(axes: Any, results: dict[str, Any]) -> None:
    for side, quantity in zip(axes, p.BOTH):
        for width in p.WIDTHS:
            side.plot(p.RATES, [mean_of(results, p.BALANCE[width, rate], quantity) for rate in p.RATES], "o-",
                      label=f"width {width}")
        side.set(xlabel="rate of dropping, hidden layers", ylabel=f"{quantity.replace('_', ' ')}, %")
        plain_numbers(side)
    axes[0].legend()


def practice(axes: Any, results: dict[str, Any]) -> None:
    for side, groups, values, label in ((axes[0], p.NUMBER, p.SIZES, "images"),
                                        (axes[1], p.PATIENCE, p.EPOCHS, "epochs")):
        for rate in (0, .5):
            side.plot(values, [mean_of(results, groups[value, rate]) for value in values], "o-", label=f"rate {rate}")
        side.set(xlabel=label, ylabel="test error, %")
        plain_numbers(side, values)
        side.legend()
    for side, groups in ((axes[2], p.PLACES), (axes[3], p.CONVOLUTIONS)):
        names = [name if isinstance(name, str) else ", ".join(map(str, name)) for name in groups]
        side.barh(names[::-1], [mean_of(results, runs) for runs in groups.values()][::-1])
        side.set(xlabel="test error, %")


FIGURES = {"learning_curves": (tuple(CURVES), 1, learning_curves),
           "keep_probability": (tuple(F6.values()), 1, keep_probability), "images": (tuple(F7.values()), 1, images),
           "monte_carlo": ((F4,), 1, monte_carlo), "sparsity": (F9, 2, sparsity),
           "balance": (p.every(p.BALANCE), 2, balance),
           "practice": (sum(map(p.every, (p.NUMBER, p.PATIENCE, p.PLACES, p.CONVOLUTIONS)), ()), 4, practice)}
