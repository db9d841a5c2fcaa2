"""Floor 6: independent derivatives of a program, each with a bound on its own error. Imports `numbers`, `programs`.

All run the very forward under test; none runs a rule.

- **rounded**: dual numbers over float64 with running error bounds. It is the first reference, and it says how far an
  engine in float64 may be off: the tolerance.
- **exact**: dual numbers over fractions, for programs of sums, products and moves; then an engine must be *equal*.
- **precise**: dual numbers over fifty digits.
- **complex step** (Squire & Trapp, SIAM Review 40, 1998), for ops that declare themselves holomorphic.
- **differences**: extrapolated central differences (see `differences`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Protocol

import numpy as np

from tinypytorch.arrays import Array, is_array, is_complex
from tinypytorch.function import Function
from tinypytorch.ops import spec_of
from tinypytorch.ops.shaping import AsType
from tinypytorch.testing.numbers.dual import WATCH, Dual, Watch, dual_kind
from tinypytorch.testing.numbers.elements import (
    Elements,
    duals,
    elements,
    imaginary_parts,
    is_dual,
    nested,
    real_parts,
    settled,
    still,
)
from tinypytorch.testing.numbers.exact import EXACT
from tinypytorch.testing.numbers.kinds import Kind, NotRepresentableError, R
from tinypytorch.testing.numbers.matrices import floats, is_tuple
from tinypytorch.testing.numbers.precise import PRECISE, ROUNDOFF, as_fraction
from tinypytorch.testing.numbers.rounded import ROUNDED, Rounded, U
from tinypytorch.testing.opaque import Opaque
from tinypytorch.testing.programs import OTHER, Program

# Roundings granted to one operation of an evaluation that the bound follows: an elementary function of NumPy is off by
# less than 4 units in the last place (8 u), a rule of this package takes fewer than eight operations.
GRANTED: Final = 16
_STEP: Final = 2.0**-300
# Values that are further apart are not the same but for rounding, in whatever precision.
_SAME: Final = 2.0**-8
# In so many ways the comparisons that meet kinks are decided at most.
_WAYS: Final = 64


class UnavailableError(Exception):
    """Why a reference cannot differentiate a program."""


@dataclass(frozen=True)
class Answer:
    """A derivative along a direction, weighted with the cotangents.

    value: exactly what the reference gave: a float, or a fraction where it knows more.
    bound: how far that may be from the truth.
    rounding: how far an evaluation in float64 may be off that takes one rounding for every operation, to first order.
    magnitude: the sum of the absolute values of all the products along paths that the value is the sum of.
    kinks: how many comparisons met equal values with different derivatives; then this is the one-sided derivative.
    others: how many of them are not between two branches.
    exact: whether an evaluation in float64 makes no rounding error at all.
    roundoff: the unit roundoff of the reference's own arithmetic.
    """

    reference: str
    value: Fraction | float
    bound: float
    rounding: float = 0.0
    magnitude: float = 0.0
    kinks: int = 0
    others: int = 0
    exact: bool = False
    roundoff: float = 0.0


class _Forward(Protocol):
    def __call__(self, /, *xs: object) -> object: ...


def run_on(p: Program, leaves: Sequence[Elements], kind: Kind[R]) -> list[Elements]:
    """All values of the program on dual numbers; raises `UnavailableError` where an op does not run on them."""
    values = list(leaves)
    in_the_plane = any(is_complex(x) for x in p.values)
    for i in p.code:
        operands = [values[r] if isinstance(r, int) else elements(still(r, kind)) for r in i.operands]
        try:
            # Dual numbers have no dtype to change.
            result = operands[0] if isinstance(i.op, AsType) else _applied(i.op, operands, in_the_plane)
            if in_the_plane and is_tuple(result) and kind.number is not EXACT.number:
                _same_branch(i.op, result, p.values[len(values) :])
            values += [settled(y, kind) for y in (result if is_tuple(result) else (result,))]
        except NotRepresentableError:
            raise
        except (TypeError, AttributeError, ValueError, KeyError, ArithmeticError) as error:
            raise UnavailableError(f"{type(i.op).__name__} does not run on dual numbers: {error}") from error
    return values


def _same_branch(op: Function, made: Sequence[object], values: Sequence[Array]) -> None:
    """Raise `UnavailableError` where an op gave other values than the program has.

    The signs of LAPACK's singular vectors jump where an imaginary part of 0 is rounded to something else.
    """
    for y, value in zip(made, values, strict=False):
        if is_array(y) and y.dtype.char == "O" and not np.allclose(floats(y), value, _SAME, _SAME):
            raise UnavailableError(f"{type(op).__name__} gives other vectors for values that differ by a rounding")


def _applied(op: Function, operands: Sequence[Elements], in_the_plane: bool) -> object:
    """What the forward makes of dual numbers: in plain object arrays, which are faster, and else in `Elements`, which
    know of parts.
    """
    forward: _Forward = getattr(op, "function" if isinstance(op, Opaque) else "forward")
    if in_the_plane:
        return forward(*operands)
    watch = WATCH.get(None)
    met = (watch.kinks, watch.ties, watch.others, watch.doubts) if watch else (0, 0, 0, 0)
    try:
        return forward(*[x.view(np.ndarray) if x.ndim else x for x in operands])
    except (TypeError, AttributeError):
        if watch:
            watch.kinks, watch.ties, watch.others, watch.doubts = met
        return forward(*operands)


def _weighted(p: Program, values: Sequence[Elements], kind: Kind[R]) -> R:
    """The derivative of the program's outputs, weighted with their cotangents and summed up."""
    number = kind.number
    t = number(0.0)
    for o, cotangent in zip(p.ends, p.cotangents(), strict=True):
        for part, c in _parts(values[o], cotangent):
            entries: list[Dual[R]] = part.ravel().tolist()
            for y, weight in zip(entries, c.ravel().tolist(), strict=True):
                t = t + y.t * number(weight)
    return t


