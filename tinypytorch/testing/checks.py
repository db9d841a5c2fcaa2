"""Floor 6: the verdict on an engine's derivatives of one program. Imports floors 1 to 4 and `testing`.

The tolerance is not chosen: it is the running error bound of the reference's own evaluation (see `numbers.rounded`),
times the roundings that an engine may take where that evaluation counts one: `GRANTED` for an operation and its rule,
and one for each term of the longest sum that a gradient is accumulated from. Where a program is exact in floating
point, the tolerance is zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.testing import references
from tinypytorch.testing.differences import Derivative, along, objective, widened
from tinypytorch.testing.engines import Engine, inner, kernel, kernel_second
from tinypytorch.testing.numbers.rounded import U
from tinypytorch.testing.programs import OTHER, PACKAGE, Program
from tinypytorch.testing.references import GRANTED, Answer, UnavailableError

# A tolerance of more than this part of the magnitude cannot tell a right derivative from a wrong one.
BLUNT: Final = 2.0**-3
_TINY: Final = 2.0**-1000


class Verdict(Enum):
    """What a check found: the derivative is right, wrong, or the reference cannot tell."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Finding:
    """A verdict with its evidence.

    engine, expected: the derivative along the program's directions, weighted with its cotangents.
    tolerance: how far they may differ.
    ulps: how far they differ, in units in the last place of the sum of absolute terms.
    references: which references were used, the decisive one first.
    kinks: how many comparisons met a kink.
    """

    verdict: Verdict
    order: int
    engine: float
    expected: float
    tolerance: float
    ulps: float = 0.0
    references: tuple[str, ...] = ()
    kinks: int = 0
    reason: str = ""


def check_first(p: Program, engine: Engine = kernel, thorough: bool = True) -> Finding:
    """Check the first derivative of a program along one direction.

    thorough: consult all references that can differentiate the program, and run the engine in extended precision, too;
        else the first reference that can, in the program's own precision.
    """
    got = inner(engine(p, p.leaves), p.directions())
    try:
        answer = references.rounded(p)
    except UnavailableError as why:
        return _by_differences(p, got, along(p, lambda xs: objective(p, xs), p.directions()), 1, str(why))
    finding = _judged(p, got, answer, 1)
    if not thorough or finding.verdict is not Verdict.PASS or answer.kinks:
        return finding
    others = _others(p, answer, 1)
    wide = inner(engine(p, [widened(x) for x in p.leaves]), p.directions())
    return _all_agree(p, finding, [answer, *others], got, wide)


def check_second(p: Program, thorough: bool = True) -> Finding:
    """Check the second derivative of a program along two directions, and that their order does not matter."""
    v, w = p.directions(), p.directions(OTHER)
    got, mirrored = kernel_second(p, p.leaves, v, w), kernel_second(p, p.leaves, w, v)
    try:
        answer = references.rounded(p, 2)
    except UnavailableError as why:

        def first(xs: Sequence[Array]) -> np.longdouble:
            return np.longdouble(inner(kernel(p, xs), v))

        return _by_differences(p, got, along(p, first, w), 2, str(why))
    finding = _judged(p, got, answer, 2)
    if finding.verdict is Verdict.PASS:
        finding = _judged(p, mirrored, answer, 2)
    if not thorough or finding.verdict is not Verdict.PASS or answer.kinks:
        return finding
    wide = kernel_second(p, [widened(x) for x in p.leaves], v, w)
    return _all_agree(p, finding, [answer, *_others(p, answer, 2)], got, wide)


def granted(p: Program, order: int) -> int:
    """How many roundings an engine may take where the reference counts one."""
    return order * (GRANTED + max([v.size for v in p.values]) + len(p.code))


@cache
def _roundoff(dtype: np.dtype[np.float64]) -> float:
    return float(np.finfo(dtype).eps) / 2


def roundoff(p: Program) -> float:
    """The unit roundoff of the coarsest leaf."""
    return max([_roundoff(x.dtype) for x in p.leaves])


def difference(got: float | np.longdouble, expected: Fraction | float) -> float:
    """How far the engine is from the reference; inf if it gave inf or nan."""
    if isinstance(got, float) and isinstance(expected, float):  # off by a rounding of itself, and zero if it is zero
        return abs(got - expected) if math.isfinite(got) else math.inf
    if not np.isfinite(got):
        return math.inf
    return float(abs(as_fraction(got) - as_fraction(expected)))


def as_fraction(x: Fraction | float | np.longdouble) -> Fraction:
    """A finite number, of whatever precision, as the fraction that it is."""
    numerator, denominator = x.as_integer_ratio()
    return Fraction(int(numerator), int(denominator))


def _tolerance(p: Program, answer: Answer, order: int) -> float:
    """How far an engine may be from the first reference."""
    return granted(p, order) * answer.rounding * (roundoff(p) / U) + answer.bound


def _judged(p: Program, got: float, answer: Answer, order: int) -> Finding:
    """Hold the engine's derivative against the first reference; at a kink, against both of its sides."""
    tolerance = _tolerance(p, answer, order)
    off = difference(got, answer.value)
    finding = Finding(
        Verdict.PASS,
        order,
        float(got),
        float(answer.value),
        tolerance,
        off / max(2 * roundoff(p) * answer.magnitude, _TINY) if off else 0.0,
        (answer.reference,),
        answer.kinks,
    )
    if answer.kinks:
        return _at_kink(p, got, answer, finding)
    blunt = tolerance > BLUNT * answer.magnitude > 0
    if off > tolerance and not (blunt and off == math.inf):  # in short floats values overflow where bounds are large
        return _failed(p, finding)
    return replace(finding, verdict=Verdict.INCONCLUSIVE, reason="rounding hides the derivative") if blunt else finding


