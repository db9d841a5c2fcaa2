"""Floor 6: `verify --library NAME`: another library under random programs. Imports `testing.libraries`, `workers`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from rich.console import Console
from rich.text import Text

from tinypytorch.command import workers
from tinypytorch.command.progress import shown
from tinypytorch.command.table import head
from tinypytorch.command.tasks import Search, Searched, outcome_of
from tinypytorch.command.workers import Lost


def search(tasks: Sequence[Search], jobs: int, timeout: float, out: Console, errors: Console) -> int:
    """Search libraries, and print what is found; 1 if anything is, 2 for a library that there is not."""
    found: dict[int, Searched] = {}
    most = max(task.examples for task in tasks)
    with (
        shown(errors, [task.library for task in tasks], most) as progress,
        closing(workers.run(tasks, jobs, timeout, progress.heard)) as results,
    ):
        for number, result in results:
            if isinstance(result, Lost):
                found[number] = Searched(tasks[number].library, failure=f"{result.outcome.value}: {result.text}")
            elif isinstance(result, Searched):
                found[number] = result
            progress.done(number, found[number].library, outcome_of(found[number]).value)
    for number in sorted(found):
        _show(found[number], out)
    codes = {_code(one) for one in found.values()}
    return 1 if 1 in codes else max(codes, default=0)


def _code(found: Searched) -> int:
    return 2 if found.trouble else 1 if found.failure or found.discoveries else 0


def _show(found: Searched, out: Console) -> None:
    """Print what was found in one library."""
    if found.trouble or found.failure:
        out.print(Text(f"{found.library}: {found.trouble or found.failure}", "bold red"), soft_wrap=True)
        return
    for one in found.discoveries:
        head(f"{found.library} {found.version}: {one.title} ({one.count} programs)", "bold red", out)
        out.print(one.script.rstrip("\n"), soft_wrap=True)
        out.print()
    counts = f"{found.right} programs right, {found.unjudged} not judged, {found.unsupported} not supported"
    text = f"{found.library} {found.version}: {len(found.discoveries)} discoveries; {counts}; {found.seconds:.1f} s"
    out.print(Text(text, "bold red" if found.discoveries else "green"), soft_wrap=True)