def _parts(y: Elements, cotangent: Array) -> list[tuple[Elements, Array]]:
    """The real numbers whose sum Re(sum(c y)) is, and the weights of them."""
    if not is_complex(cotangent):
        return [(real_parts(y), cotangent)]
    return [(real_parts(y), cotangent.real), (imaginary_parts(y), -cotangent.imag)]


def _first(p: Program, kind: Kind[R]) -> R:
    """The first derivative along the program's directions."""
    leaves = [duals(x, d, kind) for x, d in zip(p.leaves, p.directions(), strict=True)]
    return _weighted(p, run_on(p, leaves, kind), kind)


def _second(p: Program, kind: Kind[R]) -> R:
    """The second derivative along the program's directions and along others, by duals of duals."""
    moving = zip(p.leaves, p.directions(), p.directions(OTHER), strict=True)
    leaves = [nested(x, v, w, kind) for x, v, w in moving]
    outer = dual_kind(kind)
    return _weighted(p, run_on(p, leaves, outer), outer).t


def _derivative(
    p: Program, kind: Kind[R], order: int, side: int, turned: frozenset[int] = frozenset()
) -> tuple[R, Watch]:
    """The derivative of that order, from that side of kinks but the `turned` ones, and what comparisons met."""
    watch = Watch(side, turned=turned)
    token = WATCH.set(watch)
    try:
        with np.errstate(all="ignore"):  # numbers that are infinite, or bounds that are, have their own way to say so
            return _first(p, kind) if order == 1 else _second(p, kind), watch
    except NotRepresentableError as error:
        raise UnavailableError(str(error)) from error
    finally:
        WATCH.reset(token)


@np.errstate(all="ignore")
def roundings(p: Program, answer: Answer) -> float:
    """A bound on the rounding error of the program's weighted outputs near its leaves, in units of the unit roundoff.

    The error of the evaluation, and that of rounding the moved leaves, which the derivative passes on.
    """
    leaves = [duals(x, d, ROUNDED) for x, d in zip(p.leaves, p.directions(), strict=True)]
    values = run_on(p, leaves, ROUNDED)
    total = 0.0
    for o, cotangent in zip(p.ends, p.cotangents(), strict=True):
        for part, c in _parts(values[o], cotangent):
            entries: list[Dual[Rounded]] = part.ravel().tolist()
            total += sum((y.v.e / U + y.v.m) * abs(w) for y, w in zip(entries, c.ravel().tolist(), strict=True))
    largest = max([float(abs(x).max(initial=0.0)) for x in p.leaves])
    return GRANTED * total + 2 * largest * answer.magnitude  # directions have entries of 1/2 at least


