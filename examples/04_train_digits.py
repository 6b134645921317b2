"""4. Train an MLP with dropout on handwritten digits, and draw its learning curves.

    python examples/04_train_digits.py                      the UCI digits that come with the examples: seconds
    python examples/04_train_digits.py --data DIR           MNIST: DIR holds the four IDX files, gzipped or not

The script is PyTorch's as it stands: with `import torch` in place of the line below, it trains the same network there.
"""

import minigrad as torch

import argparse
import time
from pathlib import Path

import numpy as np

from minigrad.utils.data.idx import read_idx

try:
    from tqdm import tqdm
except ImportError:  # pip install tqdm for a progress bar
    def tqdm(batches, **settings):
        return batches

nn = torch.nn
HERE = Path(__file__).resolve().parent


def load_digits(seed):
    """The 1,797 UCI digits (8 x 8), one in five held out."""
    with np.load(HERE / "data" / "digits.npz") as file:
        images, labels = file["images"], file["labels"]
    data = make_dataset(images, labels, 16)
    held_out = len(data) // 5
    return torch.utils.data.random_split(data, [len(data) - held_out, held_out], torch.Generator().manual_seed(seed))


def load_mnist(folder):
    """MNIST's own training and test images (28 x 28)."""
    def part(name):
        images, labels = (find(Path(folder), f"{name}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
        return make_dataset(np.asarray(read_idx(images)), np.asarray(read_idx(labels)), 255)

    return part("train"), part("t10k")


def find(folder, name):
    """The file, gzipped or not, in the folder or its subfolder mnist."""
    for path in (folder / name, folder / f"{name}.gz", folder / "mnist" / f"{name}.gz"):
        if path.exists():
            return path
    raise SystemExit(f"{folder / name}(.gz) not found: --data names a folder with MNIST's four IDX files")


def make_dataset(images, labels, white):
    pixels = images.reshape(len(images), -1).astype(np.float32) / white
    return torch.utils.data.TensorDataset(torch.from_numpy(pixels), torch.from_numpy(labels.astype(np.int64)))


def make_model(inputs, hidden, p):
    """inputs - hidden[0] - ReLU - dropout - hidden[1] - ReLU - dropout - ... - 10"""
    layers = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(p)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 10))


def train_epoch(model, batches, loss_fn, optimizer):
    """One pass over the data; returns the mean loss. Dropout is on."""
    model.train()
    total = count = 0
    for x, y in batches:
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total, count = total + loss.item() * len(y), count + len(y)
    return total / count


def evaluate(model, batches, loss_fn):
    """(mean loss, accuracy). Dropout is off."""
    model.eval()
    total = correct = count = 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            total, count = total + loss_fn(logits, y).item() * len(y), count + len(y)
            correct += (logits.argmax(1) == y).sum().item()
    return total / count, correct / count


def draw(history, path):
    """The learning curves, as a PNG."""
    try:
        import matplotlib
    except ImportError:
        print("no curves: pip install matplotlib to have them drawn")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    epochs = range(1, len(history) + 1)
    left.plot(epochs, [h["train_loss"] for h in history], label="training, with dropout")
    left.plot(epochs, [h["loss"] for h in history], label="held out")
    left.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
    left.legend()
    right.plot(epochs, [100 * h["accuracy"] for h in history], color="C1")
    right.set(xlabel="epoch", ylabel="held-out accuracy, %")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    print(f"learning curves: {path}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0][3:])
    parser.add_argument("--data", help="folder with MNIST's IDX files; the UCI digits without it")
    parser.add_argument("--epochs", type=int, help="passes over the data (default: 10 on MNIST, 40 on the digits)")
    parser.add_argument("--hidden", type=int, nargs="+", help="widths of the hidden layers "
                        "(default: 128 64 on MNIST, 256 128 on the digits)")
    parser.add_argument("--dropout", type=float, default=0.5, help="probability of dropping (default 0.5)")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3, help="Adam's learning rate (default 0.001)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "out" / "learning_curves.png", help="where the PNG goes")
    return parser.parse_args()


def main():
    options = parse_arguments()
    torch.manual_seed(options.seed)
    train, held_out = load_mnist(options.data) if options.data else load_digits(options.seed)
    epochs = options.epochs or (10 if options.data else 40)
    hidden = options.hidden or ([128, 64] if options.data else [256, 128])
    model = make_model(train[0][0].numel(), hidden, options.dropout)
    print(f"{len(train):,} images to train on, {len(held_out):,} held out\n{model}")

    batches = torch.utils.data.DataLoader(train, batch_size=options.batch_size, shuffle=True)
    held_out_batches = torch.utils.data.DataLoader(held_out, batch_size=1000)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    history, start = [], time.perf_counter()
    for epoch in range(1, epochs + 1):
        bar = tqdm(batches, desc=f"epoch {epoch}/{epochs}", leave=False, unit="batch", disable=None)
        train_loss = train_epoch(model, bar, loss_fn, optimizer)
        loss, accuracy = evaluate(model, held_out_batches, loss_fn)
        history.append({"train_loss": train_loss, "loss": loss, "accuracy": accuracy})
        print(f"epoch {epoch:3}/{epochs}   training loss {train_loss:.4f}   held out: loss {loss:.4f}, "
              f"accuracy {accuracy:.2%}")
    print(f"held-out accuracy {history[-1]['accuracy']:.2%} after {epochs} epochs "
          f"in {time.perf_counter() - start:.1f} s")
    draw(history, options.out)


if __name__ == "__main__":
    main()
