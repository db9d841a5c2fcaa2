"""Wide graphs: one variable with n consumers, all added up; forward, backward, and release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from benchmarks.libraries.library import Functions, Loss, Results, Step
from benchmarks.workloads.deep import left_out
from benchmarks.workloads.workload import EAGER, Case, Workload
from tinypytorch import Array

SIZES: Final = (1_000, 10_000, 100_000)
QUICK_SIZES: Final = (10, 100)
# The largest size of each library that would otherwise take longer than all others together.
LIMITS: Final[Mapping[str, int]] = {"jax": 1_000, "autograd": 10_000, "mygrad": 10_000, "micrograd": 10_000}


def loss_of(n: int) -> Loss:
    """The sum of n products with the same number."""

    def loss(f: Functions, /, *xs: Array) -> Array:
        (x,) = xs
        parts = [x * 2.0 for _ in range(n)]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    return loss


def by_hand(n: int) -> Step:
    """The products and sums, and the derivatives of the products, added up."""

    def step() -> Results:
        x = np.float64(1.0)
        parts = [x * 2.0 for _ in range(n)]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        slope = np.float64(0.0)
        for _ in range(n):
            slope = slope + 2.0
        return total, slope

    return step


def case(n: int) -> Case:
    """The case of n products, and n - 1 sums."""
    prepare = loss_of(n)
    return Case(by_hand(n), lambda library: library.fresh(prepare, (1.0,)), 2 * n - 1, f"{n:,}", left_out(n, LIMITS))


def cases(quick: bool) -> list[Case]:
    """All sizes."""
    return [case(n) for n in (QUICK_SIZES if quick else SIZES)]


WORKLOAD: Final = Workload(
    "wide",
    "n products with one variable, added up: forward, backward, release; time per op",
    (*EAGER, "micrograd"),
    cases,
    per_op=True,
)
