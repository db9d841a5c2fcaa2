"""Floor 6: verify one op, one function or the whole kernel: many programs, one report. Imports `testing`.

>>> from tinypytorch.ops.elementwise import Sin
>>> report = verify_op(Sin(), settings=Settings(examples=20))
>>> report.verdict, report.programs
(<Verdict.PASS: 'pass'>, 20)
"""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.function import Function
from tinypytorch.ops import spec_of
from tinypytorch.testing import extras
from tinypytorch.testing.checks import Finding, Verdict
from tinypytorch.testing.composed import COMPOSED, Composed
from tinypytorch.testing.conventions import check_conventions
from tinypytorch.testing.draws import random_plans
from tinypytorch.testing.examine import BEYOND, RAISED, Failure, examine, smallest
from tinypytorch.testing.explain import Blame, explain
from tinypytorch.testing.functions import opaque_programs
from tinypytorch.testing.invariants import Invariant
from tinypytorch.testing.opaque import Opaque, Traced
from tinypytorch.testing.operands import Step
from tinypytorch.testing.pool import EVERYWHERE, POOL, STEPS, applied, build
from tinypytorch.testing.programs import Plan, Program
from tinypytorch.testing.reduce import INSTRUCTIONS
from tinypytorch.testing.render import explanation
from tinypytorch.testing.steps import refusal, step_of
from tinypytorch.testing.whose import said


@dataclass(frozen=True)
class Settings:
    """How much is verified, and of what.

    examples: programs for each target.
    seconds: stop earlier, after this time; a counterexample is made smaller for as long again at most.
    seed: the same seed gives the same programs.
    orders: derivatives to check, 1 and 2.
    dtypes: of the leaves, drawn for each program.
    max_nodes: instructions of a program at most, before those that bring operands into an op's domain.
    thorough: of so many programs one is checked by all references, and for some of what must hold beside the value, in
        turn (0: none).
    """

    examples: int = 200
    seconds: float | None = None
    seed: int = 0
    orders: tuple[int, ...] = (1, 2)
    dtypes: tuple[str, ...] = ("float64",)
    max_nodes: int = 7
    thorough: int = 8


@dataclass
class Coverage:
    """What the programs of a run were like, counted.

    calls: programs that are one call of a function, in which there is nothing to reuse.
    reused: programs of ops that reuse an inner node.
    """

    ops: Counter[str] = field(default_factory=Counter[str])
    dtypes: Counter[str] = field(default_factory=Counter[str])
    calls: int = 0
    reused: int = 0
    fan_out: Counter[int] = field(default_factory=Counter[int])
    broadcasts: Counter[str] = field(default_factory=Counter[str])

    def count(self, p: Program) -> None:
        """Count one program."""
        self.ops.update(type(i.op).__name__ for i in p.code)
        self.dtypes.update({x.dtype.name for x in p.leaves})
        uses = Counter(r for i in p.code for r in i.operands if isinstance(r, int))
        self.fan_out.update(uses.values())
        self.calls += all(isinstance(i.op, Opaque) for i in p.code)
        self.reused += p.reused > 0
        self.broadcasts.update(p.broadcasts())


@dataclass
class Report:
    """What a verification found.

    verdict: FAIL with a counterexample; INCONCLUSIVE if nothing could be told; else PASS.
    orders: the orders of derivatives that were checked.
    skipped: programs in which the op could not take part.
    references: how many verdicts rest on each reference.
    worst_ulps: the largest error among the passed, in units in the last place of the sum of absolute terms.
    inconclusive: how many verdicts were, by reason.
    text: the explanation of the failure.
    """

    target: str
    verdict: Verdict = Verdict.PASS
    orders: tuple[int, ...] = ()
    programs: int = 0
    skipped: int = 0
    seconds: float = 0.0
    references: Counter[str] = field(default_factory=Counter[str])
    worst_ulps: float = 0.0
    inconclusive: Counter[str] = field(default_factory=Counter[str])
    kink: str = ""
    coverage: Coverage = field(default_factory=Coverage)
    failure: Failure | None = None
    blame: Blame | None = None
    text: str = ""

    def add(self, finding: Finding) -> None:
        """Count one verdict on a derivative."""
        self.references.update(finding.references)
        if finding.verdict is Verdict.INCONCLUSIVE:
            self.inconclusive[finding.reason] += 1
        elif finding.verdict is Verdict.PASS:
            self.worst_ulps = max(self.worst_ulps, finding.ulps)