def _failed(p: Program, finding: Finding) -> Finding:
    """The engine is wrong, unless a comparison may come out otherwise when it rounds otherwise."""
    if references.decided_by_rounding(p, finding.order, roundoff(p)):
        return replace(finding, verdict=Verdict.INCONCLUSIVE, reason="rounding decides which branch is taken")
    return replace(finding, verdict=Verdict.FAIL)


def _at_kink(p: Program, got: float, right: Answer, finding: Finding) -> Finding:
    """Between the one-sided derivatives the engine passes; outside whatever the chain rule can give it fails.

    In between says nothing: sums of functions with kinks at the same point are beyond the chain rule, also where they
    add up to something smooth.
    """
    left = references.rounded(p, finding.order, side=-1)
    if _between(got, [left, right], finding.tolerance):
        return replace(finding, ulps=0.0)
    with suppress(UnavailableError):
        ways = references.branches(p) if finding.order == 1 else []
        tolerance = max([_tolerance(p, a, 1) for a in ways], default=math.inf)
        if ways and not _between(got, ways, tolerance):
            low, high = (float(pick([a.value for a in ways])) for pick in (min, max))
            reason = f"at a kink, where anything from {low!r} to {high!r} would do"
            return _failed(p, replace(finding, tolerance=tolerance, reason=reason))
    reason = f"{right.kinks} kinks met, and the chain rule does not hold there"
    return replace(finding, verdict=Verdict.INCONCLUSIVE, reason=reason)


def _between(got: float, answers: Sequence[Answer], tolerance: float) -> bool:
    """Whether the engine gave something from the smallest to the largest of these derivatives."""
    values = [as_fraction(a.value) for a in answers]
    allowed = Fraction(tolerance)
    return math.isfinite(got) and min(values) - allowed <= as_fraction(got) <= max(values) + allowed


def _others(p: Program, first: Answer, order: int) -> list[Answer]:
    """What the other references say, those of them that can."""
    found: list[Answer] = []
    rounding = granted(p, order) * first.rounding
    for ask in (references.exact, references.precise):
        try:
            answer = ask(p, order)
        except UnavailableError:
            continue
        found.append(replace(answer, bound=rounding * answer.roundoff / U))
    if order == 1:
        with suppress(UnavailableError):
            found.append(references.complex_step(p, rounding))
        numeric = along(p, lambda xs: objective(p, xs), p.directions(), references.roundings(p, first))
        if numeric.smooth:
            found.append(Answer("differences", as_fraction(numeric.value), numeric.bound))
    return found


def _all_agree(p: Program, finding: Finding, answers: list[Answer], got: float, wide: float) -> Finding:
    """Hold the references against each other, and the engine against the sharpest."""
    finding = replace(finding, references=tuple(a.reference for a in answers))
    sharp = min(answers, key=lambda a: a.bound)
    for a in answers:
        if abs(as_fraction(a.value) - as_fraction(sharp.value)) > a.bound + sharp.bound:
            reason = f"references disagree: {a.reference} {float(a.value)!r}, {sharp.reference} {float(sharp.value)!r}"
            return replace(finding, verdict=Verdict.INCONCLUSIVE, reason=reason)
    rounding = granted(p, finding.order) * answers[0].rounding
    in_extended = "in extended precision" if all(type(i.op) in PACKAGE for i in p.code) else ""
    in_own = 0.0 if sharp.exact and roundoff(p) <= U else rounding * (roundoff(p) / U)  # exact in float64, that is
    in_wide = 0.0 if sharp.exact else rounding * float(np.finfo(np.longdouble).eps) / (2 * U)
    for value, allowed, where in ((got, in_own, ""), (wide, in_wide, in_extended)):
        if value is wide and not in_extended:  # an op from outside may well have constants in float64
            continue
        if difference(value, sharp.value) > allowed + sharp.bound:
            return replace(
                finding,
                verdict=Verdict.FAIL,
                engine=float(value),
                expected=float(sharp.value),
                tolerance=allowed + sharp.bound,
                reason=where,
                references=(sharp.reference, *(a.reference for a in answers if a is not sharp)),
            )
    return replace(finding, expected=float(sharp.value))


def _by_differences(p: Program, got: float, numeric: Derivative, order: int, why: str) -> Finding:
    """The verdict where the forward does not run on dual numbers."""
    if not numeric.smooth:
        return Finding(
            Verdict.INCONCLUSIVE,
            order,
            float(got),
            math.nan,
            math.inf,
            0.0,
            ("differences",),
            1,
            f"a branch changes under the smallest stencil; {why}",
        )
    scale = abs(float(numeric.value)) + max((float(abs(v).max(initial=0.0)) for v in p.values), default=0.0)
    tolerance = numeric.bound + granted(p, order) * len(p.code) * roundoff(p) * scale
    off = difference(got, as_fraction(numeric.value))
    verdict = Verdict.PASS if off <= tolerance else Verdict.FAIL
    return Finding(verdict, order, float(got), float(numeric.value), tolerance, 0.0, ("differences",), 0, why)
