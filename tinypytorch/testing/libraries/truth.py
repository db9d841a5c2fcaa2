"""Floor 6: the derivative by its definition, also at corners. Imports `calls`, `points` and `programs`.

The program runs on numbers of 150 digits, at x and at x ± h d: with h = 10**-50 the quotient of differences is the
derivative to some fifty digits, and a library's floats are the only ones that are rounded. A derivative exists here if
the quotients of both sides agree, with each other and with those for a larger h. Where one side lies outside the
program's domain, as for x * sqrt(x) at 0, the other one decides.

How far a library in floats may be off is measured on the reference: the program runs again with every operand and every
result off by a unit in the last place or less, at random, and so is how far each moves between x and x ± h d, which is
the derivative along that edge of the graph. Then the derivative of the program moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, SupportsFloat

import numpy as np

from tinypytorch.arrays import Array, is_array
from tinypytorch.testing.libraries.calls import Line, lines_of
from tinypytorch.testing.libraries.points import REFERENCE, Point, Points, points
from tinypytorch.testing.programs import Program

# Steps of the quotients, as powers of ten: the small one, and the larger one that it is held against.
_SMALL: Final = -50
_LARGER: Final = -36
# Quotients that differ by less, relative to 1 or to themselves, have the same limit.
_SAME: Final = 1e-12
# Derivatives beyond this, and values of floats this far off, relative to 1 or to themselves, are not judged.
_HUGE: Final = 1e100
_UNFAITHFUL: Final = 1e-4
# A library may be this much further off than the reference is when it is disturbed.
_GRANTED: Final = 64.0
_TRIALS: Final = 3


class UnjudgedError(Exception):
    """There is no reference for this program: why is the message."""


@dataclass(frozen=True)
class Noise:
    """Relative errors of at most `unit`, a different one for every entry of every use; the same for the same seed."""

    unit: float
    seed: int

    def on(self, x: Points, base: Points, place: int) -> Points:
        """The entries, each a little off, and each a little further from `base`, or less far."""
        rng = np.random.default_rng((self.seed, place))
        value, edge = (points(np.asarray(rng.uniform(-self.unit, self.unit, x.shape))) for _ in range(2))
        moved: Points = x + x * value + (x - base) * edge
        return _settled(moved)


def _number(x: object) -> Point:
    if not isinstance(x, SupportsFloat):
        raise UnjudgedError(f"a call made {type(x).__name__} of numbers")
    return Point.of(float(x))


def _settled(x: object) -> Points:
    """An array of points, whatever a call made of them."""
    found = np.asarray(x, object)
    flat: list[object] = found.reshape(-1).tolist()
    settled = np.empty(found.size, object)
    for n, v in enumerate(flat):
        held: object = v.item() if is_array(v) else v
        settled[n] = held if isinstance(held, Point) else _number(held)
    return settled.reshape(found.shape)


def _step(
    line: Line, place: int, values: Sequence[Points], noise: Noise | None = None, base: Sequence[Points] = ()
) -> Points:
    call, operands = line
    xs = [values[r] for r in operands]
    if noise is not None:
        xs = [
            noise.on(x, (base or values)[r], 8 * place + n) for n, (x, r) in enumerate(zip(xs, operands, strict=True))
        ]
    try:
        y = _settled(call.within(REFERENCE, xs))
    except (TypeError, AttributeError, ValueError, ArithmeticError, IndexError) as error:
        raise UnjudgedError(f"{call.text}: {error}") from error
    return y


def evaluated(
    p: Program, leaves: Sequence[Points], noise: Noise | None = None, base: Sequence[Points] = ()
) -> list[Points]:
    """The program's values on other leaves, near those that gave `base`."""
    values = list(leaves)
    for place, line in enumerate(lines_of(p)):
        values.append(_step(line, place, values, noise, base))
    return values


def _end(values: Sequence[Points]) -> Point:
    found: object = values[-1].item()
    if not isinstance(found, Point):
        raise UnjudgedError("the program does not end in a number")
    return found


def faithful(p: Program) -> None:
    """Raise `UnjudgedError` unless the floats of every value are close to what they stand for."""
    values = [points(x) for x in p.leaves]
    for place, line in enumerate(lines_of(p)):
        floats = p.values[len(values)]
        if bool(np.isinf(floats).any()) or bool((np.abs(floats) > _HUGE).any()):
            raise UnjudgedError("values too large")
        values.append(_step(line, place, values))
        exact = _floats(values[-1])
        if exact.shape != floats.shape:
            raise UnjudgedError(f"{line[0].text}: another shape than in floats")
        same = (np.isnan(floats) & np.isnan(exact)) | (np.abs(floats - exact) <= _UNFAITHFUL * (1 + np.abs(exact)))
        tiny = (exact != 0) & (np.abs(floats) < np.abs(exact) / 2)  # underflow, or lost to cancellation
        if not bool(same.all()) or bool(tiny.any()):
            raise UnjudgedError("floats cannot hold the values")
    if not bool(np.isfinite(p.values[-1]).all()):
        raise UnjudgedError("the value is not finite")


