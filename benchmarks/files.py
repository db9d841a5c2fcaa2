"""Files to keep: JSON with every figure, and Markdown."""

from __future__ import annotations

import json
import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from benchmarks.environment import ONE_THREAD, processor
from benchmarks.judge import Outcome, Verdict
from benchmarks.libraries import LIBRARIES, version
from benchmarks.measure import Effort, Series
from benchmarks.report import cells, columns, sum_of
from benchmarks.spread import Spread, spread
from benchmarks.words import MET, limit, rows

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_ABOUT: Final = """\
Every library does the same work, single-threaded and in float64, in one process. In a round each has a turn of at least
20 ms, in an order that is drawn anew; a turn of less than half a second begins with a call that does not count.
Values and gradients are compared with those of NumPy by hand before anything is timed. A ratio is our figure over the
other's in the same round; of figures and ratios the median is given, and the quartiles. The garbage collector is on;
before each turn it is run, outside of the time.
"""


@dataclass(frozen=True)
class Run:
    """What was run, by which arguments, and what came of it."""

    arguments: Sequence[str]
    effort: Effort
    outcomes: Sequence[Outcome]


def versions() -> dict[str, str]:
    """The versions of everything that takes part; "" for what is absent."""
    found = {known.distribution: version(key) for key, known in LIBRARIES.items()}
    return {"python": platform.python_version(), **found}


def as_json(run: Run) -> str:
    """Everything, with the figures of every round."""
    content: dict[str, Json] = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": list(run.arguments),
        "cpu": processor(),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": {name: text or None for name, text in versions().items()},
        "environment": dict(ONE_THREAD),
        "settings": {
            "rounds": run.effort.rounds,
            "seconds": run.effort.seconds,
            "quick": run.effort.quick,
            "seed": run.effort.seed,
        },
        "workloads": [_workload(outcome) for outcome in run.outcomes],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _workload(outcome: Outcome) -> Json:
    return {
        "name": outcome.workload.name,
        "title": outcome.workload.title,
        "unit": outcome.workload.unit,
        "per_op": outcome.workload.per_op,
        "measured": [_series(outcome, series) for series in outcome.series],
        "targets": [_verdict(outcome, verdict) for verdict in outcome.verdicts],
    }


def _series(outcome: Outcome, series: Series) -> Json:
    over = outcome.ratio(series)
    return {
        "case": series.case,
        "library": series.library,
        "ops": series.ops,
        "calls": series.calls,
        "note": series.note,
        "figures": series.figures,
        "spread": _spread(spread(series.figures)) if series.figures else None,
        "ours_over_it": _spread(over) if over else None,
    }


def _verdict(outcome: Outcome, verdict: Verdict) -> Json:
    return {
        "text": limit(verdict.target, outcome.workload.unit),
        "limit": verdict.target.limit,
        "of": verdict.target.kind.value,
        "against": list(verdict.target.against),
        "why": verdict.target.why,
        "case": verdict.case,
        "row": verdict.library,
        "measured": _spread(verdict.found) if verdict.found else None,
        "met": verdict.met,
    }


def _spread(s: Spread) -> Json:
    return {"low": s.low, "median": s.median, "high": s.high}


def facts(run: Run) -> list[str]:
    """How it was made, when and where, with which versions."""
    made = shlex.join(["python", "-m", "benchmarks", *run.arguments])
    named = ", ".join(f"{name} {text}" for name, text in versions().items() if text)
    return [
        f"Made by `{made}`; nothing here is written by hand.",
        f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, {platform.system()} {platform.machine()}.",
        f"{named[0].upper()}{named[1:]}.",
    ]


def as_markdown(run: Run) -> str:
    """The tables, and how they were made."""
    parts = ["# Benchmarks", "  \n".join(facts(run)), _ABOUT.rstrip("\n")]
    if run.effort.quick:
        parts.append("A quick run, at small sizes: no targets are held against it.")
    first, *missed = sum_of(run.outcomes) or [""]
    parts += [first, "\n".join(f"- {line.strip()}" for line in missed)]
    for outcome in run.outcomes:
        title = outcome.workload.title
        parts += [f"## {outcome.workload.name}", f"{title[0].upper()}{title[1:]}.", _table(outcome)]
        for verdict in outcome.verdicts:
            if verdict.target.why:
                parts.append(f"Why {limit(verdict.target, outcome.workload.unit)}: {verdict.target.why}.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(outcome: Outcome) -> str:
    names = columns(outcome)
    lines = [names, ["---"] * len(names)]
    before = ""
    for n, row in enumerate(rows(outcome)):
        entries = cells(outcome, row, n == 0 or row.case != before)
        if row.met is False:
            entries[-1] = entries[-1].replace(MET[False], f"**{MET[False]}**")
        lines.append(entries)
        before = row.case
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
