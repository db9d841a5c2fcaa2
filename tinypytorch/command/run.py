"""Floor 6: the commands, from options to the exit status. Imports all of `command`.

0: verified. 1: a counterexample, or a target that could not be verified. 2: wrong use. 130: interrupted.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rich.console import Console

from tinypytorch.command import certificate as certificates
from tinypytorch.command import documents, libraries, listing, reports, table, workers
from tinypytorch.command.arguments import Options
from tinypytorch.command.progress import Shown, shown
from tinypytorch.command.targets import Place, place_of
from tinypytorch.command.tasks import (
    FAILURES,
    Builtin,
    Check,
    Find,
    Found,
    Outcome,
    Row,
    Search,
    Searched,
    Task,
    label_of,
    lost,
)
from tinypytorch.command.workers import Lost, Result
from tinypytorch.testing import extras
from tinypytorch.testing.composed import COMPOSED
from tinypytorch.testing.pool import NAMES
from tinypytorch.testing.verify import Settings

INTERRUPTED: Final = 130
# Programs for a library, unless a number is asked for: a search has more to find than a verification.
LIBRARY_EXAMPLES: Final = 2000


def main(options: Options) -> int:
    """Do what was asked for; the exit status."""
    if options.command == "list":
        return _list(options)
    return Run(options).verify()


def _list(options: Options) -> int:
    """Show the ops, or write the tables of the documentation."""
    try:
        if options.markdown:
            documents.write_ops(Path(options.markdown))
        if options.numpy:
            Path(options.numpy).write_text(documents.numpy_names(), encoding="utf-8")
    except OSError as error:
        table.console(stderr=True).print(f"{error.filename}: {error.strerror}", soft_wrap=True)
        return 2
    if not options.markdown and not options.numpy:
        listing.show(table.console())
    return 0


@dataclass
class Run:
    """One run of `verify`."""

    options: Options
    settings: Settings = field(default_factory=Settings)
    rows: list[Row] = field(default_factory=list[Row])
    searched: dict[int, Searched] = field(default_factory=dict[int, Searched])
    interrupted: bool = False
    start: float = field(default_factory=time.monotonic)

    def verify(self) -> int:
        """Verify the targets, and report."""
        options = self.options
        errors, out = table.console(stderr=True), table.console(stderr=options.json == "-")
        try:
            kept = self._kept()
        except (OSError, ValueError) as error:
            errors.print(f"{options.check_certificate}: {error}", soft_wrap=True)
            return 2
        self.settings = _settings(options, kept)
        names = dict.fromkeys(options.library)
        self.searched = {n: Searched(name, finished=False) for n, name in enumerate(names)}
        try:
            if options.targets or not options.library:
                self._run(self._found(), errors)
        except KeyboardInterrupt:
            self.interrupted = True
        code = exit_code(self.rows)
        table.show(self.rows, out, self.settings.seed, self._seconds())
        if not (options.targets or options.library or extras.installed()):
            out.print(f"left out: the ops of tinypytorch.special; they need {extras.NEEDED}", soft_wrap=True)
        if options.library and not self.interrupted:
            examples = options.examples or LIBRARY_EXAMPLES
            searches = [Search(name, examples, self.settings.seed, options.seconds) for name in names]
            try:
                libraries.search(searches, self.searched, self._jobs(), options.timeout, out, errors)
            except KeyboardInterrupt:
                self.interrupted = True
            for found in self.searched.values():
                code = worst(code, libraries.code_of(found))
        if kept is not None and not self.interrupted:
            code = worst(code, _compared(kept, self.rows, options.check_certificate, out))
        if self.interrupted:
            out.print("interrupted: this is what was done so far", style="yellow")
            code = INTERRUPTED
        return self._written(code, errors)

    def _seconds(self) -> float:
        return time.monotonic() - self.start

    def _kept(self) -> certificates.Kept | None:
        """The certificate that is to be checked."""
        name = self.options.check_certificate
        return certificates.read(Path(name).read_text(encoding="utf-8")) if name else None

    def _found(self) -> list[Task | Row]:
        """What is to be verified, in order; for what cannot be, its row."""
        if not self.options.targets:
            return [Builtin(name, self.settings) for name in (*NAMES, *COMPOSED, *extras.names())]
        steps: list[Task | Row] = []
        for text in dict.fromkeys(self.options.targets):
            if Path(text).exists() or not _is_ours(text):
                steps.append(Find(place_of(text)))
            elif extras.is_extra(text) and not extras.installed():
                steps.append(lost(Builtin(text, self.settings), Outcome.MISUSED, f"it needs {extras.NEEDED}"))
            else:
                steps.append(Builtin(text, self.settings))
        finds = [n for n, step in enumerate(steps) if isinstance(step, Find)]
        tasks = [step for step in steps if isinstance(step, Find)]
        instead: dict[int, Sequence[Task | Row]] = {}
        with closing(workers.run(tasks, self._jobs(), self.options.timeout, lambda number, done: None)) as results:
            for number, result in results:
                instead[finds[number]] = self._entries(tasks[number].place, result)
        return [new for n, step in enumerate(steps) for new in instead.get(n, [step])]

    def _entries(self, place: Place, result: Result) -> list[Task | Row]:
        """What a target turned out to be."""
        task = Find(place)
        if isinstance(result, Lost):
            words = "importing it hung" if result.outcome is Outcome.HUNG else "it cannot be imported"
            return [lost(task, Outcome.MISUSED, f"{words}: {result.text}")]
        if not isinstance(result, Found) or result.trouble:
            return [lost(task, Outcome.MISUSED, result.trouble if isinstance(result, Found) else "")]
        checks = [Check(place, entry, self.settings) for entry in result.entries]
        return [lost(c, Outcome.MISUSED, c.entry.trouble) if c.entry.trouble else c for c in checks]

    def _run(self, found: Sequence[Task | Row], errors: Console) -> None:
        """Verify; the rows are in the targets' order however they come, and complete if this is interrupted."""
        tasks = [task for task in found if not isinstance(task, Row)]
        rows: dict[int, Row] = {}
        try:
            with shown(errors, [label_of(task) for task in tasks], self.settings.examples) as progress:
                self._work(tasks, rows, progress)
        finally:
            left = iter(range(len(tasks)))
            for step in found:
                if isinstance(step, Row):
                    self.rows.append(step)
                else:
                    self.rows.append(rows.get(next(left)) or lost(step, Outcome.UNFINISHED, ""))

    def _work(self, tasks: Sequence[Task], rows: dict[int, Row], progress: Shown) -> None:
        with closing(workers.run(tasks, self._jobs(), self.options.timeout, progress.heard)) as results:
            for number, result in results:
                if isinstance(result, Lost):
                    rows[number] = lost(tasks[number], result.outcome, result.text)
                elif isinstance(result, Row):
                    rows[number] = result
                row = rows[number]
                progress.done(number, row.target, row.outcome.value, row.report.programs, row.report.seconds)

    def _jobs(self) -> int:
        if self.options.jobs:
            return self.options.jobs
        available = getattr(os, "sched_getaffinity", None)
        return len(os.sched_getaffinity(0)) if available else os.cpu_count() or 1

    def _written(self, code: int, errors: Console) -> int:
        """Write the files that were asked for; the exit status."""
        options, seconds = self.options, self._seconds()
        found = [self.searched[n] for n in sorted(self.searched)]
        content = {
            options.json: reports.as_json(self.rows, found, self.settings, seconds, code) if options.json else "",
            options.junit: reports.as_junit(self.rows, found, seconds) if options.junit else "",
        }
        if options.certificate and not self.interrupted:
            content[options.certificate] = certificates.certificate(self.rows, self.settings, options.written)
        for name, text in content.items():
            if name == "-":
                sys.stdout.write(text)
            elif name:
                try:
                    Path(name).write_text(text, encoding="utf-8")
                except OSError as error:
                    errors.print(f"{name}: cannot be written: {error.strerror}", style="red", soft_wrap=True)
                    code = worst(code, 2)
        return code


