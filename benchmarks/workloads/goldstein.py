"""The Goldstein–Price function at (1, 1): 45 operations on numbers, where all that counts is the overhead."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.libraries.library import Functions, Results
from benchmarks.workloads.workload import ARRAYS, Case, Workload
from tinypytorch import Array


def goldstein(f: Functions, /, *xs: Array) -> Array:
    """The function, from https://www.sfu.ca/~ssurjano/goldpr.html."""
    x, y = xs
    value: Array = (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)) * (
        30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    )
    return value


def by_hand() -> Results:
    """The value and both derivatives, by the product and the chain rule."""
    x, y = np.float64(1.0), np.float64(1.0)
    a, b = x + y + 1, 2 * x - 3 * y
    p = 19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2
    q = 18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2
    aa, bb = a**2, b**2
    u, v = 1 + aa * p, 30 + bb * q
    # The derivatives of p by x and by y are the same.
    slope = 2 * a * p + aa * (-14 + 6 * x + 6 * y)
    ux = uy = slope
    vx = 4 * b * q + bb * (-32 + 24 * x - 36 * y)
    vy = -6 * b * q + bb * (48 - 36 * x + 54 * y)
    return u * v, ux * v + u * vx, uy * v + u * vy


def cases(quick: bool) -> list[Case]:
    """At (1, 1), where the derivatives are -5376 and 8064."""
    return [Case(by_hand, lambda library: library.fresh(goldstein, (1.0, 1.0)))]


WORKLOAD: Final = Workload(
    "goldstein",
    "Goldstein–Price at (1, 1): forward and backward on numbers",
    (*ARRAYS, "micrograd"),
    cases,
)