# For every program with the op, so many without are let pass before giving up: it takes none of their operands.
_PATIENCE: Final = 50
# At so many points a function is called on plain arrays, too.
_TOLD: Final = 5
# How many checks beside the value a thorough program gets.
_AT_ONCE: Final = 5

# Called after every program with how many are done.
Progress: TypeAlias = Callable[[int], None]


def verify_op(
    op: Function, name: str = "", settings: Settings = Settings(), progress: Progress = lambda done: None
) -> Report:
    """Verify an op, alone and inside random programs among the built-in ops."""
    target = name or type(op).__name__
    step, needed = step_of(op), type(op).__name__
    report = _verify(
        target, with_step(step, settings), short(step, settings), settings, progress, spec_of(op).kink, needed
    )
    if not report.programs and (words := refusal(op)):
        report.text += f". It raises {words}"
    return _at_kinks(report, op)


def verify_builtin(name: str, settings: Settings = Settings(), progress: Progress = lambda done: None) -> Report:
    """Verify one of the package's own ops, by its name in `NAMES` or, where SciPy is installed, in `extras.names()`."""
    others = tuple(extras.steps().values()) if extras.is_extra(name) else ()
    step = extras.steps()[name] if others else POOL[name]
    op = applied(step)
    drawn, few = with_step(step, settings, others), short(step, settings, others)
    return _at_kinks(_verify(name, drawn, few, settings, progress, spec_of(op).kink), op)


