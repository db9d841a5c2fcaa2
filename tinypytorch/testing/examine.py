"""Floor 6: everything that is checked on one program, and what fails first. Imports floors 1 to 4 and `testing`."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tinypytorch.testing.checks import Finding, Verdict, check_first, check_second
from tinypytorch.testing.invariants import INVARIANTS, Invariant
from tinypytorch.testing.matrix import check_layouts
from tinypytorch.testing.metamorphic import METAMORPHIC
from tinypytorch.testing.programs import Program
from tinypytorch.testing.reduce import is_small, reduced
from tinypytorch.testing.whose import said

# Everything that is checked beside the value of a derivative.
BEYOND: Final[tuple[Invariant, ...]] = (*INVARIANTS, *METAMORPHIC, check_layouts)
# What a wrong op or a wrong engine may raise while it is checked: anything.
RAISED: Final = (Exception,)


@dataclass(frozen=True)
class Failure:
    """A check that failed on a program: its name, what it said, and its numbers if it compared any."""

    program: Program
    check: str
    message: str
    finding: Finding | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Examined:
    """What the checks found on one program: the verdicts on its derivatives, and the first failure if there is one."""

    findings: tuple[Finding, ...]
    failure: Failure | None = None


def examine(
    p: Program, orders: Sequence[int] = (1, 2), thorough: bool = False, invariants: Sequence[Invariant] = BEYOND
) -> Examined:
    """Check a program's derivatives of these orders, and then what must hold beside their values."""
    findings: list[Finding] = []
    for order in orders:
        name = "first derivative" if order == 1 else "second derivative"
        try:
            finding = check_first(p, thorough=thorough) if order == 1 else check_second(p, thorough=thorough)
        except RAISED as error:
            return Examined(tuple(findings), Failure(p, name, said(error), error=error))
        findings.append(finding)
        if finding.verdict is Verdict.FAIL:
            words = f"{finding.engine!r} where {finding.expected!r} is right (at most {finding.tolerance:.1e} apart)"
            words += f", {finding.reason}" if finding.reason else ""
            return Examined(tuple(findings), Failure(p, name, words, finding))
    for invariant in invariants:
        name = invariant.__name__.removeprefix("check_").replace("_", " ")
        try:
            complaint = invariant(p)
        except RAISED as error:
            return Examined(tuple(findings), Failure(p, name, said(error), error=error))
        if complaint:
            return Examined(tuple(findings), Failure(p, name, complaint))
    return Examined(tuple(findings))


def _built(programs: Iterable[Program]) -> Iterator[Program]:
    """The programs, up to one in which a forward raises."""
    with suppress(*RAISED):
        yield from programs


# How many programs are looked at for a smaller one with the same failure.
_LOOK: Final = 10000


def smallest(
    failure: Failure, thorough: bool = False, others: Iterable[Program] = (), until: float = math.inf
) -> Failure:
    """The same failure on the smallest program that has it.

    others: short programs, among which a smaller one is looked for if making the failing one smaller ends too early.
        Where a failure depends on more than the program, such as on what has been computed before, it often does.
    until: when to stop, by `time.monotonic`.
    """
    orders = {"first derivative": (1,), "second derivative": (2,)}.get(failure.check, ())
    invariants = [i for i in BEYOND if i.__name__.removeprefix("check_").replace("_", " ") == failure.check]

    def again(p: Program) -> Failure | None:
        found = examine(p, orders, thorough, invariants).failure
        # A wrong value is what is left of a wrong shape where the array is too small for it to be refused.
        same = found is not None and (found.finding is not None or type(found.error) is type(failure.error))
        return found if same else None

    found = failure

    def fails(p: Program) -> bool:
        nonlocal found
        seen = again(p)
        found = seen or found
        return seen is not None

    reduced(failure.program, fails, until)  # which goes on from each program that fails: the last one is the smallest
    if not is_small(found.program):
        for p in islice(_built(others), _LOOK):
            if time.monotonic() > until:
                break
            other = examine(p, (1, *orders), thorough, invariants).failure if p.code and is_small(p) else None
            least = other and smallest(other, thorough, (), until)
            if least is not None and is_small(least.program):
                return least
    return found
