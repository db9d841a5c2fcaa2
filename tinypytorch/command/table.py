"""Floor 6: what a person reads at the end: the table, the explanations, what was covered. Imports rich, and `tasks`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tinypytorch.command.tasks import Outcome, Row
from tinypytorch.ops import ALL
from tinypytorch.testing.verify import Coverage

# The references, in the order in which they are named; in the table of a narrow terminal, by a letter.
REFERENCES: Final = {
    "rounded duals": "r",
    "exact duals": "e",
    "50-digit duals": "p",
    "complex step": "c",
    "differences": "d",
}
# A reference that judged less than this part of an op's verdicts is not named: it judged programs without the op.
NAMED: Final = 0.01
# A terminal of so many columns has room for the references' names.
_WIDE: Final = 150
# Where there is no terminal, lines are as long as they need to be.
_LINE: Final = 200
_RULE: Final = 78
_STYLES: Final = {Outcome.VERIFIED: "green", Outcome.INCONCLUSIVE: "yellow", Outcome.UNFINISHED: "dim"}


def console(stderr: bool = False) -> Console:
    """Where to print: as wide as the terminal, or as needed if there is none."""
    width = None if (sys.stderr if stderr else sys.stdout).isatty() else _LINE
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def references_of(row: Row) -> list[str]:
    """The references that a row rests on, in a fixed order."""
    used = [name for name, n in row.report.references.items() if n >= NAMED * row.verdicts]
    known = [name for name in REFERENCES if name in used]
    return known + sorted(set(used) - set(known))


def orders_of(row: Row) -> str:
    """The orders of derivatives that were verified."""
    return ", ".join(map(str, row.report.orders)) if row.outcome is Outcome.VERIFIED else "–"


def ulps_of(row: Row) -> str:
    """The largest error."""
    return f"{row.report.worst_ulps:.1f}" if row.outcome is Outcome.VERIFIED else "–"


def share(part: float, exact: bool = False) -> str:
    """A share in percent: 0 and 100 only if it is.

    >>> share(0.0), share(0.0004), share(0.25), share(0.9999)
    ('0 %', '< 0.1 %', '25 %', '99.9 %')
    """
    if part in (0.0, 1.0):
        return f"{100 * part:.0f} %"
    if part < 0.001:
        return "< 0.1 %"
    if part > 0.999:
        return "99.9 %"
    return f"{100 * part:.3g} %" if part < 0.1 else f"{100 * part:.1f} %".replace(".0 %", " %")


def show(rows: Sequence[Row], out: Console, seed: int, seconds: float) -> None:
    """Print the table, why each failure failed, what was covered, and the sum of it all."""
    if not rows:
        return
    wide = out.width >= _WIDE
    run = [row for row in rows if row.outcome is not Outcome.UNFINISHED]
    if run:
        out.print(_table(run, wide))
    if not wide and any(row.report.references for row in rows):
        out.print("  references: " + ", ".join(f"{letter} {name}" for name, letter in REFERENCES.items()) + "\n")
    for row in run:
        if row.text:
            _explain(row, out)
    covered = coverage_of(rows)
    if covered:
        out.print(*covered, sep="\n", soft_wrap=True)
    out.print(_sum(rows, seed, seconds), soft_wrap=True)


def _table(rows: Sequence[Row], wide: bool) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("op", overflow="fold")
    table.add_column("orders")
    table.add_column("references")
    table.add_column("programs", justify="right")
    table.add_column("error, ULP" if wide else "ULP", justify="right")
    table.add_column("inconclusive" if wide else "unsure", justify="right")
    if any(row.report.kink for row in rows):
        table.add_column("at kinks")
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        names = references_of(row)
        kink = [row.report.kink] if any(r.report.kink for r in rows) else []
        table.add_row(
            Text(row.target),
            orders_of(row),
            ", ".join(names) if wide else " ".join(REFERENCES.get(name, name) for name in names),
            str(row.report.programs),
            ulps_of(row),
            share(row.inconclusive) if row.report.programs else "–",
            *kink,
            Text(row.outcome.value, _STYLES.get(row.outcome, "bold red")),
        )
    return table


def _explain(row: Row, out: Console) -> None:
    """One explanation, under a line with the target's name."""
    head(f"{row.target}: {row.outcome.value}", _STYLES.get(row.outcome, "bold red"), out)
    out.print(row.text, soft_wrap=True)
    out.print()


def head(text: str, style: str, out: Console) -> None:
    """A line with a title."""
    out.print(Text(f"── {text} ".ljust(_RULE, "─"), style), soft_wrap=True)


def merged(rows: Sequence[Row]) -> Coverage:
    """What the programs of all rows were like."""
    found = Coverage()
    for row in rows:
        c = row.report.coverage
        found.ops.update(c.ops)
        found.dtypes.update(c.dtypes)
        found.fan_out.update(c.fan_out)
        found.broadcasts.update(c.broadcasts)
        found.calls += c.calls
        found.reused += c.reused
    return found


def coverage_of(rows: Sequence[Row]) -> list[str]:
    """What the programs were like, in two lines; none if there were no programs."""
    programs = sum(row.report.programs for row in rows)
    if not programs:
        return []
    c = merged(rows)
    uses = Counter("once" if n == 1 else "twice" if n == 2 else "more often" for n in c.fan_out.elements())
    fan_out = ", ".join(f"{share(uses[k] / uses.total())} {k}" for k in ("once", "twice", "more often") if uses[k])
    broadcast = ", ".join(sorted(c.broadcasts)) or "nothing"
    seen = sum(name in c.ops for name in ALL)
    number = "1 program" if programs == 1 else f"{programs} programs"
    ops = programs - c.calls
    said = f"{share(c.reused / ops)} reuse an inner node" if ops else "each a call of a function"
    some = f"{c.calls} are a call of a function, of the others " if ops and c.calls else ""
    return [
        f"{number}: {some}{said}; values are used {fan_out or 'once'}",
        f"broadcast: {broadcast}; dtypes: {', '.join(sorted(c.dtypes))}; {seen} of {len(ALL)} built-in ops took part",
    ]


def _sum(rows: Sequence[Row], seed: int, seconds: float) -> str:
    """How many targets of each outcome."""
    counts = Counter(row.outcome for row in rows)
    text = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome])
    return f"{text} in {seconds:.1f} s (seed {seed})"
