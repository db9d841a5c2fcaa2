"""What a person reads: a table for each workload, and the sum of it all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.judge import Outcome
from benchmarks.libraries import LIBRARIES, OURS
from benchmarks.words import Row, rows, whole

# Where there is no terminal, lines are as long as they need to be.
_LINE: Final = 160
_STYLES: Final = {True: "green", False: "bold red", None: "dim"}


def console(stderr: bool = False) -> Console:
    """Where to print: as wide as the terminal, or as needed if there is none."""
    width = None if (sys.stderr if stderr else sys.stdout).isatty() else _LINE
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def columns(outcome: Outcome) -> list[str]:
    """The names of the columns; that of the cases only where there are several."""
    cases = len({series.case for series in outcome.series}) > 1
    per_op = " per op" if outcome.workload.per_op else ""
    return [*([""] if cases else []), "library", f"median{per_op}", "quartiles", "ours / its", "target", ""]


def cells(outcome: Outcome, row: Row, first: bool) -> list[str]:
    """The entries of a row; the case is named in the first one only."""
    cases = len({series.case for series in outcome.series}) > 1
    label = [row.case if first else ""] if cases else []
    return [*label, row.library, row.median, row.quartiles, row.ratio, row.target, row.verdict]


def show(outcome: Outcome, out: Console) -> None:
    """Print the table of a workload."""
    rounds = max((len(series.figures) for series in outcome.series), default=0)
    out.print(Text.assemble((outcome.workload.name, "bold"), f": {outcome.workload.title} ({rounds} rounds)"))
    table = Table(box=SIMPLE, pad_edge=False)
    names = columns(outcome)
    for name in names:
        table.add_column(name, justify="right" if name.startswith(("median", "quartiles")) else "left")
    before = ""
    for n, row in enumerate(rows(outcome)):
        if n and row.case != before:
            table.add_section()
        entries = cells(outcome, row, n == 0 or row.case != before)
        style = "bold" if row.library == LIBRARIES[OURS].title else ""
        table.add_row(*entries[:-1], Text(entries[-1], _STYLES[row.met]), style=style)
        before = row.case
    out.print(table)


def sum_of(outcomes: Sequence[Outcome]) -> list[str]:
    """How many targets are met, and which are missed."""
    verdicts = [(v, outcome.workload.unit) for outcome in outcomes for v in outcome.verdicts]
    if not verdicts:
        return []
    states = [v.met for v, _ in verdicts]
    unknown = f", {states.count(None)} not measured" if None in states else ""
    first = f"{states.count(True)} of {len(states)} targets met, {states.count(False)} missed{unknown}"
    return [first, *[f"  {whole(v, unit)}" for v, unit in verdicts if v.met is False]]
