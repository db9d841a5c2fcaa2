"""Floor 6: where a failure comes from, and what kind of mistake it looks like. Imports floors 1 to 4 and `testing`.

Each instruction of the failing program is taken alone: the Jacobian that its rule gives, entry by entry, is held
against the one that dual numbers give. If a rule is wrong, the way in which the two matrices differ suggests the
mistake. If all rules are right, the engine is wrong: then the first value whose cotangent differs from the textbook's
is named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.variable import Variable
from tinypytorch.testing.checks import Verdict, check_first, check_second, granted
from tinypytorch.testing.conventions import check_conventions
from tinypytorch.testing.engines import adjoints, kernel, naive, pulled_back
from tinypytorch.testing.examine import RAISED, Failure
from tinypytorch.testing.jacobians import Jacobian, alone, jacobians, rule_jacobians, runs_on_duals
from tinypytorch.testing.numbers.kinds import NotRepresentableError
from tinypytorch.testing.programs import PACKAGE, Instruction, Program, spread
from tinypytorch.testing.recorded import recorded
from tinypytorch.testing.reduce import rebuilt
from tinypytorch.testing.references import UnavailableError
from tinypytorch.testing.suspicions import BESIDE, close, suspicion
from tinypytorch.testing.whose import said


@dataclass(frozen=True)
class Blame:
    """What is at fault: the value (its index), the operand (its position; None if the whole), and why."""

    value: int
    operand: int | None
    what: str
    suspicion: str
    expected: Array | None = None
    actual: Array | None = None


# What is left of a derivative by differences is only to point at a mistake that has been found already.
_NUMERIC: Final = 2.0**-20
_ENGINE: Final = "the engine"
_NEEDS_ARRAYS: Final = (
    "a rule that needs arrays, not Variables; if nobody wants second derivatives, verify the first alone: orders=(1,)"
)


def explain(failure: Failure) -> Blame | None:
    """What is at fault in a (small) failing program; None if nothing can be told."""
    try:
        return _explained(failure)
    except RAISED as error:
        last = len(failure.program.values) - 1
        return Blame(last, None, f"looking for the cause raised {said(error)}", _ENGINE)


def _explained(failure: Failure) -> Blame | None:
    p = failure.program
    starts = [(i, at) for i, at in zip(p.code, p.starts, strict=True)]
    for i, at in starts if failure.error is not None else ():
        blame = _refused(p, i, at)
        if blame is not None:
            return blame
    for i, at in starts:
        blame = _rule_at_fault(p, i, at)
        if blame is not None:
            return blame
    if failure.check == "second derivative":
        for i, at in starts:
            blame = _second_at_fault(p, i, at)
            if blame is not None:
                return blame
    for i, at in starts if failure.finding is not None else ():
        blame = _at_fault_at_its_kink(p, i, at)
        if blame is not None:
            return blame
    if failure.finding is None and failure.error is None:
        return None
    return _engine_at_fault(p) or _rounded_too_often(failure)


def _rounded_too_often(failure: Failure) -> Blame | None:
    """What there is to say of a single instruction where everything is right but for the last digits."""
    finding, p = failure.finding, failure.program
    if finding is None or len(p.code) > 1 or abs(finding.engine - finding.expected) > 2.0**-20 * abs(finding.expected):
        return None
    where = f" {finding.reason}" if finding.reason else ""
    words = f"its rule is right but for the last digits{where}"
    return Blame(len(p.leaves), None, words, "too many roundings: a cancellation, a division, a constant in float64")


def _refused(p: Program, i: Instruction, at: int) -> Blame | None:
    """Whether an op from outside gives something that the engine does not take."""
    if type(i.op) in PACKAGE:
        return None
    q = alone(p, i)
    try:
        q.record([Variable(x) for x in q.leaves])
    except RAISED as error:
        writes = "read-only" in str(error)
        suspicion = "its forward writes into an operand" if writes else "its forward gives what is no array"
        return Blame(at, None, f"applying it raises {said(error)}", suspicion)
    return None


def _rule_at_fault(p: Program, i: Instruction, at: int) -> Blame | None:
    """What is wrong with the rule of an instruction, at the values of the program."""
    q = alone(p, i)
    positions = [n for n, r in enumerate(i.operands) if isinstance(r, int)]
    try:
        right = jacobians(q)
    except (UnavailableError, NotRepresentableError):
        return None
    try:
        with np.errstate(all="ignore"):
            given = rule_jacobians(q)
    except RAISED as error:
        return Blame(at, None, f"the rule raises {said(error)}", "an exception in the rule")
    for n, jacobian, actual in zip(positions, right, given, strict=True):
        expected = jacobian.entries
        if isinstance(actual, str):
            words = "missing sum_to, or a reshape" if "shape" in actual else "a missing return"
            return Blame(at, n, actual, words, expected)
        if not np.isfinite(expected).all():
            continue  # a pole, or a point with no one derivative: no rule is wrong there
        allowed = granted(q, 1) * _rounding(jacobian, actual) + 2.0**-1000
        if not runs_on_duals(q):
            allowed = allowed + _NUMERIC * (1 + abs(expected))
        if not np.isfinite(actual).all() or not bool((abs(expected - actual) <= allowed).all()):
            others = [m.entries for k, m in zip(positions, right, strict=True) if k != n]
            words = suspicion(q, positions.index(n), expected, actual, others)
            return Blame(at, n, "its rule is wrong", words, expected, actual)
    return None


def _rounding(right: Jacobian, given: Array) -> Array:
    """How far entries may differ by rounding: the bound on the right ones, and a part of the largest of their column.

    That is what an operand's entry has on the outputs: of an elementwise op, one entry.
    """
    around = (abs(right.entries) + abs(given)).max(axis=0, keepdims=True, initial=0)
    allowed: Array = np.where(np.isfinite(right.error), right.error, 0.0) + 2.0**-52 * around
    return allowed


def _at_fault_at_its_kink(p: Program, i: Instruction, at: int) -> Blame | None:
    """What is wrong with an instruction at its kink, and whether its rule is wrong beside it, too."""
    q = alone(p, i)
    if not all(map(close, kernel(q, q.leaves), naive(q, q.leaves))):
        return None  # the engine does not give what the rule does
    complaint = check_conventions(i.op)
    if complaint is None:
        finding = check_first(q, thorough=False)
        if finding.verdict is not Verdict.FAIL or not finding.kinks:
            return None
        complaint = f"{finding.engine!r} along a direction, {finding.reason}"
    return _beside(q, at) or Blame(at, None, f"at its kink: {complaint}", "the convention, or the mask")


def _beside(q: Program, at: int) -> Blame | None:
    """What is wrong with the rule of a program's only instruction at other operands, not far from these."""
    moved = rebuilt([x + BESIDE * spread(x.shape, n) for n, x in enumerate(q.leaves)], q.code)
    found = None if moved is None else _rule_at_fault(moved, moved.code[0], len(moved.leaves))
    if moved is None or found is None:
        return None
    where = ", ".join(str(x.tolist()) for x in moved.leaves)
    return replace(found, value=at, what=f"{found.what}, as other operands show: {where}")


