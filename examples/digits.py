"""Train a small network to read handwritten digits.

    pip install "tinypytorch[examples]"
    python examples/digits.py

The data are the 1,797 images of 8x8 pixels that come with scikit-learn (from the UCI Machine Learning Repository).
A quarter of them is held out: the network never learns from it, and its accuracy is measured there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

# Products of matrices this small are slower on several threads, and much slower if the cores have other work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

import tinypytorch as tp

try:
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec, GridSpecFromSubplotSpec
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from sklearn.datasets import load_digits
except ModuleNotFoundError as error:
    sys.exit(f'This example needs {error.name}, which is not installed: pip install "tinypytorch[examples]"')

Labels: TypeAlias = NDArray[np.int64]

HIDDEN = 512
BATCH = 64
RATE = 3e-3
NOISE = 0.2  # standard deviation of the noise on the images learned from, whose pixels are between 0 and 1
DECAY = 0.1


@dataclass
class Data:
    """Images as rows of 64 pixels between 0 and 1, and the digits they show."""

    images: tp.Array
    labels: Labels


@dataclass
class History:
    """What was measured after each epoch."""

    train_loss: list[float] = field(default_factory=list[float])
    test_loss: list[float] = field(default_factory=list[float])
    train_accuracy: list[float] = field(default_factory=list[float])
    test_accuracy: list[float] = field(default_factory=list[float])


class Network:
    """One hidden layer: 64 pixels, 512 hidden units, 10 scores."""

    def __init__(self, rng: np.random.Generator) -> None:
        # He's initialization keeps the variance of a relu layer's output near that of its input.
        self.w1 = tp.Variable(rng.normal(scale=np.sqrt(2 / 64), size=(64, HIDDEN)))
        self.b1 = tp.Variable(np.zeros(HIDDEN))
        self.w2 = tp.Variable(rng.normal(scale=np.sqrt(2 / HIDDEN), size=(HIDDEN, 10)))
        self.b2 = tp.Variable(np.zeros(10))
        self.parameters = [self.w1, self.b1, self.w2, self.b2]

    def __call__(self, images: tp.Array) -> tp.Variable:
        """Ten scores for each image; the largest is the digit that the network reads."""
        hidden = tp.relu(images @ self.w1 + self.b1)
        return hidden @ self.w2 + self.b2


class Adam:
    """Adam (Kingma & Ba 2015), with weight decay apart from the gradient (Loshchilov & Hutter 2019)."""

    def __init__(self, parameters: list[tp.Variable]) -> None:
        self.parameters = parameters
        self.means = [np.zeros_like(p.data) for p in parameters]
        self.squares = [np.zeros_like(p.data) for p in parameters]
        self.steps = 0

    def step(self, rate: float) -> None:
        """Move every parameter against its gradient, then forget the gradient."""
        self.steps += 1
        for p, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
            if p.grad is None:
                continue
            mean += 0.1 * (p.grad - mean)
            square += 0.01 * (p.grad**2 - square)
            # Both averages start at zero; dividing makes up for it.
            m, s = mean / (1 - 0.9**self.steps), square / (1 - 0.99**self.steps)
            p.data -= rate * (m / (np.sqrt(s) + 1e-8) + DECAY * p.data)
            p.zero_grad()


def cross_entropy(scores: tp.Variable, labels: Labels) -> tp.Variable:
    """The mean of -log(softmax(scores)[label])."""
    return tp.mean(tp.logsumexp(scores, axis=1) - scores[np.arange(len(labels)), labels])


def evaluate(network: Network, data: Data) -> tuple[float, float, Labels]:
    """The loss, the accuracy, and the digits that the network reads."""
    with tp.no_grad():
        scores = network(data.images)
        loss = cross_entropy(scores, data.labels).item()
    read: Labels = scores.data.argmax(axis=1)
    return loss, np.count_nonzero(np.equal(read, data.labels)) / len(read), read


def split(data: Data, rng: np.random.Generator) -> tuple[Data, Data]:
    """Three quarters to learn from and a quarter held out, of each digit."""
    held_out = np.zeros(len(data.labels), dtype=np.bool)
    for digit in range(10):
        places = rng.permutation(np.flatnonzero(data.labels == digit))
        held_out[places[: len(places) // 4]] = True
    return Data(data.images[~held_out], data.labels[~held_out]), Data(data.images[held_out], data.labels[held_out])


def train(train_data: Data, test_data: Data, epochs: int, rng: np.random.Generator) -> tuple[Network, History]:
    """A network that has seen the training images `epochs` times, in a new order and with new noise each time."""
    network = Network(rng)
    adam = Adam(network.parameters)
    history = History()
    columns = (TextColumn("Training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task("", total=epochs)
        for epoch in range(epochs):
            rate = RATE * (1 + np.cos(np.pi * epoch / epochs)) / 2
            order = rng.permutation(len(train_data.labels))
            for start in range(0, len(order), BATCH):
                batch = order[start : start + BATCH]
                images = train_data.images[batch]
                # New noise each time, so that the network cannot learn the training images by heart.
                noisy = images + rng.normal(scale=NOISE, size=images.shape)
                cross_entropy(network(noisy), train_data.labels[batch]).backward()
                adam.step(rate)
            loss, accuracy, _ = evaluate(network, train_data)
            history.train_loss.append(loss)
            history.train_accuracy.append(accuracy)
            loss, accuracy, _ = evaluate(network, test_data)
            history.test_loss.append(loss)
            history.test_accuracy.append(accuracy)
            progress.update(task, advance=1, description=f"held-out accuracy {accuracy:.1%}")
    return network, history


class Plot(Protocol):
    """What the picture uses of matplotlib's Axes, whose own types leave keyword arguments untyped."""

    def plot(self, x: Sequence[int], y: Sequence[float], /, *, label: str, color: str) -> object:
        """Draw a line."""

    def imshow(self, image: tp.Array, /, *, cmap: str, vmin: float, vmax: float) -> object:
        """Draw an image."""

    def legend(self) -> object:
        """Name the lines."""

    def grid(self, visible: bool, /, *, alpha: float) -> object:
        """Draw a line at each tick."""

    def set_title(self, title: str, /, *, fontsize: float) -> object:
        """Write above the plot."""

    def set(self, **properties: object) -> object:
        """Set labels, ticks and scales."""


