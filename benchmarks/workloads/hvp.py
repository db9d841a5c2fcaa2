"""Second derivatives: the product of a Hessian with a vector, without the Hessian."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.libraries.library import Functions, Results, Step
from benchmarks.workloads.workload import Case, Workload, normal
from tinypytorch import Array

ENTRIES: Final = 1_000
QUICK_ENTRIES: Final = 10


def rosenbrock(f: Functions, /, *xs: Array) -> Array:
    """The function, from https://www.sfu.ca/~ssurjano/rosen.html."""
    (x,) = xs
    return f.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def by_hand(x: Array, v: Array) -> Step:
    """The derivative of the gradient along v."""

    def step() -> Results:
        a, va = x[:-1], v[:-1]
        d, vd = x[1:] - a**2, v[1:] - 2.0 * a * va
        found = np.zeros_like(x)
        found[:-1] = -400.0 * (va * d + a * vd) + 2.0 * va
        found[1:] += 200.0 * vd
        return (found,)

    return step


def cases(quick: bool) -> list[Case]:
    """A thousand entries."""
    n = QUICK_ENTRIES if quick else ENTRIES
    x, v = normal(0, n), normal(1, n)
    return [Case(by_hand(x, v), lambda library: library.product(rosenbrock, x, v))]


WORKLOAD: Final = Workload(
    "hvp",
    "Hessian-vector product of the Rosenbrock function, 1,000 entries",
    ("torch", "jax", "jax.jit", "autograd"),
    cases,
)
