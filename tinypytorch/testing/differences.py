"""Floor 6: numerical derivatives of a program, with a bound on their error. Imports floors 1, 2 and `programs`.

Central differences along a direction, extrapolated to step zero (Ridders, Accurate computation of F'(x) and
F'(x) F''(x), Advances in Engineering Software 4, 1982), in extended precision where `np.longdouble` is wider than
double. Ridders' own error estimate is no bound; what is used here is sixteen times the sum of the estimate and the
rounding noise. That factor is the one number in the checker that is measured, not derived: `tests/test_references.py`
holds the bound against fifty digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.ops import spec_of
from tinypytorch.ops.reductions import Max, Min
from tinypytorch.ops.rounding import Fmax, Fmin, Fmod, Remainder
from tinypytorch.ops.selection import Maximum, Minimum
from tinypytorch.testing.programs import Program, run_one

# The steps: from 2**-5 down by sqrt(2). The smallest divides the noise.
STEPS: Final = 10
FIRST: Final = 2.0**-5
RATIO: Final = 2.0**0.5
COVERED: Final = 16
EPS64: Final = float(np.finfo(np.float64).eps)
EPS80: Final = float(np.finfo(np.longdouble).eps)


@dataclass(frozen=True)
class Derivative:
    """A directional derivative and a bound on its error; `smooth` is False if a branch changed under the stencil."""

    value: float | np.longdouble
    bound: float
    smooth: bool


def ridders(f: Callable[[np.longdouble], tuple[np.longdouble, bytes]], noise: float, eps: float = EPS80) -> Derivative:
    """The derivative at 0 of f, which gives its value and the branches it took.

    noise: a bound on the rounding error of f's value at 0, to which comes `eps` of the largest value seen. A branch
    that differs from the one at 0 anywhere on the stencil shrinks it, by 32 and by 1024; after that the result is not
    smooth.
    """
    middle, branch = f(np.longdouble(0))
    largest = abs(middle)
    for first in (FIRST, FIRST / 32, FIRST / 1024):
        rows: list[list[np.longdouble]] = []
        bends: list[float] = []
        best, error, smooth = np.longdouble(0), np.inf, True
        h = np.longdouble(first)
        for row in range(STEPS):
            (up, above), (down, below) = f(h), f(-h)
            if above != branch or below != branch:
                smooth = False
                break
            largest = max(largest, abs(up), abs(down))
            line = [(up - down) / (2 * h)]
            factor = np.longdouble(RATIO) ** 2
            for column in range(row):
                line.append((line[column] * factor - rows[-1][column]) / (factor - 1))
                factor *= np.longdouble(RATIO) ** 2
                found = max(abs(line[-1] - line[-2]), abs(line[-1] - rows[-1][column]))
                if found < error:
                    best, error = line[-1], float(found)
            rows.append(line)
            bends.append(float(abs(up - 2 * middle + down) / h))
            h /= np.longdouble(RATIO)
        # What is left of f(h) - 2 f(0) + f(-h) over h goes to zero with h, but at a kink.
        if smooth and bends[-1] > bends[0] / 2 and bends[-1] > COVERED * (noise + eps * float(largest)) / float(h):
            return Derivative(0.0, np.inf, False)
        if smooth and np.isfinite(best) and np.isfinite(largest):
            return Derivative(best, COVERED * (error + (noise + eps * float(largest)) / float(h)), True)
    return Derivative(0.0, np.inf, False)


def along(
    p: Program, f: Callable[[Sequence[Array]], np.longdouble], directions: Sequence[Array], roundings: float = 0.0
) -> Derivative:
    """The derivative, along the directions, of a function of the program's leaves that branches as the program does.

    roundings: a bound on the rounding error of f, the leaves' own included, in units of the unit roundoff; where
        values cancel it is larger than f. Unknown, it is taken for the largest value of the program.
    """

    def moved(t: np.longdouble) -> tuple[np.longdouble, bytes]:
        leaves = [np.asarray(widened(x) + t * d) for x, d in zip(p.leaves, directions, strict=True)]
        with np.errstate(all="ignore"):  # beyond a domain's end is another branch, and not differentiated
            return f(leaves), branches(p, p.run(leaves))

    here, there = float(f(p.leaves)), moved(np.longdouble(0))[0]
    wide = there.dtype.itemsize > 8 and all(v.dtype.itemsize > 8 for v in p.run([widened(x) for x in p.leaves]))
    eps = EPS80 if wide else EPS64
    roundings = roundings or max([float(abs(v).max(initial=0.0)) for v in p.values])
    return ridders(moved, abs(float(there) - here) * EPS80 / EPS64 + roundings * eps, eps)


def objective(p: Program, leaves: Sequence[Array]) -> np.longdouble:
    """The number that is differentiated: the outputs, each weighted with its cotangent."""
    values = p.run(leaves)
    total = np.longdouble(0)
    for o, c in zip(p.ends, p.cotangents(), strict=True):
        total += np.longdouble((values[o] * c).sum())
    return total


def widened(x: Array) -> Array:
    """The array in extended precision."""
    wide: Array = x.astype("longdouble")
    return wide


def branches(p: Program, values: Sequence[Array]) -> bytes:
    """Every decision taken on these values: which side of a kink or of a domain's end, which entry was largest."""
    taken: list[bytes] = []
    for i in p.code:
        spec = spec_of(i.op)
        operands = [values[r] if isinstance(r, int) else np.asarray(r) for r in i.operands]
        for k, x in enumerate(operands):
            domain = spec.domain[min(k, len(spec.domain) - 1)]
            ends = [end for end in (domain.low, domain.high) if np.isfinite(end)]
            taken += [_decisions(np.sign(x - end)) for end in (*ends, *domain.avoid)]
        if isinstance(i.op, Max | Min):
            taken.append((operands[0] == run_one(type(i.op)(i.op.axis, keepdims=True), operands)[0]).tobytes())
        elif isinstance(i.op, Maximum | Minimum | Fmax | Fmin):
            taken.append(_decisions(np.sign(operands[0] - operands[1])))
        elif isinstance(i.op, Fmod | Remainder):
            taken.append(_decisions(np.floor(operands[0] / operands[1])))
    return b"|".join(taken)


def _decisions(x: Array) -> bytes:
    """Whole numbers as bytes; in float64, since extended numbers have bytes that mean nothing and may be anything."""
    return x.astype(np.float64).tobytes()