def _is_ours(text: str) -> bool:
    """Whether a target is the name of an op of the package, or of a function that is verified with them."""
    if extras.is_extra(text):
        return text in extras.names() if extras.installed() else ":" not in text
    return text in NAMES or text in COMPOSED


def _settings(options: Options, kept: certificates.Kept | None) -> Settings:
    """The settings: as asked for, else those of a certificate that is checked, else the defaults."""
    plain = Settings()
    if kept is not None:
        plain = replace(
            plain,
            examples=kept.examples or plain.examples,
            seed=plain.seed if kept.seed is None else kept.seed,
            orders=kept.orders or plain.orders,
            dtypes=kept.dtypes or plain.dtypes,
        )
    return replace(
        plain,
        examples=options.examples or plain.examples,
        seconds=options.seconds,
        seed=plain.seed if options.seed is None else options.seed,
        orders=options.orders or plain.orders,
        dtypes=tuple(dict.fromkeys(options.dtype)) or plain.dtypes,
    )


def exit_code(rows: Sequence[Row]) -> int:
    """1 if a target failed, else 2 if there was one that is none, else 0."""
    if any(row.outcome in FAILURES for row in rows):
        return 1
    return 2 if any(row.outcome is Outcome.MISUSED for row in rows) else 0


def worst(a: int, b: int) -> int:
    """The exit status of two together: a failure, then wrong use, then success."""
    return 1 if 1 in (a, b) else max(a, b)


def _compared(kept: certificates.Kept, rows: Sequence[Row], name: str, out: Console) -> int:
    found = certificates.differences(kept, rows)
    if not found:
        without = "" if extras.installed() else f"; its rows of tinypytorch.special need {extras.NEEDED}"
        out.print(f"{name} is current{without}", style="green", soft_wrap=True)
        return 0
    out.print(f"{name} is not current:", style="bold red", soft_wrap=True)
    out.print("\n".join(f"  {line}" for line in found), soft_wrap=True)
    return 1
