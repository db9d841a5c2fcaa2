"""Large arrays: five times `y = tanh(y) * x`, where all that counts is how often memory is gone through."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.libraries.library import Functions, Results, Step
from benchmarks.workloads.workload import ARRAYS, Case, Workload, normal
from tinypytorch import Array

STEPS: Final = 5
ENTRIES: Final = 1_000_000
QUICK_ENTRIES: Final = 1_000


def loss(f: Functions, /, *xs: Array) -> Array:
    """Eleven operations."""
    (x,) = xs
    y = x
    for _ in range(STEPS):
        y = f.tanh(y) * x
    return f.sum(y)


def by_hand(x: Array) -> Step:
    """Straightforward NumPy, with a new array for every result."""

    def step() -> Results:
        y, kept = x, list[Array]()
        for _ in range(STEPS):
            t = np.tanh(y)
            kept.append(t)
            y = t * x
        value = np.sum(y)
        gy, gx = np.ones_like(x), np.zeros_like(x)
        for t in reversed(kept):
            gx = gx + gy * t
            gy = gy * x * (1.0 - t * t)
        return value, gx + gy

    return step


def cases(quick: bool) -> list[Case]:
    """A million entries."""
    x = normal(0, QUICK_ENTRIES if quick else ENTRIES)
    return [Case(by_hand(x), lambda library: library.gradients(loss, (x,)))]


WORKLOAD: Final = Workload("chain", "five times y = tanh(y) x on 1,000,000 entries, and the sum", ARRAYS, cases)
