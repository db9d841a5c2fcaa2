"""What a library adds to NumPy where no gradient is wanted: the forward pass of `mlp`, without a graph."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.libraries.library import Results, Step
from benchmarks.workloads import mlp
from benchmarks.workloads.workload import ARRAYS, Case, Workload

# Two products, two sums, tanh, a difference, a square, the sum of all.
OPS: Final = 8


def by_hand() -> Step:
    """The forward pass in NumPy."""
    (w1, b1, w2, b2), (x, t) = mlp.arrays()

    def step() -> Results:
        return (np.sum(np.square(np.tanh(x @ w1 + b1) @ w2 + b2 - t)),)

    return step


def cases(quick: bool) -> list[Case]:
    """One size."""
    return [Case(by_hand(), lambda library: library.forward(mlp.loss, *mlp.arrays()), OPS)]


WORKLOAD: Final = Workload("inference", "the network's forward pass, no gradient wanted: 8 ops", ARRAYS, cases)
