"""Floor 6: numerical derivatives with a bound on their error. Imports NumPy only.

Central differences along a direction, extrapolated to step zero (Ridders, Accurate computation of F'(x) and
F'(x) F''(x), Advances in Engineering Software 4, 1982), in extended precision where `np.longdouble` is wider than
double. Ridders' own error estimate is no bound; what is used here is sixteen times the sum of the
estimate and the rounding noise. The factor is chosen, not proved; it gave no false alarm in thousands of programs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

# The steps: from 2**-5 down by sqrt(2). The smallest divides the noise.
STEPS: Final = 10
FIRST: Final = 2.0**-5
RATIO: Final = 2.0**0.5
EPS64: Final = float(np.finfo(np.float64).eps)
EPS80: Final = float(np.finfo(np.longdouble).eps)


@dataclass(frozen=True)
class Derivative:
    """A directional derivative and a bound on its error; `smooth` is False if a branch changed under the stencil."""

    value: float
    bound: float
    smooth: bool


def ridders(f: Callable[[np.longdouble], tuple[np.longdouble, bytes]], noise: float) -> Derivative:
    """The derivative at 0 of f, which gives its value and the branches it took.

    noise: a bound on the rounding error of f's value. A branch that differs from the one at 0 anywhere on the
    stencil shrinks it, by 32 and by 1024; after that the result is not smooth.
    """
    _, branch = f(np.longdouble(0))
    for first in (FIRST, FIRST / 32, FIRST / 1024):
        rows: list[list[np.longdouble]] = []
        best, error, smooth = np.longdouble(0), np.inf, True
        h = np.longdouble(first)
        for row in range(STEPS):
            (up, above), (down, below) = f(h), f(-h)
            if above != branch or below != branch:
                smooth = False
                break
            line = [(up - down) / (2 * h)]
            factor = np.longdouble(RATIO) ** 2
            for column in range(row):
                line.append((line[column] * factor - rows[-1][column]) / (factor - 1))
                factor *= np.longdouble(RATIO) ** 2
                found = max(abs(line[-1] - line[-2]), abs(line[-1] - rows[-1][column]))
                if found < error:
                    best, error = line[-1], float(found)
            rows.append(line)
            h /= np.longdouble(RATIO)
        if smooth:
            return Derivative(float(best), 16 * (error + noise / float(h)), True)
    return Derivative(0.0, np.inf, False)