def _second_at_fault(p: Program, i: Instruction, at: int) -> Blame | None:
    """What is wrong with the second derivative of an instruction whose rule is right."""
    q = alone(p, i)
    try:
        found = check_second(q, thorough=False)
    except TypeError as error:
        return Blame(at, None, f"its rule does not differentiate: {said(error)}", _NEEDS_ARRAYS)
    except RAISED:
        return None
    if found.verdict is not Verdict.FAIL:
        return None
    made = recorded(pulled_back(q, [Variable(x) for x in q.leaves], create_graph=True))
    for inner, start in () if made is None else zip(made.code, made.starts, strict=True):
        blame = None if made is None else _rule_at_fault(made, inner, start)
        if blame is not None:
            return replace(blame, value=at, what=f"its rule is made of {type(inner.op).__name__}, {blame.what}")
    if made is not None and check_first(made, thorough=False).verdict is Verdict.FAIL:
        words = "its rule is right, and so is what was recorded of it; its derivative is not"
        blame = _engine_at_fault(made)
        return Blame(at, None, words, _ENGINE if blame is None else blame.suspicion)
    beside = _beside(q, at)
    if beside is not None:
        return beside
    words = "its rule is right, its second derivative is not"
    cause = "zero where the reference is not: " if found.engine == 0 else ""
    return Blame(at, None, words, cause + "a saved intermediate: a plain array in the rule that depends on the input")


def _engine_at_fault(p: Program) -> Blame | None:
    """The last value whose cotangent in the engine differs from the sum of its contributions."""
    try:
        right = adjoints(p, p.leaves)
        given: list[Array | None] = [*kernel(p, p.leaves), *(None for _ in right[len(p.leaves) :])]
        if len(p.ends) == 1:
            given = _gradients(p)
    except RAISED as error:
        return Blame(len(p.values) - 1, None, f"the engine raises {said(error)}", _ENGINE)
    for n in range(len(p.values) - 1, -1, -1):
        if len(p.ends) > 1 and n >= len(p.leaves):
            continue
        actual = given[n]
        if actual is None:
            actual = np.zeros(p.values[n].shape)
        uses = sum(r == n for i in p.code for r in i.operands if isinstance(r, int))
        if actual.shape != right[n].shape:
            words = f"its gradient has shape {actual.shape}, its data {right[n].shape}"
            return Blame(n, None, words, "missing sum_to, or leading axes only", right[n], actual)
        if not close(actual, right[n]):
            return Blame(
                n,
                None,
                f"all rules are right; used {uses} times",
                _accumulated(right[n], actual, uses),
                right[n],
                actual,
            )
    return None


def _gradients(p: Program) -> list[Array | None]:
    """The gradient of every value of a program with one output, by `backward`."""
    values = p.record([Variable(x) for x in p.leaves])
    (end,), (cotangent,) = p.ends, p.cotangents()
    if values[end].requires_grad:
        values[end].backward(cotangent.astype(values[end].dtype), retain_grad=True)
    return [v.grad for v in values]


def _accumulated(expected: Array, actual: Array, uses: int) -> str:
    """How the engine's sum of contributions is wrong."""
    if not actual.any():
        return "the engine: no contribution arrives"
    if close(actual, expected * 2):
        return "the engine: counted twice"
    if uses > 1:
        return "the engine: contributions overwritten, dropped, or added too late"
    return "the engine: the cotangent is changed on its way"
