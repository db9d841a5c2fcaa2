"""Figures, ratios and verdicts in words, as the table and Markdown have them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from benchmarks.judge import Outcome, Verdict
from benchmarks.libraries import LIBRARIES
from benchmarks.measure import Series
from benchmarks.spread import Spread, spread
from benchmarks.targets import Kind, Target
from benchmarks.workloads.workload import SECONDS

_SCALES: Final = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
_PLACES: Final = 4
MET: Final = {True: "met", False: "missed", None: "not measured"}


@dataclass(frozen=True)
class Row:
    """A line of the table of a workload; `met` is about the targets in it, the worst of them."""

    case: str
    library: str
    median: str
    quartiles: str
    ratio: str
    target: str
    verdict: str
    met: bool | None = None


def digits(x: float) -> str:
    """Three digits that count, as far as they are among the first four behind the point.

    >>> [digits(x) for x in (1234.5, 61.52, 1.076, 0.2249, 0.00468, 0.0)]
    ['1234', '61.5', '1.08', '0.225', '0.0047', '0']
    """
    places = 2 - math.floor(math.log10(abs(x))) if x else 0
    return f"{x:.{min(max(places, 0), _PLACES)}f}"


def scale(figure: float) -> tuple[str, float]:
    """The unit in which a number of seconds is readable, and what it is in seconds."""
    for unit, seconds in _SCALES:
        if figure >= seconds:
            return unit, seconds
    return _SCALES[-1]


def amount(figure: float, unit: str) -> str:
    """A figure with its unit."""
    if unit != SECONDS:
        return f"{digits(figure)} {unit}"
    name, seconds = scale(figure)
    return f"{digits(figure / seconds)} {name}"


def _round(figure: float, unit: str) -> str:
    """A figure that somebody has chosen."""
    name, seconds = scale(figure) if unit == SECONDS else (unit, 1.0)
    return f"{figure / seconds:g} {name}"


def quartiles(s: Spread, unit: str = "") -> str:
    """From the lower to the upper quartile, in the unit of the median."""
    seconds = scale(s.median)[1] if unit == SECONDS else 1.0
    return f"{digits(s.low / seconds)}–{digits(s.high / seconds)}"


def ratio(s: Spread) -> str:
    """A ratio with its quartiles."""
    return f"{digits(s.median)} ({quartiles(s)})"


def limit(target: Target, unit: str) -> str:
    """A target, in short."""
    sign = "<" if target.below else "≤"
    if target.kind is Kind.AMOUNT:
        return f"{sign} {_round(target.limit, unit)}"
    if target.kind is Kind.OVERHEAD:
        return f"{sign} {_round(target.limit, SECONDS)} an op over NumPy"
    if target.kind is Kind.GROWTH:
        return f"{sign} {target.limit:g} of the smallest"
    return f"{sign} {target.limit:g}" + (" (fastest eager)" if len(target.against) > 1 else "")


def whole(verdict: Verdict, unit: str) -> str:
    """A target in full, and what came of it."""
    target = verdict.target
    titles = [LIBRARIES[key].title for key in target.against]
    of = f" of {titles[0]}" if len(titles) == 1 else f": {', '.join(titles)}" if titles else ""
    found = measured(verdict, unit)
    return f"{target.workload}: {limit(target, unit)}{of}: {f'{found}, ' if found else ''}{MET[verdict.met]}"


def measured(verdict: Verdict, unit: str) -> str:
    """What was measured, in the terms of the target."""
    found = verdict.found
    if found is None:
        return ""
    if verdict.target.kind is Kind.OVERHEAD:
        return f"{amount(found.median, SECONDS)} ({quartiles(found, SECONDS)})"
    if verdict.target.kind is Kind.AMOUNT:
        return f"{amount(found.median, unit)} ({quartiles(found, unit)})"
    return ratio(found)


def rows(outcome: Outcome) -> list[Row]:
    """The table of a workload."""
    return [_row(outcome, series) for series in outcome.series]


def _row(outcome: Outcome, series: Series) -> Row:
    unit = outcome.workload.unit
    own = [v for v in outcome.verdicts if (v.case, v.library) == (series.case, series.library)]
    targets = "; ".join(limit(v.target, unit) for v in own)
    title = LIBRARIES[series.library].title
    if not series.figures:
        return Row(series.case, title, "", "", "", targets, series.note)
    s, over = spread(series.figures), outcome.ratio(series)
    inner = [measured(v, unit) for v in own if v.target.kind in (Kind.GROWTH, Kind.OVERHEAD)]
    states = [v.met for v in own]
    return Row(
        series.case,
        title,
        amount(s.median, unit),
        quartiles(s, unit),
        ratio(over) if over else "; ".join(inner),
        targets,
        "; ".join(MET[state] for state in states),
        False if False in states else True if True in states else None,
    )
