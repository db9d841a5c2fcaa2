"""Floor 6: the certificate: what was verified, as Markdown that can be kept and checked. Imports `tasks` and `table`.

For a seed it is always the same. `differences` compares what it claims of each op with what comes out now.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from tinypytorch.command.arguments import PROGRAM
from tinypytorch.command.reports import versions
from tinypytorch.command.table import coverage_of, orders_of, references_of, share, ulps_of
from tinypytorch.command.tasks import Row
from tinypytorch.testing import extras
from tinypytorch.testing.verify import Settings

# The columns of the table; what a check compares is marked.
_COLUMNS: Final = {
    "op": True,
    "orders": True,
    "references": True,
    "programs": False,
    "largest error, ULP": False,
    "inconclusive": False,
    "kink convention": True,
    "verdict": True,
}
_WITH: Final = (("tinypytorch", "tinypytorch"), ("NumPy", "numpy"), ("SciPy", "scipy"), ("Python", "python"))
_ABOUT: Final = """\
Every row is an op: it was applied in random programs, alone and among the other ops, and the derivatives of each
program, of the orders given, were compared with references that do not use the op's rule. The allowed difference is a
bound on the rounding error, not a chosen tolerance; the error is in units in the last place of the sum of absolute
terms. A reference is named if it judged at least one verdict in a hundred.
"""


def certificate(rows: Sequence[Row], settings: Settings, written: Sequence[str]) -> str:
    """The certificate of these rows, made by these arguments."""
    found = versions()
    if any(extras.is_extra(row.target) for row in rows):
        found["scipy"] = version("scipy")
    made = ", ".join(f"{name} {found[key]}" for name, key in _WITH if key in found)
    facts = {
        "made by": f"`{PROGRAM} {shlex.join(written)}`",
        "versions": made,
        "platform": found["platform"],
        "seed": str(settings.seed),
        "programs for each op": str(settings.examples),
        "orders": ", ".join(map(str, settings.orders)),
        "dtypes": ", ".join(settings.dtypes),
    }
    header = f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}"
    lines = [f"| {' | '.join(_cells(row))} |" for row in rows]
    parts = [
        "# Certificate of verification",
        _ABOUT.rstrip("\n"),
        "\n".join(f"- {name}: {fact}" for name, fact in facts.items()),
        "\n".join([header, *lines]),
        "  \n".join(coverage_of(rows)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cells(row: Row) -> list[str]:
    """The entries of a row of the table."""
    cells = [
        f"`{row.target}`",
        orders_of(row),
        ", ".join(references_of(row)) or "–",
        str(row.report.programs),
        ulps_of(row),
        share(row.inconclusive) if row.report.programs else "–",
        row.report.kink or "–",
        row.outcome.value,
    ]
    return [re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in cells]


@dataclass(frozen=True)
class Kept:
    """A certificate that was read: what it was made with, and for each op what it claims, by column."""

    examples: int | None
    seed: int | None
    orders: tuple[int, ...] | None
    dtypes: tuple[str, ...]
    claims: dict[str, dict[str, str]]


def read(text: str) -> Kept:
    """Read a certificate; raises `ValueError` if there is no table in it."""
    facts = dict(re.findall(r"^- ([^:\n]+): (.*)$", text, re.MULTILINE))
    rows = [_split(line) for line in text.splitlines() if line.startswith("|")]
    if len(rows) < 2 or rows[0][:1] != ["op"]:
        raise ValueError("there is no table of a certificate in it")
    header = rows[0]
    claims = {row[0]: dict(zip(header, row)) for row in rows[2:]}
    numbers = {name: int(fact) for name, fact in facts.items() if fact.isdecimal()}
    orders = tuple(int(o) for o in facts.get("orders", "").split(", ") if o.isdecimal())
    return Kept(
        numbers.get("programs for each op"),
        numbers.get("seed"),
        orders or None,
        tuple(d for d in facts.get("dtypes", "").split(", ") if d),
        claims,
    )


def _split(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def differences(kept: Kept, rows: Sequence[Row]) -> list[str]:
    """Where the claims are not what comes out now, a line for each; versions, counts and errors may differ.

    What is claimed of ops that need SciPy is compared where that is installed. (The other rows do not depend on it.)
    """
    found: list[str] = []
    claims = {op: claim for op, claim in kept.claims.items() if extras.installed() or not extras.is_extra(op[1:])}
    now = {cells[0]: cells for cells in (_split(f"| {' | '.join(_cells(row))} |") for row in rows)}
    for op, cells in now.items():
        claim = claims.get(op)
        if claim is None:
            found.append(f"{op}: not in the certificate")
            continue
        for (column, compared), cell in zip(_COLUMNS.items(), cells, strict=True):
            if compared and claim.get(column) != cell:
                found.append(f"{op}: {column} {claim.get(column, 'nothing')!r} in the certificate, {cell!r} now")
    found += [f"{op}: in the certificate, but not verified now" for op in claims if op not in now]
    if not found and list(claims) != list(now):
        found.append("the rows are in another order")
    return found
