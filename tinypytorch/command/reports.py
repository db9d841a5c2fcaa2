"""Floor 6: reports for machines: JSON, and JUnit's XML. Imports `tasks` and `table`.

The same seed gives the same JSON to the byte, but for the entries named `seconds`.
"""

from __future__ import annotations

import json
import platform
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

import tinypytorch
from tinypytorch.command.table import merged, references_of
from tinypytorch.command.tasks import FAILURES, Outcome, Row
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


def as_json(rows: Sequence[Row], settings: Settings, seconds: float, code: int) -> str:
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
        "coverage": {
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


def as_junit(rows: Sequence[Row], seconds: float) -> str:
    """The report as JUnit's XML: a test case for each target."""
    failed = [row for row in rows if row.outcome in FAILURES]
    errors = [row for row in rows if row.outcome is Outcome.MISUSED]
    skipped = [row for row in rows if row.outcome is Outcome.UNFINISHED]
    suite = Element("testsuite", name="tinypytorch verify", tests=str(len(rows)), time=f"{seconds:.3f}")
    suite.attrib.update(failures=str(len(failed)), errors=str(len(errors)), skipped=str(len(skipped)))
    for row in rows:
        place, _, name = row.target.rpartition(":")
        case = SubElement(
            suite, "testcase", classname=place or "tinypytorch", name=name, time=f"{row.report.seconds:.3f}"
        )
        if row.outcome is Outcome.VERIFIED:
            continue
        kind = "skipped" if row in skipped else "error" if row in errors else "failure"
        message = (row.text.splitlines() or [row.outcome.value])[0]
        problem = SubElement(case, kind, message=_legal(message), type=row.outcome.value.lower())
        problem.text = _legal(row.text)
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _legal(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)