def rounded(p: Program, order: int = 1, side: int = 1, turned: frozenset[int] = frozenset()) -> Answer:
    """Dual numbers over float64, with bounds."""
    t, watch = _derivative(p, ROUNDED, order, side, turned)
    if not math.isfinite(t.v) or not math.isfinite(t.e):
        raise UnavailableError("values too large, or too ill-conditioned, for a bound on the rounding error")
    rounding = t.e + U * t.m
    return Answer("rounded duals", t.v, GRANTED * rounding, rounding, t.m, watch.kinks, watch.others)


def decided_by_rounding(p: Program, order: int, roundoff: float) -> bool:
    """Whether a comparison in the forwards would come out otherwise for values that are off by a rounding error."""

    def close(a: object, b: object) -> bool:
        x, y = _innermost(a), _innermost(b)
        error = x.e + y.e
        gap = abs(x.v - y.v)
        return gap <= GRANTED * (roundoff / U) * error and error > 0 and (gap > 0 or roundoff > U)

    watch = Watch(doubt=close)
    token = WATCH.set(watch)
    try:
        with np.errstate(all="ignore"), suppress(UnavailableError, NotRepresentableError):
            _first(p, ROUNDED) if order == 1 else _second(p, ROUNDED)
    finally:
        WATCH.reset(token)
    return watch.doubts > 0


def _innermost(x: object) -> Rounded:
    """The rounded number in dual numbers of dual numbers."""
    if is_dual(x):
        inner: object = x.v
        return _innermost(inner)
    if not isinstance(x, Rounded):
        raise TypeError(f"{x!r} is no rounded number")
    return x


def branches(p: Program) -> list[Answer]:
    """The first derivative of a program at kinks, for each way of deciding the comparisons that meet one.

    At a comparison, a rule gives a mean of the derivatives of the two branches (Clarke's generalized gradient of two
    functions). The chain rule is linear in each of these choices, so that whatever an engine makes of right rules lies
    between the smallest and the largest of these derivatives.
    """
    found: list[Answer] = []
    waiting: list[tuple[int, frozenset[int]]] = [(0, frozenset())]
    while waiting:
        decided, turned = waiting.pop()
        found.append(rounded(p, turned=turned))
        waiting += [(k + 1, turned | {k}) for k in range(decided, found[-1].kinks)]
        if found[-1].others or len(found) + len(waiting) > _WAYS:
            raise UnavailableError(f"{found[-1].kinks} kinks, which are no choices, or too many")
    return found


def exact(p: Program, order: int = 1, side: int = 1) -> Answer:
    """Dual numbers over fractions. Where values tie, a rule may share by thirds, and an engine is not exact."""
    t, watch = _derivative(p, EXACT, order, side)
    return Answer("exact duals", t.q, 0.0, kinks=watch.kinks, exact=t.in_float64 and not watch.ties)


def precise(p: Program, order: int = 1, side: int = 1) -> Answer:
    """Dual numbers over fifty digits."""
    t, watch = _derivative(p, PRECISE, order, side)
    try:
        value = as_fraction(t)
    except NotRepresentableError as error:  # infinite at a kink, or nan
        raise UnavailableError(str(error)) from error
    return Answer("50-digit duals", value, 0.0, kinks=watch.kinks, roundoff=ROUNDOFF)


def complex_step(p: Program, tolerance: float) -> Answer:
    """The imaginary part of the outputs over a tiny imaginary step; `tolerance` bounds the rounding error."""
    if any(is_complex(x) for x in p.values):
        raise UnavailableError("the complex step is for real programs")
    for i in p.code:
        if not spec_of(i.op).holomorphic:
            raise UnavailableError(f"{type(i.op).__name__} does not declare itself holomorphic")
    moved: list[Array] = []
    for x, d in zip(p.leaves, p.directions(), strict=True):
        step: Array = np.multiply(1j * _STEP, d)  # complex: what `Array` says of dtypes ends here
        moved.append(x + step)
    values = p.run(moved)
    total = sum(float((values[o].imag * c).sum()) for o, c in zip(p.ends, p.cotangents(), strict=True)) / _STEP
    if not math.isfinite(total):
        raise UnavailableError("the complex step left the range of floats")
    return Answer("complex step", total, tolerance + _STEP)
