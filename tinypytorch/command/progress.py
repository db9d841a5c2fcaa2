"""Floor 6: progress on a terminal: a bar; elsewhere: a line for each target. Imports rich, and `tasks`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tinypytorch.command.tasks import Outcome

# How many names of running targets are shown.
_NAMES: Final = 3


class Shown(Protocol):
    """What is told while the work is going on: `number` is a target's place among all."""

    def heard(self, number: int, programs: int) -> None:
        """So many programs of a target are done."""
        ...

    def done(self, number: int, label: str, outcome: str, programs: int = 0, seconds: float = 0.0) -> None:
        """A target is done."""
        ...


class Lines:
    """A line for each target that is done."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._count = console, total, 0

    def heard(self, number: int, programs: int) -> None:
        """Nothing: a log is no place for a bar."""

    def done(self, number: int, label: str, outcome: str, programs: int = 0, seconds: float = 0.0) -> None:
        """Say what became of it."""
        self._count += 1
        text = f"[{self._count}/{self._total}] {label}: {outcome}"
        if programs:
            text += f", {programs} program{'s' * (programs > 1)}, {seconds:.1f} s"
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class Bar:
    """A bar over the programs of all targets, with the names of those that run."""

    def __init__(self, progress: Progress, labels: list[str], examples: int) -> None:
        self._progress, self._labels, self._examples = progress, labels, examples
        self._programs: dict[int, int] = {}
        self._done: set[int] = set()
        self._failed = 0
        self._bar = progress.add_task("", total=len(labels) * examples, targets=f"0/{len(labels)}")

    def heard(self, number: int, programs: int) -> None:
        """Move the bar."""
        self._programs[number] = min(programs, self._examples)
        self._show()

    def done(self, number: int, label: str, outcome: str, programs: int = 0, seconds: float = 0.0) -> None:
        """Move the bar to the end of this target."""
        self._programs[number] = self._examples
        self._done.add(number)
        self._failed += outcome != Outcome.VERIFIED.value
        self._show()

    def _show(self) -> None:
        running = [self._labels[n] for n in self._programs if n not in self._done]
        more = " …" if len(running) > _NAMES else ""
        failed = f", {self._failed} failed" if self._failed else ""
        self._progress.update(
            self._bar,
            completed=sum(self._programs.values()),
            description=", ".join(running[:_NAMES]) + more,
            targets=f"{len(self._done)}/{len(self._labels)}{failed}",
        )


@contextmanager
def shown(console: Console, labels: list[str], examples: int) -> Generator[Shown]:
    """Progress on a console, for as long as the block lasts."""
    if not console.is_terminal:
        yield Lines(console, len(labels))
        return
    columns = (
        TextColumn("{task.fields[targets]}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress, labels, examples)
