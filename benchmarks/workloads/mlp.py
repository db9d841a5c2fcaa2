"""A step of learning: forward and backward of a network with one hidden layer, the squared error summed up."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.libraries.library import Arrays, Functions, Results, Step
from benchmarks.workloads.workload import ARRAYS, Case, Workload, normal
from tinypytorch import Array


def loss(f: Functions, /, *xs: Array) -> Array:
    """Eight operations."""
    w1, b1, w2, b2, x, t = xs
    return f.sum(f.square(f.tanh(x @ w1 + b1) @ w2 + b2 - t))


def arrays() -> tuple[Arrays, Arrays]:
    """The parameters, and the data."""
    parameters = (normal(0, 64, 32) / 8, normal(1, 32) / 8, normal(2, 32, 10) / 8, normal(3, 10) / 8)
    return parameters, (normal(4, 32, 64), normal(5, 32, 10))


def by_hand() -> Step:
    """Forward and backward, as one writes it in NumPy."""
    (w1, b1, w2, b2), (x, t) = arrays()

    def step() -> Results:
        h = np.tanh(x @ w1 + b1)
        e = h @ w2 + b2 - t
        value = np.sum(np.square(e))
        ge = 2.0 * e
        gh = (ge @ w2.T) * (1.0 - h * h)
        return value, x.T @ gh, gh.sum(axis=0), h.T @ ge, ge.sum(axis=0)

    return step


def cases(quick: bool) -> list[Case]:
    """One size."""
    return [Case(by_hand(), lambda library: library.gradients(loss, *arrays()))]


WORKLOAD: Final = Workload("mlp", "a network's gradients: 32×64, 32 tanh, 10 outputs, squared error", ARRAYS, cases)