def verify_composed(name: str, settings: Settings = Settings(), progress: Progress = lambda done: None) -> Report:
    """Verify one of the package's functions that are made of ops, by its name in `COMPOSED` or `extras.composed()`.

    With a quarter of the examples: their ops have had theirs; what is left to see is how they are put together.
    """
    made = composed_with(name)[name]
    fewer = replace(settings, examples=max(settings.examples // 4, 1))
    return verify_function(made.function, *made.arrays(), name=name, settings=fewer, progress=progress)


def composed_with(name: str) -> Mapping[str, Composed]:
    """The table of functions that one of this name would be in."""
    return extras.composed() if extras.is_extra(name) else COMPOSED


def verify_function(
    f: Traced,
    *arrays: Array,
    name: str = "",
    settings: Settings = Settings(),
    progress: Progress = lambda done: None,
) -> Report:
    """Verify a function of Variables at these arrays and at others of their shapes.

    A function that is written with NumPy and operators is differentiated by dual numbers; one that calls this package's
    functions, by differences. One that takes plain arrays, too, must give the same values for them: else a comparison
    or a branch in it tells them apart, and what is differentiated is another function than the one that was meant.
    """
    target = name or getattr(f, "__name__", "function")
    report = _verify(target, opaque_programs(f, arrays, settings.seed), (), settings, progress)
    points = itertools.islice(opaque_programs(f, arrays, settings.seed), min(_TOLD, report.programs))
    complaint = next(filter(None, (Opaque(f).told_apart(*p.leaves) for p in points)), "")
    if complaint:
        report.verdict = Verdict.FAIL
        report.text = f"Variables are told apart from arrays: {complaint}{report.text and chr(10) * 2}{report.text}"
    return report


def _at_kinks(report: Report, op: Function) -> Report:
    """Check the op's convention, too, if nothing else has failed."""
    if report.verdict is not Verdict.FAIL:
        try:
            complaint = check_conventions(op)
        except RAISED as error:
            complaint = said(error)
        if complaint:
            report.verdict = Verdict.FAIL
            report.text = f"kink convention: {complaint}"
    return report


def programs_with(op: Function, settings: Settings = Settings()) -> Iterator[Program]:
    """Programs without end in which an op takes part."""
    return with_step(step_of(op), settings)


def with_step(step: Step, settings: Settings, more: tuple[Step, ...] = ()) -> Iterator[Program]:
    """Programs in which this step takes part: alone in one of ten, else among the others, about a third of all.

    more: steps that are among the others, too.
    """
    others = (*(EVERYWHERE if any(np.dtype(dtype).kind == "c" for dtype in settings.dtypes) else STEPS), *more)
    steps = (step, *others)
    for n, plan in enumerate(random_plans(settings.seed, settings.max_nodes, settings.dtypes)):
        drawn = plan.steps[:1] if n % 10 == 0 else plan.steps
        last = len(drawn) - 1  # often the one that joins two results: it stays as it is
        mine = n % max(last, 1)
        chosen = tuple(
            (0 if at == mine or (at < last and op % 3 == 0) else 1 + op % len(others), i, j, k)
            for at, (op, i, j, k) in enumerate(drawn)
        )
        banned = tuple(1 + b % len(others) for b in plan.banned)
        yield build(Plan(plan.leaves, chosen, banned, plan.dtype), steps)


def short(step: Step, settings: Settings, more: tuple[Step, ...] = ()) -> Iterator[Program]:
    """Programs of a few steps, one of which is this."""
    return with_step(step, replace(settings, max_nodes=INSTRUCTIONS), more)


def _verify(
    target: str,
    programs: Iterator[Program],
    others: Iterable[Program],
    settings: Settings,
    progress: Progress,
    kink: str = "",
    needed: str = "",
) -> Report:
    """Examine programs until one fails, or enough have passed; `others` are short ones."""
    report = Report(target, orders=settings.orders, kink=kink)
    start = time.monotonic()
    failure: Failure | None = None
    try:
        while report.programs < settings.examples:
            report.seconds = time.monotonic() - start
            if settings.seconds is not None and report.seconds > settings.seconds:
                break
            p = next(programs)
            if not p.code or (needed and not any(type(i.op).__name__ == needed for i in p.code)):
                report.skipped += 1
                if report.skipped > _PATIENCE * (report.programs + 1):
                    break
                continue
            report.coverage.count(p)
            thorough = settings.thorough > 0 and report.programs % settings.thorough == 0
            examined = examine(
                p, settings.orders, thorough, _turn(report.programs // settings.thorough) if thorough else ()
            )
            report.programs += 1
            for finding in examined.findings:
                report.add(finding)
            failure = examined.failure
            if failure is not None:
                break
            progress(report.programs)
    except RAISED as error:
        report.verdict = Verdict.FAIL
        report.text = f"a forward raised while a program was built: {said(error)}"
    if failure is not None:
        _explain(report, failure, others, settings.seconds)
    report.seconds = time.monotonic() - start
    if report.verdict is Verdict.PASS and not report.programs:
        report.verdict = Verdict.INCONCLUSIVE
        report.text = "no operands were found that this op takes; declare `spec = Spec(domain=..., cases=...)` on it"
    elif report.verdict is Verdict.PASS and sum(report.inconclusive.values()) == report.programs * len(report.orders):
        report.verdict = Verdict.INCONCLUSIVE
    return report


def _turn(n: int) -> tuple[Invariant, ...]:
    """The checks beside the value whose turn it is: a few for each thorough program, all of them over several."""
    return tuple(BEYOND[(n * _AT_ONCE + k) % len(BEYOND)] for k in range(_AT_ONCE))


def _explain(report: Report, failure: Failure, others: Iterable[Program], seconds: float | None) -> None:
    """Put the smallest form of a failure into the report, with what is at fault."""
    report.verdict = Verdict.FAIL
    thorough = bool(failure.finding and len(failure.finding.references) > 1)
    until = math.inf if seconds is None else time.monotonic() + seconds
    report.failure = smallest(failure, thorough, others, until)
    report.blame = explain(report.failure)
    report.text = explanation(report.failure, report.blame)