class Picture(Protocol):
    """The same of matplotlib's Figure."""

    def suptitle(self, title: str, /) -> object:
        """Write above the plots."""

    def savefig(self, path: Path, /, *, dpi: float) -> object:
        """Write a file."""


def draw_curves(plot: Plot, train: list[float], test: list[float], **properties: object) -> None:
    """What was measured on the images learned from and on those held out, by epoch."""
    epochs = range(1, len(train) + 1)
    plot.plot(epochs, train, label="learned from", color="tab:gray")
    plot.plot(epochs, test, label="held out", color="tab:blue")
    plot.grid(True, alpha=0.3)
    plot.legend()
    plot.set(xlabel="epoch", **properties)


def draw_digit(plot: Plot, image: tp.Array, title: str) -> None:
    """One image of 8x8 pixels."""
    plot.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
    plot.set_title(title, fontsize=10)
    plot.set(xticks=[], yticks=[])


def finish(picture: Picture, title: str, path: Path) -> None:
    """Save the picture as a file."""
    picture.suptitle(title)
    picture.savefig(path, dpi=110)


def draw(history: History, data: Data, read: Labels, path: Path) -> None:
    """Loss and accuracy by epoch, and below them the held-out digits that were misread, 40 at most."""
    misread = np.flatnonzero(np.not_equal(read, data.labels))
    columns = 10
    shown = misread[: 4 * columns]
    rows = max(1, -(-len(shown) // columns))
    # A Figure made without pyplot needs no window, and draws itself with Agg.
    figure = Figure(figsize=(10, 4 + 1.3 * rows), layout="constrained")
    grid = GridSpec(2, 1, figure=figure, height_ratios=[3.4, 1.3 * rows])
    curves = GridSpecFromSubplotSpec(1, 2, grid[0])
    draw_curves(
        figure.add_subplot(curves[0]), history.train_loss, history.test_loss, title="Cross entropy", yscale="log"
    )
    draw_curves(
        figure.add_subplot(curves[1]),
        [100 * accuracy for accuracy in history.train_accuracy],
        [100 * accuracy for accuracy in history.test_accuracy],
        title="Accuracy (%)",
        ylim=(85, 100.5),
    )
    cells = GridSpecFromSubplotSpec(rows, columns, grid[1])
    for k, i in enumerate(shown):
        cell = figure.add_subplot(cells[k // columns, k % columns])
        draw_digit(cell, data.images[i], f"read {read[i]}, is {data.labels[i]}")
    note = f", {len(shown)} of them below" if len(shown) < len(misread) else ""
    title = f"{history.test_accuracy[-1]:.1%} of {len(read)} held-out digits read; {len(misread)} misread{note}"
    finish(figure, title, path)


class Options(argparse.Namespace):
    """The command line."""

    epochs: int | None
    seed: int
    out: Path
    quick: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, print a summary, save the picture. Exit code 0 if the network reads well enough, 1 if not."""
    parser = argparse.ArgumentParser(description="Train a small network to read handwritten digits.")
    parser.add_argument("--epochs", type=int, help="how often to go through the images (60, with --quick 8)")
    parser.add_argument("--seed", type=int, default=0, help="for the split, the first weights and the noise (0)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="directory to save the picture in (out)")
    parser.add_argument("--quick", action="store_true", help="a few epochs only, and be content with 90%%")
    options = parser.parse_args(arguments, Options())
    epochs = options.epochs if options.epochs is not None else 8 if options.quick else 60
    if epochs < 1 or options.seed < 0:
        parser.error("--epochs must be at least 1, and --seed not negative")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--out: {error}")

    rng = np.random.default_rng(options.seed)
    pixels, labels = load_digits(return_X_y=True)
    train_data, test_data = split(Data(pixels / 16, labels), rng)
    start = time.perf_counter()
    network, history = train(train_data, test_data, epochs, rng)
    seconds = time.perf_counter() - start

    _, accuracy, read = evaluate(network, test_data)
    picture = options.out / "digits.png"
    draw(history, test_data, read, picture)
    wanted = 0.90 if options.quick else 0.97
    print(f"Accuracy  {accuracy:.2%} on {len(read)} held-out images, after {epochs} epochs")
    print(f"Misread   {np.count_nonzero(np.not_equal(read, test_data.labels))}")
    print(f"Trained   {seconds:.1f} s on {len(train_data.labels)} images")
    print(f"Picture   {picture}")
    if accuracy < wanted:
        print(f"The accuracy is below the {wanted:.0%} that this example should reach.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
