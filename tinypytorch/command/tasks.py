"""Floor 6: what a worker process does, and what comes back: small values that can be pickled. Imports `testing`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from typing import Final, TypeAlias

from tinypytorch.command.targets import Entry, MisuseError, Place, entries, is_op, is_traced, resolve
from tinypytorch.testing.checks import Verdict
from tinypytorch.testing.libraries import LIBRARIES, library
from tinypytorch.testing.libraries.search import Report as LibraryReport
from tinypytorch.testing.libraries.search import search
from tinypytorch.testing.verify import (
    Report,
    Settings,
    composed_with,
    verify_builtin,
    verify_composed,
    verify_function,
    verify_op,
)
from tinypytorch.testing.whose import said


class Outcome(Enum):
    """What became of a target; the values are the words of the table."""

    VERIFIED = "verified"
    WRONG = "WRONG"
    INCONCLUSIVE = "inconclusive"
    RAISED = "raised"
    CRASHED = "crashed"
    HUNG = "hung"
    MISUSED = "invalid"
    UNFINISHED = "not run"


# Failures of the target itself, not of how it was named.
FAILURES: Final = (Outcome.WRONG, Outcome.INCONCLUSIVE, Outcome.RAISED, Outcome.CRASHED, Outcome.HUNG)
_OUTCOMES: Final = {
    Verdict.PASS: Outcome.VERIFIED,
    Verdict.FAIL: Outcome.WRONG,
    Verdict.INCONCLUSIVE: Outcome.INCONCLUSIVE,
}


@dataclass(frozen=True)
class Row:
    """One line of the table: a target and its report, without the program that failed.

    text: the explanation, for everything but a verified target.
    check, suspicion: what failed, and the mistake that it looks like, if one was found.
    """

    target: str
    outcome: Outcome
    report: Report
    text: str = ""
    check: str = ""
    suspicion: str = ""

    @property
    def inconclusive(self) -> float:
        """The share of verdicts on derivatives that were inconclusive."""
        return sum(self.report.inconclusive.values()) / max(1, self.verdicts)

    @property
    def verdicts(self) -> int:
        """How many verdicts on derivatives there are."""
        return self.report.programs * len(self.report.orders)


@dataclass(frozen=True)
class Find:
    """Find the ops that a target names."""

    place: Place


@dataclass(frozen=True)
class Builtin:
    """Verify an op of the package, or a function that is made of some."""

    name: str
    settings: Settings


@dataclass(frozen=True)
class Check:
    """Verify an op or function of somebody's own."""

    place: Place
    entry: Entry
    settings: Settings


