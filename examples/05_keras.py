"""5. The same digits in Keras's words: a Sequential with dropout, its progress bar, and what it saves.

    python examples/05_keras.py [--epochs 20]

The program is one for tensorflow.keras as it stands; only the imports name minigrad.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from minigrad.keras.callbacks import EarlyStopping
from minigrad.keras.layers import Dense, Dropout
from minigrad.keras.models import Sequential, load_model
from minigrad.keras.utils import set_random_seed, to_categorical

HERE = Path(__file__).resolve().parent


def load_digits():
    """The 1,797 UCI digits (8 x 8) as rows of numbers from 0 to 1, and one-hot classes; one in five held out."""
    with np.load(HERE / "data" / "digits.npz") as file:
        images, labels = file["images"], file["labels"]
    order = np.random.default_rng(0).permutation(len(images))
    x, y = images.reshape(len(images), -1)[order] / 16, to_categorical(labels[order])
    held_out = len(x) // 5
    return x[held_out:], y[held_out:], x[:held_out], y[:held_out]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    epochs = parser.parse_args().epochs
    set_random_seed(0)
    x_train, y_train, x_val, y_val = load_digits()
    input_dim, num_classes = x_train.shape[1], y_train.shape[1]

    model = Sequential()
    model.add(Dense(128, activation="relu", input_shape=(input_dim,)))
    model.add(Dropout(0.5))
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.5))
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    model.fit(x_train, y_train, epochs=epochs, batch_size=32, validation_data=(x_val, y_val),
              callbacks=[EarlyStopping(patience=5, restore_best_weights=True)])

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.keras"
        model.save(path)
        again = load_model(path)
    loss, accuracy = again.evaluate(x_val, y_val, verbose=0)
    print(f"loaded again: {accuracy:.1%} of the digits held out are right, loss {loss:.3f}")


if __name__ == "__main__":
    main()
