"""Floor 6: reports for machines: JSON, and JUnit's XML. Imports `tasks` and `table`.

The same seed gives the same JSON to the byte, but for the entries named `seconds`.
"""

from __future__ import annotations

import json
import platform
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

import tinypytorch
from tinypytorch.command.table import merged, references_of
from tinypytorch.command.tasks import FAILURES, Outcome, Row, Searched, outcome_of
from tinypytorch.testing.verify import Settings

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


def versions() -> dict[str, str]:
    """What was verified, and with what."""
    return {
        "tinypytorch": tinypytorch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def as_json(rows: Sequence[Row], libraries: Sequence[Searched], settings: Settings, seconds: float, code: int) -> str:
    """The report as JSON."""
    covered = merged(rows)
    content: dict[str, Json] = {
        **versions(),
        "settings": {
            "examples": settings.examples,
            "seconds": settings.seconds,
            "seed": settings.seed,
            "orders": settings.orders,
            "dtypes": settings.dtypes,
        },
        "exit": code,
        "seconds": round(seconds, 3),
        "targets": [_row(row) for row in rows],
        "libraries": [_library(found) for found in libraries],
        "coverage": {
            "calls": covered.calls,
            "reused": covered.reused,
            "fan_out": {str(n): covered.fan_out[n] for n in sorted(covered.fan_out)},
            "broadcasts": _counts(covered.broadcasts),
            "dtypes": _counts(covered.dtypes),
            "ops": _counts(covered.ops),
        },
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _counts(found: Counter[str]) -> dict[str, Json]:
    return {name: found[name] for name in sorted(found)}


def _row(row: Row) -> dict[str, Json]:
    r = row.report
    return {
        "target": row.target,
        "verdict": row.outcome.value.lower(),
        "orders": r.orders,
        "programs": r.programs,
        "skipped": r.skipped,
        "references": references_of(row),
        "verdicts": _counts(r.references),
        "worst_ulps": r.worst_ulps,
        "inconclusive": _counts(r.inconclusive),
        "kink": r.kink,
        "check": row.check,
        "suspicion": row.suspicion,
        "text": row.text,
        "seconds": round(r.seconds, 3),
    }


def _library(found: Searched) -> dict[str, Json]:
    return {
        "library": found.library,
        "version": found.version,
        "verdict": outcome_of(found).value.lower(),
        "finished": found.finished,
        "right": found.right,
        "unjudged": found.unjudged,
        "unsupported": found.unsupported,
        "discoveries": [{"title": d.title, "programs": d.count, "script": d.script} for d in found.discoveries],
        "text": found.trouble or found.failure,
        "seconds": round(found.seconds, 3),
    }


@dataclass(frozen=True)
class _Case:
    """A test case: of a target, or of a library."""

    place: str
    name: str
    outcome: Outcome
    text: str
    seconds: float


def as_junit(rows: Sequence[Row], libraries: Sequence[Searched], seconds: float) -> str:
    """The report as JUnit's XML: a test case for each target, and for each library."""
    cases = [_case_of(row) for row in rows] + [_case_of_library(found) for found in libraries]
    outcomes = [case.outcome for case in cases]
    suite = Element("testsuite", name="tinypytorch verify", tests=str(len(cases)), time=f"{seconds:.3f}")
    suite.attrib.update(
        failures=str(sum(outcome in FAILURES for outcome in outcomes)),
        errors=str(outcomes.count(Outcome.MISUSED)),
        skipped=str(outcomes.count(Outcome.UNFINISHED)),
    )
    for case in cases:
        element = SubElement(suite, "testcase", classname=case.place, name=case.name, time=f"{case.seconds:.3f}")
        if case.outcome is Outcome.VERIFIED:
            continue
        kind = {Outcome.UNFINISHED: "skipped", Outcome.MISUSED: "error"}.get(case.outcome, "failure")
        message = (case.text.splitlines() or [case.outcome.value])[0]
        problem = SubElement(element, kind, message=_legal(message), type=case.outcome.value.lower())
        problem.text = _legal(case.text)
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _case_of(row: Row) -> _Case:
    place, _, name = row.target.rpartition(":")
    return _Case(place or "tinypytorch", name, row.outcome, row.text, row.report.seconds)


def _case_of_library(found: Searched) -> _Case:
    text = found.trouble or found.failure
    if found.discoveries:
        parts = [f"{d.title} ({d.count} programs)\n\n{d.script}" for d in found.discoveries]
        text = "\n".join([f"{len(parts)} discoveries in {found.library} {found.version}", "", *parts])
    return _Case("library", found.library, outcome_of(found), text, found.seconds)


def _legal(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)