def _floats(x: Points) -> Array:
    flat: list[object] = x.reshape(-1).tolist()
    return np.array([v.rounded() if isinstance(v, Point) else math.nan for v in flat], np.float64).reshape(x.shape)


class Slope:
    """One-sided quotients of differences of a program along directions."""

    def __init__(self, p: Program, noise: Noise | None = None) -> None:
        self.p: Program = p
        self.noise: Noise | None = noise
        self.leaves: list[Points] = [points(x) for x in p.leaves]
        self.values: list[Points] = evaluated(p, self.leaves, noise)

    def side(self, directions: Sequence[Array], power: int, sign: float) -> float:
        """The quotient on one side, nan where it leaves the domain."""
        h = Point.step(power) * sign
        moved = [_settled(x + points(d) * h) for x, d in zip(self.leaves, directions, strict=True)]
        near = evaluated(self.p, moved, self.noise, self.values)
        return ((_end(near) - _end(self.values)) / h).rounded()

    def limit(self, directions: Sequence[Array]) -> float | None:
        """The derivative along the directions; None where there is none that floats could hold."""
        near = [s for s in (self.side(directions, _SMALL, sign) for sign in (1.0, -1.0)) if not math.isnan(s)]
        if not near or not all(_same(s, near[0]) for s in near):
            return None
        far = [s for s in (self.side(directions, _LARGER, sign) for sign in (1.0, -1.0)) if not math.isnan(s)]
        if not all(_same(s, near[0]) for s in far) or abs(near[0]) > _HUGE:
            return None
        return 0.0 if abs(near[0]) <= max(abs(s - near[0]) for s in [*near, *far]) else near[0]


def _same(a: float, b: float) -> bool:
    return math.isfinite(a) and math.isfinite(b) and abs(a - b) <= _SAME * max(1.0, abs(b))


def _unit(p: Program, leaf: int, entry: int) -> list[Array]:
    """The direction of one entry of one leaf."""
    found = [np.zeros(x.shape) for x in p.leaves]
    found[leaf].reshape(-1)[entry] = 1.0
    return found


def slopes(p: Program, noise: Noise | None = None) -> list[Array]:
    """The derivatives by every entry of every leaf; nan where there is none."""
    slope = Slope(p, noise)
    found: list[Array] = []
    for n, x in enumerate(p.leaves):
        entries = [slope.limit(_unit(p, n, e)) for e in range(x.size)]
        found.append(np.array([math.nan if s is None else s for s in entries], np.float64).reshape(x.shape))
    return found


def _oblique(rng: np.random.Generator, g: Array) -> Array:
    """A direction with an entry wherever the gradient has one."""
    signs = np.asarray(rng.choice((-1.0, 1.0), g.shape), np.float64)
    return np.asarray(rng.integers(1, 8, g.shape) * signs * np.isfinite(g), np.float64)


def differentiable(p: Program, gradients: Sequence[Array]) -> bool:
    """Whether the derivatives along oblique directions are what these gradients say: then it is no kink.

    Entries whose derivative does not exist (nan) stay where they are.
    """
    slope = Slope(p)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        directions = [_oblique(rng, g) for g in gradients]
        along = sum(float((np.nan_to_num(g) * d).sum()) for g, d in zip(gradients, directions, strict=True))
        sides = [slope.side(directions, _SMALL, sign) for sign in (1.0, -1.0)]
        if not all(_same(s, along) for s in sides if not math.isnan(s)):
            return False
    return True


def tolerances(p: Program, gradients: Sequence[Array], unit: float) -> list[Array]:
    """How far each entry may be off in floats with this unit in the last place: inf where the reference cannot tell."""
    moved = [np.zeros(g.shape) for g in gradients]
    for seed in range(_TRIALS):
        for n, g in enumerate(slopes(p, Noise(unit, seed))):
            moved[n] = np.maximum(moved[n], np.abs(g - gradients[n]))
    return [
        np.asarray(np.where(np.isfinite(m), _GRANTED * (m + unit * np.abs(g)) + unit**2, np.inf))
        for m, g in zip(moved, gradients, strict=True)
    ]
