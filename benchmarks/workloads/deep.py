"""Deep graphs: n additions in a row, forward, backward, and release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from benchmarks.libraries.library import Functions, Loss, Results, Step
from benchmarks.workloads.workload import EAGER, Case, Workload
from tinypytorch import Array

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES: Final = (10, 100)
# The largest size of each library that would otherwise take longer than all others together.
LIMITS: Final[Mapping[str, int]] = {"jax": 10_000, "autograd": 100_000, "mygrad": 100_000, "micrograd": 100_000}


def left_out(n: int, limits: Mapping[str, int]) -> dict[str, str]:
    """The libraries that are not run at size n."""
    return {key: f"not run: takes too long beyond {limit:,}" for key, limit in limits.items() if n > limit}


def loss_of(n: int) -> Loss:
    """The sum of a number and n ones."""

    def loss(f: Functions, /, *xs: Array) -> Array:
        (y,) = xs
        for _ in range(n):
            y = y + 1.0
        return y

    return loss


def by_hand(n: int) -> Step:
    """The additions; the derivative of each is 1, and so is that of all."""

    def step() -> Results:
        y = np.float64(1.0)
        for _ in range(n):
            y = y + 1.0
        return y, np.float64(1.0)

    return step


def case(n: int) -> Case:
    """The case of n additions."""
    return Case(by_hand(n), lambda library: library.fresh(loss_of(n), (1.0,)), n, f"{n:,}", left_out(n, LIMITS))


def cases(quick: bool) -> list[Case]:
    """All sizes."""
    return [case(n) for n in (QUICK_SIZES if quick else SIZES)]


WORKLOAD: Final = Workload(
    "deep",
    "n additions in a row: forward, backward, release; time per op",
    (*EAGER, "micrograd"),
    cases,
    per_op=True,
)
