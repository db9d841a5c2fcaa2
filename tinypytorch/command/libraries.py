"""Floor 6: `verify --library NAME`: another library under random programs. Imports `testing.libraries`, `workers`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from rich.console import Console
from rich.text import Text

from tinypytorch.command import workers
from tinypytorch.command.progress import shown
from tinypytorch.command.table import head
from tinypytorch.command.tasks import Outcome, Search, Searched, outcome_of
from tinypytorch.command.workers import Lost


def search(
    tasks: Sequence[Search], found: dict[int, Searched], jobs: int, timeout: float, out: Console, errors: Console
) -> None:
    """Search libraries, put what is found into `found`, and print it; what is found so far if it is interrupted."""
    most = max(task.examples for task in tasks)
    try:
        with (
            shown(errors, [task.library for task in tasks], most) as progress,
            closing(workers.run(tasks, jobs, timeout, progress.heard)) as results,
        ):
            for number, result in results:
                if isinstance(result, Lost):
                    found[number] = Searched(tasks[number].library, failure=f"{result.outcome.value}: {result.text}")
                elif isinstance(result, Searched):
                    found[number] = result
                if found[number].finished:
                    progress.done(number, found[number].library, outcome_of(found[number]).value)
    finally:
        for number in sorted(found):
            _show(found[number], out)


def code_of(found: Searched) -> int:
    """The exit status for one library: 1 if anything is found, or it crashed; 2 if there is no such library."""
    outcome = outcome_of(found)
    return 2 if outcome is Outcome.MISUSED else 1 if outcome in (Outcome.WRONG, Outcome.RAISED) else 0


def _show(found: Searched, out: Console) -> None:
    """Print what was found in one library."""
    if found.trouble or found.failure:
        out.print(Text(f"{found.library}: {found.trouble or found.failure}", "bold red"), soft_wrap=True)
        return
    if not found.finished and not found.version:
        out.print(Text(f"{found.library}: interrupted before anything was found", "yellow"), soft_wrap=True)
        return
    for one in found.discoveries:
        head(f"{found.library} {found.version}: {one.title} ({one.count} programs)", "bold red", out)
        out.print(one.script.rstrip("\n"), soft_wrap=True)
        out.print()
    text = summary(found)
    style = "bold red" if found.discoveries else "green" if found.finished else "yellow"
    out.print(Text(text, style), soft_wrap=True)


def summary(found: Searched) -> str:
    """What was found, in a line."""
    counts = f"{found.right} programs right, {found.unjudged} not judged, {found.unsupported} not supported"
    end = "" if found.finished else ", interrupted"
    name = f"{found.library} {found.version}"
    return f"{name}: {len(found.discoveries)} discoveries; {counts}; {found.seconds:.1f} s{end}"