@dataclass(frozen=True)
class Found:
    """The ops that a target names; or why it names none."""

    entries: tuple[Entry, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Search:
    """Search another library for wrong gradients."""

    library: str
    examples: int
    seed: int
    seconds: float | None = None


@dataclass(frozen=True)
class Discovered:
    """A fault of another library, with the script that shows it, and how many programs met it."""

    title: str
    count: int
    script: str


@dataclass(frozen=True)
class Searched:
    """What was found in another library, so far if not `finished`.

    trouble: why it cannot be searched. failure: how the search ended.
    """

    library: str
    version: str = ""
    right: int = 0
    unjudged: int = 0
    unsupported: int = 0
    discoveries: tuple[Discovered, ...] = ()
    seconds: float = 0.0
    trouble: str = ""
    failure: str = ""
    finished: bool = True


Task: TypeAlias = Find | Builtin | Check | Search
Answer: TypeAlias = Found | Row | Searched
# Told after every program how many are done; and of a search, what it has found so far when that is more.
Tell: TypeAlias = Callable[["int | Searched"], None]


def perform(task: Task, tell: Tell) -> Answer:
    """Do what a task says; no exception gets out, whatever somebody's code raises."""
    if isinstance(task, Find):
        return _found(task)
    if isinstance(task, Search):
        return _searched(task, tell)
    start = time.monotonic()
    try:
        if isinstance(task, Builtin):
            check = verify_composed if task.name in composed_with(task.name) else verify_builtin
            return row_of(check(task.name, task.settings, tell))
        return _checked(task, tell)
    except MisuseError as error:
        return lost(task, Outcome.MISUSED, str(error))
    except (Exception, SystemExit) as error:
        words = "it ends the program" if isinstance(error, SystemExit) else "it raised"
        hint = "if it does not take these operands, let it raise a ValueError: then others are tried"
        found = lost(task, Outcome.RAISED, f"{words}: {said(error)}\n{hint}")
        return replace(found, report=replace(found.report, seconds=time.monotonic() - start))


def _found(task: Find) -> Found:
    try:
        return Found(entries(task.place))
    except MisuseError as error:
        return Found(trouble=str(error))


def _checked(task: Check, tell: Tell) -> Row:
    target = resolve(task.place, task.entry)
    label = task.entry.label
    if is_op(target):
        return row_of(verify_op(target, label, task.settings, tell))
    if is_traced(target):
        row = row_of(verify_function(target, name=label, settings=task.settings, progress=tell))
        hint = "\nin a test, the pytest plugin's `verify(f, x, y)` gives a function arrays of yours"
        return replace(row, text=row.text + hint) if row.outcome is Outcome.RAISED else row
    raise MisuseError(f"{label} is no op, and cannot be called")


def _searched(task: Search, tell: Tell) -> Searched:
    try:
        if task.library in LIBRARIES:
            version(task.library)
        found = search(
            library(task.library),
            task.examples,
            task.seed,
            tell=tell,
            share=lambda found: tell(_report(found, finished=False)),
            seconds=task.seconds,
        )
    except PackageNotFoundError:
        return Searched(task.library, trouble=f"not installed: pip install {task.library}")
    except ValueError as error:
        if task.library in LIBRARIES:
            return Searched(task.library, failure=said(error))
        return Searched(task.library, trouble=str(error))
    except Exception as error:  # whatever a library raises where none is expected
        return Searched(task.library, failure=said(error))
    return _report(found, finished=True)


def _report(found: LibraryReport, finished: bool) -> Searched:
    """A library's report, as a value that can be pickled."""
    return Searched(
        found.library,
        found.version,
        found.right,
        found.unjudged.total(),
        found.unsupported.total(),
        tuple(Discovered(d.title, d.count, d.script) for d in found.discoveries),
        found.seconds,
        finished=finished,
    )


def outcome_of(found: Searched) -> Outcome:
    """The outcome of a search, in the words of targets."""
    if found.trouble:
        return Outcome.MISUSED
    if found.failure:
        return Outcome.RAISED
    if found.discoveries:
        return Outcome.WRONG
    return Outcome.VERIFIED if found.finished else Outcome.UNFINISHED


def row_of(report: Report) -> Row:
    """The row of a report."""
    outcome = _OUTCOMES[report.verdict]
    if outcome is Outcome.WRONG and report.failure is None:
        outcome = Outcome.RAISED
    return Row(
        report.target,
        outcome,
        replace(report, failure=None, blame=None),
        explained(report),
        "" if report.failure is None else report.failure.check,
        "" if report.blame is None else report.blame.suspicion,
    )


def explained(report: Report) -> str:
    """The report's explanation, without addresses in memory; for one that is inconclusive, the reasons."""
    text = report.text
    if report.verdict is Verdict.INCONCLUSIVE and not text:
        reasons = (f"{n} times: {reason}" for reason, n in report.inconclusive.most_common(3))
        text = "\n".join(["no reference could tell anything about any of the programs:", *reasons])
    return re.sub(r"<(?:[\w.]*\.)?(\w+) object at 0x[0-9a-f]+>", r"\1()", text)


def label_of(task: Task) -> str:
    """What a task is about, for people."""
    if isinstance(task, Builtin):
        return task.name
    if isinstance(task, Search):
        return task.library
    return task.place.text if isinstance(task, Find) else task.entry.label


def lost(task: Task, outcome: Outcome, text: str) -> Row:
    """The row of a target without a report."""
    orders = task.settings.orders if isinstance(task, (Builtin, Check)) else ()
    return Row(label_of(task), outcome, Report(label_of(task), orders=orders), text)
